#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whichever function fails once, in whichever of noond's processes: the clock is kept, clients are
answered, and the end is clean.

usage: test_failing_processes.py NOOND NOON NOON-HELPER FAILING.SO      prints TAP

First each process says which functions it calls.  Then each of them fails at its first call.  A
start may be refused, with a sentence; a process may end and be started again.
"""
import concurrent.futures
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

ROLES = ['parent', 'time', 'server', 'resolve']
AT_ONCE = 8  # mostly they wait
PATIENCE_S = 60
CONFIG = services.SOURCE + 'server localhost port 11123 iburst minpoll 0 maxpoll 1\nallow 127.0.0.1\n'


class Run:
    """One noond with one failure; `wrong`: a sentence when it is not as it must be."""

    def __init__(self, lab, machine, plan):
        programs, failing, number, role, name, nth = plan
        self.what = f'{name} number {nth} of {role}'
        self.report = lab.path(f'report{number}')
        service = services.Service(lab, machine, programs, name=f'n{number}')
        service.configure(CONFIG + f'port {2000 + number}\ncmdport 0\n')
        env = {'LD_PRELOAD': failing, 'FAILING_ROLE': role, 'FAILING_REPORT': self.report}
        env.update({'FAILING_NAME': name, 'FAILING_NTH': str(nth)} if nth else {'FAILING_LIST': '1'})
        daemon = service.start(env=env)
        def comes_right():
            answer = services.ask(machine, '127.0.0.1', 2000 + number)
            # Without one of its sockets the parent goes on: then it is asked by way of the other.
            return (len(answer) == 48 and answer[0] >> 6 != 3 or
                    role == 'parent' and service.noon('ready').returncode == 0)

        served = labs.wait_for(lambda: not daemon.running() or comes_right(), PATIENCE_S)
        alive = daemon.running()
        code = daemon.stop(20)
        self.log = daemon.log()
        self.met = nth == 0 or os.path.exists(self.report) and name in self.calls()
        self.wrong = None
        if not alive and (code != 1 or ' error ' not in self.log):
            self.wrong = f'ended with {code}, or without a word'
        elif alive and not served:
            self.wrong = f'did not come right within {PATIENCE_S} s'
        elif alive and code != 0:
            self.wrong = f'ends with {code}'

    def calls(self):
        with open(self.report, encoding='utf-8') as file:
            return {line.split()[0] for line in file} - {'calls'}


def every(lab, machine, plans):
    with concurrent.futures.ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda plan: Run(lab, machine, plan), plans))


def main(*arguments):
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    programs, failing = arguments[:3], arguments[3]
    with labs.Lab() as lab:
        machine = lab.machine('host')
        services.Service(lab, machine, programs).reference()
        calm = every(lab, machine, [(programs, failing, i, role, '', 0)
                                    for i, role in enumerate(ROLES)])
        names = [sorted(run.calls()) for run in calm]
        tap.note('; '.join(f'{role}: {len(n)}' for role, n in zip(ROLES, names)))
        tap.check(not any(run.wrong for run in calm) and all(len(n) > 8 for n in names),
                  'each process says what it calls', [(run.wrong, run.log) for run in calm] + names)
        plans = [(role, name, 1) for role, own in zip(ROLES, names) for name in own]
        runs = every(lab, machine, [(programs, failing, 10 + i, *plan)
                                    for i, plan in enumerate(plans)])
        met = sum(run.met for run in runs)
        tap.note(f'{met} of {len(runs)} met their failure')
        tap.check(met > len(runs) / 2, 'most of them fail in their turn', met)
        wrong = [f'{run.what}: {run.wrong}\n{run.log[-600:]}' for run in runs if run.wrong]
        tap.check(not wrong, 'one failed call, in whichever process, does no lasting harm',
                  '\n'.join(wrong))
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
