"""The records that every column reads: made up, but the same in every run.

A record is a flat JSON object of a key and 12 fields, about 450 bytes. bench.chunks holds
them as arrays of 1000, bench.whole as one array, per share of records that changed; both
uncompressed, so that reading them costs a copy and nothing else.
"""
import hashlib
import io
import json

SHARES = (0, 1, 10, 100)
CHUNK = 1000
TITLES = ('Head of Sales', 'Engineer', 'Support Agent', 'Account Manager', 'Director')
COUNTRIES = ('United Kingdom', 'Germany', 'France', 'United States', 'Japan')

POLICY = {
    'systems': {'crm': {'key': 'external_id'}, 'support': {'key': 'external_id'}},
    'fields': {
        'name': {}, 'email': {}, 'phone': {}, 'company': {}, 'title': {}, 'street': {},
        'city': {}, 'country': {},
        'amount': {'type': 'number'}, 'renewal': {'type': 'timestamp'},
        'opt_in': {'type': 'boolean'}, 'tags': {'type': 'set'}},
    'window': '0 seconds'}

TABLES = """
    CREATE UNLOGGED TABLE bench.chunks (share integer, number integer, records text);
    CREATE UNLOGGED TABLE bench.whole (share integer, records text);
    CREATE UNLOGGED TABLE bench.records (number integer, record jsonb);
    ALTER TABLE bench.chunks ALTER records SET STORAGE EXTERNAL;
    ALTER TABLE bench.whole ALTER records SET STORAGE EXTERNAL
"""


def record(i, changed=False):
    """Record i as JSON text; changed, its phone number is another one."""
    word = hashlib.md5(str(i).encode()).hexdigest()
    firm = hashlib.md5(str(i % 5000).encode()).hexdigest()
    return json.dumps({
        'external_id': f'c-{i}',
        'name': f'Contact Name {word}',
        'email': f'user{i}@{firm[:12]}.example.com',
        'phone': f'+44 20 7{i * 7919 % 1000000:06d}' + ('9' if changed else ''),
        'company': f'Company {firm[12:26]} Holdings Limited',
        'title': TITLES[i % 5],
        'street': f'{i % 900 + 1} Upper {word[:12].title()} Street, Building {i % 40}',
        'city': f'{word[12:21].title()} upon {word[3:9].title()}',
        'country': COUNTRIES[i // 5 % 5],
        'amount': i * 37 % 1000000 / 100,
        'renewal': f'2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}T{i % 24:02d}:{i % 60:02d}:00Z',
        'opt_in': i % 2 == 0,
        'tags': ['alpha', f'beta-{i % 17}', f'segment-{word[21:29]}'],
    }, separators=(',', ':'))


def is_changed(i, share):
    """Changes lie evenly among the records."""
    return share > 0 and i % (100 // share) == 0


def copied(server, target, lines):
    """COPY of rows; JSON's backslashes are the only characters to escape."""
    text = ''.join('\t'.join(line).replace('\\', '\\\\') + '\n' for line in lines)
    server.cursor.copy_expert(f'COPY {target} FROM STDIN', io.StringIO(text))


def load(server, count):
    """Fills the tables of inputs; returns the bytes of a record's text."""
    server.run(TABLES)
    base = [record(i) for i in range(count)]
    for share in SHARES:
        records = [record(i, True) if is_changed(i, share) else base[i] for i in range(count)]
        chunks = [records[i:i + CHUNK] for i in range(0, count, CHUNK)]
        copied(server, 'bench.chunks', ((str(share), str(number), '[' + ','.join(chunk) + ']')
                                        for number, chunk in enumerate(chunks)))
        copied(server, 'bench.whole', [(str(share), '[' + ','.join(records) + ']')])
    copied(server, 'bench.records', ((str(i), text) for i, text in enumerate(base)))
    for name in ('chunks', 'whole', 'records'):
        server.run(f'VACUUM ANALYZE bench.{name}')
    return sum(map(len, base)) / count
