/*
 * policy.h
 *	  The written mapping of one entity, parsed and checked.
 *
 * An SlPolicy is immutable once built and lives in one memory context.
 * Systems and fields are numbered: systems in the order of the config, fields in
 * canonical key order (UTF-16 code units, as RFC 8785 sorts an object), so a
 * loop over the fields is the order in which a record is hashed and stored.
 */
#ifndef SL_POLICY_H
#define SL_POLICY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "value.h"

typedef enum SlType
{
	SL_TEXT,
	SL_NUMBER,
	SL_BOOLEAN,
	SL_TIMESTAMP,
	SL_DATE,
	SL_SET,
	SL_JSON
} SlType;

typedef enum SlNormalizer
{
	SL_TRIM,
	SL_LOWER,
	SL_UPPER,
	SL_SQUEEZE,
	SL_DIGITS,
	SL_PHONE,
	SL_EMAIL,
	SL_NFC
} SlNormalizer;

typedef enum SlStepKind
{
	SL_STEP_KEY,   /* .name */
	SL_STEP_INDEX, /* [n] */
	SL_STEP_EACH   /* [*] */
} SlStepKind;

typedef struct SlPathStep
{
	SlStepKind  kind;
	const char *key; /* unescaped UTF-8, for SL_STEP_KEY */
	int         key_len;
	int         index; /* for SL_STEP_INDEX */
} SlPathStep;

typedef struct SlPath
{
	const char *text; /* as written in the config */
	int         nsteps;
	SlPathStep *steps;
} SlPath;

/* What one system calls the values of a field: canonical[i] is native[i] there. */
typedef struct SlValueMap
{
	int      n;
	SlValue *canonical;
	SlValue *native; /* as the system writes it, canonical JSON text */
	SlValue *normal; /* native after the field's normalisers: what an
								 * incoming value is compared with */
} SlValueMap;

/* Fields that collide, freeze and resolve as one. */
typedef struct SlGroup
{
	const char *name;
	int         nfields;
	int        *fields; /* ascending */
} SlGroup;

typedef struct SlFieldSpec
{
	const char    *name;
	int            name_len;
	const char    *json_name; /* canonical JSON string of the name, with quotes */
	int            json_name_len;
	SlType         type;
	int            nnormalizers;
	SlNormalizer  *normalizers;
	bool           is_required;
	bool           is_sensitive;
	bool           nulls_clear; /* "nulls": "clear" */
	bool           merges_sets; /* "merge": "set" */
	bool           is_tiebreak; /* "authority": "tiebreak" */
	int            owner;       /* a system's number, or -1 */
	const char    *group;       /* or NULL */
	const SlGroup *fellows;     /* the group with all its fields, or NULL */
	SlPath       **paths;       /* by system; NULL: the system does not carry it */
	SlValueMap   **maps;        /* by system; NULL: none */
	bool           has_maps;    /* some system has one */
} SlFieldSpec;

/* A place in a payload that the reader fills (reader.h): the node of a trie. */
typedef struct SlPathNode SlPathNode;

/* Slots below the fields' own numbers, see sl_slot_of_field(). */
typedef enum SlSlot
{
	SL_SLOT_KEY,
	SL_SLOT_ID,
	SL_SLOT_VERSION,
	SL_SLOT_SENTINEL,
	SL_SLOT_DELETED,
	SL_NSLOTS
} SlSlot;

/* How much a system takes. */
typedef struct SlRate
{
	int         max_claims; /* within any one unit; 0: as much as there is */
	const char *unit;       /* second, minute or hour */
} SlRate;

#define SL_DEFAULT_KEY "record_key"

typedef struct SlSystemSpec
{
	const char   *name;
	SlPath       *key;          /* never NULL: default is SL_DEFAULT_KEY */
	SlPath       *id;           /* or NULL */
	SlPath       *version;      /* or NULL */
	int32         tokens_since; /* the policy version since which that is so; 0: always */
	SlPath       *sentinel;     /* or NULL */
	SlPath       *deleted;      /* or NULL */
	bool          is_writable;
	bool          unseen_is_null; /* "unseen": "send" */
	bool          is_immediate;   /* "apply": "immediate" */
	bool          strict_versions;
	int64         echo_window; /* microseconds */
	SlRate        rate;
	const char   *timezone; /* as the config has it: a name or an offset; "UTC" */
	struct pg_tz *tz;       /* of timezone */
	SlPathNode   *reader;   /* all paths of this system as a trie, built by
								 * sl_reader_build() */
} SlSystemSpec;

typedef enum SlDeletes
{
	SL_DELETES_PROPAGATE,
	SL_DELETES_REVIEW,
	SL_DELETES_IGNORE
} SlDeletes;

/* How long the book keeps what nothing needs any more, in microseconds each. */
typedef struct SlRetention
{
	int64 changes;   /* rows of sync_event */
	int64 ledger;    /* of sync_ledger; so long is the stamp of a write known, too */
	int64 rejects;   /* of sync_reject, since they came last */
	int64 conflicts; /* of sync_conflict, since they were resolved */
	int64 near_misses;
	int64 statistics;
} SlRetention;

#define SL_MAX_SYSTEMS 60
#define SL_MAX_FIELDS  1000

typedef struct SlPolicy
{
	const char   *entity;
	int32         version;
	int           nsystems;
	SlSystemSpec *systems;
	int           nfields;
	SlFieldSpec  *fields; /* in canonical key order */
	int           ngroups;
	SlGroup      *groups;
	int64         window;           /* microseconds; 0: no debounce */
	bool          has_sensitive;    /* some field is */
	bool          window_is_record; /* "window_scope": "record" */
	SlDeletes     deletes;
	int           delete_owner; /* a system's number, or -1 */
	int           nmatch_on;
	int          *match_on; /* numbers of fields */
	int           max_attempts;
	double        max_change; /* a share, 0 to 1 */
	int           max_flips;
	SlRetention   retention;
	MemoryContext context; /* all of the above */
} SlPolicy;

/* How long flips and corrections of a field count. */
static inline int64
sl_flip_period(const SlPolicy *policy)
{
	return 10 * (policy->window == 0 ? USECS_PER_MINUTE : policy->window);
}

static inline int
sl_slot_of_field(int field)
{
	return SL_NSLOTS + field;
}

/* Parses and checks a config; ereports what is wrong, with the nearest known name. */
extern SlPolicy *sl_policy_parse(const char *entity, int32 version, Jsonb *config,
								 MemoryContext context);

/* The same for one that sync_configure() took, be it before a check was added. */
extern SlPolicy *sl_policy_parse_stored(const char *entity, int32 version, Jsonb *config,
										MemoryContext context);

/* What sync_entity.tokens_since says. */
extern void sl_policy_set_tokens_since(SlPolicy *policy, Jsonb *since);

/* A system's or field's number, or -1. */
extern int sl_policy_system(const SlPolicy *policy, const char *name);
extern int sl_policy_field(const SlPolicy *policy, const char *name, int name_len);

/* A system's number; an unknown one is an error that names the nearest known one. */
extern int sl_policy_need_system(const SlPolicy *policy, const char *name);

/* Which systems there are, for one that has a name which is none of theirs. */
extern char *sl_policy_system_hint(const SlPolicy *policy, const char *name);

/* A path as a message names it: in double quotes, but where a key of it has its own. */
extern const char *sl_path_in_quotes(const SlPath *path);

/* What a config calls them. */
extern const char *sl_type_name(SlType type);
extern const char *sl_normalizer_name(SlNormalizer normalizer);

#endif
