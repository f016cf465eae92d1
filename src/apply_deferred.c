/*
 * apply_deferred.c
 *	  Constraints that are deferred, while sync_apply() writes to their tables.
 *
 * At commit they would speak of all changes at once, and one row that violates them would hold
 * up every other.  So they are asked when all is written; where that fails it is undone, and
 * written again with the constraints speaking after each statement: then the row that they
 * refuse is refused by itself.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "apply.h"
#include "owner.h"
#include "query.h"

/*
 * Of the tables, and of what refers to them; and whether one of the tables is somebody else's:
 * there nothing is deferred, see owner.h.  A name that a constraint of another kind has too
 * cannot be told from that.
 */
static SlPlan find_deferred = {
	.sql = "SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(n.nspname)"
		   "  OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)"
		   "  pg_catalog.quote_ident(c.conname), ', '),"
		   " pg_catalog.bool_or(r.relowner OPERATOR(pg_catalog.<>) $2)"
		   " FROM %s.sync_attached AS a"
		   " JOIN pg_catalog.pg_class AS r"
		   "  ON r.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid"
		   " JOIN pg_catalog.pg_trigger AS t ON t.tgrelid OPERATOR(pg_catalog.=) r.oid"
		   " JOIN pg_catalog.pg_constraint AS c"
		   "  ON c.oid OPERATOR(pg_catalog.=) t.tgconstraint AND c.condeferred"
		   " JOIN pg_catalog.pg_namespace AS n"
		   "  ON n.oid OPERATOR(pg_catalog.=) c.connamespace"
		   " WHERE a.system OPERATOR(pg_catalog.=) $1"
		   " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS o"
		   "  WHERE o.conname OPERATOR(pg_catalog.=) c.conname"
		   "  AND o.connamespace OPERATOR(pg_catalog.=) c.connamespace"
		   "  AND NOT o.condeferred)",
	.nargs = 2,
	.argtypes = {TEXTOID, OIDOID}};

/*
 * What any constraint of these names speaks of: of other tables, and of partitions, too; and
 * whether one of them there is a trigger of a user's, which may do anything.
 */
static SlPlan find_bearers = {
	.sql =
		"WITH RECURSIVE meant(oid, contype) AS ("
		"  SELECT m.oid, m.contype FROM %s.sync_attached AS a"
		"  JOIN pg_catalog.pg_trigger AS t"
		"   ON t.tgrelid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid"
		"  JOIN pg_catalog.pg_constraint AS c"
		"   ON c.oid OPERATOR(pg_catalog.=) t.tgconstraint AND c.condeferred"
		"  JOIN pg_catalog.pg_constraint AS m"
		"   ON m.conname OPERATOR(pg_catalog.=) c.conname"
		"   AND m.connamespace OPERATOR(pg_catalog.=) c.connamespace"
		"  WHERE a.system OPERATOR(pg_catalog.=) $1"
		"  UNION SELECT p.oid, p.contype FROM meant AS m JOIN pg_catalog.pg_constraint AS p"
		"   ON p.conparentid OPERATOR(pg_catalog.=) m.oid)"
		" SELECT t.tgrelid, pg_catalog.bool_or(m.contype OPERATOR(pg_catalog.=) 't')"
		" FROM meant AS m JOIN pg_catalog.pg_trigger AS t"
		"  ON t.tgconstraint OPERATOR(pg_catalog.=) m.oid GROUP BY t.tgrelid",
	.nargs = 1,
	.argtypes = {TEXTOID}};

/* As SET CONSTRAINTS takes them, or NULL: there are none. */
static char *
deferred_of(const char *system, bool *is_of_another)
{
	Datum values[2] = {CStringGetTextDatum(system), ObjectIdGetDatum(GetUserId())};
	Datum names;
	bool  is_null;

	sl_query_select(&find_deferred, values, NULL);
	names = sl_query_value(0, 1, &is_null);
	if (is_null)
		return NULL;
	*is_of_another = DatumGetBool(sl_query_value_not_null(0, 2));
	return TextDatumGetCString(names);
}

/* IMMEDIATE: those that have waited so far speak now. */
static void
set_constraints(const char *names, const char *mode)
{
	int rc = SPI_execute(psprintf("SET CONSTRAINTS %s %s", names, mode), false, 0);

	if (rc != SPI_OK_UTILITY)
		elog(ERROR, "cannot set constraints: %s", SPI_result_code_string(rc));
}

/* Only who may use their schemas can name them; the caller may have nothing to do with them. */
static void
set_constraints_as_owner(const char *names, const char *mode)
{
	SlOwner before;

	sl_owner_begin(&before);
	set_constraints(names, mode);
	sl_owner_end(&before);
}

void
sl_constraints_wait(const char *names)
{
	set_constraints_as_owner(names, "DEFERRED");
}

/*
 * The transaction has left something to them, which is checked with the rights of whoever did; or
 * to triggers of a user's, which do at the end what they are to do then.
 */
static bool
have_to_say(const char *system, bool *is_more_than_checks)
{
	Datum  name = CStringGetTextDatum(system);
	uint64 n = sl_query_select(&find_bearers, &name, NULL);
	bool   is_any = false;

	*is_more_than_checks = false;
	for (uint64 i = 0; i < n; i++)
	{
		if (!AfterTriggerPendingOnRel(DatumGetObjectId(sl_query_value_not_null(i, 1))))
			continue;
		is_any = true;
		*is_more_than_checks |= DatumGetBool(sl_query_value_not_null(i, 2));
	}
	return is_any;
}

/* Before anything is written. */
static void
have_them_speak(const char *names, const char *system)
{
	bool is_more_than_checks;

	if (have_to_say(system, &is_more_than_checks))
		set_constraints(names, "IMMEDIATE");
	else
		set_constraints_as_owner(names, "IMMEDIATE");
}

/*
 * Runs, if there is something to run, and has them speak.  False where they refuse what was written,
 * which is undone then.
 */
static bool
try_to_speak(const char *names, SlApplyRun *run, const char *system, int max_changes,
			 int *napplied)
{
	MemoryContext volatile context = CurrentMemoryContext;
	ResourceOwner volatile owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	bool volatile is_written = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (run != NULL)
			*napplied = run(system, max_changes);
		is_written = true;
		set_constraints(names, "IMMEDIATE");
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		error = sl_undo_subtransaction(context);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error != NULL && (!is_written || sl_is_of_the_call(error)))
		ReThrowError(error);
	return error == NULL;
}

int
sl_apply_deferred(SlApplyRun *run, const char *system, int max_changes)
{
	bool  is_of_another;
	char *names = deferred_of(system, &is_of_another);
	int   napplied = 0;

	if (names == NULL)
		return run(system, max_changes);
	if (is_of_another || !try_to_speak(names, run, system, max_changes, &napplied))
	{
		have_them_speak(names, system);
		napplied = run(system, max_changes);
	}
	sl_constraints_wait(names);
	return napplied;
}

const char *
sl_constraints_speak(const char *system)
{
	bool  is_of_another;
	bool  is_more_than_checks;
	char *names = deferred_of(system, &is_of_another);

	if (names == NULL)
		return NULL;
	if (have_to_say(system, &is_more_than_checks))
		return !is_more_than_checks && try_to_speak(names, NULL, system, 0, NULL) ? names
																				  : NULL;
	set_constraints_as_owner(names, "IMMEDIATE");
	return names;
}
