/*
 * duration.h
 *	  How long something lasts, as a caller says it.
 */
#ifndef SL_DURATION_H
#define SL_DURATION_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* When that much time has passed; an error names the argument that says how much. */
extern TimestampTz sl_later(const char *argument, TimestampTz from, Interval *by);

#endif
