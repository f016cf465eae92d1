/*
 * outbox_gate.c
 *	  What may hold up polling: a pause, or a book that is not where it was written.
 *
 * Two servers with one book would tell every system everything twice: a copy hands
 * out nothing until somebody says that it is the one to go on.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "outbox_gate.h"
#include "query.h"

#define CONTROL_FILE "global/pg_control"

/* A place that a book can be written in. */
typedef struct Home
{
	int64 system_identifier;
	Oid   database;
	Oid   outbox;
	int64 timeline;
	int64 control_inode;
} Home;

static SlPlan look = {
	.sql = "SELECT h.system_identifier, h.database_oid, h.outbox_oid, h.timeline,"
		   "  h.control_inode, t.paused_at, t.paused_by, t.max_claims IS NOT NULL"
		   " FROM %s.sync_home AS h LEFT JOIN %s.sync_target AS t"
		   "  ON t.target_system OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {TEXTOID}};

#define HOME_COLUMNS                                                        \
	"system_identifier, database_oid, outbox_oid, timeline, control_inode," \
	" remembered_at, remembered_by"

static SlPlan remember = {.sql = "INSERT INTO %s.sync_home (" HOME_COLUMNS ")"
								 " VALUES ($1, $2, $3, $4, $5, $6, SESSION_USER)"
								 " ON CONFLICT DO NOTHING",
						  .nargs = 6,
						  .argtypes = {INT8OID, OIDOID, OIDOID, INT8OID, INT8OID,
									   TIMESTAMPTZOID}};

static SlPlan move = {.sql = "INSERT INTO %s.sync_home (" HOME_COLUMNS ")"
							 " VALUES ($1, $2, $3, $4, $5, $6, SESSION_USER)"
							 " ON CONFLICT (one) DO UPDATE SET (" HOME_COLUMNS ")"
							 "  = ($1, $2, $3, $4, $5, $6, SESSION_USER)",
					  .nargs = 6,
					  .argtypes = {INT8OID, OIDOID, OIDOID, INT8OID, INT8OID,
								   TIMESTAMPTZOID}};

/* A server that is still in recovery has no timeline of its own: 0. */
static Home
home_of_this_server(void)
{
	Home        home;
	struct stat control;

	if (stat(CONTROL_FILE, &control) != 0)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not stat file \"%s\": %m", CONTROL_FILE)));
	home.system_identifier = (int64) GetSystemIdentifier();
	home.database = MyDatabaseId;
	home.outbox = sl_relation_oid("sync_outbox");
	home.timeline = RecoveryInProgress() ? 0 : GetWALInsertionTimeLine();
	home.control_inode = (int64) control.st_ino;
	return home;
}

static Home
remembered_home(void)
{
	Home home;

	home.system_identifier = DatumGetInt64(sl_query_value_not_null(0, 1));
	home.database = DatumGetObjectId(sl_query_value_not_null(0, 2));
	home.outbox = DatumGetObjectId(sl_query_value_not_null(0, 3));
	home.timeline = DatumGetInt64(sl_query_value_not_null(0, 4));
	home.control_inode = DatumGetInt64(sl_query_value_not_null(0, 5));
	return home;
}

/* What tells the two apart, the plainest first; or NULL. */
static char *
difference(const Home *then, const Home *now)
{
	if (then->system_identifier != now->system_identifier)
		return "it was written on another server";
	if (then->database != now->database)
		return "it was written in another database of this server";
	if (then->outbox != now->outbox)
		return "its tables were restored";
	if (sl_guc_allow_failover)
		return NULL;
	if (then->timeline != now->timeline)
		return "the server was promoted, or recovered to a point in time";
	if (then->control_inode != now->control_inode)
		return "the server's data directory was copied";
	return NULL;
}

static void
read_pause(SlGate *gate)
{
	bool  is_null;
	Datum at = sl_query_value(0, 6, &is_null);

	gate->is_paused = !is_null;
	if (is_null)
		return;
	gate->paused_at = DatumGetTimestampTz(at);
	gate->paused_by = TextDatumGetCString(sl_query_value_not_null(0, 7));
}

/* A book that nobody has configured yet has no home. */
static void
read_gate(uint64 nrows, MemoryContext context, SlGate *gate)
{
	Home now = home_of_this_server();
	Home then;

	memset(gate, 0, sizeof(SlGate));
	if (nrows == 0)
		return;
	MemoryContextSwitchTo(context);
	then = remembered_home();
	gate->elsewhere = difference(&then, &now);
	read_pause(gate);
	gate->has_rate = DatumGetBool(sl_query_value_not_null(0, 8));
}

void
sl_gate_look(const char *target, SlGate *gate)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[1] = {target == NULL ? (Datum) 0 : CStringGetTextDatum(target)};

	sl_spi_connect();
	read_gate(sl_query_select(&look, values, target == NULL ? "n" : " "), context, gate);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
}

void
sl_gate_look_stable(const char *target, SlGate *gate)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[1] = {target == NULL ? (Datum) 0 : CStringGetTextDatum(target)};

	sl_spi_connect();
	read_gate(sl_query_select_stable(&look, values, target == NULL ? "n" : " "), context,
			  gate);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
}

bool
sl_gate_is_closed(const char *target, const SlGate *gate)
{
	if (gate->elsewhere != NULL)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("polling is paused: this book is not where it was written"),
				 errdetail("It finds that %s.", gate->elsewhere),
				 errhint("If the systems are to be written to from here, and from "
						 "nowhere else, call sync_resume().")));
	else if (gate->is_paused)
		ereport(NOTICE, (errmsg("polling for \"%s\" is paused since %s, by %s", target,
								timestamptz_to_str(gate->paused_at), gate->paused_by),
						 errhint("sync_resume('%s') ends the pause.", target)));
	return gate->elsewhere != NULL || gate->is_paused;
}

static void
write_home(SlPlan *plan)
{
	Home  now = home_of_this_server();
	Datum values[6];

	values[0] = Int64GetDatum(now.system_identifier);
	values[1] = ObjectIdGetDatum(now.database);
	values[2] = ObjectIdGetDatum(now.outbox);
	values[3] = Int64GetDatum(now.timeline);
	values[4] = Int64GetDatum(now.control_inode);
	values[5] = TimestampTzGetDatum(sl_now());
	sl_query_write(plan, values, NULL);
}

void
sl_home_remember(void)
{
	write_home(&remember);
}

void
sl_home_move(void)
{
	write_home(&move);
}
