#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bench compares like with like.

usage: test_bench.py BENCH-FOLDER      prints TAP
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
from support.tap import Tap  # noqa: E402


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
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
