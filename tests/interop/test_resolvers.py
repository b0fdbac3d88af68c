#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond's names at BIND: an authoritative server, and a resolver that validates.

usage: test_resolvers.py NOOND NOON NOON-HELPER PEERS-FOLDER     prints TAP

One machine has the name servers and, at several addresses, the time; the other is the node.
"""
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

PACKAGES = ['chrony', 'bind9', 'bind9-libs', 'bind9-utils', 'libuv1', 'libnghttp2-14',
            'libmaxminddb0', 'liblmdb0', 'libxml2', 'libicu72', 'libjson-c5', 'libprotobuf-c1',
            'libfstrm0', 'libjemalloc2']
FAST = 'iburst minpoll 0 maxpoll 0'
TIMES = {2: 'one', 3: 'two', 4: 'three', 5: 'secure'}
ZONE = """$TTL 30
@ SOA a hostmaster 1 60 60 60 30
@ NS a
a A 10.99.0.1
one A 10.99.0.2
two A 10.99.0.3
three A 10.99.0.4
_ntp._udp.pair SRV 10 60 123 one
_ntp._udp.pair SRV 10 40 123 two
_ntp._udp.pair SRV 20 0 123 three
nodata TXT "no address"
loop CNAME loop2
loop2 CNAME loop
chain CNAME chain2
chain2 CNAME chain3
chain3 CNAME three
; Nobody has these addresses of one family or the other: it leads nowhere.
dead6 A 10.99.0.4
dead6 AAAA fd99::4
dead4 A 10.99.0.66
dead4 AAAA fd99::1
""" + ''.join(f'many A 10.98.{i // 200}.{i % 200 + 1}\n' for i in range(500))
PUBLIC = """$TTL 30
@ SOA a hostmaster 1 60 60 60 30
@ NS a
a A 10.99.0.1
ntp A 10.99.0.6
"""


class Place:
    def __init__(self, lab, peers, programs):
        self.lab, self.peers = lab, peers
        self.server, self.node = lab.machine('server'), lab.machine('node')
        lab.connect(self.server, self.node, '10.99.0.1/24', '10.99.0.100/24')
        for last in [*TIMES, 8]:
            self.server.run('ip', 'address', 'add', f'10.99.0.{last}/24', 'dev', 'lan0')
        for machine, last in ((self.server, 1), (self.node, 100)):
            machine.run('ip', 'address', 'add', f'fd99::{last}/64', 'dev', 'lan0', 'nodad')
        peers.chronyd(self.server, 'time', 'local stratum 4\nallow\n')
        self.service = services.Service(lab, self.node, programs)

    def named(self, name, config, env=None):
        folder = self.lab.directory(name)
        path = self.lab.write(f'{name}.conf', config.replace('FOLDER', folder))
        daemon = self.server.start(name, self.peers.program('bind9/usr/sbin/named'), '-g', '-c', path,
                                   '-n', '1', env=dict(self.peers.env(), **(env or {})))
        if not labs.wait_for(lambda: ' running\n' in daemon.log(), 20, 0.1):
            raise RuntimeError(f'named does not run: {daemon.log()}')
        return daemon

    def start(self, config, resolver):
        self.lab.write('resolv.conf', f'nameserver {resolver}\n')
        if self.service.daemon:
            self.service.daemon.stop()
        self.service.configure(config + 'cmdport 0\n')
        return self.service.start(prefix=('unshare', '--mount', 'sh', '-c', 'mount --bind '
                                          f'{self.lab.path("resolv.conf")} /etc/resolv.conf && '
                                          'exec "$@"', 'sh'))

    def used(self):
        answer = self.service.noon('sources', '--json').stdout
        sources = json.loads(answer).get('sources', []) if answer else []
        return {source['address'].rsplit(':', 1)[0].strip('[]'): source for source in sources
                if source.get('address')}

    def why(self, text, timeout_s=20):
        """What `noon why` says as soon as it has this text in it, or in the end."""
        labs.wait_for(lambda: text in self.service.noon('why').stdout, timeout_s)
        return self.service.noon('why').stdout


AUTHORITATIVE = """
options { directory "FOLDER"; listen-on { 10.99.0.1; }; listen-on-v6 { none; }; recursion no; max-records-per-type 0;
  pid-file none; session-keyfile none; };
controls { };
zone "time.test" { type primary; file "../time.zone"; };
zone "public.org" { type primary; file "../public.zone"; };
zone "broken.test" { type primary; file "../nowhere.zone"; };
zone "secure.test" { type primary; file "../secure.zone.signed"; };
"""


def records(tap, place):
    daemon = place.start(f'source srv pair.time.test {FAST}\nserver chain.time.test {FAST}\n'
                         'pool many.time.test\nserver ntp.public.org\nserver no.time.test\n'
                         'server x.broken.test\nserver nodata.time.test\nserver loop.time.test\n',
                         '10.99.0.1')
    wanted = {'10.99.0.2', '10.99.0.3', '10.99.0.4'}
    labs.wait_for(lambda: wanted <= set(place.used()) and len(place.used()) == 8, 20)
    used = place.used()
    pair = {address: used.get(address, {}) for address in ('10.99.0.2', '10.99.0.3')}
    tap.check(sorted((one.get('srv_priority', 0), one.get('srv_weight', 0)) for one in pair.values()) ==
              [(10, 40), (10, 60)], 'SRV records of the least priority, with their weights',
              f'{used}\n{daemon.log()}')
    tap.check(used.get('10.99.0.4', {}).get('name') == 'chain.time.test',
              'a name behind three others', used)
    many = [address for address in used if address.startswith('10.98.')]
    tap.check(len(many) == 4, 'of 500 addresses, which come over TCP, four are used', used)
    tap.check(place.service.synchronised(20), 'they are followed', daemon.log())
    for text, what in (('no.time.test: its name does not exist', 'NXDOMAIN'),
                       ("x.broken.test: the resolver answers that it can't find out", 'SERVFAIL'),
                       ('nodata.time.test: ', 'a name without an address'),
                       ('loop.time.test: ', 'names that lead to each other')):
        why = place.why(text)
        tap.check(text in why, f'told apart: {what}', f'{why}\n{daemon.log()}')
    sentences = dict(re.findall(r'((?:no|x|nodata|loop)\.[a-z]+\.test): (.*)', place.why('loop')))
    tap.check(len(set(sentences.values())) >= 3, 'by sentences of their own', sentences)
    log = daemon.log()
    tap.check('ntp.public.org has an address of a private network' in log and
              'chain.time.test has an address' not in log,
              'a private address of a public name is said once, those of a name of ours are not', log)


def dead_family(tap, place):
    """One family leads nowhere, and one address is used at a time."""
    began = time.monotonic()
    daemon = place.start(f'pool dead6.time.test maxsources 1 {FAST}\n'
                         f'pool dead4.time.test maxsources 1 {FAST}\n', '10.99.0.1')
    labs.wait_for(lambda: {'10.99.0.4', 'fd99::1'} == set(place.used()), 60)
    tap.check({'10.99.0.4', 'fd99::1'} == set(place.used()) and place.service.synchronised(20),
              'a family that leads nowhere costs seconds: of each name the other is used',
              f'{place.used()}\n{daemon.log()}')
    tap.note(f'both are used after {time.monotonic() - began:.1f} s')


def sign(place, start):
    """The zone signed with signatures that hold from then on; returns its key, as a trust anchor.
    As the machine's own clock stays as it is, they are of the future where a clock is to be wrong."""
    lab, tools = place.lab, place.peers.program('bind9-utils/usr/bin/')
    env = dict(place.peers.env())
    lab.write('secure.zone', PUBLIC.replace('ntp A 10.99.0.6', 'ntp A 10.99.0.5'))
    keys = lab.directory('keys')
    made = sorted(name for name in os.listdir(keys) if name.endswith('.key'))
    if not made:
        place.server.run(tools + 'dnssec-keygen', '-q', '-K', keys, '-a', 'ECDSAP256SHA256', '-f', 'KSK',
                         'secure.test', env=env)
        made = sorted(name for name in os.listdir(keys) if name.endswith('.key'))
    key = os.path.join(keys, made[0])
    with open(key, encoding='ascii') as file:
        record = re.search(r'DNSKEY (\d+ \d+ \d+) (.*)', file.read())
    with open(lab.path('secure.zone'), 'a', encoding='ascii') as file:
        file.write(f'$INCLUDE {key}\n')
    place.server.run(tools + 'dnssec-signzone', '-d', lab.path('.'), '-P', '-z', '-K', keys, '-o',
                     'secure.test', '-s', start, '-e', 'now+8640000', '-f',
                     lab.path('secure.zone.signed'), lab.path('secure.zone'), key[:-4], env=env)
    return f'"secure.test" static-key {record[1]} "{record[2]}";'


def validating(tap, place, authoritative, anchor):
    """The signatures are of tomorrow, as for a machine that has just been switched on."""
    config = f"""
options {{ directory "FOLDER"; listen-on {{ 10.99.0.8; }}; listen-on-v6 {{ none; }}; recursion yes;
  allow-recursion {{ any; }}; dnssec-validation yes; pid-file none; session-keyfile none; }};
controls {{ }};
trust-anchors {{ {anchor} }};
zone "secure.test" {{ type forward; forward only; forwarders {{ 10.99.0.1; }}; }};
"""
    resolver = place.named('resolver', config)
    daemon = place.start(f'server ntp.secure.test {FAST}\n', '10.99.0.8')
    good = place.service.synchronised(30)
    five = place.used().get('10.99.0.5', {})
    tap.check(good and five.get('unvalidated'),
              'a resolver that can\'t validate at a wrong clock does not keep from the time',
              f'{five}\n{daemon.log()}\n{resolver.log()}')
    text = place.service.noon('sources').stdout
    tap.check('DNSSEC' in text, 'it is said', text)
    resolver.stop()
    authoritative.stop()
    sign(place, 'now-3600')
    place.named('authoritative', AUTHORITATIVE)
    resolver = place.named('resolver', config)
    def validated():
        place.service.noon('refresh')
        return place.used().get('10.99.0.5', {'unvalidated': True})['unvalidated'] is False
    tap.check(labs.wait_for(validated, 60, 2) and place.service.node()['state'] == 'synchronised',
              'when it can validate again the name is, without a gap',
              f'{place.used()}\n{daemon.log()}\n{resolver.log()}')


def main():
    programs = [os.path.abspath(path) for path in sys.argv[1:4]]
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = Peers(sys.argv[4])
    missing = peers.fetch(PACKAGES)
    if missing:
        skip_all(f'packages that cannot be had: {", ".join(missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        place = Place(lab, peers, programs)
        lab.write('time.zone', ZONE)
        lab.write('public.zone', PUBLIC)
        anchor = sign(place, 'now+86400')
        authoritative = place.named('authoritative', AUTHORITATIVE)
        records(tap, place)
        dead_family(tap, place)
        validating(tap, place, authoritative, anchor)
    tap.done()


main()
