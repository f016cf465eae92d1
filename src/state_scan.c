/*
 * state_scan.c
 *	  All records of an entity, one after the other, in no order.
 *
 * A record that is only there to be locked is none.
 */
#include "postgres.h"

#include "access/table.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "query.h"
#include "state_scan.h"

enum
{
	COLUMN_ENTITY = 1,
	COLUMN_KEY,
	COLUMN_STATE
};

void
sl_state_scan_begin(SlStateScan *scan, const SlPolicy *policy, Snapshot snapshot)
{
	scan->policy = policy;
	scan->heap = table_open(sl_relation_oid("sync_state"), AccessShareLock);
	scan->snapshot = RegisterSnapshot(snapshot);
	scan->scan = table_beginscan(scan->heap, scan->snapshot, 0, NULL);
	scan->slot = table_slot_create(scan->heap, NULL);
}

void
sl_state_scan_end(SlStateScan *scan)
{
	ExecDropSingleTupleTableSlot(scan->slot);
	table_endscan(scan->scan);
	UnregisterSnapshot(scan->snapshot);
	table_close(scan->heap, NoLock);
}

static void
read_column(const SlStateScan *scan, int column, const char **data, int32 *len)
{
	bool            is_null;
	Datum           datum = slot_getattr(scan->slot, column, &is_null);
	struct varlena *value = pg_detoast_datum_packed(
		(struct varlena *) DatumGetPointer(datum));

	*data = VARDATA_ANY(value);
	*len = (int32) VARSIZE_ANY_EXHDR(value);
}

static bool
is_of_entity(const SlStateScan *scan)
{
	const char *entity;
	int32       len;

	read_column(scan, COLUMN_ENTITY, &entity, &len);
	return strncmp(scan->policy->entity, entity, len) == 0 &&
		   scan->policy->entity[len] == '\0';
}

bool
sl_state_scan_next(SlStateScan *scan, SlScanned *row)
{
	while (table_scan_getnextslot(scan->scan, ForwardScanDirection, scan->slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_of_entity(scan))
			continue;
		read_column(scan, COLUMN_KEY, &row->key, &row->key_len);
		read_column(scan, COLUMN_STATE, &row->data, &row->len);
		if (row->len > 0)
			return true;
	}
	return false;
}
