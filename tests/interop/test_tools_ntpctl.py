#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""OpenNTPD's ntpctl, unmodified, against noond.

usage: test_tools_ntpctl.py NOOND NOON NOON-HELPER PEERS-FOLDER      prints TAP

ntpctl knows one path only: it gets the socket there in a mount namespace of its own.
"""
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import peers as packages  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

AHEAD_S = 0.25
SOURCES = ('server 127.0.0.1 port 11123 iburst minpoll 0 maxpoll 1\n'
           'server 127.0.0.2 port 11124 iburst minpoll 0 maxpoll 1 noselect\n'
           'server 127.0.0.3 port 11125 minpoll 3 maxpoll 3\n')
PEER = re.compile(r'^(127\.0\.0\.\d) *\n ([ *])\s+(\d+)\s+(\d+)\s+(\S+)\s+(\d+)s\s+(\d+)s\s+(.*)$', re.M)


def peers_of(text):
    return {match[1]: match.groups() for match in PEER.finditer(text)}


def check(tap, ntpctl):
    text = ntpctl('status')
    tap.check(text.startswith('2/3 peers valid, clock synced, stratum 2'), 'status', text)
    text = ntpctl('peers')
    rows = peers_of(text)
    first, ahead, silent = (rows.get(f'127.0.0.{i}', ('',) * 8) for i in (1, 2, 3))
    tap.check(first[1] == '*' and first[3:5] == ('10', '1') and int(first[6]) in (1, 2),
              'peers: the one that is followed, its trust, stratum and poll', text)
    values = re.findall(r'(-?[\d.]+)ms', ahead[7])
    tap.check(len(values) == 3 and abs(float(values[0]) - AHEAD_S * 1e3) < 50,
              'a server that is ahead has a positive offset in ms', text)
    tap.check(silent[4] == '-' and 'peer not valid' in silent[7], 'who never answered is not valid', text)
    tap.check('no sensors configured' in ntpctl('Sensors'), 'there are no sensors')
    text = ntpctl('all')
    tap.check('2/3 peers valid' in text and sorted(peers_of(text)) == sorted(rows), 'all', text)


NONSENSE = ('import random, socket, sys, time\n'
            'random.seed(7)\n'
            'for i in range(40):\n'
            '    s = socket.socket(socket.AF_UNIX)\n'
            '    s.settimeout(1)\n'
            '    try:\n'
            '        s.connect(sys.argv[1])\n'
            '        s.send(random.randbytes(random.choice((1, 15, 16, 17, 400))))\n'
            '    except OSError: time.sleep(0.05)\n'
            '    if i % 2: s.close()\n')


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = packages.Peers(sys.argv[4])
    if 'openntpd' in peers.fetch():
        skip_all('Debian\'s openntpd can\'t be had')
    tap = Tap()
    with labs.Lab() as lab:
        machine = lab.machine('host')
        service = services.Service(lab, machine, sys.argv[1:4])
        path = os.path.join(lab.directory('ntpctl'), 'ntpd.sock')
        service.reference()
        offset = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC_RAW) + AHEAD_S
        conf = lab.write('ahead.conf', 'bindaddress 127.0.0.2\nport 11124\n')
        machine.start('ahead', service.program('noond'), '--reference', f'{offset:.6f},0.000005',
                      '-f', conf, '-d')
        service.configure(f'{SOURCES}ntpctlsocket {path}\n')
        service.start(user='0:0', clock=('--virtual', '0.0001,5'))

        def ntpctl(what):
            place = ('mkdir -p /run/there && mount --bind ' + os.path.dirname(path) + ' /run/there && '
                     'mount -t tmpfs none /var/lib && mkdir -p /var/lib/openntpd/run && '
                     'mount --bind /run/there /var/lib/openntpd/run && exec ')
            return machine.run('unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /run && ' + place +
                               f'{peers.program("openntpd/usr/sbin/ntpctl")} -s {what}',
                               env=peers.env(), check=False)

        tap.check(service.synchronised(), 'noond is synchronised', service.daemon.log())
        labs.wait_for(lambda: 'stratum 2' in ntpctl('status') and '2/3' in ntpctl('status'), 15, 1)
        check(tap, ntpctl)
        machine.run('python3', '-c', NONSENSE, path)
        tap.check('peers valid' in ntpctl('status') and service.daemon.running(),
                  'nonsense is survived', service.daemon.log())
    tap.done()


if __name__ == '__main__':
    main()
