/*
 * query.c
 *	  Statements that are planned once per backend, and the one place where the
 *	  results of SPI are checked.
 *
 * A plan is never run against another installation of the extension than the one it
 * was planned for.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/snapmgr.h"

#include "owner.h"
#include "query.h"

void
sl_spi_connect(void)
{
	int rc = SPI_connect();

	if (rc != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed: %s", SPI_result_code_string(rc));
}

void
sl_spi_finish(void)
{
	int rc = SPI_finish();

	if (rc != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed: %s", SPI_result_code_string(rc));
}

/* The statement's text with the schema in the place of each %s. */
static char *
with_schema(const char *sql)
{
	const char    *schema = sl_schema_name();
	const char    *rest = sql;
	const char    *mark;
	StringInfoData text;

	initStringInfo(&text);
	while ((mark = strstr(rest, "%s")) != NULL)
	{
		appendBinaryStringInfo(&text, rest, mark - rest);
		appendStringInfoString(&text, schema);
		rest = mark + 2;
	}
	appendStringInfoString(&text, rest);
	return text.data;
}

SPIPlanPtr
sl_plan(SlPlan *plan)
{
	SPIPlanPtr fresh;
	uint64     now = sl_install_generation();
	int        rc;

	if (plan->plan != NULL && plan->generation == now)
		return plan->plan;

	if (plan->plan != NULL)
	{
		SPIPlanPtr old = plan->plan;

		plan->plan = NULL;
		SPI_freeplan(old);
	}
	fresh = SPI_prepare_cursor(with_schema(plan->sql), plan->nargs, plan->argtypes,
							   CURSOR_OPT_GENERIC_PLAN);
	if (fresh == NULL)
		elog(ERROR, "SPI_prepare failed: %s: %s", SPI_result_code_string(SPI_result),
			 plan->sql);
	rc = SPI_keepplan(fresh);
	if (rc != 0)
		elog(ERROR, "SPI_keepplan failed: %s", SPI_result_code_string(rc));
	plan->plan = fresh;
	plan->generation = now;
	return fresh;
}

static int
execute(SlPlan *plan, Datum *values, const char *nulls, bool read_only)
{
	SlOwner before;
	int     rc;

	if (plan->is_callers)
		return SPI_execute_plan(sl_plan(plan), values, nulls, read_only, 0);
	sl_owner_begin(&before);
	rc = SPI_execute_plan(sl_plan(plan), values, nulls, read_only, 0);
	sl_owner_end(&before);
	return rc;
}

static uint64
select_rows(SlPlan *plan, Datum *values, const char *nulls, bool read_only)
{
	int rc = execute(plan, values, nulls, read_only);

	if (rc != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a query: %s: %s", SPI_result_code_string(rc),
			 plan->sql);
	return SPI_processed;
}

uint64
sl_query_select(SlPlan *plan, Datum *values, const char *nulls)
{
	return select_rows(plan, values, nulls, false);
}

uint64
sl_query_select_stable(SlPlan *plan, Datum *values, const char *nulls)
{
	return select_rows(plan, values, nulls, true);
}

uint64
sl_query_select_fresh(SlPlan *plan, Datum *values, const char *nulls)
{
	uint64 n;

	if (!IsolationUsesXactSnapshot())
		return sl_query_select(plan, values, nulls);
	CommandCounterIncrement();
	PushActiveSnapshot(sl_fresh_snapshot());
	n = sl_query_select_stable(plan, values, nulls);
	PopActiveSnapshot();
	return n;
}

/* SPI's codes for statements that write, from INSERT to MERGE, are no single range. */
static bool
is_write(int rc)
{
	return rc == SPI_OK_INSERT || rc == SPI_OK_INSERT_RETURNING || rc == SPI_OK_UPDATE ||
		   rc == SPI_OK_UPDATE_RETURNING || rc == SPI_OK_DELETE ||
		   rc == SPI_OK_DELETE_RETURNING || rc == SPI_OK_MERGE;
}

static uint64
rows_written(const SlPlan *plan, int rc)
{
	if (!is_write(rc))
		elog(ERROR, "unexpected result of a write: %s: %s", SPI_result_code_string(rc),
			 plan->sql);
	return SPI_processed;
}

uint64
sl_query_write(SlPlan *plan, Datum *values, const char *nulls)
{
	return rows_written(plan, execute(plan, values, nulls, false));
}

uint64
sl_query_write_fresh(SlPlan *plan, Datum *values)
{
	SlOwner before;
	int     rc;

	CommandCounterIncrement();
	sl_owner_begin(&before);
	rc = SPI_execute_snapshot(sl_plan(plan), values, NULL, sl_fresh_snapshot(),
							  InvalidSnapshot, false, true, 0);
	sl_owner_end(&before);
	return rows_written(plan, rc);
}

Datum
sl_query_value(uint64 row, int column, bool *is_null)
{
	Assert(SPI_tuptable != NULL && row < SPI_tuptable->numvals);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, is_null);
}

Datum
sl_query_value_not_null(uint64 row, int column)
{
	bool  is_null;
	Datum value = sl_query_value(row, column, &is_null);

	if (is_null)
		elog(ERROR, "unexpected null in column %d of a result", column);
	return value;
}

void
sl_serialization_failure(void)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("could not serialize access due to concurrent update"),
					errhint("Repeat the transaction.")));
}

Snapshot
sl_fresh_snapshot(void)
{
	return IsolationUsesXactSnapshot() ? GetLatestSnapshot() : GetTransactionSnapshot();
}
