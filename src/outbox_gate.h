/*
 * outbox_gate.h
 *	  What may hold up polling: a pause, or a book that is not where it was written.
 */
#ifndef SL_OUTBOX_GATE_H
#define SL_OUTBOX_GATE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* How things stand for a target. */
typedef struct SlGate
{
	char *elsewhere; /* what differs from where the book was written; NULL: nothing */
	bool  is_paused;
	TimestampTz paused_at;
	char       *paused_by;
	bool        has_rate;
} SlGate;

/* Else an error: a standby writes nothing. */
extern void sl_gate_need_primary(const char *function);

/* Looks, in the current context; target NULL: at the book alone. */
extern void sl_gate_look(const char *target, SlGate *gate);

/* The same by the snapshot of the calling statement. */
extern void sl_gate_look_stable(const char *target, SlGate *gate);

/* Says why nothing is handed out; false where something may be. */
extern bool sl_gate_is_closed(const char *target, const SlGate *gate);

/* Remembers where the book is, if nobody has yet.  SPI must be connected. */
extern void sl_home_remember(void);

/* From now on the book is at home where it is.  SPI must be connected. */
extern void sl_home_move(void);

#endif
