"""Poll and ack together: how fast a backlog goes, by batch size, workers and its own size."""
import os
import re
import subprocess
import tempfile

from harness import DATABASE, ratios, rotated, spread

# how many of a hundred messages of the smaller backlog are drained at each batch size
DRAINED = {1: 2, 100: 15, 500: 20}
OF_MANY = 40    # of many workers ...
MANY_TIMES = 4  # ... and of a backlog so many times as large: else each had little more than its first calls
LOADS = [(1, 1), (100, 1), (500, 1), (100, 2), (500, 2)]       # batch size, workers
MANY = [(100, 2), (100, 8)]


def pgbench(script, size, workers, arguments, variables=()):
    """What pgbench prints of running a script."""
    with tempfile.NamedTemporaryFile('w', suffix='.sql') as file:
        file.write(script)
        file.flush()
        defined = [part for name, value in variables for part in ('-D', f'{name}={value}')]
        done = subprocess.run(
            ['pgbench', '-n', '-M', 'prepared', '-c', str(workers), '-j', str(workers),
             '-D', f'b={size}', *defined, *arguments, '-f', file.name, DATABASE],
            capture_output=True, text=True, check=False,
            env=dict(os.environ, PGOPTIONS='-c jit=off -c client_min_messages=error'))
    if done.returncode != 0:
        raise RuntimeError(f'pgbench: {(done.stderr or done.stdout)[-1000:]}')
    return done.stdout + done.stderr


def drain(queue, size, workers, count, share):
    """Messages a second over that many of a hundred; each transaction must have got a full batch."""
    times = max(1, count * share // 100 // size // workers)
    is_pgq = not hasattr(queue, 'left')
    if is_pgq:
        queue.fill_batches(times * size * workers, size, workers)
    before = 0 if is_pgq else queue.left()
    printed = pgbench(queue.poll, size, workers, ['-t', str(times)])
    if not is_pgq and before - queue.left() != times * size * workers:
        raise RuntimeError(f'{queue.name}: {before - queue.left()} messages went, '
                           f'not {times * size * workers}')
    return float(re.search(r'tps = ([0-9.]+)', printed).group(1)) * size


def label(size, workers):
    return f'batch {size}, {workers} worker{"s" if workers > 1 else ""}'


def one_round(queue, count, small, results):
    """All loads on one backlog of that queue; on a larger one, those of one worker."""
    for loads in (LOADS, MANY) if count == small else (LOADS[:2],):
        times, drained = (MANY_TIMES, {100: OF_MANY}) if loads is MANY else (1, DRAINED)
        if hasattr(queue, 'fill'):
            queue.fill(count * times)
        for size, workers in loads:
            if workers > getattr(queue, 'workers', workers):
                continue
            name = label(size, workers) + (' of 8 and 2' if loads is MANY else '')
            results.setdefault((count, name), {}).setdefault(queue.name, []).append(
                drain(queue, size, workers, small * times, drained[size]))


def measure(server, queues, rounds, sizes):
    """{(backlog, load): {queue: messages a second by round}}"""
    small, large = sizes
    results = {}
    deadlocks = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'
    before = server.value(deadlocks)
    for turn in range(rounds):
        for queue in rotated(queues, turn):
            one_round(queue, small, small, results)
        for queue in rotated(queues, turn):
            if large and hasattr(queue, 'fill'):
                one_round(queue, large, small, results)
    server.run('SELECT pg_stat_clear_snapshot()')
    if server.value(deadlocks) != before:
        raise RuntimeError('there were deadlocks')
    return results


def rows(results):
    for (count, load), rates in results.items():
        for name, figures in rates.items():
            ours = rates.get('sync_ledger')
            yield [f'{count}', load, name, spread(figures),
                   spread(ratios(ours, figures)) if ours else '-']


def goals(results, sizes):
    small, large = sizes
    for size, workers in LOADS:
        rates = results[small, label(size, workers)]
        if 'sync_ledger' not in rates:
            return
        other, bound = (('SKIP LOCKED', 0.7) if size == 1
                        else ('SKIP LOCKED, order per key', 1.0))
        if other in rates:
            yield (f'{label(size, workers)}: sync_ledger / {other}',
                   ratios(rates['sync_ledger'], rates[other]), '>=', bound)
    if large:
        for size, workers in LOADS[:2]:
            name = label(size, workers)
            yield (f'{name}: backlog {large} / {small}',
                   ratios(results[large, name]['sync_ledger'],
                          results[small, name]['sync_ledger']), '>=', 0.9)
    names = [label(*load) + ' of 8 and 2' for load in MANY]
    yield ('batch 100: 8 workers / 2 workers',
           ratios(results[small, names[1]]['sync_ledger'],
                  results[small, names[0]]['sync_ledger']), '>=', 0.9)

