#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whichever call of a start and of a minute and a half fails, noond neither crashes nor gets stuck.

usage: test_failing_calls.py NOOND FAKECLOCK.SO FAILING.SO      prints TAP

In virtual time, every call in its turn fails once (tests/support/failing.c); then each function
fails for good.  A start may be refused, with a sentence; after it a clock must come right all the
same, unless it was the clock itself that could not be set.
"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
from support.tap import Tap, skip_all  # noqa: E402

VIRTUAL_S, WALL_S_MAX, ERROR_S_MAX = 90, 30, 1e-3
CONFIG = '''server 192.0.2.1 iburst
server 192.0.2.2 iburst
server 192.0.2.3 iburst
makestep 0.1 3
port 0
driftfile {folder}/drift
logdir {folder}
log measurements statistics tracking
'''
# Without these for good nobody can be asked, or the clock not set (the virtual world opens a file
# for each socket).
ESSENTIAL = {'socket', 'sendmsg', 'clock_adjtime', 'connect', 'open64'}
# Without these for good there is no virtual time: who waits in vain, or is told of a datagram that
# then is not there, is asked again at the same instant.
NEVER_FOR_GOOD = {'poll', 'recvmsg'}


class Run:
    """One run: its exit code, what it said, the failed calls, the world's report."""

    def __init__(self, programs, number, name=None):
        noond, fakeclock, failing = programs
        self.number, self.name = number, name
        with tempfile.TemporaryDirectory() as folder:
            config, report, failed = (os.path.join(folder, n) for n in ('conf', 'report', 'failed'))
            with open(config, 'w', encoding='utf-8') as file:
                file.write(CONFIG.format(folder=folder))
            env = dict(os.environ, LD_PRELOAD=f'{failing}:{fakeclock}', FAKECLOCK_REPORT=report,
                       FAKECLOCK_ERROR_S='0.3', FAKECLOCK_SKEW_PPM='50', FAKECLOCK_SERVERS='0 0 0',
                       FAILING_AT=str(number), FAILING_REPORT=failed)
            if name:
                env['FAILING_NAME'] = name
            command = [noond, '-d', '--single', '-f', config, '-u', 'root', '-s', folder, '-r', folder,
                       '-t', str(VIRTUAL_S)]
            try:
                done = subprocess.run(command, env=env, capture_output=True, text=True, check=False,
                                      timeout=WALL_S_MAX)
                self.code, self.output = done.returncode, done.stdout + done.stderr
            except subprocess.TimeoutExpired as late:
                self.code, self.output = None, f'no end after {WALL_S_MAX} s: {late.stderr}'
            self.calls = self.table(failed, int)
            self.world = self.table(report, float)
        self.failed = [call for call in self.calls if call != 'calls']

    @staticmethod
    def table(path, kind):
        if not os.path.exists(path):
            return {}
        with open(path, encoding='utf-8') as file:
            return {name: kind(value) for name, value in map(str.split, file)}

    def wrong(self):
        """A sentence when this run is not as it must be, else None."""
        if self.code == 1 and self.world.get('elapsed_s') == 0:
            said = [line for line in self.output.splitlines() if ' error ' in line]
            return None if said and len(said[-1].split(' error ')[1]) > 10 else 'a start without a word'
        if self.code != 0:
            return f'exit code {self.code}'
        excused = self.name in ESSENTIAL or 'clock_adjtime' in self.failed
        if not excused and abs(self.world['error_s']) > ERROR_S_MAX:
            return f'the clock ends {self.world["error_s"]} s wrong'
        return None


def every(programs, plans):
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda plan: Run(programs, *plan), plans))


def complaints(runs):
    return '\n'.join(f'call {run.number} {run.name or run.failed}: {run.wrong()}\n{run.output[-600:]}'
                     for run in runs if run.wrong())


def main(*programs):
    if not os.access(programs[0], os.X_OK):
        skip_all('there is no noond yet')
    tap = Tap()
    calm = Run(programs, 0)
    count = calm.calls.get('calls', 0)
    if not tap.check(calm.code == 0 and not calm.wrong() and count > 300,
                     'when nothing fails the clock comes right', f'{count} calls\n{calm.output}'):
        tap.done()
        return
    once = every(programs, [(number,) for number in range(1, count + 1)])
    met = sum(bool(run.failed) for run in once)
    tap.check(met >= count * 0.99, 'each call fails in its turn', f'{met} of {count}')
    tap.check(not complaints(once), 'one failed call, whichever, does no lasting harm',
              complaints(once))
    names = sorted({name for run in once for name in run.failed})
    starts = next(run.number for run in once if run.failed == ['poll'])
    for_good = every(programs, [(at, name) for name in names if name not in NEVER_FOR_GOOD
                                 for at in (1, starts)])
    tap.check(len(names) > 20 and not complaints(for_good),
              'a function that fails for good ends no running daemon', complaints(for_good))
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
