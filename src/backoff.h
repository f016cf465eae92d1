/*
 * backoff.h
 *	  How long a row waits after a call that failed.
 */
#ifndef SL_BACKOFF_H
#define SL_BACKOFF_H

#include "postgres.h"

/* After the first failed attempt; twice as long after each further one ... */
#define SL_BACKOFF_FIRST (INT64CONST(5) * 1000000)

/* ... and never longer than an hour. */
#define SL_BACKOFF_CAP (INT64CONST(3600) * 1000000)

/*
 * Microseconds to wait after so many attempts.  chance, from 0 to 1, spreads what failed
 * together: from half of the curve to all of it.
 */
extern int64 sl_backoff(int32 attempts, double chance);

#endif
