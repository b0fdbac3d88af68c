#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond as an NTS server of many: two servers with one ring of keys, renewed certificates under
load, addresses that may not ask or ask too often, ciphers of the operator's choice.

usage: test_nts_service.py NOOND NOON NOON-HELPER      prints TAP
"""
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import pki  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

# The first server exchanges keys, and sends its clients to the second one for the time.
FIRST, SECOND = '10.77.1.1', '10.77.2.1'
ROTATE_S = 10

# Exchanges keys again and again until a file is there; prints a line for each: the certificate's
# serial number, the cipher, the number of cookies, or what went wrong.
CLIENT = '''
import os, socket, ssl, struct, sys
server, port, stop, most, ciphers = sys.argv[1], 4460, sys.argv[2], int(sys.argv[3]), sys.argv[4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(sys.argv[5])
context.set_alpn_protocols(['ntske/1'])
offer = b''.join(struct.pack('>H', int(c)) for c in ciphers.split(','))
request = (struct.pack('>HHH', 0x8001, 2, 0) + struct.pack('>HH', 0x8004, len(offer)) + offer +
           struct.pack('>HH', 0x8000, 0))

def exchange():
    with context.wrap_socket(socket.create_connection((server, port), 10),
                             server_hostname=server) as tls:
        tls.sendall(request)
        answer = b''
        while more := tls.recv(4096):
            answer += more
        serial = tls.getpeercert()['serialNumber']
    cookies, cipher = 0, 0
    while answer:
        kind, size = struct.unpack('>HH', answer[:4])
        cookies += kind & 0x7fff == 5
        if kind & 0x7fff == 4 and size == 2:
            cipher = struct.unpack('>H', answer[4:6])[0]
        answer = answer[4 + size:]
    return f'{serial} {cipher} {cookies}'

done = 0
while done < most and not os.path.exists(stop):
    done += 1
    try:
        print(exchange(), flush=True)
    except (OSError, ValueError) as error:
        print('failed:', type(error).__name__, error, flush=True)
'''


class Cluster:
    """Two servers of one name, and a client beside them."""

    def __init__(self, lab, programs):
        self.lab = lab
        names = ('first', 'second', 'client')
        self.machines = {name: lab.machine(name) for name in names}
        self.client = self.machines['client']
        lab.connect(self.machines['first'], self.client, f'{FIRST}/24', '10.77.1.2/24', link='one')
        lab.connect(self.machines['second'], self.client, f'{SECOND}/24', '10.77.2.2/24',
                    link='two')
        self.services = {name: services.Service(lab, self.machines[name], programs, name)
                         for name in names}
        self.authority = pki.Authority(lab.path('pki'))
        self.certificate, self.key = self.authority.pair('server', f'IP:{FIRST}', f'IP:{SECOND}')
        self.daemons = {}

    def configure(self, name, lines):
        self.services[name].configure(
            f'cmdport 0\nlocal stratum 8\nallow\nntsservercert {self.certificate}\n'
            f'ntsserverkey {self.key}\n{lines}')

    def start(self, name, lines):
        self.configure(name, lines)
        self.daemons[name] = self.services[name].start(user='0:0', clock=('-x',))

    def reload(self, name, lines):
        """Another configuration; returns when another process exchanges keys."""
        old = self.services[name].child('nts-server')
        self.configure(name, lines)
        self.services[name].noon('reload')
        labs.wait_for(lambda: self.services[name].child('nts-server') not in (0, old), 20)

    def stop(self, *names):
        return [self.daemons[name].stop() for name in names]

    def restart_client(self):
        """With nothing kept: it needs keys anew."""
        if 'client' in self.daemons:
            self.stop('client')
        shutil.rmtree(self.services['client'].state)
        os.mkdir(self.services['client'].state)
        self.services['client'].configure(
            f'server {FIRST} nts iburst minpoll 0 maxpoll 0\ncmdport 0\nnosystemcert\n'
            f'ntstrustedcerts {self.authority.certificate}\n')
        self.daemons['client'] = self.services['client'].start(user='0:0', clock=('-x',))

    def source(self):
        return self.services['client'].source(FIRST)

    def served(self, name):
        """Counters of a server: its requests, and its key exchanges."""
        node = self.services[name].node()
        return node.get('server', {}), node.get('ke_server', {})

    def log(self):
        return ''.join(daemon.log() for daemon in self.daemons.values())

    def exchange(self, count=1, ciphers='15,30', stop='/none'):
        """Lines of so many key exchanges with the first server."""
        text = self.client.run('python3', '-c', CLIENT, FIRST, stop, str(count), ciphers,
                               self.authority.certificate)
        return text.splitlines()


def is_followed(cluster, accepted=2):
    source = cluster.source()
    return source.get('accepted', 0) > accepted and source['naks'] == 0 and \
        source['address'].startswith(SECOND) and source


def one_secret(tap, cluster):
    """Keys derived from a secret: the rings change together."""
    secret = cluster.lab.write('secret', 'a secret of some length for two servers')
    os.chmod(secret, 0o600)
    lines = f'ntssharedsecret {secret}\nntsrotate {ROTATE_S}\n'
    cluster.start('first', f'{lines}ntsntpserver {SECOND}\n')
    cluster.start('second', lines)
    cluster.restart_client()
    source = labs.wait_for(lambda: is_followed(cluster), 30)
    begun_span = time.time() // ROTATE_S
    tap.check(source, 'cookies of one server are good at the other, by a shared secret',
              f'{cluster.source()}\n{cluster.log()}')
    # The client still has cookies of before.
    labs.wait_for(lambda: time.time() // ROTATE_S > begun_span, 2 * ROTATE_S)
    before = cluster.source().get('accepted', 0)
    source = labs.wait_for(lambda: is_followed(cluster, before + 1), 30)
    tap.check(source and source['ke_attempts'] == 1, 'and go on over changes of the keys',
              f'{cluster.source()}\n{cluster.log()}')
    cluster.restart_client()
    tap.check(labs.wait_for(lambda: is_followed(cluster), 30),
              'and those that are given after a change', f'{cluster.source()}\n{cluster.log()}')
    server, _ = cluster.served('second')
    tap.check(server.get('nts_naks') == 0 and server.get('nts_answers', 0) > 5 and
              cluster.served('second')[1].get('connections') == 0,
              'the other one has refused none, and exchanged no keys', server)
    cluster.stop('first', 'second')


def one_file(tap, cluster):
    """Random keys, kept in a file that is copied while both run."""
    files = [os.path.join(cluster.services[name].state, 'nts-cookie-keys')
             for name in ('first', 'second')]
    cluster.start('first', f'ntsrotate 3600\nntsntpserver {SECOND}\n')
    cluster.start('second', 'ntsrotate 0\n')
    labs.wait_for(lambda: all(os.path.exists(file) for file in files), 10)
    cluster.restart_client()
    tap.check(labs.wait_for(lambda: cluster.served('second')[0].get('nts_naks', 0) > 0, 30),
              'cookies of a server with other keys are refused by NAK',
              f'{cluster.source()}\n{cluster.log()}')
    tap.check(cluster.source().get('naks', 0) > 0 and cluster.source().get('accepted') == 0,
              'and their client believes nothing', cluster.source())
    shutil.copy(files[0], files[1] + '.new')
    os.rename(files[1] + '.new', files[1])
    taken = labs.wait_for(lambda: 'other keys of cookies' in cluster.daemons['second'].log(), 15)
    tap.check(taken, 'a file that is copied is taken up', cluster.log())
    cluster.restart_client()
    tap.check(labs.wait_for(lambda: is_followed(cluster), 30),
              'cookies of one server are good at the other, by a copied file',
              f'{cluster.source()}\n{cluster.log()}')
    cluster.stop('client', 'second')


def renewal(tap, cluster):
    """Key exchanges without a pause while certificates are renewed twice; none may fail."""
    stop = cluster.lab.path('stop')
    storm = cluster.client.start('storm', 'python3', '-c', CLIENT, FIRST, stop, '100000', '15',
                                 cluster.authority.certificate)
    serials = []
    for i in range(3):
        seen = labs.wait_for(lambda: (line := storm.log().splitlines()) and len(line) > 20 and
                             line[-1].split()[0] not in serials and line[-1].split()[0], 20, 0.1)
        serials.append(seen)
        if i < 2:
            made = cluster.authority.pair(f'renewed{i}', f'IP:{FIRST}')
            for new, old in zip(made, (cluster.certificate, cluster.key)):
                os.replace(new, old)
            cluster.services['first'].noon('reload')
    with open(stop, 'w', encoding='ascii'):
        pass
    storm.process.wait(20)
    lines = storm.log().splitlines()
    bad = [line for line in lines if not line.endswith(' 15 8')]
    tap.check(all(serials) and len(set(serials)) == 3, 'two renewed certificates were taken up',
              serials)
    tap.check(not bad, 'and not one exchange of keys failed meanwhile', bad[:5])
    tap.note(f'{len(lines)} exchanges of keys over two renewals')


def broken_renewal(tap, cluster):
    """Certificates and keys that can't be used: refused by name, and the old ones serve on."""
    first = cluster.services['first']
    certificate, key = cluster.certificate, cluster.key
    serving = first.child('nts-server')
    serial = cluster.exchange(ciphers='15')[0].split()[0]
    good = {}
    for path in (certificate, key):
        with open(path, encoding='ascii') as file:
            good[path] = file.read()
    made = cluster.authority.pair('other', f'IP:{FIRST}')
    with open(made[1], encoding='ascii') as file:
        other_key = file.read()
    for path, content, reason in ((certificate, 'half a cert', 'is no certificate in PEM'),
                                  (key, None, "can't be read"),
                                  (key, 'no key', 'is no private key in PEM'),
                                  (key, other_key, 'is not the private key of this')):
        if content is None:
            os.remove(path)
        else:
            with open(path, 'w', encoding='ascii') as file:
                file.write(content)
        done = first.noon('reload')
        said = f'{path} {reason}'
        tap.check(done.returncode == 1 and said in done.stdout + done.stderr and
                  said in cluster.daemons['first'].log(),
                  f'`noon reload` refuses a file that {reason}', f'{done}\n{cluster.log()}')
        with open(path, 'w', encoding='ascii') as file:
            file.write(good[path])
        if content == 'half a cert':
            text = first.noon('status').stdout
            tap.check(said in text, 'and noon status names it', text)
    tap.check(first.child('nts-server') == serving and
              cluster.exchange(ciphers='15')[0] == f'{serial} 15 8',
              'meanwhile the same process serves the old certificate', cluster.log())
    for new, old in zip(made, (certificate, key)):
        os.replace(new, old)
    done = first.noon('reload')
    taken = labs.wait_for(lambda: (line := cluster.exchange(ciphers='15')[0]).endswith(' 15 8') and
                          not line.startswith(serial), 20)
    tap.check(done.returncode == 0 and taken and 'last reload' not in first.noon('status').stdout,
              'the next reload takes up what is good', f'{done}\n{cluster.log()}')


def choice(tap, cluster):
    """ntsaeads, ntsratelimit, allow and deny: what is granted, and to whom."""
    first = cluster.services['first']
    for ours, theirs, granted in (('15', '30,15', ' 15 8'), ('30', '15,30', ' 30 8'),
                                  ('30', '15', ' 0 0')):
        cluster.reload('first', f'ntsaeads {ours}\n')
        lines = cluster.exchange(ciphers=theirs)
        tap.check(lines[0].endswith(granted),
                  f'of {theirs}, ntsaeads {ours} grants{granted.rpartition(" ")[0]}', lines)
    tap.check(labs.wait_for(lambda: cluster.served('first')[1].get('no_cipher', 0) > 0, 5),
              'a client with no cipher in common is counted', cluster.served('first')[1])
    first.noon('deny', '10.77.1.0/24')
    before = cluster.served('first')[1].get('refused', 0)
    lines = labs.wait_for(lambda: (said := cluster.exchange()) and 'failed' in said[0] and said, 10)
    refused = labs.wait_for(lambda: cluster.served('first')[1].get('refused', 0) > before, 5)
    text = first.noon('status').stdout
    tap.check(lines and refused and 'not allowed' in text,
              'who may not ask for time gets no keys, and is counted', f'{lines}\n{text}')
    first.noon('allow', '10.77.1.0/24')
    tap.check(labs.wait_for(lambda: cluster.exchange(ciphers='30')[0].endswith(' 30 8'), 10),
              'who may again gets some', cluster.exchange())
    cluster.reload('first', 'ntsratelimit interval 10 burst 4\n')
    lines = cluster.exchange(20)
    limited = labs.wait_for(lambda: cluster.served('first')[1].get('limited', 0) > 0, 5)
    good = sum(line.endswith(' 8') for line in lines)
    tap.check(limited and 4 <= good < 20,
              'ntsratelimit turns away who comes too often, and counts', f'{lines}\n{limited}')


def main(programs):
    reason = labs.unable() or pki.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        cluster = Cluster(lab, programs)
        one_secret(tap, cluster)
        one_file(tap, cluster)
        renewal(tap, cluster)
        broken_renewal(tap, cluster)
        choice(tap, cluster)
        tap.check(cluster.stop('first') == [0], 'it ends with exit code 0', cluster.log())
    tap.done()


if __name__ == '__main__':
    main(sys.argv[1:])
