/*
 * policy_cache.h
 *	  The newest policy of each entity, parsed once per backend and version.
 */
#ifndef SL_POLICY_CACHE_H
#define SL_POLICY_CACHE_H

#include "compat.h"
#include "policy.h"

/*
 * The newest policy of an entity; an unknown entity is an error that names the
 * nearest known one.  The result is good until the end of the transaction: a
 * version that another session writes meanwhile makes a new SlPolicy and frees
 * the old one at the end of the transaction that used it.
 */
extern const SlPolicy *sl_policy_get(const char *entity);

/*
 * The newest one that is committed, be it younger than the snapshot that a transaction keeps; it
 * lives at least as long as the current context.
 */
extern const SlPolicy *sl_policy_in_force(const char *entity);

/*
 * One that states were written under; it lives as long as the current context.  NULL
 * where somebody has removed that version.
 */
extern const SlPolicy *sl_policy_of_version(const char *entity, int32 version);

/* Registers what keeps the cache true; called by _PG_init. */
extern void sl_policy_cache_init(void);

/* Tells every backend, this one included, that sync_entity was written. */
extern void sl_policy_changed(void);

/*
 * A number that another policy of any entity changes, and little else: what is read of policies
 * after it was asked for is as good as long as it stays.
 */
extern uint64 sl_policy_generation(void);

/* Raises the error for an entity without a policy; needs sl_spi_connect(). */
extern void sl_unknown_entity(const char *entity) pg_attribute_noreturn();

#endif
