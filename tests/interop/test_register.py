#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noon-register: a server is in DNS while its time is good, and no longer: at BIND and Knot by signed
updates, and at an endpoint that stands for Route 53 and checks every signature.

usage: test_register.py NOOND NOON NOON-HELPER NOON-REGISTER PEERS-FOLDER     prints TAP

One machine has the DNS servers, the other is the server that registers.
"""
import base64
import json
import os
import re
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support import pki  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

PACKAGES = ['bind9', 'bind9-libs', 'bind9-dnsutils', 'libuv1', 'libnghttp2-14', 'libmaxminddb0',
            'liblmdb0', 'libxml2', 'libicu72', 'libjson-c5', 'libprotobuf-c1', 'libfstrm0',
            'libjemalloc2', 'knot', 'libknot13', 'libzscanner4', 'libdnssec9', 'liburcu8', 'libxdp1',
            'libbpf1', 'libfaketime']
OTHERS = '10.99.0.77'
ZONE = f"""$ORIGIN dyn.test.
$TTL 30
@ SOA a hostmaster 1 60 60 60 30
@ NS a
a A 10.99.0.1
ntp A {OTHERS}
"""
OURS = {'10.99.0.2', OTHERS}


def secret(text):
    return base64.b64encode(text.encode() * 4).decode()


class Place:
    def __init__(self, lab, peers, programs):
        self.lab, self.peers = lab, peers
        self.dns, self.node = lab.machine('dns'), lab.machine('node')
        lab.connect(self.dns, self.node, '10.99.0.1/24', '10.99.0.2/24')
        self.service = services.Service(lab, self.node, programs)
        self.program = self.service.program('noon-register')
        self.reference = self.service.reference()
        self.service.configure(services.SOURCE + 'allow 10.99.0.0/24\ncmdport 0\nmaxclockerror 10000\n')
        self.service.start()
        self.key = self.write_key('key', 'update.', 'hmac-sha256', secret('update'))
        self.registers = 0

    def write_key(self, name, key, algorithm, text):
        path = self.lab.write(name, f'// a key\nkey "{key}" {{\n\talgorithm {algorithm};\n'
                              f'\tsecret "{text}";\n}};\n')
        os.chmod(path, 0o600)
        return path

    def bind(self, more=''):
        """named with the zone, in a machine of its own files."""
        for end in ('', '.jnl'):
            if os.path.exists(self.lab.path(f'dyn.zone{end}')):
                os.unlink(self.lab.path(f'dyn.zone{end}'))
        self.lab.write('dyn.zone', ZONE)
        path = self.lab.write('named.conf', f"""
include "{self.key}";
include "{self.write_key('other.key', 'other.', 'hmac-sha256', secret('other.'))}";
include "{self.write_key('long.key', 'long.', 'hmac-sha512', secret('longer'))}";
options {{ directory "{self.lab.folder}"; listen-on {{ 10.99.0.1; 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; pid-file none; session-keyfile none; }};
controls {{ }};
zone "dyn.test" {{ type primary; file "dyn.zone"; update-policy {{ grant update. zonesub ANY;
  grant long. zonesub ANY; }}; }};
zone "broken.test" {{ type primary; file "nowhere.zone"; }};
{more}""")
        named = self.dns.start('named', self.peers.program('bind9/usr/sbin/named'), '-g', '-c', path,
                               '-n', '1', env=self.peers.env())
        labs.wait_for(lambda: self.addresses(), 15)
        return named

    def knot(self):
        lab = self.lab
        lab.write('knot.zone', ZONE)
        path = lab.write('knot.conf', f'server:\n  rundir: {lab.directory("knot-run")}\n'
                         '  listen: 10.99.0.1@53\n  user: root:root\n'
                         f'database:\n  storage: {lab.directory("knot-db")}\n'
                         f'key:\n  - id: update.\n    algorithm: hmac-sha256\n    secret: {secret("update")}\n'
                         'acl:\n  - id: ours\n    key: update.\n    action: [update, query]\n'
                         f'zone:\n  - domain: dyn.test\n    file: {lab.path("knot.zone")}\n'
                         '    acl: ours\n    zonefile-sync: -1\n    journal-content: all\n')
        knotd = self.dns.start('knotd', self.peers.program('knot/usr/sbin/knotd'), '-c', path,
                               env=self.peers.env())
        labs.wait_for(lambda: self.addresses(), 15)
        return knotd

    def dig(self, *question):
        return self.dns.run(self.peers.program('bind9-dnsutils/usr/bin/dig'), '@10.99.0.1', '+short',
                            '+tries=1', '+time=2', *question, env=self.peers.env(), check=False)

    def addresses(self, name='ntp.dyn.test'):
        return set(re.findall(r'^[\d.]+$', self.dig(name, 'A'), re.M))

    def update(self, *lines):
        """As somebody else with the key."""
        path = self.lab.write('update', '\n'.join(['server 10.99.0.1', 'zone dyn.test.', *lines,
                                                   'send', '']))
        return self.dns.run(self.peers.program('bind9-dnsutils/usr/bin/nsupdate'), '-k', self.key,
                            path, env=self.peers.env())

    def conf(self, text, name='register.conf'):
        return self.lab.write(name, f'settle 1\nmaxbound 0.05\n{text}')

    def line(self, key=None, more=''):
        return (f'address 10.99.0.2\ndns ntp.dyn.test server 10.99.0.1 zone dyn.test '
                f'key {key or self.key} check 5 {more}\n')

    def start(self, text, prefix=(), env=None):
        self.registers += 1
        return self.node.start(f'register{self.registers}', *prefix, self.program, '-f',
                               self.conf(text), '-r', self.service.run, '-s',
                               self.lab.directory('register-state'),
                               env=dict(os.environ, **(env or {})))

    def run(self, *options):
        return self.node.run(self.program, '-r', self.service.run, '-s',
                             self.lab.directory('register-state'), *options, check=False)


def says(daemon, text, timeout_s=15):
    return labs.wait_for(lambda: text in daemon.log(), timeout_s, 0.1)


def starting(tap, place):
    """Not before noond is ready; and what is shown is not sent."""
    named = place.bind()
    daemon = place.start(place.line(more='host a1.dyn.test srv 10 60'))
    good = labs.wait_for(lambda: place.addresses() == OURS, 30)
    tap.check(good, 'BIND: the address is added beside that of another server',
              f'{daemon.log()}\n{named.log()}')
    tap.check(labs.wait_for(lambda: place.addresses('a1.dyn.test') == {'10.99.0.2'}, 5) and
              place.dig('_ntp._udp.ntp.dyn.test', 'SRV').strip() == '10 60 123 a1.dyn.test.',
              'a name of its own, and an SRV record that leads to it', daemon.log())
    text = place.dns.run(place.peers.program('bind9-dnsutils/usr/bin/dig'), '@10.99.0.1', 'ntp.dyn.test',
                         env=place.peers.env())
    tap.check(re.search(r'ntp\.dyn\.test\.\s+30\s+IN\s+A\s+10\.99\.0\.2', text),
              'resolvers keep it for 30 s', text)
    return named, daemon


def repairing(tap, place, daemon):
    place.update('update delete ntp.dyn.test. A 10.99.0.2')
    tap.check(labs.wait_for(lambda: place.addresses() == OURS, 20) and
              says(daemon, '1 records were missing there'), 'a record that vanished is put back',
              daemon.log())
    began = time.monotonic()
    place.service.noon('drain')
    good = labs.wait_for(lambda: place.addresses() == {OTHERS}, 10, 0.02)
    tap.note(f'gone from DNS after {time.monotonic() - began:.2f} s')
    tap.check(good and not place.dig('_ntp._udp.ntp.dyn.test', 'SRV') and
              says(daemon, 'noond is being drained'),
              'who is drained is withdrawn, with all its records and nobody else\'s', daemon.log())
    place.service.noon('drain', 'off')
    tap.check(labs.wait_for(lambda: place.addresses() == OURS, 20), 'and comes back', daemon.log())


def losing(tap, place, daemon):
    """Its only source is gone; the bound grows by 10 ms a second."""
    place.reference.stop()
    good = labs.wait_for(lambda: place.addresses() == {OTHERS}, 60)
    tap.check(good and says(daemon, 'right only to within'),
              'when the bound has grown beyond maxbound it is withdrawn', daemon.log())
    place.reference = place.service.reference()
    tap.check(labs.wait_for(lambda: place.addresses() == OURS, 40),
              'when it is small again it is registered again', daemon.log())


def cost(tap, daemon):
    """What it has taken so far."""
    with open(f'/proc/{daemon.process.pid}/status', encoding='ascii') as file:
        memory = re.search(r'VmHWM:\s+(\d+ kB)', file.read())[1]
    with open(f'/proc/{daemon.process.pid}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(')')[2].split()
    ticks = int(fields[11]) + int(fields[12])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf('SC_CLK_TCK')
    tap.note(f'{memory} at most, {ticks * 1000 / os.sysconf("SC_CLK_TCK") / age_s:.1f} ms of CPU time a '
             f'second, in {age_s:.0f} s')


def ending(tap, place, daemon):
    cost(tap, daemon)
    code = daemon.stop(20)
    tap.check(code == 0 and place.addresses() == {OTHERS}, 'SIGTERM: withdrawn before it ends',
              f'{code}\n{daemon.log()}')
    daemon = place.start(place.line())
    labs.wait_for(lambda: place.addresses() == OURS, 20)
    daemon.stop(signum=signal.SIGKILL)
    daemon = place.start(place.line().replace('10.99.0.2', '10.99.0.9', 1))
    tap.check(labs.wait_for(lambda: place.addresses() == {'10.99.0.9', OTHERS}, 20),
              'one that was killed and has another address now takes the old one out', daemon.log())
    daemon.stop(signum=signal.SIGKILL)
    told = place.run('-w', '-f', place.lab.path('register.conf'))
    tap.check(place.addresses() == {OTHERS}, 'what a killed one left is withdrawn by -w', told)


def silent(tap, place, named):
    """The DNS server hangs: nothing is lost, and nothing else waits for it."""
    named.process.send_signal(signal.SIGSTOP)
    daemon = place.start(place.line())
    tap.check(says(daemon, 'it does not answer'), 'a silent server is said to be so', daemon.log())
    named.process.send_signal(signal.SIGCONT)
    tap.check(labs.wait_for(lambda: place.addresses() == OURS, 30),
              'when it answers again the record is there', daemon.log())
    named.process.send_signal(signal.SIGSTOP)
    daemon.process.send_signal(signal.SIGTERM)
    return daemon


def gave_up(tap, daemon, named):
    """It was told to end while the DNS server was silent."""
    code = daemon.stop(30)
    named.process.send_signal(signal.SIGCONT)
    tap.check(code == 1 and 'could not be withdrawn' in daemon.log(),
              'who can\'t withdraw says so, and that it failed', f'{code}\n{daemon.log()}')


def refused(tap, place):
    """Each refusal is told by its reason, and changes nothing."""
    wrong = place.write_key('wrong', 'update.', 'hmac-sha256', secret('wrong!'))
    unknown = place.write_key('unknown', 'unknown.', 'hmac-sha256', secret('update'))
    cases = [(place.line(wrong), '(BADSIG)'), (place.line(unknown), '(BADKEY)'),
             (place.line(place.lab.path('other.key')), '(REFUSED)'),
             (place.line().replace('dyn.test', 'broken.test'), '(SERVFAIL)'),
             (place.line().replace('dyn.test', 'else.test'), 'it does not have the zone, or')]
    for text, reason in cases:
        daemon = place.start(text)
        tap.check(says(daemon, reason) and place.addresses() == {OTHERS},
                  f'BIND: {reason.strip("()")} is told and changes nothing', daemon.log())
        daemon.stop(signum=signal.SIGKILL)
    daemon = place.start(place.line(place.lab.path('long.key')))
    tap.check(labs.wait_for(lambda: place.addresses() == OURS, 20), 'a key of HMAC-SHA512 works',
              daemon.log())
    daemon.stop(20)


def wrong_clock(tap, place):
    """What the system clock is to this program alone, an hour wrong."""
    library = place.peers.program('libfaketime/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1')
    if not os.path.exists(library):
        tap.skip('a clock that is an hour wrong', 'no libfaketime for this machine')
        return
    daemon = place.start(place.line(), env={'LD_PRELOAD': library, 'FAKETIME': '+3600s',
                                            'FAKETIME_DONT_FAKE_MONOTONIC': '1'})
    tap.check(says(daemon, 'differ by') and '(BADTIME)' in daemon.log() and
              re.search(r'differ by (1 h|59 min|60 min)', daemon.log()) and
              place.addresses() == {OTHERS},
              'with a clock that is an hour wrong nothing is registered (BADTIME)', daemon.log())
    daemon.stop(signum=signal.SIGKILL)


def knot(tap, place):
    knotd = place.knot()
    daemon = place.start(place.line())
    tap.check(labs.wait_for(lambda: place.addresses() == OURS, 20),
              'Knot: the address is added beside that of another server',
              f'{daemon.log()}\n{knotd.log()}')
    code = daemon.stop(20)
    tap.check(code == 0 and place.addresses() == {OTHERS}, 'and withdrawn', daemon.log())
    knotd.stop()


class Amazon:
    """The endpoint, seen through its file."""

    def __init__(self, place):
        self.place, self.file = place, place.lab.path('route53.json')
        authority = pki.Authority(place.lab.directory('pki'))
        certificate, key = authority.pair('route53', 'IP:10.99.0.1')
        script = os.path.join(HERE, '..', 'support', 'route53.py')
        self.daemon = place.dns.start('route53', 'python3', script, '10.99.0.1', '443', certificate,
                                      key, self.file)
        says(self.daemon, 'listens')
        place.node.run('ip', 'address', 'add', '169.254.169.254/32', 'dev', 'lo')
        self.metadata = place.node.start('metadata', 'python3', script, '169.254.169.254', '80',
                                         'metadata')
        says(self.metadata, 'listens')
        self.authorities = authority.certificate

    def line(self, more=''):
        return ('address 10.99.0.2\naddress fd99::2\nroute53 ntp.aws.test zone Z123 id one&only '
                f'endpoint https://10.99.0.1/ authorities {self.authorities} check 5 {more}\n')

    def state(self):
        with open(self.file, encoding='utf-8') as file:
            return json.load(file)

    def sets(self):
        return {(one['Type'], one['SetIdentifier'], *one['Values']) for one in self.state()['sets']}

    def order(self, **orders):
        self.place.lab.write('route53.orders', json.dumps(orders))
        os.rename(self.place.lab.path('route53.orders'), self.file + '.orders')


THEIRS = {'Name': 'ntp.aws.test.', 'Type': 'A', 'SetIdentifier': 'another', 'Weight': '', 'TTL': '30',
          'MultiValueAnswer': 'true', 'HealthCheckId': '', 'Values': ['10.99.0.77']}
AWS_THEIRS = ('A', 'another', '10.99.0.77')
AWS_OURS = {AWS_THEIRS, ('A', 'one&only', '10.99.0.2'), ('AAAA', 'one&only', 'fd99::2')}
KEYS = {'AWS_ACCESS_KEY_ID': 'AKIDTEST', 'AWS_SECRET_ACCESS_KEY': 'secret/with+signs'}


def route53(tap, place):
    amazon = Amazon(place)
    amazon.order(sets=[THEIRS])
    daemon = place.start(amazon.line(), env=KEYS)
    good = labs.wait_for(lambda: amazon.sets() == AWS_OURS, 20)
    tap.check(good, 'Route 53: sets with an identifier of its own beside another server\'s',
              f'{amazon.state()}\n{daemon.log()}')
    requests = amazon.state()['requests']
    tap.check(requests and not any(one['signature'] for one in requests),
              'each request is signed as Amazon describes it', requests)
    before = len(requests)
    amazon.order(sets=[THEIRS])
    good = labs.wait_for(lambda: 'POST' in [one['method'] for one in amazon.state()['requests'][before:]],
                         20)
    tap.check(good and amazon.sets() == AWS_OURS and says(daemon, '2 records were missing there'),
              'what vanished is put back', f'{amazon.state()}\n{daemon.log()}')
    code = daemon.stop(20)
    tap.check(code == 0 and amazon.sets() == {AWS_THEIRS}, 'withdrawn when it ends', daemon.log())
    throttled(tap, place, amazon)
    credentials(tap, place, amazon)


def throttled(tap, place, amazon):
    for orders, reason in (({'fail': [400, 'Throttling', 'Rate exceeded']}, 'it is busy: 400 Throttling'),
                           ({'fail': [403, 'AccessDenied', 'not yours']},
                            'it does not let these credentials do that: 403 AccessDenied, not yours'),
                           ({'page': '<html><p>Welcome! <br> Log in</html>'},
                            'what answers is not Route 53')):
        amazon.order(**orders)
        before = len(amazon.state()['requests'])
        daemon = place.start(amazon.line(), env=KEYS)
        tap.check(says(daemon, reason) and amazon.sets() == {AWS_THEIRS},
                  f'told: {reason}', daemon.log())
        if 'busy' in reason:
            labs.wait_for(lambda: len(amazon.state()['requests']) > before + 2, 10)
            tap.check(daemon.log().count(reason) == 1, 'and told once', daemon.log())
        daemon.stop(signum=signal.SIGKILL)
    amazon.order()


def credentials(tap, place, amazon):
    file = place.lab.write('credentials', '[other]\naws_access_key_id = no\n[default]\n'
                           'aws_access_key_id = AKIDTEST\naws_secret_access_key=secret/with+signs\n')
    os.chmod(file, 0o600)
    wrong = dict(KEYS, AWS_SECRET_ACCESS_KEY='another')
    daemon = place.start(amazon.line(), env=wrong)
    tap.check(says(daemon, '403 SignatureDoesNotMatch'), 'another secret is refused', daemon.log())
    daemon.stop(signum=signal.SIGKILL)
    for more, what in ((f'credentials {file} weight 10', 'a file'), ('', 'the role of the machine')):
        daemon = place.start(amazon.line(more))
        good = labs.wait_for(lambda: amazon.sets() == AWS_OURS, 20)
        tap.check(good, f'credentials of {what}', f'{daemon.log()}\n{amazon.state()}')
        weights = {one['Weight'] for one in amazon.state()['sets'] if one['SetIdentifier'] != 'another'}
        tap.check(weights == ({'10'} if more else {''}), 'weighted or not as configured', weights)
        daemon.stop(20)
    tap.check(amazon.state()['requests'][-1]['token'], 'a role has a token, which is sent and signed',
              amazon.state()['requests'][-1])


BAD = [('dns ntp.test server a zone test key {key}\n', 'no `address`'),
       ('address 10.0.0.1\n', 'nothing to register'),
       ('address 10.0.0.1\nttl 3600\ndns n.test server a zone test key {key}\n', '1 to 60'),
       ('address 224.0.0.1\ndns n.test server a zone test key {key}\n', ':3: expected `address'),
       ('address 10.0.0.1\ndns n.test server a zone example.net key {key}\n', 'not in the zone'),
       ('address 10.0.0.1\ndns n.test server a zone test key /nowhere\n', 'no such file'),
       ('address 10.0.0.1\ndns n.test server a zone test key {open}\n', 'everybody may read it'),
       ('address 10.0.0.1\ndns n.test server a zone test key {broken}\n', 'broken:1: '),
       ('address 10.0.0.1\ndns n.test srv 1 2 server a zone test key {key}\n', 'needs `host`'),
       ('address 10.0.0.1\nroute53 n.test\n', '`zone` is missing'),
       ('address 10.0.0.1\nroute53 n.test zone Z1 endpoint http://a\n', 'https://'),
       ('adress 10.0.0.1\n', '`adress` is not known')]


def bad_input(tap, place):
    names = {'key': place.key, 'open': place.lab.write('open', open(place.key, encoding='utf-8').read()),
             'broken': place.lab.write('broken', 'key "k" { algorithm hmac-md5; };')}
    os.chmod(names['broken'], 0o600)
    for text, expected in BAD:
        path = place.conf(text.format(**names), 'bad.conf')
        told = place.run('-f', path, '-n')
        tap.check(expected in told and '>>HEADER<<' not in told, f'refused: {expected}', told)
    told = place.run('-n', '-f', place.conf(place.line(), 'shown.conf'))
    tap.check('10.99.0.2' in told and 'UPDATE' in told and 'NONE' in told and
              secret('update') not in told, '-n shows the updates, without the secret', told)


def examples(tap, place):
    """What is installed as an example, and what the documentation shows, holds as written."""
    top = os.path.join(HERE, '..', '..')
    with open(os.path.join(top, 'deploy/register.conf'), encoding='utf-8') as file:
        texts = [file.read()]
    with open(os.path.join(top, 'docs/boundary.md'), encoding='utf-8') as file:
        texts += ['address 10.0.0.1\n' + text
                  for text in re.findall(r'```register\n(.*?)```', file.read(), re.S)]
    for text in texts:
        path = place.lab.write('example.conf', re.sub(r'^#route53', 'route53', text, flags=re.M)
                               .replace('/etc/noon/register.key', place.key))
        done = place.run('-n', '-f', path)
        tap.check('# to register ntp.zone-a.example.net.' in done and 'example.conf:' not in done,
                  'an example holds as written', done)


def main():
    programs = [os.path.abspath(path) for path in sys.argv[1:5]]
    reason = labs.unable() or pki.unable()
    if reason:
        skip_all(reason)
    peers = Peers(sys.argv[5])
    missing = peers.fetch(PACKAGES)
    if missing:
        skip_all(f'packages that cannot be had: {", ".join(missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        place = Place(lab, peers, programs)
        bad_input(tap, place)
        examples(tap, place)
        named, daemon = starting(tap, place)
        repairing(tap, place, daemon)
        losing(tap, place, daemon)
        ending(tap, place, daemon)
        refused(tap, place)
        wrong_clock(tap, place)
        leaving = silent(tap, place, named)
        route53(tap, place)
        gave_up(tap, leaving, named)
        named.stop()
        knot(tap, place)
    tap.done()


main()
