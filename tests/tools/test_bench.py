#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bench compares like with like.

usage: test_bench.py BENCH-FOLDER      prints TAP
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
from support.tap import Tap  # noqa: E402


PACKETS = '''\
10.0 2 1 1e-3 60000 123 1 48 1
70.0 2 1 1e-3 60000 123 1 48 1
70.1 1 2 1e-3 123 60000 1 48 1
80.0 3 1 1e-3 60000 123 1 48 1
90.0 2 1 1e-3 60000 123 1 48 1
'''


def check_referee(tap, folder):
    sys.path.insert(0, folder)
    import referee  # noqa: E402
    worlds = [(name, referee.world(scenario)) for name, scenario in referee.SCENARIOS.items()]
    tap.check(all(line.count('(') == line.count(')') for _, world in worlds
                  for line in world.lines), 'every expression for the simulator is closed')
    tap.check(all(world.nodes[n].client for _, world in worlds for n in world.measured),
              'only those that follow a server are measured')
    tap.check(all(f'node{n}_freq' in '\n'.join(world.lines) for _, world in worlds
                  for n in world.measured), 'whoever is measured has a clock that is wrong')
    with tempfile.NamedTemporaryFile('w') as file:
        file.write(PACKETS)
        file.flush()
        tap.check(referee.requests(file.name, [2], 1064) == 2,
                  'requests of the node count, after the first minute')
    tap.check(referee.settled([0.5, -0.5, 1e-5, -1e-5], 1e-3) == 2, 'a clock settles when it stays')
    tap.check(referee.settled([1e-5, 1e-5], 1e-3) == 0, 'or was right from the beginning')
    result = {'rms': 2e-6, 'max': 1e-5, 'half': 2e-6, 'freq': 1e-8, 'requests': 4.0, 'ms': 1,
              '100us': 2}
    other = dict(result, rms=4e-6)
    tap.check('| 2 us | 0.50 | 0.50 |' in referee.row('lan', 'noond', [result], [other]),
              'a ratio is to the first daemon')
    environment = {key: value for key, value in os.environ.items()
                   if key not in ('CLKNETSIM', 'CHRONYD')}
    done = subprocess.run([sys.executable, os.path.join(folder, 'referee.py'), 'lan'],
                          env=environment, capture_output=True, text=True, check=False)
    tap.check(done.returncode != 0 and 'clknetsim.git' in done.stderr,
              'without a simulator it says how to get one', done.stderr)


def main(folder):
    sys.path.insert(0, folder)
    import procs  # noqa: E402
    import worlds  # noqa: E402
    tap = Tap()
    cases = [
        ('a subject is compared with the mean of its yardsticks', [2.0, 3.0, 2.0], [1.5]),
        ('yardsticks a little apart are averaged', [2.0, 4.2, 2.2], [2.0]),
        ('a subject between yardsticks too far apart is left out', [2.0, 3.0, 2.4], []),
        ('whichever of the two is the larger', [2.4, 3.0, 2.0], []),
        ('a chain shares its yardsticks', [2.0, 3.0, 2.0, 1.0, 2.0], [1.5, 0.5]),
    ]
    for sentence, costs, expected in cases:
        found = procs.bracketed(costs)
        good = len(found) == len(expected) and all(abs(a - b) < 1e-9
                                                   for a, b in zip(found, expected))
        tap.check(good, sentence, found)
    tap.check(procs.quartiles([5.0]) == (5.0, 5.0, 5.0), 'one value is all its quartiles')
    tap.check(procs.quartiles([4, 1, 3, 2, 5]) == (2, 3, 4), 'quartiles do not mind the order')
    tap.check(procs.family(os.getpid())[0] == os.getpid() and procs.cpu_ns(os.getpid()) > 0 and
              procs.memory_kb(os.getpid())[0] > 1000, 'the kernel tells of this very process')
    worst = [{'nodes': [{'k': 1}, {'k': 5}]}, {'nodes': [{'k': 2}, {'k': 3}]}, {'nodes': [{'k': 4}]}]
    tap.check(worlds.median_of_worst(worst, 'k') == 4, 'the median of the worst nodes is taken')
    tap.check([worlds.length(s) for s in (2, 0.0123456, 3.4e-5, 5e-8)] ==
              ['2 s', '12.3 ms', '34 us', '50 ns'], 'lengths have their best unit')
    check_referee(tap, os.path.join(folder, 'accuracy'))
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
