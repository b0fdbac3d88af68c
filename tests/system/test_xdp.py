#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Requests that are answered in the network driver: `xdp INTERFACE` on a veth.

usage: test_xdp.py NOOND NOON NOON-HELPER NOON-XDP      prints TAP
"""
import json
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

SERVER, SERVER6 = '10.79.0.1', 'fd79::1'
RULES = services.SOURCE + ('allow 10.79.0.0/16\ndeny 10.79.9.0/24\nallow fd79::/64\nallow 127.0.0.0/8\n'
                           'allow 10.80.0.1\nxdp lan0\n')

# Sends each request, given in hexadecimal, from an address; prints the answers likewise.
CLIENT = r'''
import json, socket, sys
def ask(to, source, data):
    s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1 if source[:7] != '10.79.9' else 0.1)
    s.bind((source, 0))
    s.sendto(bytes.fromhex(data), (to, 123))
    try:
        return s.recv(2048).hex()
    except OSError:
        return ''
print(json.dumps([ask(*question) for question in json.loads(sys.argv[1])]))
'''

# Asks so often, and counts the answers until there is a second without one.
MANY = r'''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.bind((sys.argv[1], 0))
for i in range(int(sys.argv[2])):
    s.sendto(b"#" + bytes(39) + b"12345678", ("10.79.0.1", 123))
count = 0
try:
    while True:
        count += len(s.recv(2048)) == 48
except OSError:
    print(count)
'''


def hold(machine, interface):
    """The other end of a veth takes frames from a driver only when it has a program, too."""
    holder = machine.start(f'holder-{interface}', 'python3', os.path.join(HERE, '..', 'support', 'holder.py'),
                           sys.argv[4], interface)
    labs.wait_for(lambda: 'held' in holder.log() or not holder.running(), 5, 0.05)
    return holder


def request(first=0x23, transmit=b'12345678', origin=bytes(8), receive=bytes(8), poll=6, rest=b''):
    return (bytes([first, 0, poll, 0]) + bytes(20) + origin + receive + transmit + rest).hex()


def ask(machine, *questions):
    return [bytes.fromhex(answer) for answer in
            json.loads(machine.run('python3', '-c', CLIENT, json.dumps(questions), timeout=60))]


def ask_one(machine, data=None, to=SERVER, source='10.79.0.2'):
    return ask(machine, (to, source, data or request()))[0]


def counters(service):
    node = service.node()
    server = node.get('server', {})
    return {name: node.get(f'server.{name}', server.get(name, 0))
            for name in ('requests', 'answers', 'driver_answers', 'drops', 'interleaved')}


def grown(service, before, name, by):
    """Whether a counter has grown by so much, soon."""
    return bool(labs.wait_for(lambda: counters(service)[name] - before[name] == by, 5))


def try_plain(tap, service, clients):
    before = counters(service)
    reply, reply6 = ask(clients, (SERVER, '10.79.0.2', request()), (SERVER6, 'fd79::2', request()))
    tap.check(len(reply) == 48 and reply[24:32] == b'12345678' and reply[0] == 0x24 and reply[1] == 2,
              'a plain request is answered', reply.hex())
    tap.check(len(reply6) == 48 and reply6[:2] == b'\x24\x02', 'one by IPv6 too', reply6.hex())
    tap.check(grown(service, before, 'driver_answers', 2) and grown(service, before, 'answers', 2),
              'by the driver, and it is counted as any other', [before, counters(service)])


def differ(one, other):
    """What two answers to the same request, one after the other, do not agree about."""
    # Dispersion grows meanwhile, and is rounded to 15 us.
    near = abs(int.from_bytes(one[8:12], 'big') - int.from_bytes(other[8:12], 'big')) <= 2
    soon = abs(int.from_bytes(one[40:48], 'big') - int.from_bytes(other[32:40], 'big')) < 1 << 32
    same = one[:8] + one[12:32] == other[:8] + other[12:32]
    return '' if same and near and soon else f'{one.hex()}\n{other.hex()}'


def try_equal(tap, clients):
    """The same bytes as from the sockets, which answer on another interface; stamps aside."""
    bad = []
    for version in (1, 2, 3, 4):
        for poll in (0, 3, 10, 250):
            data = request(version << 3 | 3, poll=poll)
            for _ in range(4):  # the time may be renewed between the two
                pair = ask(clients, (SERVER, '10.79.0.2', data), ('10.80.0.1', '10.80.0.2', data))
                wrong = differ(*pair)
                if not wrong:
                    break
            bad += [wrong] if wrong else []
    tap.check(not bad, 'driver and sockets say the same, octet for octet', '\n'.join(bad[:2]))


def try_others(tap, service, clients):
    """What is not plain goes on to the sockets."""
    before = counters(service)
    others = {
        'an extension field': request(rest=b'\x20\x05\x00\x1c' + bytes(24)),
        'a symmetric active request': request(0x21),
    }
    for what, data in others.items():
        tap.check(len(ask_one(clients, data)) >= 48, f'{what} is answered')
    first = ask_one(clients)
    second = ask_one(clients, request(origin=first[32:40], receive=b'abcdefgh'))
    third = ask_one(clients, request(origin=second[32:40], receive=b'ijklmnop', transmit=b'qrstuvwx'))
    tap.check(len(third) == 48 and third[24:32] == b'ijklmnop',
              'a client that began in basic mode gets interleaved mode', third.hex())
    tap.check(grown(service, before, 'interleaved', 1) and grown(service, before, 'driver_answers', 1),
              'of all these the driver has answered one', [before, counters(service)])
    before = counters(service)
    for data in (request()[:94], request(0x2b), request(0x24), ''):
        tap.check(ask(clients, (SERVER, '10.79.9.9', data))[0] == b'',
                  f'{len(data) // 2} octets, first {data[:2]}: no answer, and no harm')
    tap.check(ask_one(clients, source='10.79.9.9') == b'', 'who is denied gets no answer')
    tap.check(labs.wait_for(lambda: counters(service)['drops'].get('access', 0) > 0, 5),
              'and is counted by name', counters(service))


def try_clients(tap, service):
    def rows():
        answer = service.noon('clients', '--json')
        return {row['address']: row for row in json.loads(answer.stdout)['clients']} if answer.stdout else {}

    row = labs.wait_for(lambda: rows().get('10.79.0.2'), 8) or {}
    tap.check(row.get('answers', 0) >= 4 and row.get('requests', 0) >= 4, '`noon clients` knows them', rows())
    denied = labs.wait_for(lambda: rows().get('10.79.9.9'), 8) or {}
    tap.check(denied.get('answers') == 0 and denied.get('requests', 0) >= 1,
              'and those that were refused', rows())


def try_reload(tap, service, clients):
    service.configure(RULES.replace('deny 10.79.9.0/24', 'deny 10.79.0.2') + 'ratelimit interval 12 burst 3\n')
    service.noon('reload')
    tap.check(labs.wait_for(lambda: ask_one(clients, source='10.79.0.2') == b'', 8) and
              len(ask_one(clients, source='10.79.9.9')) == 48, 'a reload changes who may ask')
    before = counters(service)
    count = int(clients.run('python3', '-c', MANY, '10.79.0.3', '40'))
    tap.check(3 <= count <= 30, 'and how often', count)
    tap.check(labs.wait_for(lambda: counters(service)['drops'].get('rate-limit', 0) -
                            before['drops'].get('rate-limit', 0) == 40 - count, 5),
              'what was too often is counted by name', [count, counters(service)])
    service.configure(RULES)
    service.noon('reload')
    tap.check(labs.wait_for(lambda: len(ask_one(clients)) == 48, 8), 'and back')


def try_orders(tap, service, clients):
    """The driver does not know rules made at runtime, and leaves everything to the sockets from then on."""
    def answered():
        return len(services.ask(clients, SERVER, source='10.79.0.3')) == 48

    service.noon('deny', '10.79.0.3')
    denied = not answered()
    service.noon('allow', '10.79.0.3')
    tap.check(denied and answered(), '`noon deny` and `noon allow` hold for the next request there too')


def try_addresses(tap, service, machine, clients):
    machine.run('ip', 'address', 'add', '10.79.0.77/16', 'dev', 'lan0')
    def by_driver():
        before = counters(service)['driver_answers']
        return len(ask_one(clients, to='10.79.0.77')) == 48 and counters(service)['driver_answers'] > before
    tap.check(labs.wait_for(by_driver, 10), 'an address that is new is served there')
    machine.run('ip', 'address', 'del', '10.79.0.77/16', 'dev', 'lan0')


def try_stops(tap, service, clients):
    """No line, no answer from the driver; the sockets go on."""
    before = counters(service)
    service.noon('drain')
    reply = ask_one(clients)
    tap.check(len(reply) == 48 and reply[0] >> 6 == 3 and grown(service, before, 'driver_answers', 0),
              'while it is drained the sockets answer', reply.hex())
    service.noon('drain', 'off')
    pid = service.child('time')
    os.kill(pid, signal.SIGSTOP)
    try:
        stopped = labs.wait_for(lambda: ask_driver_only(clients) is False, 5, 0.05)
    finally:
        os.kill(pid, signal.SIGCONT)
    tap.check(stopped, 'when the time process hangs the driver stops answering')
    tap.check(labs.wait_for(lambda: ask_driver_only(clients), 10, 0.1), 'and goes on when it is back')
    old, new = service.kill('time')
    tap.check(old and new and service.synchronised() and labs.wait_for(lambda: ask_driver_only(clients), 10),
              'a time process that died is followed by another one')


def try_unsynchronised(tap, service, clients):
    """Without time the driver has nothing to say; the sockets say so."""
    service.configure(RULES + 'maxdistance 0.000001\n')
    service.noon('reload')
    tap.check(labs.wait_for(lambda: ask_driver_only(clients) is False, 5, 0.05) and
              labs.wait_for(lambda: ask_one(clients)[:1] == b'\xe4', 5, 0.1),
              'when it is synchronised no more the driver stops answering, and the sockets say why',
              ask_one(clients).hex())
    service.configure(RULES)
    service.noon('reload')
    tap.check(labs.wait_for(lambda: ask_driver_only(clients), 15, 0.2), 'and goes on when it is again')


def driven(service):
    """At how many interfaces the driver answers, and the kernel in its stead."""
    server = service.node().get('server', {})
    return server.get('driver_native'), server.get('driver_generic')


def by_driver(service, clients, to, source):
    """Whether the driver answers there."""
    before = counters(service)['driver_answers']
    return len(ask_one(clients, to=to, source=source)) == 48 and \
        labs.wait_for(lambda: counters(service)['driver_answers'] > before, 1, 0.1)


def by_driver_soon(service, clients, to, source):
    return labs.wait_for(lambda: by_driver(service, clients, to, source), 10, 0.1)


def try_interfaces(tap, lab, service, machine, clients):
    """They come late, go, get their names from elsewhere; a reload wants others."""
    rules = RULES.replace('allow 10.80.0.1', 'allow 10.80.0.0/14')
    first, second = (SERVER, '10.79.0.2'), ('10.80.0.1', '10.80.0.2')
    hold(clients, 'lan1')
    service.configure(rules.replace('xdp lan0', 'xdp lan0 lan1 lan7'))
    service.noon('reload')
    tap.check(by_driver_soon(service, clients, *second) and by_driver(service, clients, *first) and
              driven(service) == (2, 0), 'a reload adds an interface', [driven(service), service.daemon.log()])
    tap.check(service.daemon.log().count('lan7: there is no such interface now') == 1, 'what is not there is said once',
              service.daemon.log())
    machine.run('ip', 'link', 'del', 'lan1')
    tap.check(labs.wait_for(lambda: driven(service) == (1, 0), 5), 'one that goes is noticed', driven(service))
    lab.connect(machine, clients, '10.80.0.1/16', '10.80.0.2/16', link='late0')
    tap.check(len(ask_one(clients, to=second[0], source=second[1])) == 48, 'and served by the sockets when it is back')
    for one in (machine, clients):
        one.run('ip', 'link', 'set', 'late0', 'down')
        one.run('ip', 'link', 'set', 'late0', 'name', 'lan1')
        one.run('ip', 'link', 'set', 'lan1', 'up')
    hold(clients, 'lan1')
    tap.check(by_driver_soon(service, clients, *second), 'by its driver, as soon as it has its name',
              service.daemon.log())
    machine.run('ip', 'link', 'set', 'lan1', 'address', '02:00:00:00:77:01')
    clients.run('ip', 'neigh', 'flush', 'dev', 'lan1')
    tap.check(by_driver_soon(service, clients, *second), 'and with another hardware address')

    service.configure(rules.replace('xdp lan0', 'xdp lan1'))
    service.noon('reload')
    tap.check(labs.wait_for(lambda: driven(service) == (1, 0), 5) and
              'xdp' not in machine.run('ip', 'link', 'show', 'dev', 'lan0') and
              not by_driver(service, clients, *first) and by_driver_soon(service, clients, *second),
              'a reload takes one away, where the sockets go on', service.daemon.log())
    service.configure(rules + 'ratelimit ceiling 1000\n')
    service.noon('reload')
    tap.check(labs.wait_for(lambda: driven(service) == (0, 0), 5) and not by_driver(service, clients, *first) and
              'limits by prefix' in service.daemon.log(), 'with a limit that the driver does not keep the sockets do',
              service.daemon.log())
    service.configure(rules)
    service.noon('reload')
    tap.check(by_driver_soon(service, clients, *first), 'without it the driver answers again')


def try_generic(tap, service, machine, clients):
    """A driver that knows no XDP: macvlan's."""
    machine.run('ip', 'link', 'add', 'link', 'lan0', 'name', 'soft0', 'type', 'macvlan', 'mode', 'bridge')
    machine.run('ip', 'address', 'add', '10.83.0.1/16', 'dev', 'soft0')
    machine.run('ip', 'link', 'set', 'soft0', 'up')
    clients.run('ip', 'address', 'add', '10.83.0.2/16', 'dev', 'lan0')
    service.configure(RULES.replace('allow 10.80.0.1', 'allow 10.80.0.0/14').replace('xdp lan0', 'xdp soft0'))
    service.noon('reload')
    tap.check(labs.wait_for(lambda: driven(service) == (0, 1), 5) and
              'soft0: plain requests are answered by the kernel before its sockets' in service.daemon.log(),
              'where the driver knows no XDP the kernel runs the program, and the log and the status say so',
              [driven(service), service.daemon.log()])
    tap.check(by_driver_soon(service, clients, '10.83.0.1', '10.83.0.2'), 'it answers there, too')
    service.configure(RULES.replace('allow 10.80.0.1', 'allow 10.80.0.0/14'))
    service.noon('reload')
    tap.check(labs.wait_for(lambda: driven(service) == (1, 0), 5), 'and back')


def ask_driver_only(clients):
    """True: the driver has answered, as its packets' identification of 0 and no socket show."""
    code = ('import socket, struct\n'
            'raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)\n'
            'raw.settimeout(1)\n'
            's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
            's.setsockopt(socket.IPPROTO_IP, 1, 0x10)\n'
            's.bind(("10.79.0.2", 0))\n'
            f's.sendto(b"#" + bytes(39) + b"12345678", ("{SERVER}", 123))\n'
            'data = raw.recv(2048)\n'
            't = struct.unpack(">QQ", data[60:76])\n'
            'print(t[1] - t[0] == 1)\n')
    return clients.run('python3', '-c', code, check=False).strip() == 'True'


def try_end(tap, service, machine):
    def attached():
        return 'xdp' in machine.run('ip', 'link', 'show', 'dev', 'lan0')

    tap.check(attached(), 'the program is attached')
    os.kill(service.parent(), signal.SIGKILL)
    tap.check(labs.wait_for(lambda: not attached(), 5), 'and gone with the parent, however that ends')


def try_refusals(tap, lab, machine, programs):
    """Where it can't be had there is one sentence, and the sockets serve."""
    texts = {
        'nosuch0: there is no such interface now': (RULES.replace('xdp lan0', 'xdp nosuch0'), ()),
        'lo: it is no Ethernet interface': (RULES.replace('xdp lan0', 'xdp lo'), ()),
        'limits by prefix': (RULES + 'ratelimit ceiling 1000\n', ()),
        'noond may not load it': (RULES, ('setpriv', '--bounding-set', '-bpf,-sys_admin', '--inh-caps',
                                          '-bpf,-sys_admin')),
        'another program is attached to it already': (RULES, ()),
    }
    for i, (sentence, (text, prefix)) in enumerate(texts.items()):
        if 'another program' in sentence:
            hold(machine, 'lan0')
        service = services.Service(lab, machine, programs, name=f'refused{i}')
        service.configure(text)
        service.start(prefix=prefix)
        good = labs.wait_for(lambda: sentence in service.daemon.log(), 5, 0.05) and \
            labs.wait_for(lambda: len(services.ask(machine, '127.0.0.1')) == 48, 10)
        tap.check(good and service.daemon.log().count('xdp') == 1, f'{sentence}: said once, and the sockets serve',
                  service.daemon.log())
        service.daemon.stop()


def try_late_wish(tap, lab, machine, programs):
    """What takes privileges is done at the start: a reload can't."""
    service = services.Service(lab, machine, programs, name='late')
    service.configure(RULES.replace('xdp lan0\n', ''))
    service.start()
    service.synchronised()
    service.configure(RULES)
    done = service.noon('reload')
    tap.check(done.returncode == 0 and labs.wait_for(lambda: 'xdp: it is loaded at the start only' in
                                                     service.daemon.log(), 5) and
              len(services.ask(machine, '127.0.0.1')) == 48,
              'a first `xdp` by a reload is said to need a restart, and the sockets serve', service.daemon.log())
    service.daemon.stop()


def try_unprivileged(tap, lab, machine, programs):
    """As a service manager starts it: another user, with the capabilities that loading takes."""
    rights = '+bpf,+net_admin,+perfmon,+net_bind_service'
    service = services.Service(lab, machine, programs, name='user')
    for folder in (service.run, service.state):
        os.chown(folder, services.NOBODY, services.NOBODY)
    service.configure(RULES)
    service.start(prefix=('setpriv', '--reuid', str(services.NOBODY), '--regid', str(services.NOBODY), '--clear-groups',
                          '--inh-caps', rights, '--ambient-caps', rights, '--bounding-set', '-all,' + rights,
                          '--no-new-privs'))
    good = labs.wait_for(lambda: driven(service) == (1, 0), 10)
    with open(f'/proc/{service.parent()}/status', encoding='ascii') as file:
        left = int(next(line for line in file if line.startswith('CapPrm:')).split()[1], 16)
    tap.check(good and left == 1 << 10, 'no root is needed, and the capabilities are given up once it is loaded',
              [hex(left), service.daemon.log()])
    machine.run('ip', 'link', 'set', 'lan0', 'down')
    machine.run('ip', 'link', 'set', 'lan0', 'name', 'other0')
    gone = labs.wait_for(lambda: driven(service) == (0, 0), 5)
    machine.run('ip', 'link', 'set', 'other0', 'name', 'lan0')
    machine.run('ip', 'link', 'set', 'lan0', 'up')
    tap.check(gone and labs.wait_for(lambda: driven(service) == (1, 0), 5), 'nor are they to attach it again',
              service.daemon.log())
    service.daemon.stop()


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    if not os.path.exists(sys.argv[4]):
        skip_all('noon-xdp was not built: it needs libbpf and clang')
    tap = Tap()
    with labs.Lab() as lab:
        machine, clients = lab.machine('host'), lab.machine('clients')
        lab.connect(machine, clients, f'{SERVER}/16', '10.79.0.2/16')
        lab.connect(machine, clients, '10.80.0.1/16', '10.80.0.2/16', link='lan1')
        holder = hold(clients, 'lan0')
        if 'held' not in holder.log():
            skip_all('no program can be loaded into this kernel here')
        for one, address in ((machine, f'{SERVER6}/64'), (clients, 'fd79::2/64')):
            one.run('ip', 'address', 'add', address, 'dev', 'lan0', 'nodad')
        for address in ('10.79.0.3', '10.79.9.9'):
            clients.run('ip', 'address', 'add', f'{address}/16', 'dev', 'lan0')
        service = services.Service(lab, machine, sys.argv[1:5])
        service.reference()
        service.configure(RULES.replace('allow 10.80.0.1', 'allow 10.80.0.0/16'))
        service.start()
        tap.check(service.synchronised(), 'it synchronises', service.daemon.log())
        tap.check('are answered by the network driver' in service.daemon.log(), 'and says who answers',
                  service.daemon.log())
        try_plain(tap, service, clients)
        try_equal(tap, clients)
        try_others(tap, service, clients)
        try_clients(tap, service)
        try_reload(tap, service, clients)
        try_addresses(tap, service, machine, clients)
        try_stops(tap, service, clients)
        try_unsynchronised(tap, service, clients)
        try_interfaces(tap, lab, service, machine, clients)
        try_generic(tap, service, machine, clients)
        try_orders(tap, service, clients)
        try_end(tap, service, machine)
        service.daemon.stop()
        try_unprivileged(tap, lab, machine, sys.argv[1:5])
        try_late_wish(tap, lab, machine, sys.argv[1:5])
        try_refusals(tap, lab, machine, sys.argv[1:5])
    tap.done()


if __name__ == '__main__':
    main()
