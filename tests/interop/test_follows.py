#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond follows other people's servers, Debian's chronyd and ntpsec's ntpd, and serves what it learnt.

usage: test_follows.py CLIENT PEERS-FOLDER     prints TAP

CLIENT is noond, or `chronyd`: the control, which shows that the test itself is right.  The client
runs without CAP_SYS_TIME and never touches the clock.  ntpdig, on the same machine clock, judges
what it serves: one stratum further down, and the time of its server, also where that is 50 ms off.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

STRATUM = 10
OFFSET_MAX_S = 0.01  # one-shot clients stamp in user space, on a machine that is busy
ERROR_S = 0.05        # of the third server's clock


def follow(machine, peers, client, server):
    """The client under test, following one server and serving on the same machine."""
    config = f'server {server} iburst minpoll 0 maxpoll 3\nallow\n'
    if client == 'chronyd':
        return peers.chronyd(machine, 'client', config)
    lab = machine.lab
    folder = lab.directory(f'{machine.name}-noond')
    path = lab.write(f'{machine.name}-noond.conf', f'cmdport 0\n{config}')
    return machine.start('client', client, '-d', '-x', '-f', path, '-s', folder, '-r', folder,
                         '-u', 'root')


def served(peers, machine, address, stratum):
    """The offset (s) that ntpdig measures, once the server serves at this stratum; else None."""
    text = peers.ntpdig(machine, address)
    try:
        seen = json.loads(text.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return seen['offset'] if seen['stratum'] == stratum and seen['leap'] == 'no-leap' else None


def wait_served(peers, machine, address, stratum, timeout_s=60):
    seen = labs.wait_for(lambda: served(peers, machine, address, stratum) is not None, timeout_s, 1)
    return served(peers, machine, address, stratum) if seen else None


def servers(peers, machines):
    """Name, daemon, stratum, error: chronyd; ntpsec's ntpd, which follows it; and a chronyd that
    believes it to be 50 ms off."""
    yield ('chronyd', peers.chronyd(machines[0], 'server', f'local stratum {STRATUM}\nallow\n'),
           STRATUM, 0.0)
    yield ('ntpsec', peers.ntpsec(
        machines[1], 'server', 'server 10.78.1.1 iburst minpoll 3 maxpoll 4\n'
        'restrict 127.0.0.1\nrestrict 10.0.0.0 mask 255.0.0.0\n'), STRATUM + 1, 0.0)
    yield ('a chronyd 50 ms off', peers.chronyd(
        machines[2], 'server', f'server 10.78.2.1 offset {ERROR_S} iburst minpoll 0 maxpoll 2\n'
        'makestep 0.001 3\nallow\n'), STRATUM + 1, ERROR_S)


def main(client, folder):
    reason = labs.unable()
    if reason:
        skip_all(reason)
    if client != 'chronyd' and not os.access(client, os.X_OK):
        skip_all('there is no noond yet')
    peers = Peers(folder)
    if peers.fetch():
        skip_all(f'packages that could not be fetched: {", ".join(peers.missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        above = [lab.machine(f'above{i}') for i in range(3)]
        below = [lab.machine(f'below{i}') for i in range(3)]
        for i in (1, 2):
            lab.connect(above[0], above[i], f'10.78.{i}.1/24', f'10.78.{i}.2/24', link=f'ref{i}')
        for i in range(3):
            lab.connect(above[i], below[i], f'10.77.{i}.1/24', f'10.77.{i}.2/24')
        known = list(servers(peers, above))
        daemons = [follow(below[i], peers, client, f'10.77.{i}.1') for i in range(3)]
        for i, (name, server, stratum, error_s) in enumerate(known):
            truth = wait_served(peers, below[i], f'10.77.{i}.1', stratum)
            offset = wait_served(peers, above[i], f'10.77.{i}.2', stratum + 1)
            detail = f'{name} serves {truth}, it serves {offset}\n{daemons[i].log()}\n{server.log()}'
            tap.check(offset is not None, f'it follows {name}, one stratum further down', detail)
            tap.check(offset is not None and truth is not None and
                      abs(offset - truth) < OFFSET_MAX_S and abs(abs(truth) - error_s) < 0.005,
                      f'it serves the time of {name}', detail)
        for i, (name, _, _, _) in enumerate(known):
            tap.check(daemons[i].stop() == 0, f'the client of {name} ends with exit code 0',
                      daemons[i].log())
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
