/*
 * lease_memory.c
 *	  Where the rows of the lease that this backend took last stood.
 *
 * A worker acknowledges over the connection on which it polled, mostly, and its rows stand
 * where they stood.  These are only hints: whoever follows one looks whether the row at the
 * place is the one that is meant.  So it does no harm that they outlive a rollback.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "lease_memory.h"

/* A longer lease is looked up row by row. */
#define MAX_PLACES 10000

/* So many places ahead are tried before a row counts as not remembered. */
#define MAX_SKIPPED 64

static MemoryContext  context = NULL;
static int64          remembered = 0; /* the lease; 0: none */
static SlLeasedPlace *places = NULL;
static int            nplaces = 0;
static int            next = 0; /* behind the one that was asked for last */

static void
forget(void)
{
	remembered = 0;
	places = NULL;
	nplaces = 0;
	next = 0;
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "sync_ledger lease",
										ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
}

void
sl_lease_remember(int64 lease, const SlLeasedPlace *given, int n)
{
	forget();
	if (n > MAX_PLACES)
		return;
	places = MemoryContextAlloc(context, sizeof(SlLeasedPlace) * Max(n, 1));
	memcpy(places, given, sizeof(SlLeasedPlace) * n);
	nplaces = n;
	remembered = lease;
}

const SlLeasedPlace *
sl_lease_place(int64 lease, int64 id)
{
	if (lease != remembered)
		return NULL;
	for (int i = 0; i < Min(nplaces, MAX_SKIPPED); i++)
	{
		const SlLeasedPlace *place = &places[(next + i) % nplaces];

		if (place->id != id)
			continue;
		next = (next + i + 1) % nplaces;
		return place;
	}
	return NULL;
}

int64 *
sl_lease_remembered(int64 lease, int *n)
{
	int64 *ids;

	*n = lease == remembered ? nplaces : 0;
	ids = palloc(sizeof(int64) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		ids[i] = places[i].id;
	return ids;
}
