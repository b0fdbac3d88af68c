#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond follows the NTS servers of Debian's chronyd and ntpsec's ntpd; restarts, servers that lost
their keys, and clocks that are decades wrong, with real certificates.

usage: test_nts.py NOOND NOON NOON-HELPER PEERS-FOLDER     prints TAP

The clock of noond is virtual: a clock that is decades wrong is faked by it.
"""
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.certificates import Authority  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

YEAR_S = 31557600
SERVERS = 3


def chronyd(peers, machine, authority, index, name='server'):
    certificate, key = authority.files(f'server{index}')
    folder = machine.lab.directory(f'{machine.name}-{name}-keys')
    return peers.chronyd(machine, name, f'local stratum {4 + index}\nallow\nntsdumpdir {folder}\n'
                         f'ntsservercert {certificate}\nntsserverkey {key}\n')


def ntpsec(peers, machine, authority, index):
    certificate, key = authority.files(f'server{index}')
    folder = machine.lab.directory(f'{machine.name}-ntpsec-keys')
    return peers.ntpsec(machine, 'server', 'server 10.78.0.1 iburst minpoll 3 maxpoll 4\n'
                        'restrict 127.0.0.1\nrestrict 10.0.0.0 mask 255.0.0.0\nnts enable\n'
                        f'nts cert {certificate}\nnts key {key}\nnts cookie {folder}/keys\n')


def line(index):
    return f'server 10.77.{index}.1 iburst minpoll 0 maxpoll 2 nts\n'


def common(authority):
    return f'ntstrustedcerts {authority.path}\nnosystemcert\ncmdport 0\n'


def is_authentic(source):
    return source.get('auth') == 'nts' and source.get('state') == 'selected' and \
        source['cookies'] >= 6 and source['naks'] == 0 and source['authenticated']


def check_authdata(tap, service, peers, index, name):
    """`chronyc authdata` of the source, beside what noon itself says."""
    address = f'10.77.{index}.1'
    text = service.machine.run(peers.program('chrony/usr/bin/chronyc'), '-n', '-c', '-h',
                               os.path.join(service.run, 'chronyd.sock'), 'authdata',
                               env=peers.env(), check=False)
    fields = next((row.split(',') for row in text.splitlines() if row.startswith(address)), [])
    source = service.source(address)
    # Address, mode, key, type, its length, age, attempts, NAKs, cookies, their length.
    tap.check(len(fields) == 10 and fields[1] == 'NTS' and fields[3:5] == ['15', '256'] and
              int(fields[5]) < 60 and fields[6:8] == ['0', '0'] and int(fields[8]) in range(6, 9) and
              int(fields[9]) >= 64, f'chronyc authdata says the same of {name}', f'{text}\n{source}')


def follows(tap, service, peers, authority, index, name):
    """Keys once, authentic answers, and a restart that needs no key exchange."""
    service.configure(common(authority) + line(index))
    daemon = service.start()
    there = service.synchronised(30)
    source = service.source(f'10.77.{index}.1')
    tap.check(there and is_authentic(source) and source['ke_attempts'] == 1 and
              source['key_type'] == 15, f'it follows {name} with NTS', f'{source}\n{daemon.log()}')
    page = service.noon('source', f'10.77.{index}.1').stdout
    tap.check('NTS with AES-SIV-CMAC-256' in page and 'certificate valid from' in page,
              f'`noon source` tells how {name} is authenticated', page)
    check_authdata(tap, service, peers, index, name)
    tap.note(f'keys were exchanged with {name} in {source.get("ke_took_s", 0) * 1e3:.2f} ms')
    tap.check(daemon.stop() == 0, 'it ends with exit code 0', daemon.log())
    daemon = service.start()
    there = service.synchronised(30)
    source = service.source(f'10.77.{index}.1')
    tap.check(there and is_authentic(source) and source['ke_attempts'] == 0,
              f'after a restart {name} is asked with the keys that were kept',
              f'{source}\n{daemon.log()}')
    return daemon


def loses_keys(tap, service, peers, machine, authority, server):
    """The server forgets its keys: cookies of another server, so to speak."""
    server.stop()
    again = chronyd(peers, machine, authority, 0, 'again')
    done = labs.wait_for(lambda: service.source('10.77.0.1').get('naks', 0) >= 1 and
                         service.source('10.77.0.1').get('ke_attempts', 0) >= 1 and
                         service.source('10.77.0.1').get('state') == 'selected', 60, 1)
    tap.check(done, 'a NAK of a server that lost its keys leads to new ones',
              f'{service.source("10.77.0.1")}\n{again.log()}')


def wrong_clock(tap, service, authority, offset_s, name):
    service.configure(common(authority) + ''.join(line(i) for i in range(SERVERS)) +
                      'makestep 1 3\n')
    daemon = service.start(clock=('--virtual', f'{offset_s},5'))
    there = service.synchronised(60)
    node = service.node()
    off_s = abs((services.when(node['now']).timestamp() if node else 0) - time.time())
    log = daemon.log()
    tap.check(there and 'agree that this clock is wrong' in log,
              f'a clock of {name} is put right by three servers with NTS', f'{node}\n{log}')
    sources = [service.source(f'10.77.{i}.1') for i in range(SERVERS)]
    tap.check(all(s.get('ke_attempts', 0) >= 2 for s in sources) and
              all(s.get('state') in ('selected', 'combined', 'truechimer') for s in sources),
              'each certificate has been shown once more', sources)
    tap.check(off_s % 3600 < 5 or off_s % 3600 > 3595, 'and tells the time', off_s)
    daemon.stop()


def too_few(tap, service, authority):
    service.configure(common(authority) + line(0) + line(1))
    daemon = service.start(clock=('--virtual', f'{19 * YEAR_S},5'))
    told = labs.wait_for(lambda: service.node().get('reason') == 'cert-time' and 'which is over by' in
                         service.noon('why', '10.77.0.1').stdout, 30, 1)
    text = service.noon('why').stdout + service.noon('why', '10.77.0.1').stdout
    tap.check(told and 'which is over by this clock' in text and 'nocerttimecheck' in text,
              'with two servers it says why it does not start', text + daemon.log())
    daemon.stop()
    service.configure(common(authority) + line(0) + line(1) + 'nocerttimecheck 1\nmakestep 1 3\n')
    daemon = service.start(clock=('--virtual', f'{19 * YEAR_S},5'))
    tap.check(service.synchronised(30), 'nocerttimecheck lets it start', daemon.log())
    daemon.stop()


def main(programs, folder):
    reason = labs.unable() or ('' if shutil.which('openssl') else 'no openssl here')
    if reason:
        skip_all(reason)
    peers = Peers(folder)
    if peers.fetch():
        skip_all(f'packages that could not be fetched: {", ".join(peers.missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        client = lab.machine('client')
        above = [lab.machine(f'above{i}') for i in range(SERVERS)]
        for i, machine in enumerate(above):
            lab.connect(machine, client, f'10.77.{i}.1/24', f'10.77.{i}.2/24', link=f'lan{i}')
        lab.connect(above[0], above[1], '10.78.0.1/24', '10.78.0.2/24', link='ref')
        authority = Authority(lab.directory('certificates'))
        for i in range(SERVERS):
            authority.sign(f'server{i}', alternative=f'IP:10.77.{i}.1')
        servers = [chronyd(peers, above[0], authority, 0), ntpsec(peers, above[1], authority, 1),
                   chronyd(peers, above[2], authority, 2)]
        service = services.Service(lab, client, programs)
        os.chown(service.state, services.NOBODY, services.NOBODY)
        daemon = follows(tap, service, peers, authority, 0, "chronyd's server")
        loses_keys(tap, service, peers, above[0], authority, servers[0])
        daemon.stop()
        follows(tap, service, peers, authority, 1, "ntpsec's server").stop()
        for index in range(SERVERS):
            kept = os.path.join(service.state, f'10.77.{index}.1_4460.nts')
            if os.path.exists(kept):
                os.unlink(kept)
        wrong_clock(tap, service, authority, -30 * YEAR_S, '1996')
        for name in os.listdir(service.state):
            os.unlink(os.path.join(service.state, name))
        too_few(tap, service, authority)
    tap.done()


if __name__ == '__main__':
    main(sys.argv[1:4], sys.argv[4])
