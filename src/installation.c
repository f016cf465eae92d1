/*
 * installation.c
 *	  Where the extension is installed in this database, and whose it is.
 *
 * Looked up once, and again after an invalidation of its schema or of sync_entity, and
 * when a function is created, as an update of the extension does.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "installation.h"

/* Where the extension is installed; all that is remembered of the catalogs. */
typedef struct Installation
{
	bool is_valid; /* cleared by the callbacks, set by lookup */
	Oid  extension;
	Oid  schema;
	Oid  entity_table; /* dropped with the extension: its invalidation tells */
	Oid  owner;        /* of that table, and so of the book */
	char schema_name[2 * NAMEDATALEN + 2]; /* quoted */
} Installation;

static Installation installation;
static uint64       generation = 0;

static void
forget_object(Datum arg, int cacheid, uint32 hashvalue)
{
	installation.is_valid = false;
}

static void
forget_relation(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == installation.entity_table)
		installation.is_valid = false;
}

void
sl_installation_init(void)
{
	CacheRegisterSyscacheCallback(NAMESPACEOID, forget_object, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, forget_object, (Datum) 0);
	CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
}

/* An update's own script runs between the versions. */
static void
check_version(Relation rel, HeapTuple tuple)
{
	bool  is_null;
	Datum value = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(rel),
							   &is_null);
	char *version = is_null ? "unknown" : TextDatumGetCString(value);

	if (creating_extension || strcmp(version, SL_VERSION) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the library of sync_ledger is of version %s, its objects in this "
					"database are of version %s",
					SL_VERSION, version),
			 errhint(
				 "Where the objects are older, run ALTER EXTENSION sync_ledger UPDATE; "
				 "where the library is, install that of the same version, and connect "
				 "anew.")));
}

/* Reads pg_extension; false where the extension is not installed. */
static bool
find_extension(Oid *extension, Oid *schema)
{
	Relation    rel;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        found;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("sync_ledger"));
	rel = table_open(ExtensionRelationId, AccessShareLock);
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

		*extension = form->oid;
		*schema = form->extnamespace;
		check_version(rel, tuple);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

Oid
sl_owner_of(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid       owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* An Installation as the catalogs have it now, not valid yet. */
static Installation
look_up_installation(void)
{
	Installation found;
	char        *name;

	memset(&found, 0, sizeof(found));
	if (!find_extension(&found.extension, &found.schema))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"sync_ledger\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION sync_ledger.")));
	name = get_namespace_name(found.schema);
	if (name == NULL)
		elog(ERROR, "cache lookup failed for namespace %u", found.schema);
	strlcpy(found.schema_name, quote_identifier(name), sizeof(found.schema_name));
	found.entity_table = get_relname_relid("sync_entity", found.schema);
	found.owner = sl_owner_of(found.entity_table);
	return found;
}

/*
 * A lookup can itself read invalidations, so the result is marked valid last and
 * from a copy: one that comes in meanwhile costs one more lookup, no more.
 */
static void
need_installation(void)
{
	Installation found;

	if (installation.is_valid)
		return;

	found = look_up_installation();
	if (found.extension != installation.extension ||
		found.schema != installation.schema ||
		found.entity_table != installation.entity_table ||
		strcmp(found.schema_name, installation.schema_name) != 0)
		generation++;
	installation = found;
	installation.is_valid = true;
}

const char *
sl_schema_name(void)
{
	need_installation();
	return installation.schema_name;
}

Oid
sl_schema_oid(void)
{
	need_installation();
	return installation.schema;
}

Oid
sl_owner_oid(void)
{
	need_installation();
	return installation.owner;
}

uint64
sl_install_generation(void)
{
	need_installation();
	return generation;
}

Oid
sl_relation_oid(const char *name)
{
	Oid relid = get_relname_relid(name, sl_schema_oid());

	if (!OidIsValid(relid))
		elog(ERROR, "relation \"%s\" of extension sync_ledger is missing", name);
	return relid;
}
