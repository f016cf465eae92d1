/*
 * canonical_sql.c
 *	  sync_canonical() and sync_hash().
 *
 * They depend on their argument alone: no setting changes what they return.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "canonical.h"
#include "digest.h"

PG_FUNCTION_INFO_V1(sync_canonical);
PG_FUNCTION_INFO_V1(sync_hash);

static void
init_canonical(StringInfo out, Jsonb *jb)
{
	initStringInfo(out);
	sl_append_canonical(out, jb);
}

Datum
sync_canonical(PG_FUNCTION_ARGS)
{
	StringInfoData canonical;

	init_canonical(&canonical, PG_GETARG_JSONB_P(0));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(canonical.data, canonical.len));
}

Datum
sync_hash(PG_FUNCTION_ARGS)
{
	StringInfoData canonical;
	text          *hash = palloc(VARHDRSZ + SL_DIGEST_HEX);

	init_canonical(&canonical, PG_GETARG_JSONB_P(0));
	sl_digest_bytes(canonical.data, canonical.len, VARDATA(hash));
	SET_VARSIZE(hash, VARHDRSZ + SL_DIGEST_HEX);
	PG_RETURN_TEXT_P(hash);
}
