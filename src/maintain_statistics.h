/*
 * maintain_statistics.h
 *	  The counts of sync_stat, added up and removed.
 */
#ifndef SL_MAINTAIN_STATISTICS_H
#define SL_MAINTAIN_STATISTICS_H

#include "postgres.h"

#include "maintain_sweep.h"

/* Adds up rows of a minute, of an hour, of a day; returns how many it replaced. */
extern int64 sl_statistics_roll_up(SlKeeping *keeping);

/* Removes those past their retention; returns how many. */
extern int64 sl_statistics_remove(SlKeeping *keeping);

#endif
