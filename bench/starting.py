# SPDX-License-Identifier: BSD-2-Clause
"""starting.py - from the start of the program to the moment when it says that it is synchronised.

In turns, each alone, following the same four servers with iburst.  Both are asked by their own
command every 50 ms.  noond asks private addresses more quickly than public ones.
"""
import time

import place
import procs

PATIENCE_S = 60
PAUSE_S = 0.05


def until(condition, daemon):
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > PATIENCE_S or not daemon.running():
            raise RuntimeError(f'{daemon.name} is not synchronised:\n{daemon.log()}')
        time.sleep(PAUSE_S)
    return time.monotonic() - start


def noond_s(machine, programs, sources):
    daemon = place.start_noond(machine, programs['noond'], sources)
    folder = machine.lab.path('noond')
    taken = until(lambda: machine.run(programs['noon'], '-r', folder, 'ready',
                                      check=False).startswith('Ready'), daemon)
    daemon.stop()
    return taken


def chronyd_s(machine, peers, sources):
    daemon = peers.chronyd(machine, 'chronyd', sources + 'port 0\n')
    taken = until(lambda: peers.chronyc(machine, 'chronyd', 'tracking').strip().endswith('Normal'),
                  daemon)
    daemon.stop()
    return taken


def measure(machine, programs, peers, sources, starts):
    """How long each start took, by daemon."""
    found = {'noond': [], 'chronyd 4.3': []}
    for _ in range(starts):
        found['noond'].append(noond_s(machine, programs, sources))
        found['chronyd 4.3'].append(chronyd_s(machine, peers, sources))
    return found


def main(programs, options):
    peers = place.peers()
    rows = []
    with place.labs.Lab() as lab:
        machine = lab.machine('one')
        place.start_references(machine, programs['noond'])
        place.start_public(machine, peers)
        time.sleep(1)
        for kind, sources in (('private', place.SOURCES), ('public', place.PUBLIC_SOURCES)):
            found = measure(machine, programs, peers, sources, options.starts)
            rows += [[name, kind, len(values), f'{procs.quartiles(values)[1]:.2f}',
                      f'{max(values):.2f}'] for name, values in found.items()]
    print('Four sources with iburst, all in one namespace, no drift file.\n')
    print(procs.table(['daemon', 'addresses', 'starts', 'synchronised after, s, median',
                       'longest, s'], rows))
