/*
 * capture_sql.c
 *	  sync_capture(): the trigger function of attached tables.
 *
 * Whoever writes the table needs no right in the book; what the writer or the table's owner
 * can bring in (types, the search path) runs with the writer's own rights.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "apply.h"
#include "apply_mark.h"
#include "attach.h"
#include "capture.h"
#include "compat.h"
#include "guc.h"
#include "owner.h"
#include "policy_cache.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_capture);

static void
refuse_trigger(const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					errmsg("sync_capture %s", why),
					errhint("Let sync_attach() make the triggers of a table.")));
}

/* What sync_attach() makes: AFTER, and for statements with all of their rows. */
static void
check_trigger(const TriggerData *trigger)
{
	TriggerEvent event = trigger->tg_event;

	if (trigger->tg_trigger->tgnargs != 2)
		refuse_trigger("wants the names of a system and an entity");
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return;
	if (!TRIGGER_FIRED_AFTER(event))
		refuse_trigger("is for triggers AFTER a statement or row");
	if (TRIGGER_FIRED_FOR_ROW(event))
		return;
	if ((!TRIGGER_FIRED_BY_INSERT(event) && trigger->tg_oldtable == NULL) ||
		(!TRIGGER_FIRED_BY_DELETE(event) && trigger->tg_newtable == NULL))
		refuse_trigger("needs the transition tables of the statement");
}

static void
refuse_truncate(const TriggerData *trigger)
{
	const char *name = RelationGetRelationName(trigger->tg_relation);

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot truncate \"%s\", which is attached to sync_ledger as "
					"system \"%s\"",
					name, trigger->tg_trigger->tgargs[0]),
			 errhint("DELETE deletes the records everywhere; to empty only this table, "
					 "sync_detach() it first.")));
}

static void
run_as(SlCapture *capture, int system)
{
	SlDiff diff = {.policy = capture->policy, .system = system};

	diff.woken = capture->woken;
	diff.options.actor = GetUserNameFromId(GetUserId(), false);
	diff.describe = sl_capture_describe;
	sl_diff_run_source(&diff, sl_capture_next, capture);
}

/* Who may call this function may say anything for any system. */
static Oid
listing_function(void)
{
	SlOwner before;
	List   *name = list_make2(makeString(get_namespace_name(sl_schema_oid())),
							  makeString("sync_diff_from"));
	Oid     function;

	sl_owner_begin(&before);
	function = LookupFuncName(name, -1, NULL, false);
	sl_owner_end(&before);
	return function;
}

/* Who may write on behalf of another system than the table's own. */
static void
check_speaker(void)
{
	const char *writer = GetUserNameFromId(GetUserId(), false);

	if (!sl_may_execute(listing_function(), GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" may not write on behalf of system \"%s\"", writer,
						sl_guc_system),
				 errhint(
					 "RESET sync_ledger.system, or let sync_grant() give the role the "
					 "privilege \"ingest\".")));
}

/* Of what a table shows that table tells: nothing was written to it here. */
static void
check_no_table(const SlCapture *capture)
{
	List       *own = list_make1_oid(RelationGetRelid(capture->rel));
	const char *table;

	sl_spi_connect();
	table = sl_attach_other(own, capture->policy, capture->speaker);
	if (table != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot write to \"%s\" on behalf of system \"%s\", which is "
						"table \"%s\"",
						RelationGetRelationName(capture->rel), sl_guc_system, table),
				 errhint("Write to that table, or RESET sync_ledger.system.")));
	sl_spi_finish();
}

/* What sync_apply() brings about in a table beside its own writes is the table's word. */
static void
choose_speaker(SlCapture *capture)
{
	if (sl_guc_system == NULL || sl_guc_system[0] == '\0' || capture->is_rest)
		return;
	capture->speaker = sl_policy_need_system(capture->policy, sl_guc_system);
	if (capture->speaker == capture->system)
		return;
	check_speaker();
	check_no_table(capture);
}

/* What another system has written is that system's word; then the table shows it. */
static void
take_in(SlCapture *capture)
{
	capture->woken = palloc0(sizeof(bool) * capture->policy->nsystems);
	choose_speaker(capture);
	run_as(capture, capture->speaker);
	if (capture->speaker != capture->system)
	{
		sl_capture_rewind(capture);
		run_as(capture, capture->system);
	}
}

/* Tables that want it at once; while one is written to, the others wait. */
static void
apply_at_once(const SlCapture *capture)
{
	for (int t = 0; t < capture->policy->nsystems; t++)
		if (capture->policy->systems[t].is_immediate && capture->woken[t] &&
			!sl_is_any_applying())
			sl_apply_now(capture->policy, t);
}

static void
run(SlCapture *capture)
{
	int settings = -1;

	if (sl_row_reader_needs_settings(&capture->reader))
		settings = sl_row_settings();
	if (!sl_is_applying(capture->trigger))
	{
		sl_applied_disturb(capture->policy->systems[capture->system].name,
						   capture->policy->entity);
		take_in(capture);
	}
	else if (!sl_capture_hand_over(capture))
	{
		capture->is_rest = true;
		sl_pairs_rewind(&capture->pairs);
		take_in(capture);
	}
	if (settings >= 0)
		AtEOXact_GUC(true, settings);
	if (capture->woken != NULL)
		apply_at_once(capture);
}

/* Who writes a table may never have heard of us, and a dump without data has no policy. */
static void
say_why_it_is_asked(void *arg)
{
	const TriggerData *trigger = arg;

	errcontext("write to table \"%s\", which sync_attach() made system \"%s\" of entity "
			   "\"%s\"; sync_detach() ends that",
			   RelationGetRelationName(trigger->tg_relation),
			   trigger->tg_trigger->tgargs[0], trigger->tg_trigger->tgargs[1]);
}

static void
open_capture(SlCapture *capture, TriggerData *trigger)
{
	ErrorContextCallback context = {error_context_stack, say_why_it_is_asked, trigger};
	const SlPolicy      *policy;
	int                  system;

	error_context_stack = &context;
	policy = sl_policy_get(trigger->tg_trigger->tgargs[1]);
	system = sl_policy_need_system(policy, trigger->tg_trigger->tgargs[0]);
	error_context_stack = context.previous;
	sl_capture_open(capture, policy, system, trigger);
}

static void
capture(TriggerData *trigger)
{
	SlCapture capture = {0};

	open_capture(&capture, trigger);
	run(&capture);
	sl_capture_close(&capture);
}

Datum
sync_capture(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		refuse_trigger("is a trigger function");
	check_trigger(trigger);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		refuse_truncate(trigger);
	if (sl_pairs_has_rows(trigger))
		capture(trigger);
	return PointerGetDatum(NULL);
}
