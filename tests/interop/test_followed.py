#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Other people's clients follow noond: chronyd, ntpsec's ntpd, OpenNTPD, ntpdig and rdate.

usage: test_followed.py SERVER PEERS-FOLDER     prints TAP

SERVER is noond, or `chronyd`: the control, which shows that the test itself is right.  The clients
and the server share the machine's clock, so every offset they report is their own error.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

SERVER, STRATUM = '10.77.0.1', 8
OFFSET_MAX_S = 0.01  # one-shot clients stamp in user space, on a machine that is busy


def serve(machine, peers, server):
    """The server under test on one machine: local stratum 8, everybody may ask."""
    config = f'local stratum {STRATUM}\nallow\n'
    if server == 'chronyd':
        return peers.chronyd(machine, 'server', config)
    lab = machine.lab
    folder = lab.directory('noond')
    path = lab.write('noond.conf', f'cmdport 0\n{config}')
    return machine.start('server', server, '-d', '-x', '-f', path, '-s', folder, '-r', folder,
                         '-u', 'root')


def check_chronyd(tap, peers, machine):
    peers.chronyd(machine, 'chronyd', f'server {SERVER} iburst minpoll 0 maxpoll 2\nport 0\n')
    seen = labs.wait_for(lambda: peers.chrony_follows(machine, 'chronyd', SERVER), 30)
    tap.check(seen and seen['stratum'] == STRATUM + 1 and abs(seen['offset_s']) < OFFSET_MAX_S,
              "chronyd selects it, one stratum further down", seen)


def check_symmetric(tap, peers, above, beside):
    """chronyd as a peer asks in symmetric mode (1) and takes the answers (2) of one that keeps no state
    of it; by versions 3 and 4."""
    above.run('ip', 'address', 'add', '10.78.0.3/24', 'dev', 'lan1')
    peers.chronyd(beside, 'peer', 'peer 10.78.0.1 minpoll 0 maxpoll 0\n'
                  'peer 10.78.0.3 minpoll 0 maxpoll 0 version 3\nallow\n')

    def both():
        text = peers.chronyc(beside, 'peer', 'sources')
        return len(re.findall(rf'^=,[*+],10\.78\.0\.[13],{STRATUM},', text, re.M)) == 2
    tap.check(labs.wait_for(both, 30), 'chronyd takes it as a symmetric peer, by versions 3 and 4',
              peers.chronyc(beside, 'peer', 'sources'))


def check_ntpsec(tap, peers, machine, daemon):
    seen = labs.wait_for(lambda: peers.ntpsec_follows(machine, SERVER), 60, 1)
    tap.check(seen and seen['stratum'] == STRATUM and abs(seen['offset_s']) < OFFSET_MAX_S,
              "ntpsec's ntpd takes it as its system peer", f'{seen}\n{daemon.log()}')


def check_openntpd(tap, daemon):
    labs.wait_for(lambda: f'peer {SERVER} now valid' in daemon.log(), 60, 1)
    offsets = re.findall(rf'reply from {SERVER}: offset (-?[0-9.]+) delay', daemon.log())
    tap.check('now valid' in daemon.log() and
              all(abs(float(offset)) < OFFSET_MAX_S for offset in offsets),
              'OpenNTPD takes it as valid', daemon.log())


def check_one_shot(tap, peers, machine):
    text = peers.ntpdig(machine, SERVER)
    try:
        seen = json.loads(text.strip().splitlines()[-1])
        good = (seen['stratum'] == STRATUM and seen['leap'] == 'no-leap' and
                abs(seen['offset']) < OFFSET_MAX_S)
    except (ValueError, IndexError, KeyError):
        good = False
    tap.check(good, 'ntpdig reads stratum, leap and offset', text)
    text = peers.rdate(machine, SERVER)
    match = re.search(r'adjust local clock by (-?[0-9.]+) seconds', text)
    tap.check(match and abs(float(match[1])) < OFFSET_MAX_S, "OpenBSD's rdate reads the time", text)


def main(server, folder):
    reason = labs.unable()
    if reason:
        skip_all(reason)
    if server != 'chronyd' and not os.access(server, os.X_OK):
        skip_all('there is no noond yet')
    peers = Peers(folder)
    if peers.fetch():
        skip_all(f'packages that could not be fetched: {", ".join(peers.missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        above, below, beside = lab.machine('above'), lab.machine('below'), lab.machine('beside')
        lab.connect(above, below, f'{SERVER}/24', '10.77.0.2/24')
        lab.connect(above, beside, '10.78.0.1/24', '10.78.0.2/24', 'lan1')
        daemon = serve(above, peers, server)
        # OpenNTPD, once it asked in vain, asks again after five minutes.
        labs.wait_for(lambda: '"stratum"' in peers.ntpdig(below, SERVER), 30)
        ntpsec = peers.ntpsec(below, 'ntpsec', f'server {SERVER} iburst minpoll 3 maxpoll 4\n'
                              'restrict 127.0.0.1\n')
        openntpd = peers.openntpd(below, 'openntpd', SERVER)
        check_chronyd(tap, peers, below)
        if server != 'chronyd':  # which answers those only that it has as its peers, too
            check_symmetric(tap, peers, above, beside)
        check_one_shot(tap, peers, below)
        check_openntpd(tap, openntpd)
        check_ntpsec(tap, peers, below, ntpsec)
        tap.check(daemon.running(), 'the server is still there', daemon.log())
        tap.check(daemon.stop() == 0, 'it ends with exit code 0 on SIGTERM', daemon.log())
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
