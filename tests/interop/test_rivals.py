#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's chronyd beside noond, both with the right to set the clock.

usage: test_rivals.py NOOND FAKECLOCK.SO PEERS-FOLDER      prints TAP

They have no source, so nobody moves the machine's clock; it is guarded all the same.  Each runs in
a process namespace of its own, so that noond sees no other test's daemons.  How noond gives way is
seen in virtual time, where the rival's adjustments are the world's.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import peers as packages  # noqa: E402
from support import kernel_clock as clock  # noqa: E402
from support import lab as labs  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

NAMED = re.compile(r'warning chronyd \(process \d+\) disciplines this clock as well: .*'
                   r'To end it: systemctl disable --now chrony$', re.M)
# chronyd is there when its pid file is; noond ends by itself.
BESIDE = '''{chronyd} -d {flags} -u root -f {conf} >/dev/null 2>&1 &
{other}
for i in $(seq 100); do [ -s {pid} ] && break; sleep 0.05; done
{environment} {noond} -d {more} -f {mine} -u root -s {folder} -r {folder}
kill %1 %2 2>/dev/null'''


class Side:
    """Starts both in a process namespace and gives back what noond said."""

    def __init__(self, lab, peers, noond):
        self.lab, self.peers, self.noond, self.count = lab, peers, noond, 0
        self.machine = lab.machine('host')

    def __call__(self, flags='', more='-t 3', environment='', config='port 0\ncmdport 0\n', other=''):
        self.count += 1
        folder = self.lab.directory(f'run-{self.count}')
        os.chmod(folder, 0o700)
        conf = self.lab.write(f'chronyd-{self.count}.conf', f'pidfile {folder}/chronyd.pid\ncmdport 0\n'
                              f'bindcmdaddress {folder}/sock\nport 0\n')
        mine = self.lab.write(f'noond-{self.count}.conf', config)
        script = BESIDE.format(chronyd=self.peers.program('chrony/usr/sbin/chronyd'), flags=flags, conf=conf,
                               pid=f'{folder}/chronyd.pid', noond=self.noond, more=more, mine=mine,
                               folder=folder, environment=environment, other=other)
        both = self.machine.start(f'both-{self.count}', 'unshare', '--pid', '--fork', '--kill-child',
                                  '--mount-proc', 'sh', '-m', '-c', script, env=self.peers.env(), clock=True)
        both.process.wait(60)
        return both.log()


def main(noond, fakeclock, folder):
    reason = labs.unable() or clock.unable()
    if reason:
        skip_all(reason)
    peers = packages.Peers(folder)
    if 'chrony' in peers.fetch():
        skip_all('Debian\'s chrony can\'t be had')
    tap = Tap()
    try:
        with clock.Guard(), labs.Lab() as lab:
            side = Side(lab, peers, noond)
            said = side()
            tap.check(NAMED.search(said), 'chronyd is named at the start, and what ends it', said)
            watcher = lab.write('watcher.conf', 'server 192.0.2.9\nport 0\ncmdport 0\n')
            said = side(flags='-x', other=f'{noond} --single -x -d -u root -f {watcher} -s {lab.folder} '
                        f'-r {lab.folder} >{lab.path("watcher.log")} 2>&1 &')
            with open(lab.path('watcher.log'), encoding='ascii') as file:
                said += file.read()
            tap.check('disciplines this clock' not in said and said.count('reads') == 2,
                      'chronyd -x, another noond -x and noond itself are no rivals', said)
            world = (f'LD_PRELOAD={fakeclock} FAKECLOCK_RIVAL_S=30 FAKECLOCK_SERVERS="0 0 0" '
                     f'FAKECLOCK_REPORT={lab.path("report")}')
            said = side(environment=world, more='--single -t 4000',
                        config='server 192.0.2.1\nserver 192.0.2.2\nserver 192.0.2.3\nport 0\n')
            tap.check('another program keeps adjusting the clock' in said and NAMED.search(said),
                      'who keeps adjusting the clock is told of, by name', said)
            with open(lab.path('report'), encoding='ascii') as file:
                report = dict(line.split() for line in file)
            # 4 adjustments are looked at, 130 are not answered; the status is told now and then.
            tap.check(0 < int(report['adjustments']) < 40, 'and noond does not fight', report)
    except TimeoutError as late:
        skip_all(str(late))
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
