/*
 * statistics.c
 *	  Counts of what arrived and what went out, for sync_stat.
 *
 * Rows are only added, so counting never waits.  What wrote nothing else is kept in the
 * backend and written with what does; counts written by a transaction or
 * subtransaction that is rolled back are kept again.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "heap_table.h"
#include "policy_config.h"
#include "query.h"
#include "statistics.h"

/* Kept counts that the backend has room for; they are lower bounds anyway. */
#define MAX_KEPT 256

/* Steps of a doubling into which times are rounded. */
#define STEPS_PER_DOUBLING 8

/* The columns of sync_stat, in their order there. */
enum
{
	COL_ID,
	COL_GRAIN,
	COL_AT,
	COL_ENTITY,
	COL_SYSTEM,
	COL_COUNTED,
	COL_TOOK,
	COL_RECORDS,
	NCOLUMNS
};

/* Records of one minute that wrote nothing. */
typedef struct Kept
{
	char             entity[SL_MAX_NAME + 1];
	char             system[SL_MAX_NAME + 1];
	TimestampTz      minute;
	int64            unchanged;
	int64            stale;
	SubTransactionId writer; /* who wrote them, until it commits; or invalid */
} Kept;

static Kept *kept = NULL;
static int   nkept = 0;

typedef struct Writer
{
	SlTable table;
	Oid     sequence;
	Datum   values[NCOLUMNS];
	bool    nulls[NCOLUMNS];
} Writer;

static TimestampTz
minute_of(TimestampTz at)
{
	TimestampTz past = at % USECS_PER_MINUTE;

	return at - (past < 0 ? past + USECS_PER_MINUTE : past);
}

/* The rows that a transaction has written are there for good. */
static void
forget_written(void)
{
	int left = 0;

	for (int i = 0; i < nkept; i++)
		if (kept[i].writer == InvalidSubTransactionId)
			kept[left++] = kept[i];
	nkept = left;
}

/* A subtransaction takes with it what it wrote and what its own ones did. */
static void
keep_again(SubTransactionId from)
{
	for (int i = 0; i < nkept; i++)
		if (kept[i].writer >= from)
			kept[i].writer = InvalidSubTransactionId;
}

static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			forget_written();
			break;
		case XACT_EVENT_ABORT:
			keep_again(TopSubTransactionId);
			break;
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
				   void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		keep_again(mine);
}

void
sl_statistics_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}

static Kept *
find_kept(const char *entity, const char *system, TimestampTz minute)
{
	for (int i = nkept - 1; i >= 0; i--)
		if (kept[i].writer == InvalidSubTransactionId && kept[i].minute == minute &&
			strcmp(kept[i].entity, entity) == 0 && strcmp(kept[i].system, system) == 0)
			return &kept[i];
	return NULL;
}

/* NULL where the backend has kept too many. */
static Kept *
need_kept(const char *entity, const char *system, TimestampTz minute)
{
	Kept *found = find_kept(entity, system, minute);

	if (found != NULL || nkept == MAX_KEPT)
		return found;
	if (kept == NULL)
		kept = MemoryContextAlloc(TopMemoryContext, sizeof(Kept) * MAX_KEPT);
	found = &kept[nkept++];
	memset(found, 0, sizeof(Kept));
	strlcpy(found->entity, entity, sizeof(found->entity));
	strlcpy(found->system, system, sizeof(found->system));
	found->minute = minute;
	return found;
}

static void
open_writer(Writer *writer)
{
	memset(writer->nulls, 0, sizeof(writer->nulls));
	writer->sequence = sl_relation_oid("sync_stat_id_seq");
	sl_table_open(&writer->table, "sync_stat", NCOLUMNS);
	writer->values[COL_GRAIN] = Int16GetDatum(0);
	writer->nulls[COL_TOOK] = true;
}

/* Of which entity, system and minute the next rows are. */
static void
write_of(Writer *writer, const char *entity, const char *system, TimestampTz now)
{
	writer->values[COL_AT] = TimestampTzGetDatum(minute_of(now));
	writer->values[COL_ENTITY] = CStringGetTextDatum(entity);
	writer->values[COL_SYSTEM] = CStringGetTextDatum(system);
}

static void
write_count(Writer *writer, const char *counted, int64 records)
{
	if (records == 0)
		return;
	writer->values[COL_ID] = Int64GetDatum(nextval_internal(writer->sequence, false));
	writer->values[COL_COUNTED] = CStringGetTextDatum(counted);
	writer->values[COL_RECORDS] = Int64GetDatum(records);
	sl_table_insert(&writer->table, writer->values, writer->nulls);
}

/* What the backend has kept goes along with what is written. */
static void
close_writer(Writer *writer)
{
	for (int i = 0; i < nkept; i++)
	{
		if (kept[i].writer != InvalidSubTransactionId)
			continue;
		write_of(writer, kept[i].entity, kept[i].system, kept[i].minute);
		write_count(writer, sl_outcome_name(SL_UNCHANGED), kept[i].unchanged);
		write_count(writer, sl_outcome_name(SL_STALE), kept[i].stale);
		kept[i].writer = GetCurrentSubTransactionId();
	}
	sl_table_close(&writer->table);
}

/* True where some record of the call wrote something. */
static bool
wrote_something(const int64 *records)
{
	for (int outcome = SL_STALE + 1; outcome < SL_NOUTCOMES; outcome++)
		if (records[outcome] > 0)
			return true;
	return false;
}

static void
keep(const SlPolicy *policy, int system, const int64 *records, TimestampTz now)
{
	Kept *of_minute;

	if (records[SL_UNCHANGED] + records[SL_STALE] == 0)
		return;
	of_minute = need_kept(policy->entity, policy->systems[system].name, minute_of(now));
	if (of_minute == NULL)
		return;
	of_minute->unchanged += records[SL_UNCHANGED];
	of_minute->stale += records[SL_STALE];
}

void
sl_count_arrivals(const SlPolicy *policy, int system, const int64 *records,
				  TimestampTz now)
{
	Writer writer;

	if (!wrote_something(records))
	{
		keep(policy, system, records, now);
		return;
	}
	open_writer(&writer);
	write_of(&writer, policy->entity, policy->systems[system].name, now);
	for (int outcome = 0; outcome < SL_NOUTCOMES; outcome++)
		write_count(&writer, sl_outcome_name((SlOutcome) outcome), records[outcome]);
	close_writer(&writer);
}

void
sl_count_calls(const SlPolicy *policy, int target, const char *counted, int64 calls,
			   TimestampTz now)
{
	Writer writer;

	if (calls == 0)
		return;
	open_writer(&writer);
	write_of(&writer, policy->entity, policy->systems[target].name, now);
	write_count(&writer, counted, calls);
	close_writer(&writer);
}

/* Of a time in microseconds, the step that it is rounded to, in milliseconds. */
static int64
rounded_ms(int64 took)
{
	double ms = (double) Max(took, 0) / 1000;

	if (ms < 1)
		return 0;
	return (int64) rint(exp2(rint(log2(ms) * STEPS_PER_DOUBLING) / STEPS_PER_DOUBLING));
}

static int
by_length(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

static void
write_delivered(Writer *writer, int64 ms, int64 records)
{
	Interval took = {.time = ms * 1000};

	writer->nulls[COL_TOOK] = false;
	writer->values[COL_TOOK] = IntervalPGetDatum(&took);
	write_count(writer, "delivered", records);
	writer->nulls[COL_TOOK] = true;
	writer->values[COL_TOOK] = (Datum) 0;
}

void
sl_count_deliveries(const SlPolicy *policy, int target, const int64 *took, int n,
					TimestampTz now)
{
	int64 *ms = palloc(sizeof(int64) * Max(n, 1));
	Writer writer;

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
		ms[i] = rounded_ms(took[i]);
	qsort(ms, n, sizeof(int64), by_length);
	open_writer(&writer);
	write_of(&writer, policy->entity, policy->systems[target].name, now);
	for (int i = 0, first = 0; i < n; i++)
	{
		if (i + 1 < n && ms[i + 1] == ms[first])
			continue;
		write_delivered(&writer, ms[first], i + 1 - first);
		first = i + 1;
	}
	close_writer(&writer);
}
