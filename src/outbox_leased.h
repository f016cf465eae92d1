/*
 * outbox_leased.h
 *	  Rows of the outbox that somebody names, by lease or by id, with their records
 *	  locked.
 */
#ifndef SL_OUTBOX_LEASED_H
#define SL_OUTBOX_LEASED_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/array.h"

#include "event_store.h"

/* A row as it was when it was looked at, before any lock. */
typedef struct SlNamedRow
{
	char           *entity;
	char           *key;
	int64           id;
	ItemPointerData tid;
	ItemPointerData
		state; /* where the state of its record may stand; invalid: anywhere */
} SlNamedRow;

/*
 * What is to be done to the rows of one batch, whose records are locked; returns how
 * many it did it to.  SPI is connected; the batch is put afterwards.
 */
typedef int (*SlRowsAct)(SlBatch *batch, const SlNamedRow *rows, int n, void *arg);

/* Of the rows with these ids, those that the lease has, each once, in key order. */
extern SlNamedRow *sl_rows_of_lease(int64 lease, const int64 *ids, int nids, int *n);

/* A row by its id; n is 0 where there is none. */
extern SlNamedRow *sl_row_of_id(int64 id, int *n);

/* Those of the records (text, text[]) that are known, each as a row that nobody has looked at. */
extern SlNamedRow *sl_rows_of_keys(Datum entity, Datum keys, int *n);

/* Does it to all of them, batch after batch in key order; the sum of what act returned. */
extern int sl_rows_each(const SlNamedRow *rows, int n, SlRowsAct act, void *arg);

/*
 * The locked record of a row, whose absence is an internal error; and with its state opened,
 * in the current context.
 */
extern SlRecord *sl_row_locked(const SlBatch *batch, const char *key);
extern SlRecord *sl_row_record(SlBatch *batch, const char *key);

/* The ids that a caller has given, without nulls; and an array with one id. */
extern int64     *sl_given_ids(ArrayType *array, int *n);
extern ArrayType *sl_one_id(int64 id);

#endif
