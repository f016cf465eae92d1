/*
 * outbox_lease.h
 *	  Leases that ran out.
 */
#ifndef SL_OUTBOX_LEASE_H
#define SL_OUTBOX_LEASE_H

#include "postgres.h"

/* Brings back what workers of a target have held too long (entity NULL: of any). */
extern void sl_outbox_return_expired(const char *target, const char *entity);

#endif
