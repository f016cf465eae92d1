/*
 * digest.c
 *	  The SHA-256 of a canonical record.
 *
 * Equal canonical values make equal hashes and nothing else has a say in them: a
 * number that no double holds is hashed as a string, so no two values share one.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

#include "digest.h"
#include "number.h"

/*
 * The backend's one SHA-256 context.  To create one costs as much as to hash a
 * short record.  PostgreSQL ties it to a resource owner, which frees it: here one that
 * lives as long as the backend does.
 */
static pg_cryptohash_ctx *sha256_context = NULL;

static void
create_sha256_context(void)
{
	ResourceOwner caller = CurrentResourceOwner;

	CurrentResourceOwner = ResourceOwnerCreate(NULL, "sync_ledger digest");
	sha256_context = pg_cryptohash_create(PG_SHA256);
	CurrentResourceOwner = caller;
}

void
sl_digest_bytes(const char *data, int32 len, char hex[SL_DIGEST_HEX])
{
	uint8 digest[SL_DIGEST_LEN];

	if (sha256_context == NULL)
		create_sha256_context();
	if (pg_cryptohash_init(sha256_context) < 0 ||
		pg_cryptohash_update(sha256_context, (const uint8 *) data, len) < 0 ||
		pg_cryptohash_final(sha256_context, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(sha256_context));
	hex_encode((const char *) digest, sizeof(digest), hex);
}

/* The end of a string of canonical JSON, p being at its opening quote. */
static const char *
end_of_string(const char *p)
{
	for (p++; *p != '"'; p++)
	{
		if (*p == '\\')
			p++;
	}
	return p + 1;
}

static const char *
end_of_number(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != ']' && *p != '}')
		p++;
	return p;
}

/* Appends canonical JSON, each number in it that no double holds as a string. */
static void
append_quoting_inexact(StringInfo out, const char *json, int32 len)
{
	const char *p = json;
	const char *end = json + len;

	while (p < end)
	{
		const char *start = p;
		bool        is_inexact = false;

		if (*p == '"')
			p = end_of_string(p);
		else if (*p == '-' || (*p >= '0' && *p <= '9'))
		{
			p = end_of_number(p, end);
			is_inexact = !sl_number_is_exact(start, p - start);
		}
		else
			p++;
		if (is_inexact)
			appendStringInfoCharMacro(out, '"');
		appendBinaryStringInfo(out, start, p - start);
		if (is_inexact)
			appendStringInfoCharMacro(out, '"');
	}
}

static void
append_hashed_value(StringInfo out, const SlValue *value)
{
	switch (value->kind)
	{
		case SL_ABSENT:
			break;
		case SL_NULL:
		case SL_EXACT:
			appendBinaryStringInfo(out, value->data, value->len);
			break;
		case SL_INEXACT:
			append_quoting_inexact(out, value->data, value->len);
			break;
	}
}

void
sl_digest_record(const SlPolicy *policy, const SlValue *values, char hex[SL_DIGEST_HEX])
{
	StringInfoData record;

	initStringInfo(&record);
	for (int i = 0; i < policy->nfields; i++)
	{
		const SlFieldSpec *field = &policy->fields[i];

		if (values[i].kind == SL_ABSENT)
			continue;
		appendStringInfoCharMacro(&record, record.len == 0 ? '{' : ',');
		appendBinaryStringInfo(&record, field->json_name, field->json_name_len);
		appendStringInfoCharMacro(&record, ':');
		append_hashed_value(&record, &values[i]);
	}
	appendStringInfoString(&record, record.len == 0 ? "{}" : "}");
	sl_digest_bytes(record.data, record.len, hex);
}
