/*
 * outbox_arrival.c
 *	  Rows of the outbox that come from elsewhere: a restore, or a copy of the table.
 *
 * A row enters with the place of the transaction that brings it.  Another cluster's
 * transactions are numbered otherwise: such a place can lie where every claim has gone
 * by, or where none comes for years.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/rel.h"
#include "utils/xid8.h"

#include "outbox_columns.h"

PG_FUNCTION_INFO_V1(sync_outbox_arrives);

static void
check_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		RelationGetNumberOfAttributes(trigger->tg_relation) < SL_OUTBOX_NCOLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("sync_outbox_arrives is only for a trigger of sync_outbox, "
						"before a row is inserted")));
}

Datum
sync_outbox_arrives(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	int          column = SL_OUTBOX_PLACE + 1;
	bool         is_null;
	Datum        place;
	Datum        own;

	check_trigger(fcinfo);
	place = heap_getattr(trigger->tg_trigtuple, column,
						 RelationGetDescr(trigger->tg_relation), &is_null);
	if (is_null)
		return PointerGetDatum(trigger->tg_trigtuple);
	own = FullTransactionIdGetDatum(GetTopFullTransactionId());
	if (FullTransactionIdEquals(DatumGetFullTransactionId(place),
								DatumGetFullTransactionId(own)))
		return PointerGetDatum(trigger->tg_trigtuple);
	return PointerGetDatum(
		heap_modify_tuple_by_cols(trigger->tg_trigtuple,
								  RelationGetDescr(trigger->tg_relation), 1, &column,
								  &own, &is_null));
}
