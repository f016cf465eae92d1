/*
 * outbox_gate.c
 *	  What may hold up polling: a pause, or a book that is not where it was written.
 *
 * Two servers with one book would tell every system everything twice: a copy hands
 * out nothing until somebody says that it is the one to go on.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
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

/* The columns of sync_home and sync_target that are read, by number. */
enum
{
	HOME_SYSTEM_IDENTIFIER = 2,
	HOME_DATABASE,
	HOME_OUTBOX,
	HOME_TIMELINE,
	HOME_CONTROL_INODE
};

enum
{
	TARGET_SYSTEM = 1,
	TARGET_PAUSED_AT,
	TARGET_PAUSED_BY,
	TARGET_MAX_CLAIMS
};

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

static Datum
home_column(HeapTuple tuple, TupleDesc desc, int column)
{
	bool  is_null;
	Datum value = heap_getattr(tuple, column, desc, &is_null);

	if (is_null)
		elog(ERROR, "unexpected null in column %d of sync_home", column);
	return value;
}

static Home
home_of_row(HeapTuple tuple, TupleDesc desc)
{
	Home home;

	home.system_identifier = DatumGetInt64(
		home_column(tuple, desc, HOME_SYSTEM_IDENTIFIER));
	home.database = DatumGetObjectId(home_column(tuple, desc, HOME_DATABASE));
	home.outbox = DatumGetObjectId(home_column(tuple, desc, HOME_OUTBOX));
	home.timeline = DatumGetInt64(home_column(tuple, desc, HOME_TIMELINE));
	home.control_inode = DatumGetInt64(home_column(tuple, desc, HOME_CONTROL_INODE));
	return home;
}

/* False for a book that nobody has configured yet: it has none. */
static bool
read_home(Snapshot snapshot, Home *home)
{
	Relation    rel = table_open(sl_relation_oid("sync_home"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	HeapTuple   tuple = systable_getnext(scan);
	bool        is_found = HeapTupleIsValid(tuple);

	if (is_found)
		*home = home_of_row(tuple, RelationGetDescr(rel));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return is_found;
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
	if (sl_guc_allow_failover || now->timeline == 0)
		return NULL;
	if (then->timeline != now->timeline)
		return "the server was promoted, or recovered to a point in time";
	if (then->control_inode != now->control_inode)
		return "the server's data directory was copied";
	return NULL;
}

static void
read_row(HeapTuple tuple, TupleDesc desc, SlGate *gate)
{
	bool  is_null;
	Datum value;

	(void) heap_getattr(tuple, TARGET_MAX_CLAIMS, desc, &is_null);
	gate->has_rate = !is_null;
	value = heap_getattr(tuple, TARGET_PAUSED_AT, desc, &is_null);
	gate->is_paused = !is_null;
	if (is_null)
		return;
	gate->paused_at = DatumGetTimestampTz(value);
	value = heap_getattr(tuple, TARGET_PAUSED_BY, desc, &is_null);
	gate->paused_by = TextDatumGetCString(value);
}

static void
read_target(Snapshot snapshot, const char *target, SlGate *gate)
{
	Relation    rel = table_open(sl_relation_oid("sync_target"), AccessShareLock);
	Oid         index = sl_primary_key(rel);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;

	ScanKeyEntryInitialize(&key, 0, TARGET_SYSTEM, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(target));
	scan = systable_beginscan(rel, index, true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		read_row(tuple, RelationGetDescr(rel), gate);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static void
look(Snapshot snapshot, const char *target, SlGate *gate)
{
	Home now = home_of_this_server();
	Home then;

	memset(gate, 0, sizeof(SlGate));
	if (!read_home(snapshot, &then))
		return;
	gate->elsewhere = difference(&then, &now);
	if (target != NULL)
		read_target(snapshot, target, gate);
}

void
sl_gate_look(const char *target, SlGate *gate)
{
	Snapshot snapshot;

	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	look(snapshot, target, gate);
	UnregisterSnapshot(snapshot);
}

void
sl_gate_look_stable(const char *target, SlGate *gate)
{
	look(GetActiveSnapshot(), target, gate);
}

void
sl_gate_need_primary(const char *function)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("cannot execute %s() during recovery", function),
				 errhint(
					 "This server is a standby: call it on the primary. A standby can "
					 "be looked at, and goes on after it was promoted and told to "
					 "by sync_resume().")));
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
