# SPDX-License-Identifier: BSD-2-Clause
"""footprint.py - memory, wake-ups and CPU time of noond and of chronyd, side by side.

Both follow the same four servers on loopback with the default polls, both have `port 0` or the like:
they are clients, not servers.  They run at the same time, so the same noise falls on both.
"""
import os
import shutil
import subprocess
import tempfile
import time

import place
import procs


class Counters:
    """What one process has used since this was made."""

    def __init__(self, pid):
        self.pid, self.cpu, self.wakes = pid, procs.cpu_ns(pid), procs.wakes(pid)

    def row(self, name, elapsed_s):
        hours = elapsed_s / 3600
        return [name, *procs.memory_kb(self.pid),
                round((procs.wakes(self.pid) - self.wakes) / hours),
                round((procs.cpu_ns(self.pid) - self.cpu) / 1e6 / hours, 1)]


def total(name, rows):
    return [name, *(round(sum(column), 1) for column in list(zip(*rows))[1:])]


def stripped_kb(path):
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(['strip', '-o', copy.name, os.path.realpath(path)], check=True)
        return round(os.path.getsize(copy.name) / 1000)


def sizes(programs, peers):
    files = [(name, programs[name]) for name in ('noond', 'noon', 'noon-helper')]
    files.append(('chronyd 4.3', peers.program('chrony/usr/sbin/chronyd')))
    files.append(('chronyc 4.3', peers.program('chrony/usr/bin/chronyc')))
    return [[name, stripped_kb(path)] for name, path in files]


def measure(programs, peers, options):
    with place.labs.Lab() as lab:
        machine = lab.machine('one')
        place.start_references(machine, programs['noond'])
        time.sleep(1)
        noond = place.start_noond(machine, programs['noond'], place.SOURCES)
        copy = shutil.copy(programs['noond'], lab.path('noond-single'))  # shares no memory either
        single = place.start_noond(machine, copy, place.SOURCES, 'single', '--single')
        chronyd = peers.chronyd(machine, 'chronyd', place.SOURCES + 'port 0\n')
        time.sleep(options.settle)
        kept = {f'noond, {procs.role(pid)}': Counters(pid)
                for pid in procs.family(noond.process.pid)}
        alone = Counters(single.process.pid)
        other = Counters(chronyd.process.pid)
        start = time.monotonic()
        time.sleep(options.seconds)
        elapsed = time.monotonic() - start
        rows = [counters.row(name, elapsed) for name, counters in kept.items()]
        return rows + [total('**noond, all**', rows), alone.row('**noond --single**', elapsed),
                       other.row('**chronyd 4.3**', elapsed)]


def main(programs, options):
    peers = place.peers()
    rows = measure(programs, peers, options)
    print(f'Four sources on loopback, default polls, {options.seconds} s from {options.settle} s after '
          'the start on; wake-ups and CPU time scaled to an hour.\n')
    print(procs.table(['process', 'RSS kB', 'PSS kB', 'private kB', 'wake-ups/h', 'CPU ms/h'], rows))
    print('\nProgram files, stripped.\n')
    print(procs.table(['program', 'kB'], sizes(programs, peers)))
