"""Workers as processes, to be started, told to stop, and killed."""

import os
import signal
import subprocess
import tempfile
import time


def until(condition, seconds=60):
    """Waits for a condition, and gives whether it came true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


class Workers:
    """Processes that run one of the examples."""

    def __init__(self, command, **environment):
        self.command = command
        self.environment = {**os.environ, **environment, 'no_proxy': '*'}
        self.log = tempfile.TemporaryFile('w+')
        self.running = []

    def start(self, **settings):
        self.running.append(subprocess.Popen(self.command, stderr=self.log, stdout=self.log,
                                             env={**self.environment, **settings}))

    def stop(self, signum=signal.SIGTERM):
        for worker in self.running:
            worker.send_signal(signum)
        codes = [worker.wait(20) for worker in self.running]
        self.running = []
        return codes

    def kill_one(self, dice):
        worker = self.running.pop(dice.randrange(len(self.running)))
        worker.kill()
        worker.wait()

    def said(self):
        self.log.seek(0)
        return self.log.read()[-3000:]
