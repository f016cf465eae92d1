/*
 * attach.c
 *	  sync_attach() and sync_detach(): the triggers that make a table a system.
 *
 * The triggers are all that is known of an attached table, so that a dump, a rename or a
 * drop of it cannot tell two stories.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "attach.h"
#include "outbox_gate.h"
#include "policy_cache.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_attach);
PG_FUNCTION_INFO_V1(sync_detach);

/* Nobody writes to a table while what is seen of it changes. */
#define ATTACH_LOCK ShareRowExclusiveLock

#define TRUNCATE_TRIGGER   "sync_capture_truncate"
#define REPLICATED_TRIGGER "sync_capture_replicated"

#define NO_TRIGGER '\0'

/* What is made of a table; %s: the table. */
typedef struct TriggerKind
{
	const char *name;
	const char *clause;
} TriggerKind;

static const TriggerKind statement_triggers[] = {
	{"sync_capture_insert",
	 "AFTER INSERT ON %s REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"},
	{"sync_capture_update", "AFTER UPDATE ON %s REFERENCING OLD TABLE AS gone"
							" NEW TABLE AS fresh FOR EACH STATEMENT"},
	{"sync_capture_delete",
	 "AFTER DELETE ON %s REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"},
	{TRUNCATE_TRIGGER, "BEFORE TRUNCATE ON %s FOR EACH STATEMENT"}};

/* Logical replication fires no triggers but those for rows. */
static const TriggerKind row_trigger = {
	REPLICATED_TRIGGER, "AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW"};

/* What is to be attached. */
typedef struct Attachment
{
	List           *relations; /* the table, and whatever is part of it */
	const SlPolicy *policy;
	int             system;
	Oid             function;
	int             nmade; /* triggers */
} Attachment;

Oid
sl_capture_function(void)
{
	List *name = list_make2(makeString(get_namespace_name(sl_schema_oid())),
							makeString("sync_capture"));

	return LookupFuncName(name, 0, NULL, false);
}

const Trigger *
sl_capture_trigger(Relation rel, Oid function)
{
	const TriggerDesc *all = rel->trigdesc;

	for (int i = 0; all != NULL && i < all->numtriggers; i++)
		if (all->triggers[i].tgfoid == function && all->triggers[i].tgnargs == 2)
			return &all->triggers[i];
	return NULL;
}

List *
sl_lock_tree(Oid relation, LOCKMODE mode)
{
	LockRelationOid(relation, mode);
	return find_all_inheritors(relation, mode, NULL);
}

/* When it fires, as pg_trigger.tgenabled says; NO_TRIGGER where there is none. */
static char
trigger_state(Oid relation, Oid function, const char *name)
{
	Relation           rel = table_open(relation, NoLock);
	const TriggerDesc *all = rel->trigdesc;
	char               state = NO_TRIGGER;

	for (int i = 0; all != NULL && i < all->numtriggers; i++)
		if (all->triggers[i].tgfoid == function &&
			strcmp(all->triggers[i].tgname, name) == 0)
			state = all->triggers[i].tgenabled;
	table_close(rel, NoLock);
	return state;
}

static char *
quoted_relation(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

/* With the caller's own rights. */
static void
run_command(const char *sql)
{
	int rc = SPI_execute(sql, false, 0);

	if (rc != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of \"%s\": %s", sql, SPI_result_code_string(rc));
}

static void
make_trigger(Attachment *attachment, Oid relation, const TriggerKind *kind)
{
	const SlPolicy *policy = attachment->policy;

	if (trigger_state(relation, attachment->function, kind->name) != NO_TRIGGER)
		return;
	run_command(psprintf("CREATE TRIGGER %s %s EXECUTE FUNCTION %s.sync_capture(%s, %s)",
						 kind->name, psprintf(kind->clause, quoted_relation(relation)),
						 sl_schema_name(),
						 quote_literal_cstr(policy->systems[attachment->system].name),
						 quote_literal_cstr(policy->entity)));
	attachment->nmade++;
}

/* One that somebody disabled, or that ENABLE TRIGGER ALL made fire at other times. */
static void
enable_trigger(Attachment *attachment, Oid relation, const char *name, char wanted,
			   const char *how)
{
	char state = trigger_state(relation, attachment->function, name);

	if (state == wanted || state == TRIGGER_FIRES_ALWAYS)
		return;
	run_command(
		psprintf("ALTER TABLE %s %s TRIGGER %s", quoted_relation(relation), how, name));
	attachment->nmade++;
}

/* Fired for what logical replication writes, and for nothing else. */
static void
make_row_trigger(Attachment *attachment, Oid relation)
{
	make_trigger(attachment, relation, &row_trigger);
	enable_trigger(attachment, relation, REPLICATED_TRIGGER, TRIGGER_FIRES_ON_REPLICA,
				   "ENABLE REPLICA");
	enable_trigger(attachment, relation, TRUNCATE_TRIGGER, TRIGGER_FIRES_ALWAYS,
				   "ENABLE ALWAYS");
}

static void
make_statement_triggers(Attachment *attachment, Oid relation)
{
	for (int i = 0; i < (int) lengthof(statement_triggers); i++)
	{
		make_trigger(attachment, relation, &statement_triggers[i]);
		enable_trigger(attachment, relation, statement_triggers[i].name,
					   TRIGGER_FIRES_ON_ORIGIN, "ENABLE");
	}
}

static void
make_triggers(Attachment *attachment, bool is_replicated)
{
	Oid       root = linitial_oid(attachment->relations);
	ListCell *cell;

	is_replicated |= trigger_state(root, attachment->function, REPLICATED_TRIGGER) !=
					 NO_TRIGGER;
	foreach (cell, attachment->relations)
	{
		make_statement_triggers(attachment, lfirst_oid(cell));
		if (is_replicated)
			make_row_trigger(attachment, lfirst_oid(cell));
	}
}

static bool
has_rows(Oid relation)
{
	Relation        rel = table_open(relation, NoLock);
	TableScanDesc   scan;
	TupleTableSlot *slot;
	bool            is_there = false;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
	{
		slot = table_slot_create(rel, NULL);
		scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
		is_there = table_scan_getnextslot(scan, ForwardScanDirection, slot);
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	table_close(rel, NoLock);
	return is_there;
}

/* Triggers tell what changes; what was there before is to be read once. */
static void
hint_at_baseline(const Attachment *attachment)
{
	Oid       root = linitial_oid(attachment->relations);
	bool      is_filled = false;
	ListCell *cell;

	if (attachment->nmade == 0)
		return;
	foreach (cell, attachment->relations)
		is_filled = is_filled || has_rows(lfirst_oid(cell));
	if (!is_filled)
		return;
	ereport(
		NOTICE,
		(errmsg("\"%s\" has rows already, which no trigger tells of", get_rel_name(root)),
		 errhint("Take them in before this transaction ends, while nobody writes: SELECT "
				 "count(*) FROM %s.sync_diff_from(%s, %s, %s, baseline => true); where "
				 "they were known, and may have changed since, complete => true instead.",
				 sl_schema_name(),
				 quote_literal_cstr(attachment->policy->systems[attachment->system].name),
				 quote_literal_cstr(attachment->policy->entity),
				 quote_literal_cstr(quoted_relation(root)))));
}

/* To attach once more adds what is missing, and takes nothing away. */
static void
note_replicated(const Attachment *attachment)
{
	Oid root = linitial_oid(attachment->relations);

	if (trigger_state(root, attachment->function, REPLICATED_TRIGGER) != NO_TRIGGER)
		ereport(NOTICE,
				(errmsg("\"%s\" stays attached for rows that logical replication brings",
						get_rel_name(root)),
				 errhint("sync_detach() it first to have it without \"replicated\".")));
}

static void
need_arguments(FunctionCallInfo fcinfo, const char *function)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of %s must not be null", i + 1, function)));
}

/* (relation, system, entity, replicated) */
Datum
sync_attach(PG_FUNCTION_ARGS)
{
	Oid        root;
	Attachment attachment = {0};
	Relation   rel;

	need_arguments(fcinfo, "sync_attach");
	sl_gate_need_primary("sync_attach");
	root = PG_GETARG_OID(0);
	attachment.policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	attachment.system = sl_policy_need_system(attachment.policy,
											  text_to_cstring(PG_GETARG_TEXT_PP(1)));
	attachment.function = sl_capture_function();
	sl_attach_check_right(root);
	attachment.relations = sl_lock_tree(root, ATTACH_LOCK);
	sl_attach_check_tree(attachment.relations);
	rel = table_open(root, NoLock);
	sl_attach_check_columns(rel, attachment.policy, attachment.system);
	table_close(rel, NoLock);

	sl_spi_connect();
	sl_attach_check_names(attachment.relations, attachment.policy, attachment.system);
	make_triggers(&attachment, PG_GETARG_BOOL(3));
	if (!PG_GETARG_BOOL(3))
		note_replicated(&attachment);
	hint_at_baseline(&attachment);
	sl_spi_finish();
	PG_RETURN_VOID();
}

/* Drops one trigger; false where there is none.  Those of a partition go with its parent's. */
static bool
drop_trigger(Oid relation, Oid function)
{
	Relation       rel = table_open(relation, NoLock);
	const Trigger *trigger = sl_capture_trigger(rel, function);
	char          *name = trigger == NULL ? NULL : pstrdup(trigger->tgname);

	table_close(rel, NoLock);
	if (name == NULL)
		return false;
	run_command(psprintf("DROP TRIGGER %s ON %s", quote_identifier(name),
						 quoted_relation(relation)));
	return true;
}

static int
drop_triggers(List *relations, Oid function)
{
	int       ndropped = 0;
	ListCell *cell;

	foreach (cell, relations)
		while (drop_trigger(lfirst_oid(cell), function))
			ndropped++;
	return ndropped;
}

Datum
sync_detach(PG_FUNCTION_ARGS)
{
	Oid root;

	need_arguments(fcinfo, "sync_detach");
	sl_gate_need_primary("sync_detach");
	root = PG_GETARG_OID(0);
	sl_attach_check_right(root);
	sl_attach_check_owner(root);
	sl_spi_connect();
	if (drop_triggers(sl_lock_tree(root, ATTACH_LOCK), sl_capture_function()) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("\"%s\" is not attached", get_rel_name(root)),
						errhint("sync_attached lists the tables that are.")));
	sl_spi_finish();
	PG_RETURN_VOID();
}
