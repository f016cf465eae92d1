"""The stage of the story: makes each call, prints it with its answer, and checks the answer."""
import collections
import datetime
import json

import page
from book import literal
from program import Failure

VERDICT_COLOUR = {'accepted': 'green', 'conflict': 'red', 'held': 'red', 'rejected': 'red',
                  'overruled': 'yellow', 'kept': 'yellow'}


def text_of(value):
    return json.dumps(value, ensure_ascii=False)


class Play:
    """What was called and counted so far; the clock is the story's own."""

    def __init__(self, book, now):
        self.book = book
        self.now = now
        self.step = 0
        self.title = ''
        self.payloads = 0
        self.sent = []
        self.verdicts = collections.Counter()
        self.outcomes = collections.Counter()
        self.set_clock()

    def set_clock(self):
        since_1970 = self.now - datetime.datetime(1970, 1, 1)
        microseconds = since_1970 // datetime.timedelta(microseconds=1)
        self.book.run(f"SET sync_ledger.now = '{microseconds}'")

    def later(self, **how_long):
        self.now += datetime.timedelta(**how_long)
        self.set_clock()

    def chapter(self, title, text, **how_long_after):
        self.later(**how_long_after)
        self.step += 1
        self.title = title
        page.heading(f'{self.step:2}  {title}', f'{self.now:%H:%M:%S}')
        page.paragraph(text)

    def moral(self, text):
        page.say()
        page.paragraph(text, '=> ')

    def check(self, what, got, expected):
        if got != expected:
            raise Failure(f'step {self.step} ("{self.title}"): {what} is {text_of(got)}, '
                        f'the story says {text_of(expected)}')

    def call(self, sql):
        page.say()
        page.statement(sql)
        return self.book.rows(sql)

    def arrives(self, system, payload, verdict, outcome=None, **expected):
        """A system sends a payload: what is decided must be what the story says."""
        actor = expected.pop('actor', None)
        by = f', actor => {literal(actor)}' if actor else ''
        rows = self.call(f"SELECT * FROM sync_diff({literal(system)}, 'contact', "
                         f"{literal(text_of(payload))}{by})")
        self.payloads += 1
        self.check('the number of rows', len(rows), 0 if verdict == 'unchanged' else 1)
        row = rows[0] if rows else {'verdict': 'unchanged'}
        self.verdicts[row['verdict']] += 1
        self.outcomes.update(list((row.get('outcome') or {}).values()))
        self.show_verdict(row)
        self.check('verdict', row['verdict'], verdict)
        if outcome is not None:
            self.check('outcome', row['outcome'], outcome)
        for column in ('change_set', 'targets'):
            if rows:
                self.check(column, row[column] or None, expected.get(column))
        return row

    def show_verdict(self, row):
        verdict = row['verdict']
        page.labelled('verdict', verdict if len(row) > 1 else f'{verdict} (no row)',
                      VERDICT_COLOUR.get(verdict))
        for column in ('action', 'change_set', 'outcome', 'detail'):
            if row.get(column):
                value = row[column]
                page.labelled(column, value if isinstance(value, str) else text_of(value))
        for column in ('targets', 'conflict_ids'):
            if row.get(column):
                page.labelled(column, ', '.join(map(str, row[column])))

    def claims(self, target, change_set):
        """A worker asks what there is for a target; None: nothing."""
        rows = self.call(f'SELECT * FROM sync_poll({literal(target)})')
        self.check('the number of rows', len(rows), 0 if change_set is None else 1)
        if change_set is None:
            page.labelled('', '(no rows)')
            return None
        row = rows[0]
        whom = f' {row["native_id"]}' if row['native_id'] else ''
        page.labelled('action', f'{row["action"]}{whom}')
        page.labelled('payload', text_of(row['payload']), 'green')
        page.labelled('key', row['idempotency_key'])
        self.check('change_set', row['change_set'], change_set)
        self.sent.append(row['payload'])
        return row

    def acks(self, row, native_id=None):
        """The target's API has answered the worker."""
        native_id = native_id or row['native_id']
        (answer,) = self.call(f'SELECT sync_ack({row["id"]}, {row["lease"]}, '
                              f'{literal(native_id)})')
        page.labelled('sync_ack', str(answer['sync_ack']).lower())
        self.check('sync_ack', answer['sync_ack'], True)

    def delivers(self, target, change_set, native_id=None):
        self.acks(self.claims(target, change_set), native_id)
