/*
 * apply_errors.c
 *	  What failed while an attached table was written, undone; and whose fault it was.
 */
#include "postgres.h"

#include "access/xact.h"

#include "apply.h"

/* By RAISE: a trigger of the user's has chosen the code for what it refuses. */
static bool
is_raised(const ErrorData *error)
{
	return error->funcname != NULL && strcmp(error->funcname, "exec_stmt_raise") == 0;
}

bool
sl_is_of_the_call(const ErrorData *error)
{
	if (is_raised(error))
		return false;
	switch (error->sqlerrcode)
	{
		case ERRCODE_QUERY_CANCELED:
		case ERRCODE_ADMIN_SHUTDOWN:
		case ERRCODE_CRASH_SHUTDOWN:
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
		case ERRCODE_T_R_DEADLOCK_DETECTED:
		case ERRCODE_OUT_OF_MEMORY:
			return true;
		default:
			return false;
	}
}

ErrorData *
sl_undo_subtransaction(MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	RollbackAndReleaseCurrentSubTransaction();
	return error;
}
