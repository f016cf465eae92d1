/*
 * diff_from.c
 *	  sync_diff_from: a table, a view or a foreign table as the input.
 *
 * Rows come through a cursor with the caller's own rights and go through the pipeline as
 * payloads do; no more than a few are in memory.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "attach.h"
#include "diff_sql.h"
#include "outbox_gate.h"
#include "query.h"
#include "row_reader.h"

PG_FUNCTION_INFO_V1(sync_diff_from);

/* A relation on its way into the pipeline. */
typedef struct Source
{
	DestReceiver    dest; /* must be first: it is what the cursor knows of us */
	SlRowReader     reader;
	Portal          portal;
	TupleTableSlot *slot;        /* the cursor's: a row until the next one, or NULL */
	int64           ordinal;     /* of the row that was read last */
	bool            is_attached; /* the rows are those that its triggers tell of */
} Source;

static void
check_kind(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return;
		default:
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("\"%s\" is no table, view or foreign table",
								   RelationGetRelationName(rel)),
							errhint("Pass what SELECT can read records from.")));
	}
}

/* Before a lock that others wait for, and before a word about its columns. */
static void
check_right(Relation rel)
{
	Oid relation = RelationGetRelid(rel);
	Oid caller = GetUserId();

	if (pg_class_aclcheck(relation, caller, ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relation, caller, ACL_SELECT, ACLMASK_ANY) !=
			ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(rel->rd_rel->relkind),
					   RelationGetRelationName(rel));
}

static bool
take_slot(TupleTableSlot *slot, DestReceiver *self)
{
	((Source *) self)->slot = slot;
	return true;
}

/* Row by row, so that none is copied before it is read. */
static bool
next_row(Source *source)
{
	source->slot = NULL;
	(void) PortalRunFetch(source->portal, FETCH_FORWARD, 1, &source->dest);
	return source->slot != NULL;
}

static bool
next_of_rows(SlDiff *diff, SlRawRecord *raw, SlIntake *intake)
{
	Source *source = diff->source;

	if (!next_row(source))
		return false;
	raw->ordinal = ++source->ordinal;
	slot_getallattrs(source->slot);
	sl_row_read(&source->reader, source->slot->tts_values, source->slot->tts_isnull, raw);
	sl_intake(diff->policy, diff->system, raw, intake);
	intake->is_row = source->is_attached;
	diff->nbytes += sl_row_size(&source->reader);
	return true;
}

static void
describe_row(SlDiff *diff, SlRawRecord *raw)
{
	const Source *source = diff->source;

	sl_row_describe(&source->reader, raw);
}

static char *
query_of(Source *source, Relation rel)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	sl_row_reader_select(&source->reader, &sql);
	appendStringInfo(&sql, " FROM %s AS t",
					 quote_qualified_identifier(get_namespace_name(
													RelationGetNamespace(rel)),
												RelationGetRelationName(rel)));
	return sql.data;
}

static void
open_cursor(Source *source, const char *sql)
{
	SPIPlanPtr plan;

	sl_spi_connect();
	plan = SPI_prepare_cursor(sql, 0, NULL, CURSOR_OPT_NO_SCROLL);
	if (plan == NULL)
		elog(ERROR, "cannot prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
	source->portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	sl_spi_finish();
	source->dest = *None_Receiver;
	source->dest.receiveSlot = take_slot;
}

static bool
is_attached(Relation rel, const SlDiff *diff)
{
	const Trigger *trigger = sl_capture_trigger(rel, sl_capture_function());

	return trigger != NULL &&
		   strcmp(trigger->tgargs[0], diff->policy->systems[diff->system].name) == 0 &&
		   strcmp(trigger->tgargs[1], diff->policy->entity) == 0;
}

/* A row that somebody changes after it was read would be taken for an edit back. */
static void
hold_still(const Source *source, Relation rel, const SlDiff *diff)
{
	if (diff->options.is_dry_run || !source->is_attached)
		return;
	sl_gate_need_primary("sync_diff_from");
	list_free(sl_lock_tree(RelationGetRelid(rel), ShareLock));
}

static void
open_source(Source *source, const SlDiff *diff, Oid relation)
{
	Relation rel = try_relation_open(relation, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", relation),
						errhint("Pass what SELECT can read records from.")));
	check_kind(rel);
	check_right(rel);
	source->is_attached = is_attached(rel, diff);
	hold_still(source, rel, diff);
	sl_row_reader_open(&source->reader, diff->policy, diff->system, rel);
	open_cursor(source, query_of(source, rel));
	relation_close(rel, NoLock);
}

/* (system, entity, source, and the options of sync_diff) */
Datum
sync_diff_from(PG_FUNCTION_ARGS)
{
	SlDiff diff = {0};
	Source source = {0};
	int    settings;

	sl_diff_open(fcinfo, "sync_diff_from", "source", &diff);
	settings = sl_row_settings();
	open_source(&source, &diff, PG_GETARG_OID(SL_ARG_RECORDS));
	diff.describe = describe_row;
	sl_diff_run_source(&diff, next_of_rows, &source);
	SPI_cursor_close(source.portal);
	AtEOXact_GUC(true, settings);
	return (Datum) 0;
}
