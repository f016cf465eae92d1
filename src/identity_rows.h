/*
 * identity_rows.h
 *	  What is written of identities with a chunk or a batch of records.
 */
#ifndef SL_IDENTITY_ROWS_H
#define SL_IDENTITY_ROWS_H

#include "postgres.h"

#include "identity_link.h"
#include "identity_match.h"

typedef struct SlIdentityRows
{
	SlLinks   links;
	SlMatches matches;
} SlIdentityRows;

static inline void
sl_identity_rows_init(SlIdentityRows *rows)
{
	sl_links_init(&rows->links);
	sl_matches_init(&rows->matches);
}

/* After a record's last event, before it is sealed. */
static inline void
sl_identity_rows_collect(SlIdentityRows *rows, const SlPolicy *policy,
						 const SlRecord *record)
{
	sl_links_collect(&rows->links, policy, record);
	sl_matches_collect(&rows->matches, policy, record);
}

/* SPI must be connected. */
static inline void
sl_identity_rows_put(SlIdentityRows *rows, const SlPolicy *policy)
{
	sl_links_put(&rows->links, policy);
	sl_matches_put(&rows->matches, policy);
}

#endif
