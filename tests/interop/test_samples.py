#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Configurations that other daemons' packages ship, and that people run, as noon reads them: who is
answered, what is asked and how.  What is compared is what they come to, not their text; each also
comes to the same in noon's own words (`noon check --print`).

usage: test_samples.py BEHAVIOUR NOON PEERS-FOLDER     prints TAP
"""
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support.tap import Tap  # noqa: E402

LOOPBACK, INNER, OUTER, INNER6, OUTER6 = '127.0.0.1', '10.20.3.4', '198.51.100.7', 'fd00::7', '2001:db8::7'
ASKED = (LOOPBACK, '::1', INNER, OUTER, INNER6, OUTER6, '192.168.1.9', '172.31.5.5')

# Debian's four names of the pool, asked as each daemon does.
DEBIAN_POOL = [f'{i}.debian.pool.ntp.org' for i in range(4)]

# What a file of a package comes to: lines that have to be there, and addresses that are answered.
SHIPPED = [
    ('chrony', 'usr/share/chrony/chrony.conf', 'chrony', '',
     ['poll pool 2.debian.pool.ntp.org 6 10 iburst max=4', 'set step 1 3'], {}),
    ('chrony', 'usr/share/doc/chrony/examples/chrony.conf.example1', 'chrony', '',
     ['poll pool pool.ntp.org 6 10 iburst max=4', 'set step 1 3'], {}),
    ('chrony', 'usr/share/doc/chrony/examples/chrony.conf.example2', 'chrony', '',
     ['poll pool pool.ntp.org 6 10 iburst max=4', 'set step 1 3'], {}),
    ('chrony', 'usr/share/doc/chrony/examples/chrony.conf.example3', 'chrony', '', [], {}),
    ('ntpsec', 'etc/ntpsec/ntp.conf', 'ntp', '',
     [f'poll pool {name} 6 10 iburst max=3' for name in DEBIAN_POOL] +
     ['set step 0.128 -1', 'set change 1000', 'set minsources 3', 'set limit 3 8 listed'],
     dict({address: 'limited kod' for address in ASKED}, **{LOOPBACK: '', '::1': ''})),
    ('openntpd', 'etc/openntpd/ntpd.conf', 'openntpd', '',
     [f'poll pool {name} 6 10 max=16' for name in DEBIAN_POOL] + ['set step 0 0'], {}),
    ('systemd-timesyncd', 'etc/systemd/timesyncd.conf', 'timesyncd', 'timesyncd.conf',
     [f'poll server {name} 5 11 iburst' for name in DEBIAN_POOL] + ['set step 0.4 -1'], {}),
]

# As people write them.  Addresses without an entry are not answered.
RUN = {
    'a boundary server of ntp.org, closed but for its network': ('ntp', """
        # time for the lab; everything else is none of our business
        driftfile /var/lib/ntp/ntp.drift
        restrict default ignore
        restrict -6 default ignore
        restrict 127.0.0.1
        restrict ::1
        restrict 10.20.0.0 mask 255.255.0.0 nomodify notrap nopeer noquery
        restrict fd00:: mask ff00:: nomodify notrap nopeer noquery   # inner IPv6
        server 192.0.2.1 iburst
        server 192.0.2.2 iburst
        server 192.0.2.3 iburst
        """, ['poll server 192.0.2.1 6 10 iburst', 'set step 0.128 -1', 'set change 1000'],
        {LOOPBACK: '', '::1': '', INNER: '', INNER6: ''}, [LOOPBACK, '::1']),
    'a local time service at a link-local address': ('ntp', """
        server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4
        restrict default nomodify notrap nopeer noquery
        restrict -6 default nomodify notrap nopeer noquery
        restrict 127.0.0.1
        disable monitor
        """, ['poll server 169.254.169.123 4 4 iburst prefer'],
        {address: '' for address in ASKED}, [LOOPBACK, '::1']),
    'a server that limits the world and trusts its own': ('ntp', """
        tinker panic 0
        tos orphan 8 minsane 2
        restrict -4 default kod limited notrap nomodify nopeer noquery
        restrict -6 default kod limited notrap nomodify nopeer noquery
        restrict 10.0.0.0 mask 255.0.0.0
        restrict 192.168.0.0 mask 255.255.0.0 nomodify notrap
        restrict source notrap nomodify noquery
        discard average 4
        pool 0.pool.ntp.org iburst
        pool 1.pool.ntp.org iburst preempt
        """, ['poll pool 0.pool.ntp.org 6 10 iburst max=4', 'set change 0', 'set minsources 2',
              'set local 8 orphan', 'set limit 4 8 listed'],
        {LOOPBACK: 'limited kod', '::1': 'limited kod', INNER: '', '192.168.1.9': '',
         OUTER: 'limited kod', INNER6: 'limited kod', OUTER6: 'limited kod',
         '172.31.5.5': 'limited kod'}, [LOOPBACK, '::1', INNER, '192.168.1.9']),
    'clients by their addresses, one by one': ('ntp', """
        server ntp1.example.com iburst
        restrict default noserve
        restrict 10.20.3.4
        restrict 2001:db8::7
        restrict 192.168.1.0 mask 255.255.255.0 notrust
        """, ['poll server ntp1.example.com 6 10 iburst'],
        {INNER: '', OUTER6: '', '192.168.1.9': 'authenticated'},
        [LOOPBACK, '::1', INNER, OUTER6, '192.168.1.9']),
    'a machine without a network of its own serves its clock': ('ntp', """
        server 127.127.1.0
        fudge 127.127.1.0 stratum 10
        restrict default ignore
        restrict 10.20.0.0 mask 255.255.0.0 noquery
        """, ['set local 11'], {INNER: ''}, [LOOPBACK, '::1']),
    'OpenNTPD on one network': ('openntpd', """
        listen on 10.20.0.1
        servers pool.ntp.org
        server time.cloudflare.com trusted
        constraints from "https://www.example.com"
        """, ['poll pool pool.ntp.org 6 10 max=16', 'poll server time.cloudflare.com 6 10',
              'set bind 10.20.0.1', 'set constraints 1'],
        {LOOPBACK: '', INNER: '', OUTER: '', '192.168.1.9': '', '172.31.5.5': ''}, [LOOPBACK, '::1']),
    'OpenNTPD as it is in containers': ('openntpd', """
        listen on *
        servers 0.pool.ntp.org
        servers 1.pool.ntp.org
        """, ['poll pool 1.pool.ntp.org 6 10 max=16'], {address: '' for address in ASKED},
        [LOOPBACK, '::1']),
    'timesyncd with a drop-in of a fleet': ('timesyncd', """
        [Time]
        NTP=10.20.0.1 10.20.0.2
        FallbackNTP=
        RootDistanceMaxSec=1
        """, ['poll server 10.20.0.1 5 11 iburst', 'poll server 10.20.0.2 5 11 iburst'], {},
        [LOOPBACK, '::1']),
    "a virtual machine of Amazon's": ('chrony', """
        # Use the Amazon Time Sync Service.
        server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4
        pool time.aws.com iburst
        driftfile /var/lib/chrony/drift
        makestep 1.0 3
        rtcsync
        logdir /var/log/chrony
        leapsectz right/UTC
        """, ['poll server 169.254.169.123 4 4 iburst prefer', 'poll pool time.aws.com 6 10 iburst max=4',
              'set step 1 3'], {}, [LOOPBACK, '::1']),
    "a virtual machine of Google's": ('chrony', """
        server metadata.google.internal prefer iburst
        makestep 1.0 3
        rtcsync
        """, ['poll server metadata.google.internal 6 10 iburst prefer'], {}, [LOOPBACK, '::1']),
    'a server of a data centre, by prefixes': ('chrony', """
        pool 2.pool.ntp.org iburst maxsources 3
        server 10.20.0.9 key 12 iburst xleave
        keyfile /etc/chrony/chrony.keys
        allow 10/8
        deny 10.20.3
        allow 192.168.1.0/24
        allow fd00::/8
        cmdallow 192.168.1.0/24
        local stratum 10 orphan
        ratelimit interval 1 burst 16
        """, ['poll server 10.20.0.9 6 10 iburst xleave key=12', 'set local 10 orphan', 'set limit 1 16'],
        {'192.168.1.9': '', INNER6: ''}, [LOOPBACK, '::1', '192.168.1.9']),
    'everybody but one network': ('chrony', """
        server 192.0.2.1 iburst
        allow all
        deny 198.51.100.0/24
        """, [], {address: '' for address in ASKED if address != OUTER}, [LOOPBACK, '::1']),
}


class Reader:
    def __init__(self, behaviour, noon):
        self.behaviour, self.noon = behaviour, noon

    def read(self, dialect, path):
        """Lines of what it comes to, without the dialect's name; None and why when it is refused."""
        done = subprocess.run([self.behaviour, dialect, path, *ASKED], capture_output=True, text=True,
                              check=False)
        return (done.stdout.splitlines() if done.returncode == 0 else None), done.stderr

    def natively(self, dialect, path, folder):
        """The same of the file in noon's own words."""
        done = subprocess.run([self.noon, 'check', '--print', '--dialect', dialect, path],
                              capture_output=True, text=True, check=False)
        native = os.path.join(folder, 'native.conf')
        with open(native, 'w', encoding='utf-8') as file:
            file.write(done.stdout)
        return self.read('chrony', native)


def check(tap, reader, folder, sentence, sample):
    dialect, path, wanted, answered, told = sample
    lines, why = reader.read(dialect, path)
    if not tap.check(lines is not None and lines[1] == 'not-yet 0', f'{sentence} is read', why):
        return
    missing = [line for line in wanted if line not in lines]
    for address in ASKED:
        line = f'answer {address} ' + (f'yes {answered[address]}'.strip() if address in answered else 'no')
        missing += [line] if line not in lines else []
        line = f'state {address} ' + ('yes' if address in told else 'no')
        missing += [line] if line not in lines else []
    tap.check(not missing, f'{sentence} comes to what its author meant',
              '\n'.join([f'missing: {line}' for line in missing] + lines))
    native, why = reader.natively(dialect, path, folder)
    tap.check(native is not None and native[1:] == lines[1:],
              f"{sentence} comes to the same in noon's words", f'{why}\n{native}\n{lines}')


def main(behaviour, noon, folder):
    tap = Tap()
    reader = Reader(behaviour, noon)
    peers = Peers(folder)
    missing = peers.fetch(['chrony', 'ntpsec', 'openntpd', 'systemd-timesyncd'])
    with tempfile.TemporaryDirectory() as scratch:
        for name, (dialect, text, wanted, answered, told) in RUN.items():
            path = os.path.join(scratch, 'sample.conf')
            with open(path, 'w', encoding='utf-8') as file:
                file.write('\n'.join(line.strip() for line in text.splitlines()) + '\n')
            check(tap, reader, scratch, name, (dialect, path, wanted, answered, told))
        for package, name, dialect, called, wanted, answered in SHIPPED:
            sentence = f'{name} of the package {package}'
            if package in missing:
                tap.skip(sentence, f'the package {package} could not be fetched')
                continue
            path = peers.program(f'{package}/{name}')
            with open(path, encoding='utf-8') as file:
                text = file.read()
            # A copy without the directories beside it, under a name that says no more than needed.
            path = os.path.join(scratch, called or os.path.basename(name))
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            check(tap, reader, scratch, sentence, (dialect, path, wanted, answered, [LOOPBACK, '::1']))
            lines, why = reader.read('recognised', path)
            tap.check(lines and lines[0] == f'dialect {dialect}', f'{sentence} is recognised', why)
        for path in glob.glob(peers.program('chrony/usr/share/doc/chrony/examples/*.conf*')):
            known = any(path.endswith(name) for _, name, *_ in SHIPPED)
            tap.check(known, f'{os.path.basename(path)} is among those that are tried', path)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
