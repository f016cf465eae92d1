-- What may hold up polling: a pause, the guard against copies of the book, a rate.

CREATE TABLE sync_home (
    one               boolean NOT NULL DEFAULT true,
    system_identifier bigint NOT NULL,
    database_oid      oid NOT NULL,
    outbox_oid        oid NOT NULL,
    timeline          bigint NOT NULL,
    control_inode     bigint NOT NULL,
    remembered_at     timestamptz NOT NULL,
    remembered_by     text NOT NULL,
    CONSTRAINT sync_home_pkey PRIMARY KEY (one),
    CONSTRAINT sync_home_one_check CHECK (one)
);
SELECT pg_catalog.pg_extension_config_dump('sync_home', '');
COMMENT ON TABLE sync_home IS
    'Where the book was written: one row, from the first sync_configure on, or from the last sync_resume() that told it anew. A book that finds itself elsewhere (a restore, a template copy, a clone, a promoted standby, after pg_upgrade) does not hand out changes until sync_resume().';

CREATE TABLE sync_target (
    target_system text COLLATE "C" NOT NULL,
    paused_at     timestamptz,
    paused_by     text,
    max_claims    integer,
    period        interval,
    claimed_at    timestamptz[] NOT NULL DEFAULT '{}',
    claims        integer[] NOT NULL DEFAULT '{}',
    CONSTRAINT sync_target_pkey PRIMARY KEY (target_system),
    CONSTRAINT sync_target_rate_check CHECK ((max_claims IS NULL) = (period IS NULL)),
    CONSTRAINT sync_target_paused_check CHECK ((paused_at IS NULL) = (paused_by IS NULL))
) WITH (fillfactor = 50);
SELECT pg_catalog.pg_extension_config_dump('sync_target', '');
COMMENT ON TABLE sync_target IS
    'The systems that a policy names or named: whether polling is paused (sync_pause), and at what rate changes are handed out. Written by sync_configure, sync_pause, sync_resume, and by sync_poll where there is a rate.';
COMMENT ON COLUMN sync_target.max_claims IS
    'No more than so many changes are handed out within any period: the strictest rate of all policies; null: as many as workers ask for.';
COMMENT ON COLUMN sync_target.claims IS
    'How many were handed out up to each time in claimed_at; the newest last, a sixtieth of the period together.';

CREATE FUNCTION sync_renew_targets() RETURNS void
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    INSERT INTO sync_target AS t (target_system, max_claims, period, paused_at, paused_by)
    SELECT DISTINCT ON (s.name) s.name, r.max_claims, r.period, p.paused_at, p.paused_by
    FROM (SELECT DISTINCT ON (e.entity) e.config -> 'systems' AS systems
          FROM sync_entity AS e ORDER BY e.entity, e.version DESC) AS n
    CROSS JOIN LATERAL (
        SELECT m.key, m.value ->> 'rate'
        FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(n.systems) WHEN 'object' THEN n.systems END) AS m
        UNION ALL
        SELECT a.name, NULL
        FROM pg_catalog.jsonb_array_elements_text(CASE pg_catalog.jsonb_typeof(n.systems) WHEN 'array' THEN n.systems END) AS a(name)
        ) AS s(name, rate)
    CROSS JOIN LATERAL (
        SELECT pg_catalog.split_part(s.rate, '/', 1)::integer,
               ('1 ' || pg_catalog.split_part(s.rate, '/', 2))::interval) AS r(max_claims, period)
    LEFT JOIN (SELECT max(a.paused_at), max(a.paused_by) FROM sync_target AS a
               HAVING pg_catalog.bool_and(a.paused_at IS NOT NULL)) AS p(paused_at, paused_by) ON true
    ORDER BY s.name, r.max_claims / extract(epoch FROM r.period), r.max_claims
    ON CONFLICT (target_system) DO UPDATE
    SET max_claims = excluded.max_claims, period = excluded.period
    WHERE (t.max_claims, t.period) IS DISTINCT FROM (excluded.max_claims, excluded.period);
END;
COMMENT ON FUNCTION sync_renew_targets() IS
    'Brings sync_target up to the newest policies; where all targets are paused a new one is too. Part of sync_configure.';

CREATE FUNCTION sync_rate_left(target text, at timestamptz) RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT t.max_claims - coalesce((
        SELECT sum(u.claims) FROM unnest(t.claimed_at, t.claims) AS u(claimed_at, claims)
        WHERE u.claimed_at > $2 - t.period), 0)
    FROM sync_target AS t WHERE t.target_system = $1
    FOR UPDATE SKIP LOCKED;
END;
COMMENT ON FUNCTION sync_rate_left(text, timestamptz) IS
    'How many changes the rate of a target leaves to hand out now; null while another poll counts. Part of sync_poll.';

CREATE FUNCTION sync_rate_take(target text, at timestamptz, claims integer) RETURNS void
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    UPDATE sync_target AS t
    SET (claimed_at, claims) = (
        SELECT array_agg(s.claimed_at ORDER BY s.claimed_at), array_agg(s.claims ORDER BY s.claimed_at)
        FROM (SELECT max(u.claimed_at) AS claimed_at, sum(u.claims)::integer AS claims
              FROM (SELECT c.claimed_at, c.claims FROM unnest(t.claimed_at, t.claims) AS c(claimed_at, claims)
                    WHERE c.claimed_at > $2 - t.period
                    UNION ALL
                    SELECT $2, $3) AS u
              GROUP BY floor(extract(epoch FROM u.claimed_at) * 60 / extract(epoch FROM t.period))) AS s)
    WHERE t.target_system = $1;
END;
COMMENT ON FUNCTION sync_rate_take(text, timestamptz, integer) IS
    'Counts what was handed out, and forgets what is older than the period. Part of sync_poll.';

CREATE FUNCTION sync_pause(target text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_pause(text) IS
    'sync_poll hands out nothing for a target (null: for none of all that policies name, and of those that they name later), and says so by a notice, until sync_resume. Changes are taken in as ever, and what workers have already can be acknowledged. An unknown target, or none at all as before the first policy, is 42704, a standby 25006.';

CREATE FUNCTION sync_resume(target text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_resume(text) IS
    'Ends the pause of a target. Without a target: of all of them, and the book is at home where it is now (what a restored, copied or promoted one waits for). An unknown target is 42704, a standby that was not promoted 25006.';

CREATE FUNCTION sync_pause_reason(target text DEFAULT NULL) RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_pause_reason(text) IS
    'Why sync_poll hands out nothing for a target; null where it does. Without a target: whether the book is elsewhere than it was written.';
