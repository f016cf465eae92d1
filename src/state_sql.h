/*
 * state_sql.h
 *	  A row of sync_state as the arguments of a function.
 */
#ifndef SL_STATE_SQL_H
#define SL_STATE_SQL_H

#include "postgres.h"

#include "fmgr.h"

#include "state.h"

/*
 * The state of (entity, record_key, bytes), as the newest policy reads it.  Bytes that
 * anybody but the owner of the book hands over must be those that are stored (42501): they
 * are read as ours.
 */
extern SlState *sl_state_argument(FunctionCallInfo fcinfo, const SlPolicy **policy);

/* The same with what is claimed taken in, as the caller's statement sees it. */
extern SlState *sl_state_argument_claimed(FunctionCallInfo fcinfo,
										  const SlPolicy **policy);

#endif
