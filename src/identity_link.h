/*
 * identity_link.h
 *	  The rows of sync_native_id: which record a system means by a native id.
 */
#ifndef SL_IDENTITY_LINK_H
#define SL_IDENTITY_LINK_H

#include "postgres.h"

#include "rows.h"
#include "store.h"

/* What is to be written of a chunk or a batch. */
typedef struct SlLinks
{
	SlRows gone;
	SlRows fresh;
} SlLinks;

/* A native id of a system, to be made a record's. */
typedef struct SlClaim
{
	const char *native_id;
	const char *record_key;  /* NULL: a human must say which */
	int64       conflict_id; /* then: that of the conflict */
	void       *arrival;     /* whose claim it is; for the caller */
	bool        is_made;     /* out: nobody had it; the row is this transaction's */
} SlClaim;

extern void sl_links_init(SlLinks *links);

/* After a record's last event: what its native ids were, and are. */
extern void sl_links_collect(SlLinks *links, const SlPolicy *policy,
							 const SlRecord *record);

/* SPI must be connected. */
extern void sl_links_put(SlLinks *links, const SlPolicy *policy);

/*
 * Makes the rows of native ids that have none, and locks those that have one, as
 * they are; in the order of the ids, each once.  SPI must be connected.
 */
extern void sl_links_claim(const SlPolicy *policy, int system, SlClaim *claims, int n);

/* Corrects a row that this transaction has made. */
extern void sl_link_set(const SlPolicy *policy, int system, const SlClaim *claim);

/* The new row names the record: sl_links_collect() need not write it. */
extern void sl_record_claimed(SlRecord *record, int system, const char *native_id);

#endif
