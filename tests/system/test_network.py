#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Networks that come, go and change under a running noond; the ports that it uses.

usage: test_network.py NOOND NOON NOON-HELPER      prints TAP
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

SERVER = '10.77.0.1'


def make_server(lab, machine):
    """A node on `machine` that follows a reference and serves everybody."""
    server = services.Service(lab, machine, sys.argv[1:4], 'server')
    server.reference()
    server.configure(services.SOURCE + 'allow\n')
    server.start(clock=('-x',))
    return server


def next_poll_s(client):
    """How far away the next request to the server is."""
    text = client.source(SERVER).get('next_poll')
    if not text:
        return 0
    return (services.when(text) - services.when(client.node()['now'])).total_seconds()


def try_late_network(tap, client, connect):
    """Requests leave and nothing comes back, until they have become rare; then a cable comes."""
    client.machine.run('sh', '-c', f"""set -e
        ip link add hole type veth peer name bottom
        ip address add 10.99.0.1/24 dev hole
        ip link set hole up
        ip link set bottom up
        ip route add {SERVER} dev hole
        ip neighbour add {SERVER} lladdr 02:00:00:00:00:01 dev hole nud permanent""")
    client.configure(f'server {SERVER} minpoll 6 maxpoll 6\nport 0\n')
    client.start()
    far = labs.wait_for(lambda: client.daemon.running() and next_poll_s(client) > 6, 60)
    tap.check(far and client.source(SERVER)['accepted'] == 0,
              'without a network nothing is measured, and requests become rare',
              client.noon('source', SERVER).stdout)
    client.machine.run('ip', 'link', 'delete', 'hole')
    connect()
    tap.check(labs.wait_for(lambda: client.source(SERVER)['received'] > 0, 5),
              'a source is asked soon after the network comes up, not a poll later',
              client.noon('source', SERVER).stdout + client.daemon.log())


def try_churn(tap, client):
    """Interfaces come and go by the hundred: no log lines, no lost samples, no work."""
    client.configure(f'server {SERVER} iburst minpoll 0 maxpoll 0\nport 0\n')
    client.noon('reload')
    client.synchronised()
    before, lines = client.source(SERVER), client.daemon.log().count('\n')
    script = ('for i in $(seq 150); do ip link add v$i type veth peer name w$i; '
              'ip link set v$i up; ip address add 10.88.$i.1/24 dev v$i; ip link del v$i; done')
    client.machine.run('sh', '-c', script, timeout=60)
    time.sleep(1.5)
    after = client.source(SERVER)
    tap.check(client.daemon.log().count('\n') == lines, 'interfaces come and go without a log line',
              client.daemon.log())
    tap.check(after['accepted'] > before['accepted'] and
              after['sent'] - before['sent'] - (after['received'] - before['received']) <= 1 and
              after['send_errors'] == before['send_errors'], 'and without a lost sample',
              f'{before}\n{after}')
    client.daemon.stop()


def sources_of(server, client_address):
    """The ports from which the client has asked lately, as the server's machine sees them."""
    code = ('import socket, time\n'
            's = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(0x0800))\n'
            'end = time.time() + 4\n'
            's.settimeout(0.2)\n'
            'ports = set()\n'
            'while time.time() < end:\n'
            '    try: p = s.recv(2048)\n'
            '    except OSError: continue\n'
            f'    if p[9] == 17 and p[12:16] == socket.inet_aton("{client_address}"):\n'
            '        head = 4 * (p[0] & 15)\n'
            '        ports.add((int.from_bytes(p[head:head + 2], "big"), p[head + 2:head + 4].hex()))\n'
            'print(sorted(a for a, b in ports if b == "007b"))\n')
    return server.machine.run('python3', '-c', code).strip()


def try_ports(tap, server, client):
    line = f'server {SERVER} iburst minpoll 0 maxpoll 0\n'
    client.configure(line + 'allow\nacquisitionport 123\n')
    client.start()
    tap.check(client.synchronised(), 'requests leave by a port that only the parent may bind',
              client.daemon.log())
    ports = sources_of(server, '10.77.0.2')
    tap.check(ports == '[123]', 'it is the one that was asked for', ports)
    answers = [len(services.ask(server.machine, '10.77.0.2')) for _ in range(20)]
    tap.check(answers == [48] * 20, 'the server on that port misses nothing', answers)
    client.configure(line + 'allow\nacquisitionport 5123\n')
    client.noon('reload')
    time.sleep(1.5)
    ports = sources_of(server, '10.77.0.2')
    tap.check(ports == '[5123]', 'a reload changes the port', ports)
    client.configure(line + 'allow\nbindacqaddress 10.77.0.22\nacquisitionport 124\n')
    client.machine.run('ip', 'address', 'add', '10.77.0.22/24', 'dev', 'lan0')
    client.noon('reload')
    time.sleep(1.5)
    ports = sources_of(server, '10.77.0.22')
    tap.check(ports == '[124]', 'and the address, with a port of the parent', ports)
    client.daemon.stop()


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        one, other = lab.machine('one'), lab.machine('other')
        server = make_server(lab, one)
        client = services.Service(lab, other, sys.argv[1:4], 'client')
        server.synchronised()
        try_late_network(tap, client,
                         lambda: lab.connect(one, other, f'{SERVER}/24', '10.77.0.2/24'))
        try_churn(tap, client)
        try_ports(tap, server, client)
    tap.done()


if __name__ == '__main__':
    main()
