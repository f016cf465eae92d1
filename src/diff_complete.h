/*
 * diff_complete.h
 *	  A call whose input is all that a system holds: what is missing, and the guard.
 */
#ifndef SL_DIFF_COMPLETE_H
#define SL_DIFF_COMPLETE_H

#include "postgres.h"

#include "diff.h"

/* Notes what the system is known to hold; before anything of the call is decided. */
extern void sl_complete_begin(SlDiff *diff);

/* A record of the input, once its key is known; one that has none ends the inference. */
extern void sl_complete_see(SlDiff *diff, const SlRawRecord *raw, const SlIntake *intake);

/* The record that one of the input is of, for good, and the native id that it bears or NULL. */
extern void sl_complete_place(SlDiff *diff, const char *key, int32 key_len,
							  const SlIntake *intake);

/* Another record that a record of the input may be. */
extern void sl_complete_name(SlDiff *diff, const char *key, int32 key_len);

/*
 * The record that one of the input was found to be of under its lock, which may be
 * another one than before it, and whether that was a real change.
 */
extern void sl_complete_decided(SlDiff *diff, const SlRecord *record, bool is_change);

/*
 * After the input: the call fails where more is missing or changed than the policy and
 * the caller allow.  From then on it reads from sl_complete_next(), which hands out a
 * deletion for each record that is missing, in key order.
 */
extern void sl_complete_check(SlDiff *diff);
extern bool sl_complete_next(SlDiff *diff, SlRawRecord *raw, SlIntake *intake);
extern void sl_complete_end(SlDiff *diff);

#endif
