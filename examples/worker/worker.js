#!/usr/bin/env node
// Carries what waits for one system to its API: a worker to copy. README.md has the settings.
const os = require('os');
const { Client } = require('pg');

const { TARGET, BASE_URL, DATABASE_URL, API_TOKEN = '', BATCH = 10, LEASE = 60, POLL = 10 } = process.env;
if (!TARGET || !BASE_URL) throw new Error('TARGET and BASE_URL must be set');
const METHODS = { create: 'POST', update: 'PATCH', delete: 'DELETE' };
const PERMANENT = [400, 404, 405, 410, 413, 414, 415, 422]; // the same call would never succeed
const CLAIM = `SELECT id, lease, action, entity, coalesce(native_id, record_key) AS name, payload::text,
  idempotency_key AS key FROM sync_poll($1, $2, make_interval(secs => $3), $4)`;
const ACK = "SELECT sync_ack($1, $2, $3::jsonb ->> 'id', $3::jsonb)"; // 'id': what the API calls the record
const NACK = 'SELECT sync_nack($1, $2, $3, make_interval(secs => $4), $5)';
let [stopping, told, wake] = [false, false, () => {}]; // told: that something waits

async function call({ action, entity, name, payload, key }) {
  try {
    const path = action === 'create' ? entity : `${entity}/${encodeURIComponent(name)}`;
    const answer = await fetch(`${BASE_URL}/${path}`, {
      method: METHODS[action], redirect: 'manual', // no redirect turns a POST into a GET
      body: action === 'delete' ? undefined : payload,
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + API_TOKEN, 'Idempotency-Key': encodeURI(key) },
      signal: AbortSignal.timeout(LEASE * 1000 / 4),
    });
    const text = (await answer.text()).replaceAll('\0', '');
    return { status: answer.status, text, wait: seconds(answer.status, answer.headers.get('Retry-After')) };
  } catch (error) { // no answer: nobody knows whether the call arrived
    return { status: 0, text: `${error} ${error.cause ?? ''}`, wait: null };
  }
}

// How long the API asks us to wait, by a number or a date.  Null: the database decides.
function seconds(status, asked) {
  if (status !== 429 && !(status === 503 && asked)) return null;
  const wait = /^\d+$/.test(asked) ? Number(asked) : (Date.parse(asked) - Date.now()) / 1000;
  return Math.min(Math.max(Number.isNaN(wait) ? 30 : wait, 0), 3600);
}

// Says what came of a call.  Where its row was taken back meanwhile, that changes nothing.
async function settle(db, { id, lease, action, key }, { status, text, wait }) {
  if ((status >= 200 && status < 300) || (action === 'delete' && [404, 410].includes(status))) {
    await db.query(ACK, [id, lease, action === 'delete' ? null : text]).catch((error) => {
      if (!/^22/.test(error.code)) throw error;
      return db.query(ACK, [id, lease, null]); // the answer is not JSON: it tells nothing
    });
  } else {
    console.error(key, status, text.slice(0, 200));
    await db.query(NACK, [id, lease, `${status}: ${text.slice(0, 500)}`, wait, PERMANENT.includes(status)]);
  }
}

const idle = (seconds, isWoken) => new Promise((resolve) => {
  const timer = setTimeout(resolve, seconds * 1000);
  (wake = () => isWoken() && (clearTimeout(timer), resolve()))();
});

async function work(db) {
  db.on('error', () => { told = true; wake(); }); // the next query says what it was
  db.on('notification', ({ payload }) => { told ||= payload === TARGET; wake(); });
  await db.connect();
  await db.query('LISTEN sync_outbox');
  while (!stopping) {
    told = false;
    const { rows } = await db.query(CLAIM, [TARGET, BATCH, LEASE, `${os.hostname()}:${process.pid}`]);
    const outcomes = rows.map(call); // all at once, so that they end long before the lease
    for (const i in rows) await settle(db, rows[i], await outcomes[i]);
    const pause = rows.length ? Math.max(...(await Promise.all(outcomes)).map(({ wait }) => wait)) : POLL;
    await idle(pause, () => stopping || (told && !rows.length)); // a notice ends it early, but time does too
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { stopping = true; wake(); }); // and finish
(async () => {
  for (let db; !stopping; await idle(1, () => stopping)) {
    db = new Client({ connectionString: DATABASE_URL, keepAlive: true, query_timeout: 30000 });
    await work(db).catch((error) => console.error(`${error}`, error.hint ?? '')); // the server is gone, or says what is wrong
    await db.end();
  }
})();
