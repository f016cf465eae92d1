/*
 * intake.c
 *	  One record of an input, read and normalised.
 *
 * Pure.  A record is taken whole or rejected whole, with the first reason found.
 */
#include "postgres.h"

#include "coerce.h"
#include "intake.h"

static bool
refuse(SlIntake *intake, int field, const char *message)
{
	intake->is_rejected = true;
	intake->reason.field = field;
	intake->reason.message = message;
	return false;
}

static bool
refuse_name(const char *what, const SlRaw *raw, SlIntake *intake)
{
	SlText      text;
	const char *complaint = NULL;

	if (raw->kind == SL_RAW_STRING || raw->kind == SL_RAW_NUMBER)
		complaint = sl_coerce_scalar(raw, &text);
	if (complaint == NULL)
		return refuse(intake, -1, psprintf("%s is neither text nor a number", what));
	return refuse(intake, -1,
				  sl_complaint_of(psprintf("%s cannot be kept: %s", what, complaint),
								  raw));
}

static bool
take_key(const SlPolicy *policy, int system, const SlRaw *raw, SlIntake *intake)
{
	const SlPath *path = policy->systems[system].key;

	if (!sl_normalize_name(raw, &intake->key, &intake->key_len))
		return refuse_name(psprintf("the record key at path %s", sl_path_in_quotes(path)),
						   raw, intake);
	if (intake->key_len == 0)
		intake->key = NULL;
	if (intake->key_len <= SL_MAX_KEY_LEN)
		return true;
	intake->key = NULL;
	return refuse(intake, -1,
				  psprintf("the record key is longer than %d bytes", SL_MAX_KEY_LEN));
}

/* Ids and tokens may be missing; what is neither text nor a number is refused. */
static bool
take_name(const SlRaw *raw, const char *what, SlToken *name, SlIntake *intake)
{
	name->data = NULL;
	name->len = 0;
	if (raw->kind == SL_RAW_ABSENT || raw->kind == SL_RAW_NULL)
		return true;
	if (!sl_normalize_name(raw, &name->data, &name->len))
		return refuse_name(psprintf("the %s", what), raw, intake);
	if (name->len <= SL_MAX_KEY_LEN)
		return true;
	return refuse(intake, -1,
				  psprintf("the %s is longer than %d bytes", what, SL_MAX_KEY_LEN));
}

/* Whatever is no text there is no stamp of ours, and no reason to refuse the record. */
static SlToken
read_stamp(const SlRaw *raw)
{
	SlToken stamp = {NULL, 0};

	if (raw->kind == SL_RAW_STRING && !sl_normalize_name(raw, &stamp.data, &stamp.len))
		stamp.len = 0;
	return stamp;
}

static bool
take_names(const SlRawRecord *raw, SlIntake *intake)
{
	SlToken id;

	if (!take_name(&raw->slots[SL_SLOT_ID], "native id", &id, intake) ||
		!take_name(&raw->slots[SL_SLOT_VERSION], "version token", &intake->token, intake))
		return false;
	intake->native_id = id.len > 0 ? pnstrdup(id.data, id.len) : NULL;
	intake->stamp = read_stamp(&raw->slots[SL_SLOT_SENTINEL]);
	return true;
}

/* Without business key a record is known by its native id, and may be named by it. */
static bool
check_names(const SlPolicy *policy, int system, SlIntake *intake)
{
	const SlSystemSpec *spec = &policy->systems[system];

	if (intake->key != NULL)
		return true;
	if (intake->native_id == NULL)
		return refuse(intake, -1,
					  psprintf("no record key at path %s", sl_path_in_quotes(spec->key)));
	if (strlen(spec->name) + 1 + strlen(intake->native_id) <= SL_MAX_KEY_LEN)
		return true;
	return refuse(intake, -1,
				  psprintf("the record key that its native id makes is longer than %d "
						   "bytes",
						   SL_MAX_KEY_LEN));
}

/*
 * Deleted or not: a boolean in any of its spellings, or a time or date of deletion; absent,
 * null and an empty text say that the record is there.
 */
static bool
take_deletion(const SlRaw *raw, SlIntake *intake)
{
	static const SlFieldSpec flag = {.type = SL_BOOLEAN};
	static const SlFieldSpec time = {.type = SL_TIMESTAMP};
	static const SlFieldSpec date = {.type = SL_DATE};
	SlValue                  value;

	if (raw->kind == SL_RAW_ABSENT || raw->kind == SL_RAW_NULL ||
		(raw->kind == SL_RAW_STRING && raw->len == 2))
		return true;
	if (sl_normalize_as(&flag, raw, &value))
		intake->is_deletion = value.len == 4; /* true */
	else if (sl_normalize_as(&time, raw, &value) || sl_normalize_as(&date, raw, &value))
		intake->is_deletion = true;
	else
		return refuse(intake, -1,
					  sl_complaint_of("the mark of a deleted record is neither true nor "
									  "false, nor a time or date",
									  raw));
	return true;
}

static bool
take_fields(const SlPolicy *policy, int system, const SlRawRecord *raw, SlIntake *intake)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlRaw *slot = &raw->slots[sl_slot_of_field(f)];

		if (slot->kind == SL_RAW_ABSENT)
			intake->values[f] = sl_value_absent();
		else if (!sl_normalize(policy, f, system, slot, &intake->values[f],
							   &intake->reason))
		{
			intake->is_rejected = true;
			return false;
		}
	}
	return true;
}

static void
take_no_fields(const SlPolicy *policy, SlIntake *intake)
{
	for (int f = 0; f < policy->nfields; f++)
		intake->values[f] = sl_value_absent();
}

static void
begin(SlIntake *intake)
{
	intake->key = NULL;
	intake->key_len = 0;
	intake->native_id = NULL;
	intake->is_rejected = false;
	intake->is_deletion = false;
	intake->is_missing = false;
	intake->is_written = false;
	intake->is_row = false;
	intake->is_id_free = false;
}

void
sl_intake_names(const SlPolicy *policy, int system, const SlRawRecord *raw,
				SlIntake *intake)
{
	begin(intake);
	if (!raw->is_object)
		refuse(intake, -1, "the record is no JSON object");
	else if (take_key(policy, system, &raw->slots[SL_SLOT_KEY], intake) &&
			 take_names(raw, intake) && check_names(policy, system, intake))
		take_deletion(&raw->slots[SL_SLOT_DELETED], intake);
}

void
sl_intake(const SlPolicy *policy, int system, const SlRawRecord *raw, SlIntake *intake)
{
	sl_intake_names(policy, system, raw, intake);
	if (intake->is_rejected)
		return;
	if (intake->is_deletion)
		take_no_fields(policy, intake);
	else
		take_fields(policy, system, raw, intake);
}

void
sl_intake_gone(const SlPolicy *policy, int system, const SlRawRecord *raw,
			   SlIntake *intake)
{
	begin(intake);
	if (!take_key(policy, system, &raw->slots[SL_SLOT_KEY], intake) ||
		!take_names(raw, intake) || !check_names(policy, system, intake))
		return;
	intake->is_deletion = true;
	take_no_fields(policy, intake);
}

void
sl_intake_deletion(const SlPolicy *policy, const char *key, int32 key_len,
				   SlIntake *intake)
{
	intake->key = key;
	intake->key_len = key_len;
	intake->native_id = NULL;
	intake->token = (SlToken){NULL, 0};
	intake->is_deletion = true;
	intake->is_missing = false;
	intake->is_written = false;
	intake->is_row = false;
	intake->is_id_free = false;
	intake->is_rejected = false;
	take_no_fields(policy, intake);
	if (key_len == 0)
		refuse(intake, -1, "the record key is empty");
	else if (key_len > SL_MAX_KEY_LEN)
	{
		intake->key = NULL;
		refuse(intake, -1,
			   psprintf("the record key is longer than %d bytes", SL_MAX_KEY_LEN));
	}
}

/* What cannot be read of a result is left out: the write itself has landed. */
void
sl_intake_result(const SlPolicy *policy, int system, const SlRawRecord *raw,
				 SlIntake *intake)
{
	intake->key = NULL;
	intake->key_len = 0;
	intake->native_id = NULL;
	intake->is_rejected = false;
	intake->token = (SlToken){NULL, 0};
	intake->stamp = (SlToken){NULL, 0};
	take_names(raw, intake);
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlRaw *slot = &raw->slots[sl_slot_of_field(f)];

		if (slot->kind == SL_RAW_ABSENT ||
			!sl_normalize(policy, f, system, slot, &intake->values[f], &intake->reason))
			intake->values[f] = sl_value_absent();
	}
	intake->is_rejected = false;
}
