/*
 * attach.h
 *	  Which tables are attached, as their triggers tell: there is no other book of it.
 */
#ifndef SL_ATTACH_H
#define SL_ATTACH_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "storage/lockdefs.h"
#include "utils/rel.h"

#include "policy.h"
#include "row_reader.h"

/* The oid of sync_capture(). */
extern Oid sl_capture_function(void);

/* One of the triggers that call it, or NULL. */
extern const Trigger *sl_capture_trigger(Relation rel, Oid function);

/* A table and whatever is part of it, locked; the table comes first. */
extern List *sl_lock_tree(Oid relation, LOCKMODE mode);

/* --- attach_check.c: what can be attached, else an error that says what to do --- */

/* Before any lock is taken: who may not make triggers cannot hold up those who write. */
extern void sl_attach_check_right(Oid relation);

/* Only its owner can drop the triggers of a table. */
extern void sl_attach_check_owner(Oid relation);

/* The tree of a table, which is locked. */
extern void sl_attach_check_tree(List *relations);

/* The columns of a table against the policy; notices say what it cannot do all the same. */
extern void sl_attach_check_columns(Relation rel, const SlPolicy *policy, int system);

/* The table is attached as nothing else, and no other table as this. */
extern void sl_attach_check_names(List *relations, const SlPolicy *policy, int system);

/* The table, none of these, that is this system; NULL: there is none.  SPI is connected. */
extern const char *sl_attach_other(List *relations, const SlPolicy *policy, int system);

/* A policy that is to come into force against the tables of its entity.  SPI is connected. */
extern void sl_attach_check_policy(const SlPolicy *policy);

/* --- attach_fit.c: an attached table that was altered --- */

/* Why the rows of a table say nothing, or not all, of what the policy reads in them. */
typedef struct SlMisfit
{
	int         sqlerrcode;
	const char *reason;
	const char *hint;
} SlMisfit;

/* Whether there is such a reason; no lock is taken. */
extern bool sl_attach_is_misfit(Oid relation, const SlPolicy *policy, int system,
								SlMisfit *misfit);

/* Whether what a statement writes to the table goes unseen, as the session is a replica. */
extern bool sl_attach_is_silent(Relation rel, SlMisfit *misfit);

/* A misfit is an error. */
extern void sl_attach_check_fit(Oid relation, const SlPolicy *policy, int system);

/* --- attach_note.c: notices of what an attached table cannot do --- */

/* The column that is the first step of a path, or NULL. */
extern Form_pg_attribute sl_attach_column(Relation rel, const SlPath *path);

/* That rows may be one record, and what cannot be written to them. */
extern void sl_attach_note(Relation rel, const SlRowReader *reader);

#endif
