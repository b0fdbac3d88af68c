#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Symmetric keys, both ways: noond asks chronyd and ntpsec's ntpd, and both ask noond, with every
type of key that the two ends share; who has another key gets nothing and says so.

usage: test_keys.py NOOND NOON PEERS-FOLDER     prints TAP
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

SERVER, CLIENT = '10.77.0.1', '10.77.0.2'
TYPES = {1: 'MD5', 2: 'SHA1', 3: 'SHA256', 4: 'SHA384', 5: 'SHA512', 6: 'AES128', 7: 'AES256'}
NTPSEC = {1: 'MD5', 2: 'SHA1', 6: 'AES'}  # as ntpsec calls them
SECRETS = {6: '000102030405060708090a0b0c0d0e0f',
           7: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'}


def secret(number):
    return SECRETS.get(number, '0123456789abcdef0123456789abcdef01234567')


def key_files(lab):
    """chrony's and ntp's files with the same keys; and one where key 2 is another."""
    chrony = ''.join(f'{n} {name} HEX:{secret(n)}\n' for n, name in TYPES.items())
    ntp = ''.join(f'{n} {name} {secret(n)}\n' for n, name in NTPSEC.items())
    files = [lab.write('chrony.keys', chrony), lab.write('ntp.keys', ntp),
             lab.write('wrong.keys', '2 SHA1 HEX:ffff456789abcdef0123456789abcdef01234567\n')]
    for file in files:
        os.chmod(file, 0o640)
    return files


def start_noond(noond, machine, name, config):
    lab = machine.lab
    folder = lab.directory(f'{machine.name}-{name}')
    path = lab.write(f'{machine.name}-{name}.conf', f'cmdport 0\n{config}')
    return machine.start(name, noond, '-d', '-x', '-f', path, '-s', folder, '-r', folder, '-u', 'root')


class Asked:
    """What noon says about a noond."""

    def __init__(self, noon, machine, name):
        self.noon, self.machine = noon, machine
        self.folder = machine.lab.path(f'{machine.name}-{name}')

    def status(self):
        text = self.machine.run(self.noon, 'sources', '--json', '-r', self.folder, check=False)
        try:
            return json.loads(text)['sources']
        except (ValueError, KeyError):
            return []

    def accepted(self, key):
        return next((s['accepted'] for s in self.status() if s['key'] == key), 0)

    def state(self, key):
        return next((s['state'] for s in self.status() if s['key'] == key), None)

    def why(self):
        return self.machine.run(self.noon, 'why', '-r', self.folder, check=False)


def asks_others(tap, noond, noon, peers, lab):
    """noond as a client: of chronyd with every type, of ntpsec's ntpd with those that it knows."""
    above, beside, below = (lab.machine(name) for name in ('above', 'beside', 'below'))
    lab.connect(above, below, f'{SERVER}/24', f'{CLIENT}/24')
    lab.connect(above, beside, '10.78.0.1/24', '10.78.0.2/24', link='lan1')
    for n in TYPES:
        above.run('ip', 'address', 'add', f'10.77.0.{100 + n}/24', 'dev', 'lan0')
    lab.connect(beside, below, '10.79.0.1/24', '10.79.0.2/24', link='lan2')
    for n in NTPSEC:
        beside.run('ip', 'address', 'add', f'10.79.0.{100 + n}/24', 'dev', 'lan2')
    chrony_keys, ntp_keys, wrong = key_files(lab)
    server = peers.chronyd(above, 'server', f'local stratum 8\nallow\nkeyfile {chrony_keys}\n')
    ntpsec = peers.ntpsec(beside, 'server', f'server 10.78.0.1 iburst minpoll 3 maxpoll 4\n'
                          f'keys {ntp_keys}\ntrustedkey {" ".join(map(str, NTPSEC))}\n'
                          'unrestrict default limited kod\n')
    lines = ''.join(f'server 10.77.0.{100 + n} key {n} iburst minpoll 0 maxpoll 2\n' for n in TYPES)
    daemon = start_noond(noond, below, 'chrony', f'{lines}keyfile {chrony_keys}\n')
    seen = Asked(noon, below, 'chrony')
    for n, name in TYPES.items():
        tap.check(labs.wait_for(lambda n=n: seen.accepted(n) >= 2, 20),
                  f'chronyd authenticates {name} for noond', f'{seen.why()}{daemon.log()}')
    tap.check(daemon.stop() == 0, 'it ends with exit code 0', daemon.log())
    lines = ''.join(f'server 10.79.0.{100 + n} key {n} iburst minpoll 0 maxpoll 2\n' for n in NTPSEC)
    daemon = start_noond(noond, below, 'ntpsec', f'{lines}keyfile {chrony_keys}\n')
    seen = Asked(noon, below, 'ntpsec')
    for n, name in NTPSEC.items():
        tap.check(labs.wait_for(lambda n=n: seen.accepted(n) >= 1, 60, 1),
                  f"ntpsec's ntpd authenticates {name} for noond",
                  f'{seen.why()}{daemon.log()}{ntpsec.log()}')
    daemon.stop()
    # Keys that differ, and a key that nobody has: states of their own, and the reload mends both.
    keys = lab.write('mended.keys', open(wrong, encoding='utf-8').read())
    os.chmod(keys, 0o640)
    daemon = start_noond(noond, below, 'wrong',
                         f'server 10.77.0.102 key 2 iburst minpoll 0 maxpoll 0\n'
                         f'server 10.77.0.101 key 1 minpoll 0 maxpoll 0\nkeyfile {keys}\n')
    seen = Asked(noon, below, 'wrong')
    tap.check(labs.wait_for(lambda: seen.state(1) == 'no-key', 10),
              'a missing key is a state of its own', seen.why())
    # chronyd does not answer a wrong MAC at all.
    tap.check(labs.wait_for(lambda: seen.state(2) in ('unreachable', 'measuring'), 20) and
              seen.accepted(2) == 0, 'with another key nothing is believed', seen.why())
    lab.write('mended.keys', open(chrony_keys, encoding='utf-8').read())
    below.run(noon, 'reload', '-r', seen.folder)
    tap.check(labs.wait_for(lambda: seen.accepted(1) > 0 and seen.accepted(2) > 0, 20),
              'the right keys are taken up by a reload', f'{seen.why()}{daemon.log()}')
    for stopped in (daemon, server, ntpsec):
        stopped.stop()


def is_asked(tap, noond, noon, peers, lab):
    """noond as a server: chronyd and ntpsec's ntpd ask it with their keys."""
    above, below, beside = (lab.machine(name) for name in ('server', 'chrony', 'ntpsec'))
    lab.connect(above, below, f'{SERVER}/24', f'{CLIENT}/24')
    lab.connect(above, beside, '10.78.0.1/24', '10.78.0.2/24', link='lan1')
    for n in TYPES:
        above.run('ip', 'address', 'add', f'10.77.0.{100 + n}/24', 'dev', 'lan0')
        above.run('ip', 'address', 'add', f'10.78.0.{100 + n}/24', 'dev', 'lan1')
    chrony_keys, ntp_keys, wrong = key_files(lab)
    daemon = start_noond(noond, above, 'noond', f'local stratum 8\nallow\nkeyfile {chrony_keys}\n')
    lines = ''.join(f'server 10.77.0.{100 + n} key {n} iburst minpoll 0 maxpoll 2\n' for n in TYPES)
    peers.chronyd(below, 'client', f'{lines}keyfile {chrony_keys}\nport 0\n')
    peers.chronyd(below, 'wrong', f'server {SERVER} key 2 iburst minpoll 0 maxpoll 0\n'
                  f'keyfile {wrong}\nport 0\n')
    lines = ''.join(f'server 10.78.0.{100 + n} key {n} iburst minpoll 0 maxpoll 3\n' for n in NTPSEC)
    ntpsec = peers.ntpsec(beside, 'client', f'{lines}keys {ntp_keys}\n'
                          f'trustedkey {" ".join(map(str, NTPSEC))}\nrestrict 127.0.0.1\n')

    def reached(address):
        lines = peers.chronyc(below, 'client', 'sources').splitlines()
        fields = next((line.split(',') for line in lines if f',{address},' in line), None)
        return fields and int(fields[5], 8) & 1

    for n, name in TYPES.items():
        tap.check(labs.wait_for(lambda n=n: reached(f'10.77.0.{100 + n}'), 20),
                  f'noond authenticates {name} for chronyd', daemon.log())

    def ntpsec_reached(address):
        text = beside.run('python3', peers.program('ntpsec/usr/bin/ntpq'), '-n', '-p', '127.0.0.1',
                          env=peers.env(), check=False)
        fields = next((line.split() for line in text.splitlines() if address in line), None)
        return fields and int(fields[6], 8) > 0

    for n, name in NTPSEC.items():
        tap.check(labs.wait_for(lambda n=n: ntpsec_reached(f'10.78.0.{100 + n}'), 40, 1),
                  f"noond authenticates {name} for ntpsec's ntpd", f'{daemon.log()}{ntpsec.log()}')
    status = json.loads(above.run(noon, 'status', '--json', '-r', above.lab.path('server-noond'),
                                  check=False))
    server = status['node']['server']
    tap.check(server['drops'].get('bad-mac', 0) > 0, 'a wrong MAC is dropped and counted', server)
    tap.check(server['authenticated'] > 0, 'what was authenticated is counted', server)
    tap.check(daemon.stop() == 0, 'it ends with exit code 0', daemon.log())


def main(noond, noon, folder):
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = Peers(folder)
    if peers.fetch():
        skip_all(f'packages that could not be fetched: {", ".join(peers.missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        asks_others(tap, noond, noon, peers, lab)
    with labs.Lab() as lab:
        is_asked(tap, noond, noon, peers, lab)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
