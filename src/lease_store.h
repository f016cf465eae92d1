/*
 * lease_store.h
 *	  sync_lease: which rows of the outbox a worker got in one call.
 */
#ifndef SL_LEASE_STORE_H
#define SL_LEASE_STORE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

/* The columns of sync_lease, in their order there. */
enum
{
	SL_LEASE_ID,
	SL_LEASE_TARGET,
	SL_LEASE_ENDS_AT,
	SL_LEASE_IDS,
	SL_LEASE_NCOLUMNS
};

/* What one call of sync_poll claims. */
typedef struct SlLease
{
	int64       id;
	const char *target;
	TimestampTz ends_at; /* of the row that it ends last for */
	int64      *rows;    /* by their ids */
	int         nrows;
} SlLease;

extern void sl_lease_add(const SlLease *lease);

/* The rows that it began with, in the current context; n is 0 where nobody knows it. */
extern int64 *sl_lease_rows(int64 lease, int *n);

/* An array of ids; and the ids in one without nulls, as it lies there. */
extern ArrayType *sl_ids_array(const int64 *ids, int n);
extern int64     *sl_array_ids(Datum array, int *n);

/* SPI is connected: its rows have got longer. */
extern void sl_lease_extend(int64 lease, TimestampTz ends_at);

/* All of its rows were acknowledged. */
extern void sl_lease_close(int64 lease);

/* Those that no row is of any more go; what somebody holds is left.  A list of bigint *. */
extern void sl_leases_clear(List *leases);

#endif
