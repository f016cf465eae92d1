/*
 * guc.c
 *	  The settings, and the clock that tests may set.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"

PG_FUNCTION_INFO_V1(sync_now);

bool  sl_guc_notify = true;
bool  sl_guc_allow_failover = false;
char *sl_guc_system = NULL;

static char       *now_text = NULL;
static bool        now_is_set = false;
static TimestampTz now_value = 0;

/*
 * The text is read strictly as microseconds since 1970, so that no session setting
 * takes part; '' is the real time.
 */
static bool
check_now(char **value, void **extra, GucSource source)
{
	char        *end;
	TimestampTz *parsed;
	int64        microseconds;

	if ((*value)[0] == '\0')
		return true;
	errno = 0;
	microseconds = strtoi64(*value, &end, 10);
	if (errno != 0 || *end != '\0')
	{
		GUC_check_errdetail(
			"It is the number of microseconds since 1970-01-01 00:00:00 UTC.");
		return false;
	}
	parsed = sl_guc_malloc(sizeof(TimestampTz));
	if (parsed == NULL)
		return false;
	*parsed = microseconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	*extra = parsed;
	return true;
}

static void
assign_now(const char *value, void *extra)
{
	now_is_set = extra != NULL;
	if (now_is_set)
		now_value = *(TimestampTz *) extra;
}

void
sl_guc_init(void)
{
	DefineCustomBoolVariable(
		"sync_ledger.notify", "Wakes idle workers by NOTIFY sync_outbox at commit.",
		"Turn it off where transactions are prepared for two-phase commit.",
		&sl_guc_notify, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable(
		"sync_ledger.allow_failover", "Goes on after a failover, without sync_resume().",
		"For the configuration file of a server that may be promoted: another timeline, "
		"and another inode of the control file, do not pause polling there.",
		&sl_guc_allow_failover, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"sync_ledger.system",
		"The system on whose behalf this session writes to attached tables.",
		"Empty: what is written is the word of the table's own system.", &sl_guc_system,
		"", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("sync_ledger.now",
							   "The time that windows are measured by, for tests.",
							   "Microseconds since 1970 in UTC; empty: the real time.",
							   &now_text, "", PGC_SUSET, GUC_NOT_IN_SAMPLE, check_now,
							   assign_now, NULL);
	MarkGUCPrefixReserved("sync_ledger");
}

bool
sl_now_is_set(void)
{
	return now_is_set;
}

TimestampTz
sl_now(void)
{
	return now_is_set ? now_value : GetCurrentTimestamp();
}

Datum
sync_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(sl_now());
}
