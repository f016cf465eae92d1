-- Five charts for the wall, for any tool that draws a query (Grafana, Metabase, Superset).
-- "series" is the line or the colour, "value" the height.

-- 1. What arrives: records an hour, by verdict; stacked, of the last two days
SELECT date_trunc('hour', minute) AS time, verdict AS series, sum(records) AS value
FROM sync_activity
WHERE minute > now() - interval '2 days'
GROUP BY 1, 2
ORDER BY 1, 2;

-- 2. How long a change takes: median and 95th percentile in seconds, per hour and target; lines
SELECT time, target || ' ' || name AS series, value
FROM (
    SELECT time, target,
        extract(epoch FROM min(took) FILTER (WHERE so_far >= 0.5 * total)) AS p50,
        extract(epoch FROM min(took) FILTER (WHERE so_far >= 0.95 * total)) AS p95
    FROM (
        SELECT date_trunc('hour', at) AS time, system AS target, took,
            sum(sum(records)) OVER (PARTITION BY date_trunc('hour', at), system ORDER BY took) AS so_far,
            sum(sum(records)) OVER (PARTITION BY date_trunc('hour', at), system) AS total
        FROM sync_stat
        WHERE counted = 'delivered' AND at > now() - interval '2 days'
        GROUP BY 1, 2, 3
    ) AS delivered
    GROUP BY time, target
) AS hour
CROSS JOIN LATERAL (VALUES ('median', p50), ('95 %', p95)) AS line (name, value)
ORDER BY 1, 2;

-- 3. What waits now: change-sets per target and why; stacked bars
SELECT target, series, value
FROM sync_lag
CROSS JOIN LATERAL (VALUES ('claimable', claimable), ('leased', leased), ('waiting for retry', waiting_for_retry),
    ('waiting for turn', waiting_for_turn), ('dead', dead)) AS part (series, value)
ORDER BY 1, 2;

-- 4. Conflicts: opened a day, by kind, and the hours until half of them were decided; of the last month
SELECT day AS time, kind AS series, sum(conflicts) AS value, sum(open) AS still_open,
    round((extract(epoch FROM max(median_time)) / 3600)::numeric, 1) AS median_hours
FROM sync_conflict_summary
WHERE day > current_date - 31
GROUP BY 1, 2
ORDER BY 1, 2;

-- 5. What it saves: records seen, calls made and calls avoided a day; of the last month
SELECT day AS time, series, sum(value) AS value
FROM sync_savings
CROSS JOIN LATERAL (VALUES ('records seen', records_seen), ('calls made', writes_made),
    ('calls avoided', api_calls_avoided)) AS line (series, value)
WHERE day > current_date - 31
GROUP BY 1, 2
ORDER BY 1, 2;
