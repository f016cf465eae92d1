/*
 * jobs.c
 *	  sync_schedule and sync_unschedule: sync_maintain, or sync_apply, as a job of pg_cron.
 *
 * pg_cron is used where it is there and never required: where it is not, the error says
 * what does the same.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "outbox_target.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_schedule);
PG_FUNCTION_INFO_V1(sync_unschedule);

/* What a job is for. */
typedef struct Job
{
	const char *name;    /* of a user's jobs of one name pg_cron has one */
	const char *command; /* named in full, as a job has its own search_path */
} Job;

static SlPlan schedule_job = {.sql = "SELECT cron.schedule($1, $2, $3)",
							  .nargs = 3,
							  .argtypes = {TEXTOID, TEXTOID, TEXTOID},
							  .is_callers = true};

static SlPlan unschedule_job = {
	.sql = "SELECT cron.unschedule(j.jobid) FROM cron.job AS j"
		   " WHERE j.jobname OPERATOR(pg_catalog.=) $1"
		   "  AND j.username OPERATOR(pg_catalog.=) CURRENT_USER",
	.nargs = 1,
	.argtypes = {TEXTOID},
	.is_callers = true};

static bool
has_cron(void)
{
	return OidIsValid(get_extension_oid("pg_cron", true));
}

/* Maintenance, or what waits for the attached tables of a system; NULL: none. */
static Job
job_of(const char *system)
{
	Job job = {"sync_ledger maintenance",
			   psprintf("SELECT %s.sync_maintain()", sl_schema_name())};

	if (system == NULL)
		return job;
	job.name = psprintf("sync_ledger apply %s", system);
	job.command = psprintf("SELECT %s.sync_apply(%s)", sl_schema_name(),
						   quote_literal_cstr(system));
	return job;
}

/* As one word of a shell. */
static char *
shell_word(const char *text)
{
	StringInfoData word;

	initStringInfo(&word);
	appendStringInfoChar(&word, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			appendStringInfoString(&word, "'\\''");
		else
			appendStringInfoChar(&word, *text);
	appendStringInfoChar(&word, '\'');
	return word.data;
}

static void
raise_not_loaded(const Job *job, const char *database)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron is not loaded in this server"),
			 errhint("Add pg_cron to shared_preload_libraries, restart, and run CREATE "
					 "EXTENSION pg_cron. Or let any other scheduler run this once a "
					 "minute: psql -d %s -c %s",
					 database, shell_word(job->command))));
}

static void
raise_elsewhere(const Job *job, const char *database, const char *home, const char *spec)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_cron keeps its jobs in database \"%s\", not in \"%s\"", home,
					database),
			 errhint("Run there: SELECT cron.schedule_in_database(%s, %s, %s, %s);",
					 quote_literal_cstr(psprintf("%s of %s", job->name, database)),
					 quote_literal_cstr(spec), quote_literal_cstr(job->command),
					 quote_literal_cstr(database))));
}

static void
raise_no_cron(const Job *job, const char *spec)
{
	const char *home = GetConfigOption("cron.database_name", true, false);
	const char *database = get_database_name(MyDatabaseId);

	if (home == NULL)
		raise_not_loaded(job, database);
	else if (strcmp(home, database) != 0)
		raise_elsewhere(job, database, home, spec);
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("extension \"pg_cron\" is not installed in this database"),
					errhint("Run CREATE EXTENSION pg_cron.")));
}

static const char *
text_or_null(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* (spec, apply): the job's id.  A second call changes the spec of the same job. */
Datum
sync_schedule(PG_FUNCTION_ARGS)
{
	const char *system = text_or_null(fcinfo, 1);
	Job         job = job_of(system);
	Datum       values[3];
	int64       id;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"spec\" of sync_schedule must not be null"),
						errhint("Leave it out to have its default.")));
	if (!has_cron())
		raise_no_cron(&job, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (system != NULL)
		sl_need_target(system, NULL); /* of one that is none each run would fail unseen */
	values[0] = CStringGetTextDatum(job.name);
	values[1] = PG_GETARG_DATUM(0);
	values[2] = CStringGetTextDatum(job.command);
	sl_spi_connect();
	sl_query_select(&schedule_job, values, NULL);
	id = DatumGetInt64(sl_query_value_not_null(0, 1));
	sl_spi_finish();
	PG_RETURN_INT64(id);
}

/* (apply): whether there was a job of the caller's. */
Datum
sync_unschedule(PG_FUNCTION_ARGS)
{
	Job   job = job_of(text_or_null(fcinfo, 0));
	Datum values[1] = {CStringGetTextDatum(job.name)};
	bool  was_there;

	if (!has_cron())
		PG_RETURN_BOOL(false);
	sl_spi_connect();
	was_there = sl_query_select(&unschedule_job, values, NULL) > 0;
	sl_spi_finish();
	PG_RETURN_BOOL(was_there);
}
