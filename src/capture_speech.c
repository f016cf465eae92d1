/*
 * capture_speech.c
 *	  What another system says by a row that was written on its behalf.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/bitmapset.h"

#include "capture.h"

/* A column that the statement has named, be it for the same value. */
static bool
is_named(const SlCapture *capture, const SlPath *path)
{
	const SlRowColumn *column = sl_row_reader_column(&capture->reader, path);

	return column != NULL &&
		   bms_is_member(column->index + 1 - FirstLowInvalidHeapAttributeNumber,
						 capture->trigger->tg_updatedcols);
}

/* The speaker does not carry all fields; what stood there before is no word of its own. */
static bool
is_said(const SlCapture *capture, const SlIntake *intake, int field)
{
	const SlFieldSpec *spec = &capture->policy->fields[field];

	if (spec->paths[capture->speaker] == NULL || intake->values[field].kind == SL_ABSENT)
		return false;
	return capture->before == NULL ||
		   !sl_value_same(&capture->before[field], &intake->values[field]) ||
		   is_named(capture, spec->paths[capture->system]);
}

bool
sl_capture_speak(const SlCapture *capture, SlIntake *intake)
{
	bool is_any = intake->is_rejected || capture->before == NULL;

	intake->native_id = NULL;
	for (int f = 0; !intake->is_rejected && f < capture->policy->nfields; f++)
		if (is_said(capture, intake, f))
			is_any = true;
		else
			intake->values[f] = sl_value_absent();
	return is_any;
}
