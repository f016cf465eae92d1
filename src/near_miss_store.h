/*
 * near_miss_store.h
 *	  The rows of sync_near_miss: what targets stored differently, counted.
 */
#ifndef SL_NEAR_MISS_STORE_H
#define SL_NEAR_MISS_STORE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "decide.h"
#include "rows.h"

extern void sl_near_misses_init(SlRows *rows);
extern void sl_near_misses_add(SlRows *rows, const SlPolicy *policy,
							   const SlEffects *effects);

/* Writes them.  SPI must be connected. */
extern void sl_near_misses_put(const SlPolicy *policy, const SlRows *rows,
							   TimestampTz now);

#endif
