#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Key exchanges of NTS that go wrong in every way: each is told in words, counted, and changes
nothing for the other sources.

usage: test_nts_hostile.py NOOND NOON NOON-HELPER      prints TAP
"""
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.certificates import Authority  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

HELPER = os.path.join(HERE, '..', 'support', 'hostile_ke.py')

# Certificate, manner, result, what `noon why` says of it.
CASES = [
    ('expired', 'good', 'expired', 'its certificate has expired, valid from'),
    ('notyet', 'good', 'not-yet', 'its certificate is not valid yet, valid from'),
    ('othername', 'good', 'name', 'its certificate is for another name'),
    ('selfsigned', 'good', 'untrusted', 'self-signed'),
    ('right', 'garbage', 'message', 'its key exchange message is no good'),
    ('right', 'silent', 'slow', 'not finished in time'),
    ('right', 'slow', 'slow', 'not finished in time'),
    ('right', 'million', 'message', 'it is longer than any honest one'),
    ('right', 'critical', 'message', 'a record that must be understood'),
    ('right', 'error', 'error', 'it takes the request for a bad one'),
    ('right', 'no-cookie', 'message', 'it brings no cookie'),
    ('right', 'cut', 'message', 'it ended in the middle'),
    ('right', 'other-cipher', 'message', 'no cipher that was offered'),
    ('right', 'hangs-up', 'closed', 'broken off by the server'),
    ('right', 'no-tls', 'tls', 'no TLS 1.3 connection'),
    ('right', 'tls12', 'tls', 'no TLS 1.3 connection'),
    ('right', 'no-alpn', 'protocol', 'does not speak NTS-KE'),
]
FIRST_PORT = 15000
ANSWERS_WITHIN_S = 40


def make_certificates(folder):
    authority = Authority(folder)
    authority.sign('right')
    authority.sign('expired', begins=-400, ends=-30)
    authority.sign('notyet', begins=30, ends=400)
    authority.sign('othername', alternative='DNS:other.example')
    authority.self_signed('selfsigned')
    return authority


def configuration(authority):
    lines = [services.SOURCE, f'ntstrustedcerts {authority.path}\n', 'nosystemcert\n',
             'authselectmode ignore\n', 'cmdport 0\n']
    for i in range(len(CASES)):
        lines.append(f'server 127.0.0.1 port {20000 + i} ntsport {FIRST_PORT + i} nts\n')
    lines.append('server 127.0.0.1 port 20100 ntsport 15100 nts\n')  # nobody listens there
    lines.append('server 10.99.0.2 nts\n')  # a firewall swallows it
    return ''.join(lines)


def by_port(service):
    """The sources as JSON, by their port of NTP."""
    import json
    answer = service.noon('sources', '--json')
    found = {}
    for source in json.loads(answer.stdout)['sources'] if answer.stdout else []:
        address = source['address'] or ''
        found[int(address.rpartition(':')[2]) if address.count(':') == 1 else 123] = source
    return found


def told(service, port):
    return service.noon('why', f'127.0.0.1:{port}' if port != 123 else '10.99.0.2').stdout


def check_case(tap, service, port, case, source):
    certificate, manner, result, words = case
    text = told(service, port)
    tap.check(source.get('ke_result') == result and words in text and source['ke_attempts'] >= 1,
              f'{certificate} certificate, {manner}: {words}', f'{source.get("ke_result")}\n{text}')
    tap.check(source.get('accepted') == 0 and source.get('state') in ('key-exchange', 'cert-time'),
              f'{certificate} certificate, {manner}: it is not followed', source.get('state'))


def main(programs):
    reason = labs.unable() or ('' if shutil.which('openssl') else 'no openssl here')
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        machine = lab.machine('node')
        lab.connect(machine, lab.machine('wall'), '10.99.0.1/24', '10.99.0.3/24', link='wall')
        machine.run('ip', 'neigh', 'add', '10.99.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'wall')
        authority = make_certificates(lab.directory('certificates'))
        service = services.Service(lab, machine, programs)
        os.chown(service.state, services.NOBODY, services.NOBODY)
        service.reference()
        hostile = machine.start('hostile', 'python3', HELPER, authority.folder,
                                *(f'{FIRST_PORT + i}={case[0]}:{case[1]}'
                                  for i, case in enumerate(CASES)))
        time.sleep(1)
        service.configure(configuration(authority))
        daemon = service.start()
        tap.check(service.synchronised(), 'an honest source beside them is followed', daemon.log())
        wanted = [20000 + i for i in range(len(CASES))] + [20100, 123]
        labs.wait_for(lambda: all(by_port(service).get(port, {}).get('ke_result') != 'none'
                                  for port in wanted), ANSWERS_WITHIN_S, 1)
        sources = by_port(service)
        for i, case in enumerate(CASES):
            check_case(tap, service, 20000 + i, case, sources.get(20000 + i, {}))
        text = told(service, 20100)
        tap.check(sources[20100]['ke_result'] == 'refused' and 'nothing listens' in text,
                  'nothing listens there', text)
        text = told(service, 123)
        tap.check(sources[123]['ke_result'] == 'timeout' and 'a firewall may let NTP (UDP) pass' in
                  text, 'a firewall that swallows TCP is suspected in words', text)
        tap.check(max(hostile.log().split().count(str(FIRST_PORT + i))
                      for i in range(len(CASES))) <= 3, 'nobody is asked all the time',
                  hostile.log())
        honest = [s for s in sources.values() if s['auth'] == 'none']
        tap.check(len(honest) == 1 and honest[0]['state'] == 'selected' and daemon.running(),
                  'the honest source was followed all the time', service.noon('sources').stdout)
        tap.check(daemon.stop() == 0, 'noond ends with exit code 0', daemon.log())
    tap.done()


if __name__ == '__main__':
    main(sys.argv[1:])
