/*
 * outbox_late.c
 *	  Workers that answer too late: their rows are somebody else's, or wait again.
 *
 * What they say changes nothing; that they said it is counted, for leases that are too
 * short show in nothing else.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "guc.h"
#include "lease_memory.h"
#include "lease_store.h"
#include "outbox_late.h"
#include "outbox_lease.h"
#include "policy_cache.h"
#include "query.h"
#include "statistics.h"

/*
 * Of those that its worker did not name one by one, what it gave back itself is not late; what no
 * worker ever had can not be.
 */
static SlPlan find_late = {
	.sql =
		"SELECT o.entity, o.target_system, pg_catalog.count(*) FROM %s.sync_outbox AS o"
		" WHERE o.id OPERATOR(pg_catalog.=) ANY ($1)"
		"  AND (o.lease IS NULL OR o.lease OPERATOR(pg_catalog.<>) $2)"
		"  AND (o.attempts OPERATOR(pg_catalog.>) 0 OR o.last_error IS NOT NULL)"
		"  AND ($3 IS NULL OR o.last_error OPERATOR(pg_catalog.=) $3)"
		" GROUP BY o.entity, o.target_system",
	.nargs = 3,
	.argtypes = {INT8ARRAYOID, INT8OID, TEXTOID}};

typedef struct Late
{
	char *entity;
	char *target;
	int64 rows;
} Late;

static Late *
find(ArrayType *ids, int64 lease, const char *error, int *n)
{
	Datum         values[3] = {PointerGetDatum(ids), Int64GetDatum(lease),
                       error == NULL ? (Datum) 0 : CStringGetTextDatum(error)};
	MemoryContext context = CurrentMemoryContext;
	Late         *late;

	sl_spi_connect();
	*n = (int) sl_query_select(&find_late, values, error == NULL ? "  n" : NULL);
	MemoryContextSwitchTo(context);
	late = palloc(sizeof(Late) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		late[i].entity = TextDatumGetCString(sl_query_value_not_null(i, 1));
		late[i].target = TextDatumGetCString(sl_query_value_not_null(i, 2));
		late[i].rows = DatumGetInt64(sl_query_value_not_null(i, 3));
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return late;
}

static void
count(ArrayType *ids, int64 lease, const char *error)
{
	int   n;
	Late *late = find(ids, lease, error, &n);

	for (int i = 0; i < n; i++)
	{
		const SlPolicy *policy = sl_policy_get(late[i].entity);
		int             target = sl_policy_system(policy, late[i].target);

		if (target >= 0)
			sl_count_calls(policy, target, SL_CALL_TOO_LATE, late[i].rows, sl_now());
	}
}

void
sl_count_too_late(ArrayType *ids, int64 lease)
{
	count(ids, lease, NULL);
}

/* A lease of which no row is left is known to the backend that took it, mostly the one that speaks. */
void
sl_count_lease_too_late(int64 lease, const int64 *ids, int nids)
{
	if (nids == 0)
		ids = sl_lease_remembered(lease, &nids);
	if (nids > 0)
		count(sl_ids_array(ids, nids), lease, SL_LEASE_RAN_OUT);
}
