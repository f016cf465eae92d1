"""An HTTP API of the kind that breaks workers: it fails, throttles, hangs, and drops connections
before and after it has done what it was asked. It honours Idempotency-Key, and remembers what
each call wanted, so that a second effect, a reordered one or a reused key is found out."""

import collections
import itertools
import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

# What happens to the first two calls with a key; any later one is answered at once.
MISCHIEF = ('none', 'slow', 'fails', 'throttles', 'closed', 'drops', 'applies and drops', 'hangs',
            'applies and hangs', 'answers twice', 'not json')
APPLIES = ('none', 'slow', 'applies and drops', 'applies and hangs', 'answers twice', 'not json')


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def handle_error(self, request, client_address):
        pass                        # whoever asked is dead


class Api:
    def __init__(self, hang, kinds=MISCHIEF):
        self.hang = hang            # seconds, longer than a worker waits
        self.patience = 0           # seconds that it takes to think
        self.kinds = itertools.cycle(kinds)
        self.is_kind = False        # no more mischief
        self.lock = threading.Lock()
        self.busy = 0               # calls under way
        self.calls = collections.Counter()      # by key
        self.suffered = collections.Counter()   # by kind of mischief
        self.answers = {}           # by key: the content of its first call, and the answer
        self.applied = []           # keys, in order
        self.records = {}           # by id
        self.deleted = []           # record keys, until somebody tells
        self.versions = collections.Counter()   # by id, deleted or not
        self.newest = {}            # by id, the version in the newest key
        self.faults = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def handle_call(self):
                with api.lock:
                    api.busy += 1
                api.handle(self)
                with api.lock:
                    api.busy -= 1

            do_POST = do_PATCH = do_DELETE = do_GET = handle_call

            def log_message(self, *_):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def mischief(self, key):
        with self.lock:
            self.calls[key] += 1
            kind = 'none' if self.is_kind or self.calls[key] > 2 else next(self.kinds)
            self.suffered[kind] += 1
        return kind

    def handle(self, request):
        length = int(request.headers.get('Content-Length') or 0)
        content = request.rfile.read(length).decode()
        key = request.headers.get('Idempotency-Key')
        kind = self.mischief(key)
        time.sleep(0.3 if kind == 'slow' else self.patience)
        status, answer = 500, {'error': 'try again'}
        if kind in APPLIES:
            status, answer = self.apply(request.command, request.path, key, content)
        if kind.endswith('hangs'):
            time.sleep(self.hang)
        if kind.endswith('hangs') or kind.endswith('drops'):
            request.close_connection = True
            return
        if kind == 'throttles':
            status, answer = 429, {'error': 'slower'}
        if kind == 'closed':
            status, answer = 503, {'error': 'back soon'}
        self.answer(request, kind, status, answer)

    def answer(self, request, kind, status, answer):
        body = b'<html>Fine.</html>' if kind == 'not json' else json.dumps(answer).encode()
        try:
            for _ in range(2 if kind == 'answers twice' else 1):
                request.send_response(status)
                request.send_header('Content-Length', str(len(body)))
                if status == 429:
                    request.send_header('Retry-After', '1')
                if status == 503:
                    request.send_header('Retry-After', formatdate(time.time() + 2, usegmt=True))
                request.end_headers()
                request.wfile.write(body)
        except OSError:
            request.close_connection = True     # whoever asked is dead

    def apply(self, method, path, key, content):
        """Does what was asked, once for each key, and answers the same each time."""
        with self.lock:
            asked = f'{method} {path} {content}'
            first, answer = self.answers.get(key, (None, None))
            if first is None:
                answer = self.change(method, [unquote(name) for name in path.split('/')[2:]], key, json.loads(content or '{}'))
                self.answers[key] = asked, answer
            elif first != asked:
                self.faults.append(f'{key}: {first} before, now {asked}')
            return answer

    def change(self, method, name, key, content):
        name = (name or ['r' + content['record_key']])[0]
        if not name.startswith('r'):        # whoever does not know its id may use the record's key
            name = 'r' + name
        version = int(key.rpartition('-v')[2])
        if version <= self.newest.get(name, 0):
            self.faults.append(f'{key} at {time.strftime("%T")} after v{self.newest[name]}')
        self.newest[name] = version
        if (method == 'POST') == (name in self.records):
            if method == 'POST':        # all else may be of what a lost call has deleted, or never created
                self.faults.append(f'{key}: a second create of {name}')
            if method == 'DELETE':
                self.applied.append(key)    # it was never created: there is nothing left to do
            return 404, {'error': 'no such thing'}
        self.applied.append(key)
        if method == 'DELETE':
            self.deleted.append(self.records.pop(name)['record_key'])
            return 200, {}
        return (201 if method == 'POST' else 200), self.store(name, content)

    def store(self, name, content):
        """What is stored now, with a new version. A name is trimmed; a number never goes back."""
        self.faults += [f'{name}: {content} after {self.records[name]}' for field in content
                        if isinstance(content[field], (int, float)) and field != 'v'
                        and content[field] < (self.records.get(name, {}).get(field) or 0)]
        self.versions[name] += 1
        stored = {**self.records.get(name, {}), **content, 'id': name, 'v': self.versions[name]}
        if 'name' in stored:
            stored['name'] = stored['name'].strip()
        self.records[name] = stored
        return dict(stored)
