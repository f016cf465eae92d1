#!/usr/bin/python3
"""Carries what waits for one system to its API: a worker to copy. README.md has the settings."""
import os, select, signal, sys, threading, time
from email.utils import mktime_tz, parsedate_tz
from multiprocessing.pool import ThreadPool
from urllib.parse import quote
from urllib.request import HTTPErrorProcessor, Request, build_opener
import psycopg2

TARGET, BASE_URL = os.environ["TARGET"], os.environ["BASE_URL"]
BATCH, LEASE, POLL = (int(os.environ.get(*name)) for name in (("BATCH", 10), ("LEASE", 60), ("POLL", 10)))
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ.get("API_TOKEN", "")}
METHODS = {"create": "POST", "update": "PATCH", "delete": "DELETE"}
PERMANENT = {400, 404, 405, 410, 413, 414, 415, 422}    # the same call would never succeed
CLAIM = """SELECT id, lease, action, entity, coalesce(native_id, record_key), payload::text, idempotency_key
           FROM sync_poll(%s, %s, make_interval(secs => %s), %s)"""
ACK = "SELECT sync_ack(%s, %s, %s::jsonb ->> 'id', %s::jsonb)"    # 'id': what the API calls the record
NACK = "SELECT sync_nack(%s, %s, %s, make_interval(secs => %s), %s)"
stopping = threading.Event()

class EveryAnswer(HTTPErrorProcessor):    # errors are answers too; no redirect turns a POST into a GET
    http_response = https_response = lambda self, request, response: response

def call(row):
    _, _, action, entity, name, payload, key = row
    url = f"{BASE_URL}/{quote(entity)}" + ("" if action == "create" else "/" + quote(name, safe=""))
    request = Request(url, None if action == "delete" else payload.encode(),
                      HEADERS | {"Idempotency-Key": quote(key, safe=";,/?:@&=+$!*'()#")}, method=METHODS[action])
    try:
        with build_opener(EveryAnswer).open(request, timeout=LEASE / 4) as answer:
            text = answer.read().decode(errors="replace").replace("\0", "")
            return row, answer.status, text, seconds(answer.status, answer.headers["Retry-After"])
    except Exception as error:    # no answer: nobody knows whether the call arrived
        return row, 0, repr(error), None

def seconds(status, asked):
    """How long the API asks us to wait, by a number or a date. None: the database decides."""
    if status == 429 or (status == 503 and asked):
        date = parsedate_tz(asked or "")
        wait = mktime_tz(date) - time.time() if date else int(asked) if (asked or "").isdigit() else 30
        return min(max(wait, 0), 3600)

def settle(db, row, status, text, wait):
    """Says what came of a call. Where its row was taken back meanwhile, this changes nothing."""
    id, lease, action = row[:3]
    if 200 <= status < 300 or (action == "delete" and status in (404, 410)):
        result = None if action == "delete" else text
        try:
            db.execute(ACK, (id, lease, result, result))
        except psycopg2.DataError:    # the answer is not JSON: it tells nothing
            db.execute(ACK, (id, lease, None, None))
    else:
        print(row[-1], status, text[:200], file=sys.stderr, flush=True)
        db.execute(NACK, (id, lease, f"{status}: {text[:500]}", wait, status in PERMANENT))
    return wait or 0

def work(connection, pool):
    connection.autocommit = True    # a claim is committed before its calls
    db = connection.cursor()
    db.execute("LISTEN sync_outbox")
    while not stopping.is_set():
        connection.notifies.clear()
        db.execute(CLAIM, (TARGET, BATCH, LEASE, f"{os.uname().nodename}:{os.getpid()}"))
        rows = db.fetchall()
        pause = max((settle(db, *outcome) for outcome in pool.imap_unordered(call, rows)), default=POLL)
        end = time.monotonic() + pause    # a notice ends it early where nothing was there; time always does
        while time.monotonic() < end and not stopping.is_set() and (
                rows or not any(notice.payload == TARGET for notice in connection.notifies)):
            select.select([connection], [], [], 0.5)
            connection.poll()

for signum in (signal.SIGTERM, signal.SIGINT):    # what is claimed is finished first
    signal.signal(signum, lambda *_: stopping.set())
pool = ThreadPool(BATCH)    # all calls of a claim at once, so that they end long before its lease
while not stopping.wait(1):
    try:
        work(psycopg2.connect(os.environ.get("DATABASE_URL", ""), tcp_user_timeout=30000), pool)
    except psycopg2.Error as error:    # the server is gone, or says what is wrong
        print(error, file=sys.stderr, flush=True)
