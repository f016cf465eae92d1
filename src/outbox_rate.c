/*
 * outbox_rate.c
 *	  How many changes the rate of a target leaves to hand out.
 *
 * Within any period no more is handed out than the rate says, by however many workers:
 * who counts holds the target's row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "outbox_rate.h"
#include "query.h"

static SlPlan left = {.sql = "SELECT %s.sync_rate_left($1, $2)",
					  .nargs = 2,
					  .argtypes = {TEXTOID, TIMESTAMPTZOID}};

static SlPlan take = {.sql = "SELECT %s.sync_rate_take($1, $2, $3)",
					  .nargs = 3,
					  .argtypes = {TEXTOID, TIMESTAMPTZOID, INT4OID}};

int32
sl_rate_left(const char *target, TimestampTz now)
{
	Datum values[2] = {CStringGetTextDatum(target), TimestampTzGetDatum(now)};
	bool  is_null;
	int64 n;

	sl_spi_connect();
	sl_query_select(&left, values, NULL);
	n = DatumGetInt64(sl_query_value(0, 1, &is_null));
	sl_spi_finish();
	return is_null || n < 0 ? 0 : (int32) n;
}

void
sl_rate_take(const char *target, TimestampTz now, int32 nclaimed)
{
	Datum values[3] = {CStringGetTextDatum(target), TimestampTzGetDatum(now),
					   Int32GetDatum(nclaimed)};

	sl_spi_connect();
	sl_query_select(&take, values, NULL);
	sl_spi_finish();
}
