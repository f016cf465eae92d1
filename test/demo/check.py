#!/usr/bin/env python3
"""The demonstration tells its story to the end, replays a recording, and says what is wrong
with a user's own files. Prints TAP."""

import json
import os
import re
import subprocess
import sys
import tempfile

RUN = 'examples/demo/run'
POLICY = 'examples/policies/github_issues.json'
PAYLOADS = 'examples/payloads/github_issues.jsonl'
ISSUE = '{"issue": {"id": 1, "title": "T"}}\n'
count = 0
failed = 0


def demo(**settings):
    """Exit code and what was printed, on both channels."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ('PAYLOADS', 'POLICY', 'SYSTEM', 'ENTITY', 'SHOW')}
    done = subprocess.run([RUN], text=True, capture_output=True, env={**environment, **settings})
    return done.returncode, done.stdout, done.stderr


def report(ok, what, *diagnostics):
    global count, failed
    count += 1
    failed += not ok
    print(f'{"ok" if ok else "not ok"} {count} - {what}')
    for line in '' if ok else '\n'.join(diagnostics).splitlines():
        print(f'# {line}')


def tells(what, code, pattern, **settings):
    """The demo ends with that code, and its output matches; an error is no traceback."""
    got, out, errors = demo(**settings)
    channel = errors if code else out
    report(got == code and re.search(pattern, channel) and 'Traceback' not in errors, what,
           f'exit code {got}, no match for {pattern} in', out[-2000:], errors)


def replays(what, code, pattern, content, policy=None, **settings):
    """The same for a recording of this content."""
    with tempfile.TemporaryDirectory() as directory:
        files = {'PAYLOADS': os.path.join(directory, 'recorded.jsonl'), 'POLICY': POLICY}
        with open(files['PAYLOADS'], 'wb') as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        if policy is not None:
            files['POLICY'] = os.path.join(directory, 'my-policy.json')
            with open(files['POLICY'], 'w', encoding='utf-8') as file:
                file.write(policy)
        tells(what, code, pattern, **{**files, 'SYSTEM': 'github', **settings})


def story():
    code, out, errors = demo()
    report(code == 0 and 'every verdict in it was checked' in out, 'the story ends as it should',
           out[-2000:], errors)
    wide = [line for line in out.splitlines() if len(line) > 100]
    report(out and not wide, 'the story fits into 100 columns', *wide)
    report('\033' not in out, 'no colours where nobody looks')


def recordings():
    tells('the excerpt is replayed', 0, r'11  API calls, where one .* had been 15\n +4  saved',
          PAYLOADS=PAYLOADS, POLICY=POLICY, SYSTEM='github')
    replays('blank lines, a byte order mark, CRLF and arrays are fine', 0,
            r'3 payloads of 2 records', b'\xef\xbb\xbf' + ISSUE.encode() + b'\r\n\r\n'
            b'[{"issue": {"id": 2, "title": "T"}}, {"issue": {"id": 2, "title": "T"}}]\r\n[]')
    replays('what does not fit the policy is rejected, with the reason', 0,
            r'Rejected[^\n]*\n-+\n +1  locked: no boolean: "maybe" \(record 1\)',
            '{"issue": {"id": 1, "title": "T", "locked": "maybe"}}\n' + ISSUE)
    replays('no more lines are shown than were asked for', 0,
            r'1  1 +accepted [^\n]*\n   \.\.\.  further ones[^\n]*\n\n3 payloads',
            ISSUE + ISSUE.replace('"T"', '"U"') * 2, SHOW='1')


def mistakes():
    replays('a line that is not JSON is named', 1, r'PAYLOADS: line 2: invalid JSON',
            ISSUE + '{"issue": \n')
    replays('a document that is no object is named', 1, r'PAYLOADS: line 1: .*not a string',
            '"issue"\n')
    replays('a line in another encoding is named', 1, r'PAYLOADS: line 2 is not UTF-8',
            ISSUE.encode() + b'{"issue": "\xe4"}\n')
    replays('an empty file', 1, r'PAYLOADS: ".*recorded.jsonl" is empty', '')
    replays('a file of blank lines', 1, r'no line with a payload', '\n\n')
    replays('a system that the policy does not know', 1, r'Did you mean "github"\?', ISSUE,
            SYSTEM='gitub')
    replays('no system is given', 1, r'SYSTEM is not set', ISSUE, SYSTEM='')
    replays('a typo in the policy', 1, r'my-policy.json: .*fields\.title\.onwer.*\n.*"owner"',
            ISSUE, json.dumps({'systems': ['github', 'tracker'],
                               'fields': {'title': {'onwer': 'github'}}}))
    replays('a policy that is not JSON', 1, r'my-policy.json is not JSON: .*line 1', ISSUE, '{')
    replays('a policy with nobody to tell', 1, r'no system besides github', ISSUE,
            json.dumps({'systems': {'github': {'key': 'issue.id'}},
                        'fields': {'title': {'path': 'issue.title'}}}))
    tells('a file that is not there', 1, r'PAYLOADS: there is no file "nowhere.jsonl"',
          PAYLOADS='nowhere.jsonl', POLICY=POLICY, SYSTEM='github')
    tells('a replay without payloads', 1, r'PAYLOADS is not set', SYSTEM='github')


story()
recordings()
mistakes()
print(f'1..{count}')
sys.exit(1 if failed else 0)
