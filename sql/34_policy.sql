-- The policy: the written mapping, versioned.

CREATE FUNCTION sync_configure(entity text, config jsonb) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'sync_configure';

COMMENT ON FUNCTION sync_configure(text, jsonb) IS
'Checks a policy, stores it as the newest version of an entity and returns its number; '
'the same policy again is no new version. Where match_on is new or another one, writers wait until '
'all records of the entity are indexed by it. Errors: 22023 what is wrong in the policy, and where';

CREATE FUNCTION sync_config(entity text, version integer DEFAULT NULL) RETURNS jsonb
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'sync_config';

COMMENT ON FUNCTION sync_config(text, integer) IS
'The policy of an entity as it was configured: that version, or the newest one. '
'Errors: 42704 unknown entity or version';

CREATE FUNCTION sync_policy(entity text) RETURNS text
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'sync_policy';

COMMENT ON FUNCTION sync_policy(text) IS
'The newest policy of an entity in sentences that a human can check. '
'Errors: 42704 unknown entity';
