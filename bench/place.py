# SPDX-License-Identifier: BSD-2-Clause
"""place.py - noond, chronyd and what they follow, on the loopback of a namespace of their own.

Nothing here can touch the machine's clock: all run with -x and without CAP_SYS_TIME.
"""
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', 'tests'), os.path.join(HERE, '..', 'tests', 'interop')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402

REFERENCE_PORT, PUBLIC_PORT = 11123, 12123
REFERENCES = [f'127.0.0.1{i}' for i in range(1, 5)]
PUBLIC = [f'203.0.113.{i}' for i in range(1, 5)]


def sources(addresses, port):
    return ''.join(f'server {address} port {port} iburst\n' for address in addresses)


SOURCES = sources(REFERENCES, REFERENCE_PORT)
PUBLIC_SOURCES = sources(PUBLIC, PUBLIC_PORT)


def unable():
    """Why nothing can be measured here; empty: it can."""
    return labs.unable()


def peers():
    """Debian's programs; ends the bench with a reason when they are not to be had."""
    found = Peers(os.path.join(HERE, '..', 'build', 'peers'))
    missing = found.fetch()
    if 'chrony' in missing:
        sys.exit('bench: Debian\'s chrony can\'t be fetched (apt-get download chrony)')
    return found


def true_offset_s():
    return (time.clock_gettime_ns(time.CLOCK_REALTIME) -
            time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)) / 1e9


def start_references(machine, noond):
    """Four servers on loopback that agree with this machine's clock.  They run from a copy of the
    program, so that what is measured shares no memory with them."""
    noond = shutil.copy(noond, machine.lab.path('reference'))
    for address in REFERENCES:
        path = machine.lab.write(f'{address}.conf',
                                 f'bindaddress {address}\nport {REFERENCE_PORT}\n')
        machine.start(address, noond, '-d', '-f', path, '--reference',
                      f'{true_offset_s():.9f},0.000005')


def start_public(machine, peers):
    """chronyd as four servers whose addresses are no private ones, in this namespace only."""
    for address in PUBLIC:
        machine.run('ip', 'address', 'add', address, 'dev', 'lo')
    peers.chronyd(machine, 'public', f'allow\nlocal stratum 1\nport {PUBLIC_PORT}\n')


def start_noond(machine, noond, config, name='noond', *flags):
    """A noond whose sockets are in the lab's folder NAME."""
    folder = machine.lab.directory(name)
    path = machine.lab.write(f'{name}.conf', config)
    return machine.start(name, noond, '-d', '-x', '-f', path, '-s', folder, '-r', folder,
                         '-u', 'root', *flags)


def await_answer(condition, what, daemon, timeout_s=30):
    if not labs.wait_for(condition, timeout_s, 0.1):
        sys.exit(f'bench: {what} in {timeout_s} s; its log:\n{daemon.log()}')
