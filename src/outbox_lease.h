/*
 * outbox_lease.h
 *	  What time brings back to the outbox.
 */
#ifndef SL_OUTBOX_LEASE_H
#define SL_OUTBOX_LEASE_H

#include "postgres.h"

/* The last error of a row whose worker never answered. */
#define SL_LEASE_RAN_OUT "the lease ran out"

/*
 * Brings back what workers of a target have held too long, and makes claimable what
 * waited for its retry long enough (entity NULL: of any), a limited number at once.
 * What is locked is skipped.  Returns how many leases had run out.
 */
extern int sl_outbox_return_due(const char *target, const char *entity);

/*
 * The same of any entity, whatever earlier looks of this backend have passed; is_more becomes
 * true where some are left that are due.
 */
extern int sl_outbox_return_all_due(const char *target, bool *is_more);

#endif
