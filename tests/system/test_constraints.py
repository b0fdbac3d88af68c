#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The time of HTTPS servers as a bound on what sources may say: `constraint`, against TLS servers
that are right, wrong, and misbehave in every way.

usage: test_constraints.py NOOND NOON NOON-HELPER      prints TAP
"""
import email.utils
import os
import shutil
import socket
import ssl
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.certificates import Authority  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

FIRST_PORT = 14430


def head(late_s=0, status='200 OK', more=''):
    date = email.utils.formatdate(time.time() + late_s, usegmt=True)
    return f'HTTP/1.1 {status}\r\nServer: test\r\n{more}Date: {date}\r\n\r\n'.encode()


def trickle(connection):
    for octet in head():
        connection.sendall(bytes([octet]))
        time.sleep(1)


def flood(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\n')
    for _ in range(1000):
        connection.sendall(b'X-Filler: ' + b'x' * 1000 + b'\r\n')


MANNERS = {
    'right': lambda c: c.sendall(head()),
    'redirect': lambda c: c.sendall(head(status='301 Moved', more='Location: https://a.example/\r\n')),
    'late': lambda c: c.sendall(head(86400)),
    'ancient': lambda c: c.sendall(head(-3000 * 86400)),
    'garbage': lambda c: c.sendall(os.urandom(20000)),
    'slow': trickle,
    'huge': flood,
    'no-date': lambda c: c.sendall(b'HTTP/1.1 200 OK\r\n\r\n'),
    'two-dates': lambda c: c.sendall(head(more='Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n')),
    'cut': lambda c: c.sendall(head()[:30]),
}

# Certificate, manner, result, words of `noon status`.
CASES = [
    ('right', 'garbage', 'response', 'not HTTP'),
    ('right', 'slow', 'slow', 'took too long'),
    ('right', 'huge', 'response', 'too long'),
    ('right', 'no-date', 'no-date', 'no date'),
    ('right', 'two-dates', 'no-date', 'no date'),
    ('right', 'cut', 'closed', 'broke off'),
    ('right', 'hangs-up', 'tls', 'no TLS'),
    ('right', 'no-tls', 'tls', 'no TLS'),
    ('right', 'ancient', 'expired', 'not valid at the time that it tells'),
    ('expired', 'right', 'expired', 'not valid at the time that it tells'),
    ('othername', 'right', 'certificate', 'not trusted here, or is for another name'),
    ('selfsigned', 'right', 'certificate', 'not trusted here'),
]


class Server:
    """An HTTPS server in the machine's namespace: its own process, ended with the lab."""

    def __init__(self, folder):
        self.folder = folder

    def talk(self, connection, tls, manner):
        try:
            connection.settimeout(60)
            if manner == 'hangs-up':
                return
            if manner == 'no-tls':
                connection.sendall(head())
                time.sleep(1)
                return
            with tls.wrap_socket(connection, server_side=True) as secure:
                secure.recv(4096)
                MANNERS[manner](secure)
        except OSError:
            pass
        finally:
            connection.close()

    def serve(self, listener, certificate, manner):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.path.join(self.folder, certificate + '.pem'),
                            os.path.join(self.folder, certificate + '.key'))
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self.talk, args=(connection, tls, manner), daemon=True).start()


def be_servers(folder, servers):
    """This file as a program: PORT=CERTIFICATE:MANNER..."""
    for server in servers:
        port, _, rest = server.partition('=')
        certificate, _, manner = rest.partition(':')
        listener = socket.create_server(('127.0.0.1', int(port)))
        threading.Thread(target=Server(folder).serve, args=(listener, certificate, manner),
                         daemon=True).start()
    print('ready', flush=True)
    time.sleep(3600)


class Bench:
    """noond and its servers on one machine."""

    def __init__(self, lab, programs):
        self.machine = lab.machine('node')
        self.authority = Authority(lab.directory('certificates'))
        self.authority.sign('right')
        self.authority.sign('named', alternative='DNS:localhost')
        self.authority.sign('expired', begins=-400, ends=-30)
        self.authority.sign('othername', alternative='DNS:other.example')
        self.authority.self_signed('selfsigned')
        self.ports = {}
        arguments = []
        wanted = CASES + [('right', name, '', '') for name in ('right', 'redirect', 'late')]
        wanted.append(('named', 'right', '', ''))
        for i, (certificate, manner, _, _) in enumerate(wanted):
            self.ports[certificate, manner] = FIRST_PORT + i
            arguments.append(f'{FIRST_PORT + i}={certificate}:{manner}')
        https = self.machine.start('https', sys.executable, os.path.abspath(__file__), '--serve',
                           self.authority.folder, *arguments)
        self.service = services.Service(lab, self.machine, programs)
        self.service.reference()
        labs.wait_for(lambda: 'ready' in https.log(), 20)

    def line(self, manner, certificate='right'):
        return f'constraint https://127.0.0.1:{self.ports[certificate, manner]}/\n'

    def start(self, *constraints):
        self.service.configure(services.SOURCE + f'ntstrustedcerts {self.authority.path}\n'
                               'nosystemcert\ncmdport 0\n' + ''.join(constraints))
        return self.service.start()

    def when(self, condition, timeout_s=30):
        """Waits for a condition of the node's status; the last status."""
        seen = {}

        def look():
            seen.update(self.service.node())
            return bool(seen) and condition(seen)

        labs.wait_for(look, timeout_s)
        return seen


def check_right(tap, bench):
    daemon = bench.start(bench.line('right'), bench.line('redirect'))
    tap.check(bench.service.synchronised(40), 'right servers: the source is followed', daemon.log())
    node = bench.when(lambda n: n['constraint_servers'] == 2)
    tap.check(node['constraint_servers'] == 2 and abs(node['constraint_offset_s']) < 5 and
              node['constraint_rejections'] == 0,
              'both have told the time, a redirection too', node)
    tap.check('2 HTTPS servers, off by' in bench.service.noon('status').stdout,
              '`noon status` says so', bench.service.noon('status').stdout)
    tap.check('the time that HTTPS servers tell' in daemon.log(), 'and the log', daemon.log())
    daemon.stop()


def check_wrong(tap, bench):
    daemon = bench.start(bench.line('late'))
    node = bench.when(lambda n: n['reason'] == 'contradicted', 40)
    why = bench.service.noon('why').stdout
    tap.check(node.get('reason') == 'contradicted' and node['constraint_rejections'] >= 1 and
              bench.service.source()['state'] == 'contradicts',
              'a source a day away from the constraint is not followed, and counted', node)
    tap.check('its time is not what the HTTPS servers (constraint) say' in why,
              '`noon why` names the reason', why)
    daemon.stop()
    daemon = bench.start(bench.line('late'), bench.line('right'), bench.line('redirect'))
    tap.check(bench.service.synchronised(40), 'one wrong server of three is outvoted', daemon.log())
    daemon.stop()


def check_name(tap, bench):
    port = bench.ports['named', 'right']
    for word in ('constraint', 'constraints'):
        daemon = bench.start(f'{word} https://localhost:{port}/\n')
        node = bench.when(lambda n: n['constraint_servers'] == 1 and n['state'] == 'synchronised')
        tap.check(node.get('constraint_servers') == 1 and node.get('state') == 'synchronised',
                  f'{word} with a name is looked up, and its certificate is for the name',
                  daemon.log())
        daemon.stop()


def check_hostile(tap, bench):
    for certificate, manner, result, words in CASES:
        daemon = bench.start(bench.line(manner, certificate))
        node = bench.when(lambda n: n['constraint_result'] not in ('none', 'ok'), 30)
        text = bench.service.noon('status').stdout
        tap.check(node.get('constraint_result') == result and words in text,
                  f'{certificate} certificate, {manner}: {words}',
                  f'{node.get("constraint_result")}\n{text}\n{daemon.log()}')
        tap.check(node.get('constraint_servers') == 0 and node.get('state') != 'synchronised',
                  f'{certificate} certificate, {manner}: it bounds nothing', node)
        tap.check(bench.line(manner, certificate).split()[-1].rstrip('/') in daemon.log(),
                  f'{certificate} certificate, {manner}: the log names its URL', daemon.log())
        tap.check(daemon.running() and daemon.stop() == 0, f'{manner}: noond is unharmed',
                  daemon.log())


def main(programs):
    reason = labs.unable() or ('' if shutil.which('openssl') else 'no openssl here')
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        bench = Bench(lab, programs)
        os.chown(bench.service.state, services.NOBODY, services.NOBODY)
        check_right(tap, bench)
        check_wrong(tap, bench)
        check_name(tap, bench)
        check_hostile(tap, bench)
    tap.done()


if __name__ == '__main__':
    if sys.argv[1] == '--serve':
        be_servers(sys.argv[2], sys.argv[3:])
    else:
        main(sys.argv[1:])
