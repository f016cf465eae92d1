/*
 * backoff.c
 *	  How long a row waits after a call that failed.
 *
 * The curve doubles and is capped; no wait is shorter than half of it, so that a
 * target that is down is not called again at once by chance.
 */
#include "postgres.h"

#include "backoff.h"

int64
sl_backoff(int32 attempts, double chance)
{
	int64 curve = SL_BACKOFF_FIRST;
	int64 half;

	for (int i = 1; i < attempts && curve < SL_BACKOFF_CAP; i++)
		curve *= 2;
	curve = Min(curve, SL_BACKOFF_CAP);
	half = curve / 2;
	return half + (int64) (chance * (double) half);
}
