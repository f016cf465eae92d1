"""Many records a call: every column on every input, in interleaved rounds."""
import statistics
import sys

import extension
import inputs
from harness import ratios, rotated, short, spread

FORMS = {'chunks': '1000 a call', 'whole': 'one call'}
GOALS = {0: 3.0, 1: 2.5, 10: 2.0, 100: 1.3}


class Measures:
    """Per column of one input and per round: microseconds a record, bytes of WAL a change."""

    def __init__(self):
        self.time, self.wal, self.hot = {}, {}, []

    def add(self, column, time, wal):
        self.time.setdefault(column.name, []).append(time)
        self.wal.setdefault(column.name, []).append(wal)


def measure(server, columns, count, rounds):
    """The measures of each input, a (form, share)."""
    results = {(form, share): Measures() for form in FORMS for share in inputs.SHARES}
    for turn in range(rounds):
        for (form, share), measures in results.items():
            for column in rotated(columns, turn):
                if column.takes(form, share):
                    run(server, column, (form, share), count, measures)
        print(f'round {turn + 1} of {rounds} done', file=sys.stderr)
    return results


def run(server, column, source, count, measures):
    """One column on one input, checked."""
    form, share = source
    expected = count * share // 100 if column.store else 0
    is_ours = isinstance(column.store, extension.ExtensionStore)
    if column.store:
        column.store.reset()
        column.store.is_dirty = expected > 0
    before = column.store.updates() if is_ours else None
    changed, spent, wal = server.timed(column.statement(form, share))
    check(column, changed, expected)
    measures.add(column, spent / count, wal / (expected or count))
    if is_ours and expected:
        measures.hot.append(extension.hot_share(before, column.store.updates()))
    elif is_ours:                   # to the byte, without what the server itself wrote meanwhile
        measures.wal[column.name][-1] = server.own_wal(column.statement(form, share)) / count


def check(column, changed, expected):
    if changed != expected:
        raise RuntimeError(f'{column.name}: {changed} records changed, not {expected}')
    if column.store and column.store.changes_waiting() != expected:
        raise RuntimeError(f'{column.name}: not every change waits in the outbox')


def best_set_based(columns, measures):
    """The fastest set-based column of each round."""
    times = [measures.time[c.name] for c in columns if c.is_set_based and c.name in measures.time]
    return [min(of_round) for of_round in zip(*times)]


def title(source):
    form, share = source
    return f'{share} % changed, {FORMS[form]}' if share else f'unchanged, {FORMS[form]}'


def rows(columns, results):
    """Lines of the table of figures: times as a multiple of sync_diff's of the same round."""
    for source, measures in results.items():
        ours = measures.time.get('sync_diff')
        for column in columns:
            if column.name not in measures.time:
                continue
            time = measures.time[column.name]
            yield [title(source), column.name, spread(time),
                   spread(ratios(time, ours)) if ours else '',
                   short(statistics.median(measures.wal[column.name])) if column.store else '']


def goals(columns, results):
    """Lines of the table of goals: what, figures of the rounds, relation, bound."""
    for source, measures in results.items():
        form, share = source
        ours = measures.time['sync_diff']
        best = best_set_based(columns, measures)
        yield (f'{title(source)}: best set-based / sync_diff',
               ratios(best, ours), '>=', GOALS[share])
        if share == 0:
            yield (f'{title(source)}: parse to jsonb / sync_diff',
                   ratios(measures.time['limit: parse to jsonb'], ours), '>=', 1.0)
        yield (f'{title(source)}: WAL, bytes a {"changed " if share else ""}record',
               measures.wal['sync_diff'], '<=', 1300 if share else 0)
        if share:
            tables = ', '.join(sorted({name for name, _ in measures.hot}))
            yield (f'{title(source)}: HOT share of updates of {tables}',
                   [hot or 0 for _, hot in measures.hot], '>=', 0.99)
