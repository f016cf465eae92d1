/*
 * policy_cache.h
 *	  The newest policy of each entity, parsed once per backend and version.
 */
#ifndef SL_POLICY_CACHE_H
#define SL_POLICY_CACHE_H

#include "policy.h"

/*
 * The newest policy of an entity; an unknown entity is an error that names the
 * nearest known one.  The result is good until the end of the transaction: a
 * version that another session writes meanwhile makes a new SlPolicy and frees
 * the old one at the end of the transaction that used it.
 */
extern const SlPolicy *sl_policy_get(const char *entity);

#endif
