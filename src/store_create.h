/*
 * store_create.h
 *	  Rows for records that are not there yet: each holds its key until the state comes.
 */
#ifndef SL_STORE_CREATE_H
#define SL_STORE_CREATE_H

#include "store.h"

/*
 * Locks records in key order, creating those that were not found when they were looked for.
 * False where somebody else is at one of them, or a record may be there unseen: then those
 * before it are locked, and a statement has to do the rest.
 */
extern bool sl_store_create(SlStore *store, SlRecord **records, int nrecords);

/* How long the state of a record has become that was created: the next are likely as long. */
extern void sl_store_created(int32 len);

#endif
