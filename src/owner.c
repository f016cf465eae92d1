/*
 * owner.c
 *	  The rights with which the extension reads and writes its own tables.
 *
 * Whoever may call a function needs no right in the book beside that: statements and rows
 * of the extension's own are the owner's, and all else runs as the caller that it is.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"

#include "installation.h"
#include "owner.h"

#define SAFE_PATH "pg_catalog, pg_temp"

static int
pin_search_path(void)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("search_path", SAFE_PATH, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

static void
become(Oid role, int context, SlOwner *before)
{
	GetUserIdAndSecContext(&before->user, &before->context);
	SetUserIdAndSecContext(role, before->context | context);
}

/* Inside of another such stretch the path is pinned already, and pinning it is not free. */
void
sl_owner_begin(SlOwner *before)
{
	become(sl_owner_oid(), SECURITY_LOCAL_USERID_CHANGE, before);
	before->settings = strcmp(namespace_search_path, SAFE_PATH) == 0 ? 0
																	 : pin_search_path();
}

/* As in logical replication: what the role leaves in the session could be a trap for us. */
void
sl_role_begin(Oid role, SlOwner *before)
{
	int context = SECURITY_LOCAL_USERID_CHANGE;

	if (!has_privs_of_role(role, GetUserId()))
		context |= SECURITY_RESTRICTED_OPERATION;
	become(role, context, before);
	before->settings = pin_search_path();
}

void
sl_owner_end(const SlOwner *before)
{
	if (before->settings > 0)
		AtEOXact_GUC(false, before->settings);
	SetUserIdAndSecContext(before->user, before->context);
}
