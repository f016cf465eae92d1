/*
 * outbox_target.h
 *	  Who can be polled for.
 */
#ifndef SL_OUTBOX_TARGET_H
#define SL_OUTBOX_TARGET_H

#include "postgres.h"

#include "nodes/pg_list.h"

/*
 * A target that no policy names (that of the entity, or NULL: of any) is an error
 * that names the nearest one.
 */
extern void sl_need_target(const char *target, const char *entity);

/* The names of all entities, char *. */
extern List *sl_all_entities(void);

#endif
