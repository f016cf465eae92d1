/*
 * query.h
 *	  Statements that are planned once per backend, and the one place where the
 *	  results of SPI are checked.
 *
 * A statement is a static SlPlan whose text writes %s where the extension's schema
 * stands (nothing else is replaced; a lone % stays).  What a user gave is a parameter,
 * never text.  It runs as the owner of the book, see owner.h; all the same operators are
 * written OPERATOR(pg_catalog.=), types and functions with their schema: two locks are
 * better than one.
 *
 *		static SlPlan find_record = {
 *			"SELECT r.version FROM %s.sync_record r"
 *			" WHERE r.record_key OPERATOR(pg_catalog.=) $1",
 *			1, {TEXTOID}
 *		};
 *
 *		sl_spi_connect();
 *		if (sl_query_select(&find_record, values, NULL) > 0)
 *			version = DatumGetInt64(sl_query_value(0, 1, &is_null));
 *		sl_spi_finish();
 *
 * Results are in SPI_tuptable until sl_spi_finish() or the next statement's result is
 * freed by the caller; a Datum by reference that must outlive it is copied first.
 */
#ifndef SL_QUERY_H
#define SL_QUERY_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/snapshot.h"

#include "compat.h"
#include "installation.h"

#define SL_PLAN_MAX_ARGS 32

typedef struct SlPlan
{
	const char *sql; /* %s where the schema stands */
	int         nargs;
	Oid         argtypes[SL_PLAN_MAX_ARGS];
	bool        is_callers; /* run with the caller's rights, not as the book's owner */

	/* filled by sl_plan(), for the life of the backend */
	SPIPlanPtr plan;
	uint64     generation; /* of the installation that it was planned for */
} SlPlan;

extern void sl_spi_connect(void);
extern void sl_spi_finish(void);

/* The kept plan of a statement; planned again after the extension has moved. */
extern SPIPlanPtr sl_plan(SlPlan *plan);

/*
 * All of these need sl_spi_connect() and return the number of rows.  nulls is as in SPI:
 * NULL where no parameter is null, else ' ' or 'n' for each.
 *
 * sl_query_select() reads on a fresh snapshot that sees the caller's own writes (the
 * transaction's snapshot under REPEATABLE READ); sl_query_select_fresh() sees what is
 * committed by now there too, as sl_fresh_snapshot(); sl_query_select_stable() reads on
 * the snapshot of the calling statement, as a STABLE function must.
 */
extern uint64 sl_query_select(SlPlan *plan, Datum *values, const char *nulls);
extern uint64 sl_query_select_fresh(SlPlan *plan, Datum *values, const char *nulls);
extern uint64 sl_query_select_stable(SlPlan *plan, Datum *values, const char *nulls);

/* INSERT, UPDATE, DELETE or MERGE, with or without RETURNING. */
extern uint64 sl_query_write(SlPlan *plan, Datum *values, const char *nulls);

/* Also of rows that a transaction which keeps its snapshot does not see. */
extern uint64 sl_query_write_fresh(SlPlan *plan, Datum *values);

/* A value of the last result: row from 0, column from 1. */
extern Datum sl_query_value(uint64 row, int column, bool *is_null);

/* The same where null cannot be: a null is an internal error. */
extern Datum sl_query_value_not_null(uint64 row, int column);

/* Somebody else has changed since what a transaction snapshot shows. */
extern void sl_serialization_failure(void) pg_attribute_noreturn();

/*
 * What is committed by now, and what this transaction wrote: also where that keeps a snapshot,
 * which would say "unchanged" of what somebody else has changed since.
 */
extern Snapshot sl_fresh_snapshot(void);

#endif
