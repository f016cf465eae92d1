/*
 * outbox_due.h
 *	  Rows that wait for a time that has come.
 */
#ifndef SL_OUTBOX_DUE_H
#define SL_OUTBOX_DUE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "outbox_mark.h"

/* A row without a place whose time has come. */
typedef struct SlDue
{
	char       *entity;
	char       *key;
	int64       id;
	TimestampTz at;
} SlDue;

/* One look at those of a target. */
typedef struct SlDueLook
{
	SlMark *mark; /* NULL: the look began at the first of all, and is not remembered */
	TimestampTz now;
	TimestampTz passed; /* what was due until then has been handled */
} SlDueLook;

/*
 * At most so many, by entity and time: those that may have come to light since the last
 * look of this backend, or with sl_due_find_all(), all of them.
 */
extern SlDue *sl_due_find(SlDueLook *look, const char *target, const char *entity,
						  int room, int *n);
extern SlDue *sl_due_find_all(SlDueLook *look, const char *target, const char *entity,
							  int room, int *n);

/* Somebody else has the row: the next look finds it again. */
extern void sl_due_hold(SlDueLook *look, const SlDue *due);

/* The next look in this backend goes on from here, if the transaction commits. */
extern void sl_due_close(SlDueLook *look);

#endif
