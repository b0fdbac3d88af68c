#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond as an NTS server, by an ntp.conf: Debian's chronyd, ntpsec's ntpd and noond itself exchange keys with it and
follow it (the latter by an ntp.conf too); clients without TLS or with nothing to say do no harm; a restart keeps cookies good; a
reload takes up another certificate.

usage: test_nts_server.py NOOND NOON NOON-HELPER PEERS-FOLDER     prints TAP
"""
import json
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs, pki  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

SERVER, CLIENT, OTHER = '10.77.0.1', '10.77.0.2', '10.78.0.1'


def noond(program, machine, name, config):
    lab = machine.lab
    folder = lab.directory(f'{machine.name}-{name}')
    path = lab.write(f'{machine.name}-{name}.conf', config)
    return machine.start(name, program, '-d', '-x', '-f', path, '-s', folder, '-r', folder, '-u', 'root')


def status(noon, machine, name):
    text = machine.run(noon, 'status', '--json', '-r', machine.lab.path(f'{machine.name}-{name}'),
                       check=False)
    try:
        node = json.loads(text)['node']
        return dict(node['server'], ke=node['ke_server'])
    except (ValueError, KeyError):
        return {}


def hostile(machine):
    """Says nothing, and says nonsense, to the port of key exchange."""
    script = ('import socket, time\n'
              'for _ in range(100):\n'
              '    try:\n'
              f'        socket.create_connection(("{SERVER}", 4460), 3).close()\n'
              '        break\n'
              '    except OSError:  # does not listen yet\n'
              '        time.sleep(0.1)\n'
              f'quiet = [socket.create_connection(("{SERVER}", 4460), 3) for _ in range(150)]\n'
              f'rude = socket.create_connection(("{SERVER}", 4460), 3)\n'
              'rude.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n" * 100)\n'
              'time.sleep(4)\n')
    return machine.start('hostile', 'python3', '-c', script)


def openssl(machine, *arguments):
    return machine.run('sh', '-c', f'openssl s_client -connect {SERVER}:4460 {" ".join(arguments)} '
                       '</dev/null 2>&1', check=False)


def chrony_keys(peers, machine):
    """Fields of chronyc authdata for the server: mode, key, type, length, ... cookies."""
    text = peers.chronyc(machine, 'chronyd', 'authdata')
    line = next((line for line in text.splitlines() if line.startswith(SERVER)), '')
    return line.split(',')


def main(built, noon, helper, folder):
    reason = labs.unable() or pki.unable()
    if reason:
        skip_all(reason)
    peers = Peers(folder)
    if peers.fetch():
        skip_all(f'packages that could not be fetched: {", ".join(peers.missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        above, below, beside = (lab.machine(name) for name in ('server', 'client', 'beside'))
        lab.connect(above, below, f'{SERVER}/24', f'{CLIENT}/24')
        lab.connect(above, beside, f'{OTHER}/24', '10.78.0.2/24', link='lan1')
        # noond looks for noon-helper beside itself.
        program = os.path.join(lab.directory('bin'), 'noond')
        os.symlink(built, program)
        os.symlink(helper, lab.path('bin/noon-helper'))
        authority = pki.Authority(lab.path('pki'))
        certificate, key = authority.pair('server', f'IP:{SERVER}', f'IP:{OTHER}', 'DNS:noon.test')
        config = (f'cmdport 0\nlocal stratum 8\nallow\nntsservercert {certificate}\nntsserverkey {key}\n'
                  'ntsrotate 3600\nntsprocesses 2\n')
        # NTPsec's lines; the native ones come with the restart.
        as_ntpsec = ('server 127.127.1.0\nfudge 127.127.1.0 stratum 7\nrestrict default noquery\n'
                     f'nts cert {certificate}\nnts key {key}\nnts tlsciphersuites '
                     'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384\nnts enable\n')
        daemon = noond(program, above, 'noond', as_ntpsec)
        attack = hostile(below)
        trust = authority.certificate
        peers.chronyd(below, 'chronyd', f'server {SERVER} nts iburst minpoll 0 maxpoll 2\nport 0\n'
                      f'ntstrustedcerts {trust}\nntsdumpdir {lab.directory("dump")}\n')
        ntpsec = peers.ntpsec(beside, 'ntpsec', f'server {OTHER} nts ca {trust} iburst minpoll 3 '
                              'maxpoll 4\nrestrict 127.0.0.1\n')
        # Not beside ntpsec's ntpd: the first of them to have port 123 would answer ntpq for both.
        client = noond(program, below, 'client', f'server {SERVER}:4460 nts ca {trust} iburst '
                       'minpoll 0 maxpoll 2\nnts aead AES_SIV_CMAC_256\nrestrict default ignore\n')
        seen = labs.wait_for(lambda: peers.chrony_follows(below, 'chronyd', SERVER), 40)
        tap.check(seen and abs(seen['offset_s']) < 0.01, 'chronyd follows it by NTS',
                  f'{seen}\n{daemon.log()}')
        fields = labs.wait_for(lambda: (f := chrony_keys(peers, below)) and len(f) > 8 and
                               f[1] == 'NTS' and f, 5)
        tap.check(fields and fields[8] == '8', 'chronyd has eight cookies, and gets new ones', fields)
        seen = labs.wait_for(lambda: any(
            s.get('accepted', 0) > 2 and s.get('state') == 'selected'
            for s in sources(noon, below, 'client')), 40)
        tap.check(seen, 'noond follows it by NTS', f'{client.log()}\n{daemon.log()}')
        seen = labs.wait_for(lambda: peers.ntpsec_follows(beside, OTHER), 60, 1)
        tap.check(seen and abs(seen['offset_s']) < 0.01, "ntpsec's ntpd follows it by NTS",
                  f'{seen}\n{ntpsec.log()}\n{daemon.log()}')
        attack.stop()
        server = labs.wait_for(lambda: (s := status(noon, above, 'noond')) and
                               s.get('authenticated', 0) > 5 and s, 10) or {}
        tap.check(server.get('authenticated', 0) > 5 and
                  server.get('nts_answers', 0) == server['authenticated'] and
                  server.get('nts_cookies', 0) >= server['nts_answers'],
                  'what is authenticated is counted', server)
        # Who said nothing is not even let in before five seconds are over.
        ke = labs.wait_for(lambda: (k := status(noon, above, 'noond').get('ke', {})) and
                           k.get('exchanges', 0) >= 3 and k.get('handshakes_failed', 0) >= 1 and k,
                           15) or {}
        tap.check(ke, 'key exchanges are counted, and those that failed by their reason',
                  status(noon, above, 'noond'))
        text = above.run(noon, 'status', '-r', lab.path('server-noond'), check=False)
        tap.check('got keys' in text and 'without TLS' in text, '`noon status` says so', text)
        check_tls(tap, below)
        check_restart(tap, program, noon, peers, lab, (above, below), (daemon, config, authority))
    tap.done()


def sources(noon, machine, name):
    text = machine.run(noon, 'sources', '--json', '-r', machine.lab.path(f'{machine.name}-{name}'),
                       check=False)
    try:
        return json.loads(text)['sources']
    except (ValueError, KeyError):
        return []


def check_tls(tap, machine):
    text = openssl(machine, '-alpn ntske/1')
    tap.check('TLS_CHACHA20_POLY1305_SHA256' in text or 'TLS_AES_256_GCM_SHA384' in text,
              'with a cipher suite of those that are written', text)
    tap.check('ALPN protocol: ntske/1' in text and 'TLSv1.3' in text, 'it speaks TLS 1.3 and ntske/1',
              text)
    tap.check('TLSv1.2' not in openssl(machine, '-tls1_2 -alpn ntske/1').split('New,')[-1] or
              'alert' in openssl(machine, '-tls1_2 -alpn ntske/1'), 'TLS 1.2 is refused', '')
    text = openssl(machine, '-alpn http/1.1')
    tap.check('no application protocol' in text, 'another protocol is refused', text)


def check_restart(tap, program, noon, peers, lab, machines, running):
    above, below = machines
    daemon, config, authority = running
    # Another certificate, by a reload.
    certificate, key = authority.pair('renewed', f'IP:{SERVER}', 'DNS:renewed.test')
    for now, later in ((certificate, 'server.pem'), (key, 'server.key')):
        shutil.copy(now, authority.path(later))
    before = openssl(below, '-alpn ntske/1')
    above.run(noon, 'reload', '-r', lab.path('server-noond'))
    renewed = labs.wait_for(lambda: re.search(r'subject=CN = 10.77.0.1',
                                              text := openssl(below, '-alpn ntske/1')) and
                            text.split('-----')[2] != before.split('-----')[2], 10)
    tap.check(renewed, 'a reload takes up a new certificate', openssl(below, '-alpn ntske/1'))
    # A restart: the cookies that chronyd has are still good.
    tap.check(daemon.stop() == 0, 'it ends with exit code 0', daemon.log())
    daemon = noond(program, above, 'noond', config)
    counted = labs.wait_for(lambda: (s := status(noon, above, 'noond')) and
                            s.get('authenticated', 0) > 2 and s, 20) or {}
    tap.check(counted.get('authenticated', 0) > 2 and
              counted.get('drops', {}).get('nts-cookie', 0) == 0,
              'after a restart cookies of before are good', f'{counted}\n{daemon.log()}')
    # Keys of cookies are lost: clients are told so, and come for new ones.
    daemon.stop()
    os.unlink(lab.path('server-noond/nts-cookie-keys'))
    daemon = noond(program, above, 'noond', config)
    counted = labs.wait_for(lambda: (s := status(noon, above, 'noond')) and
                            s.get('authenticated', 0) > 2 and
                            s.get('drops', {}).get('nts-cookie', 0) > 0 and s, 60) or {}
    tap.check(counted, 'after a loss of its keys clients get an NTS NAK and come for new cookies',
              f'{status(noon, above, "noond")}\n{daemon.log()}')
    tap.check(daemon.stop() == 0, 'it ends with exit code 0 again', daemon.log())


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
