/*
 * poll_limits.h
 *	  How much one poll may ask for, and for how long.
 */
#ifndef SL_POLL_LIMITS_H
#define SL_POLL_LIMITS_H

#include "postgres.h"

#include "fmgr.h"

/* How errors speak of a poll. */
typedef struct SlPollWords
{
	const char *function;
	const char *most;       /* the name of its argument for how many */
	const char *lease_hint; /* how long a lease should be */
} SlPollWords;

/* Checks the argument for how many, by its number, and the one after it, the lease. */
extern void sl_poll_check_limits(FunctionCallInfo fcinfo, int arg,
								 const SlPollWords *words);

#endif
