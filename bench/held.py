"""A transaction elsewhere is held open under full load: what is left at the end."""
import concurrent.futures
import re
import statistics

from backlog import pgbench
from harness import Server, short

SIZE = 100
CALIBRATION = 3


def rates(printed):
    """Turns (a poll of SIZE at most, and its ack) a second, second by second."""
    return [float(tps) for tps in re.findall(r'progress: [0-9.]+ s, ([0-9.]+) tps', printed)]


def under_load(queue, count, seconds):
    """A worker polls and acknowledges while as much is brought as one takes away."""
    queue.fill(count)
    alone = statistics.mean(rates(pgbench(queue.poll, SIZE, 1,
                                          ['-T', str(CALIBRATION), '-P', '1'])))
    queue.fill(count)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        bringing = pool.submit(pgbench, queue.bring, SIZE, 1,
                               ['-T', str(seconds), '-R', str(max(1, alone))],
                               [('records', count)])
        taken = rates(pgbench(queue.poll, SIZE, 1, ['-T', str(seconds), '-P', '1']))
        bringing.result()
    return statistics.mean(taken[-max(3, len(taken) // 6):])


def held(queue, count, seconds):
    holder = Server()
    holder.run('BEGIN ISOLATION LEVEL REPEATABLE READ')
    holder.run('SELECT pg_current_xact_id()')
    try:
        return under_load(queue, count, seconds)
    finally:
        holder.run('ROLLBACK')
        holder.close()


def measure(queues, counts, seconds):
    """[(queue, records, turns a second at the end: without the holder, with it)]"""
    lines = []
    for count in counts:
        for queue in queues:
            if not hasattr(queue, 'bring'):
                continue
            control = under_load(queue, count, seconds)
            lines.append((queue.name, count, control, held(queue, count, seconds)))
    return lines


def rows(lines):
    for name, count, control, rate in lines:
        yield [str(count), name, short(control), short(rate), short(rate / control)]


def goals(lines, seconds):
    for name, count, control, rate in lines:
        if name == 'sync_ledger':
            yield (f'{count} records, a transaction held {seconds} s: end / control',
                   [rate / control], '>=', 0.8)
