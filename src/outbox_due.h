/*
 * outbox_due.h
 *	  Rows whose time has come: leases that ran out, retries that are due.
 */
#ifndef SL_OUTBOX_DUE_H
#define SL_OUTBOX_DUE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "outbox_mark.h"

typedef struct SlDueLease
{
	int64 id;
	bool  is_kept; /* some of its rows will not come back in this look */
} SlDueLease;

/* A row whose time has come: its lease has run out, or its retry is due. */
typedef struct SlDue
{
	char       *entity;
	char       *key;
	int64       id;
	TimestampTz at;
	SlDueLease *lease; /* or NULL */
} SlDue;

/* One look at those of a target. */
typedef struct SlDueLook
{
	SlMark *mark; /* NULL: the look began at the first of all, and is not remembered */
	TimestampTz now;
	TimestampTz passed; /* what was due until then has been handled */
	uint64 left;   /* 0, or under policies of this generation retries were left behind */
	List  *leases; /* that have run out, SlDueLease * */
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

/*
 * All that was found and not held has come back.  The next look in this backend goes on from
 * here, if the transaction commits.
 */
extern void sl_due_close(SlDueLook *look);

#endif
