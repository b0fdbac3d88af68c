#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Requests that nobody should send, to a noond that serves: each is counted by its name, none gets an
answer longer than itself, and the others lose nothing.

usage: test_bad_requests.py NOOND NOON NOON-HELPER      prints TAP
"""
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

RULES = services.SOURCE + 'allow 10.0.0.0/8\nallow 192.0.2.0/24\nallow 127.0.0.0/8\nserverthreads 1\n'
SERVER, OTHER_SERVER = '10.81.0.1', '10.82.0.1'

# Reads requests in hexadecimal, a line each, and sends each from one port and a good one from another:
# both are the same worker's, so that once the good one's answer is there the other one's is, too.
# Prints for each the size of what came back, -1 for nothing; at the end, how many good ones were
# sent.
ASKER = r'''
import json, select, socket, sys
server = sys.argv[1]
def port():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((server, 123))
    s.setblocking(False)
    return s
bad, good, sizes, sent = port(), port(), [], 0
def sound():
    global sent
    for i in range(20):
        sent += 1
        mark = sent.to_bytes(8, 'big')
        good.send(b'\x23' + bytes(39) + mark)
        while select.select([good], [], [], 1)[0]:
            if good.recv(2048)[24:32] == mark:
                return True
    return False
for line in sys.stdin:
    bad.send(bytes.fromhex(line))
    lived = sound()
    answers = []
    while True:
        try:
            answers.append(len(bad.recv(70000)))
        except BlockingIOError:
            break
        except OSError:
            answers.append(-2)
    sizes.append(max(answers, default=-1) if lived and len(answers) < 2 else -3)
print(json.dumps([sizes, sent]))
'''

# Puts frames on the cable as they are, then listens a moment for whatever port 123 sends to whom.
FRAMES = r'''
import json, select, socket, struct, sys, time
interface, mac, server, wanted = sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3], int(sys.argv[4])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800))
s.bind((interface, 0x800))
own = s.getsockname()[4]
def summed(data):
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff
def packet(source, payload, fragment=0, number=1):
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), number, fragment, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(server))
    return mac + own + b'\x08\x00' + head[:10] + struct.pack('>H', summed(head)) + head[12:] + payload
for source, payload, fragment, number in json.load(sys.stdin):
    s.send(packet(source, bytes.fromhex(payload), fragment, number))
heard, end = [], time.monotonic() + 5
while time.monotonic() < end and len(heard) < wanted:
    if select.select([s], [], [], 0.1)[0]:
        frame, origin = s.recvfrom(70000)
        if origin[2] != socket.PACKET_OUTGOING and frame[23] == 17 and frame[34:36] == b'\x00\x7b':
            heard.append([socket.inet_ntoa(frame[30:34]), len(frame) - 42])
print(json.dumps(heard))
'''

# As fast as it can until it is told to end; then how many it has sent.
FLOOD = r'''
import signal, socket, sys
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 123))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
sent, most = 0, int(sys.argv[2])
while not stop and sent < most:
    try:
        s.send(b'#' + bytes(47))
        sent += 1
    except OSError:
        pass
print(sent)
'''


def mac_of(machine, link='lan0'):
    return machine.run('ip', '-o', 'link', 'show', link).split('link/ether ')[1].split()[0].replace(':', '')


def counters(service):
    """The server's counters, drops flattened among them."""
    server = service.node()['server']
    flat = {name: value for name, value in server.items() if isinstance(value, int)}
    flat.update(server['drops'])
    return flat


class Count:
    """What the server has counted since; all that was asked before has to be counted by then."""

    def __init__(self, service, settle=False):
        self.service, self.before = service, self.settled(service) if settle else counters(service)

    @staticmethod
    def settled(service):
        """Once two looks agree that are further apart than the server process reports."""
        last = [None]

        def same():
            now = counters(service)
            equal, last[0] = now == last[0], now
            return equal
        labs.wait_for(same, 10, 1.2)
        return last[0]

    def since(self, requests):
        """Waits until so many requests are counted."""
        def enough():
            now = counters(self.service)
            found = {name: now[name] - self.before.get(name, 0) for name in now}
            return found if found['requests'] >= requests else None
        found = labs.wait_for(enough, 10) or {}
        return {name: value for name, value in found.items() if value}


def asked(machine, server, requests):
    """What was answered to each, and how many good requests were sent between them."""
    done = subprocess.run(machine.enter(['python3', '-c', ASKER, server]), text=True, timeout=100,
                          input='\n'.join(data.hex() for data in requests), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def frames(machine, server, mac, packets, wanted, link='lan0'):
    """What port 123 sends after these packets."""
    done = subprocess.run(machine.enter(['python3', '-c', FRAMES, link, mac, server, str(wanted)]), text=True,
                          timeout=60, input=json.dumps(packets), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def measured(service, number, attempt):
    """What attempt() returned and what was counted by it; number(result) requests are to be.  Once
    more when this machine stalled, and requests waited too long to be answered."""
    for _ in range(5):
        count = Count(service)
        result = attempt()
        found = count.since(number(result))
        if not found.get('stale'):
            break
    return result, found


def request(first=0x23, rest=b''):
    return bytes([first]) + bytes(39) + b'12345678' + rest


def udp(payload, port=4000, length=None):
    """A UDP datagram without a checksum."""
    return (port.to_bytes(2, 'big') + b'\x00\x7b' + (length or 8 + len(payload)).to_bytes(2, 'big') + b'\x00\x00' +
            payload)


def try_first_octets(tap, service, clients):
    """Modes 1, 3 and version 1's mode 0 are requests; 6 and 7 are a tool's, whom nobody allowed."""
    (sizes, good), found = measured(service, lambda result: 256 + result[1], lambda: asked(
        clients, SERVER, [request(first) for first in range(256)]))
    version, mode = [first >> 3 & 7 for first in range(256)], [first & 7 for first in range(256)]
    spoken = [1 <= v <= 4 for v in version]
    wanted = [48 if spoken[i] and (mode[i] in (1, 3) or (mode[i] == 0 and version[i] == 1)) else -1
              for i in range(256)]
    tap.check(sizes == wanted, 'of all first octets those of a request are answered',
              [(hex(i), sizes[i], wanted[i]) for i in range(256) if sizes[i] != wanted[i]])
    answers = sum(size > 0 for size in sizes)
    strange = sum(not spoken[i] and mode[i] < 6 for i in range(256))
    tap.check(found.get('version') == strange and
              found.get('mode', 0) + found.get('access', 0) + strange == 256 - answers and
              found['answers'] == answers + good and found['requests'] == 256 + good,
              'and the rest is counted, as another version or mode or as not allowed to ask', found)


def try_sizes(tap, service, clients):
    sizes = [*range(0, 1100), 1199, 1200, 1400, 1472, 1473, 2048, 4096, 9000, 32767, 65506, 65507]
    requests = [request(rest=bytes(max(0, size - 48)))[:size] for size in sizes]
    (answers, good), found = measured(service, lambda result: len(sizes) + result[1],
                                      lambda: asked(clients, SERVER, requests))
    tap.check(all(answer <= max(size, -1) for size, answer in zip(sizes, answers)) and min(answers) >= -1,
              'no answer is longer than its request', [pair for pair in zip(sizes, answers) if pair[1] > pair[0]])
    tap.check(all(answers[size] == -1 for size in range(48)) and answers[48] == 48,
              'from 48 octets on it is a request', answers[:49])
    tap.check(all(answer in (-1, 48) for answer in answers[49:]), 'what follows the header adds nothing to an answer',
              sorted(set(answers)))
    replied = sum(answer > 0 for answer in answers)
    dropped = sum(found.get(name, 0) for name in ('short', 'format', 'bad-mac'))
    tap.check(found['requests'] == len(sizes) + good and found['answers'] == replied + good and
              found.get('short') == 48 and dropped == len(sizes) - replied,
              'those that are short, or malformed, or have a MAC of no key, are counted as such', found)


def try_extensions(tap, service, clients):
    """Unknown ones are no business of the server's (RFC 7822); what is none is malformed."""
    def field(kind, size, said=None):
        return kind.to_bytes(2, 'big') + (said if said is not None else size).to_bytes(2, 'big') + bytes(size - 4)

    unknown = [request(rest=field(kind, size)) for kind in (0x0000, 0x0002, 0x2005, 0x7fff, 0x8000, 0xabcd, 0xffff)
               for size in (28, 32, 200)]
    unknown += [request(rest=field(0xf323, 16) + field(0xf324, 28)), request(rest=field(0x4005, 28) * 8)]
    broken = [request(rest=field(0x2005, 28, said)) for said in (0, 1, 3, 27, 29, 32, 0xfffc, 0xffff)]
    broken += [request(rest=field(0x2005, 28) + bytes(more)) for more in (1, 2, 3)]
    (sizes, good), found = measured(service, lambda result: len(unknown + broken) + result[1],
                                    lambda: asked(clients, SERVER, unknown + broken))
    tap.check(sizes == [48] * len(unknown) + [-1] * len(broken),
              'unknown extension fields are ignored, and what is none is not answered', sizes)
    tap.check(found.get('format', 0) + found.get('bad-mac', 0) == len(broken) and
              found['answers'] == len(unknown) + good, 'but counted', found)


def try_sources(tap, service, machine, clients):
    """In the name of others: of the server itself, of everybody, of nobody; good ones between them."""
    for key in ('accept_local', 'route_localnet'):
        machine.run('sysctl', '-q', '-w', f'net.ipv4.conf.lan0.{key}=1')
    spoofed = [(SERVER, 123), (SERVER, 0), ('127.0.0.1', 123), ('10.81.0.2', 0), ('224.0.1.1', 123),
               ('255.255.255.255', 123), ('0.0.0.0', 123), ('10.81.255.255', 123), ('192.0.2.9', 5000)]
    packets = []
    for i, (source, port) in enumerate(spoofed):
        packets += [(source, udp(request(), port).hex(), 0, i), ('10.81.0.2', udp(request()).hex(), 0, i)]
    # Those that name nobody's address the kernel drops itself.
    heard, found = measured(service, lambda _: len(spoofed) + 4, lambda: frames(
        clients, SERVER, mac_of(machine), packets, len(spoofed)))
    tap.check(heard == [['10.81.0.2', 48]] * len(spoofed),
              'spoofed senders are sent nothing, and those who ask between them are answered', heard)
    tap.check(found.get('source', 0) >= 3, 'who can\'t be a client is counted by that name', found)
    tap.check(found.get('unsent_refused') == 1 and found.get('unsent_no_route') == 1,
              'an answer to a whole network is refused by the kernel, and one to nowhere has no route: both counted',
              found)


def try_fragments(tap, service, machine, clients):
    whole = udp(request())
    more, mac = 0x2000, mac_of(machine)
    good = [('10.81.0.2', whole[:32].hex(), more, 7), ('10.81.0.2', whole[32:].hex(), 4, 7)]
    others = [('10.81.0.2', whole[:32].hex(), more, 8),  # never a second part
              ('10.81.0.2', whole[8:].hex(), 1, 9),  # never a first one
              *[('10.81.0.2', whole[:8].hex(), more, 100 + i) for i in range(300)],
              ('10.81.0.2', udp(bytes(40) + request()).hex()[:-160], more, 10)]
    heard, found = measured(service, lambda _: 2, lambda: frames(
        clients, SERVER, mac, others + good[::-1] + [('10.81.0.2', whole.hex(), 0, 11)], 2))
    tap.check(heard == [['10.81.0.2', 48]] * 2,
              'a request in two fragments is answered, in any order; parts of none keep nobody from it', heard)
    tap.check(found.get('requests') == 2, 'and are no requests', found)


def flood(machine, server, most=10**9):
    return machine.start(f'flood{time.monotonic_ns()}', 'python3', '-c', FLOOD, server, str(most))


def try_reloads(tap, service, clients):
    """As many requests as this machine can make while the rules change: counted to the last one."""
    count = Count(service, settle=True)
    floods = [flood(clients, SERVER) for _ in range(2)]
    good = labs.wait_for(lambda: counters(service)['requests'] > count.before['requests'] + 1000, 10)
    reloads = []
    for i in range(4):
        service.configure(RULES + f'deny 10.99.{i}.0/24\n')
        reloads.append(service.noon('reload').returncode)
        time.sleep(0.3)
    for one in floods:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(20)
    sent = sum(int(one.log()) for one in floods)
    tap.check(good and reloads == [0] * 4, 'under a flood each reload is taken', reloads)
    settled = Count.settled(service)
    found = {name: settled[name] - count.before[name] for name in settled if settled[name] != count.before[name]}
    tap.note(f'{sent} requests, {len(reloads)} reloads: {found}')
    # Those that find no room while one server process takes over from the other both may count.
    tap.check(found['requests'] <= sent <= found['requests'] + found.get('overflows', 0),
              'and each request is counted, as one that came or one that found no room', [sent, found])
    tap.check(len(services.ask(clients, SERVER)) == 48, 'after it who asks is answered')


def try_full(tap, service, machine, clients):
    """An interface that is slow to send keeps no other one waiting."""
    count = Count(service)
    machine.run('tc', 'qdisc', 'replace', 'dev', 'lan0', 'root', 'tbf', 'rate', '8kbit', 'burst', '1600', 'limit',
                '120000')
    flood(clients, SERVER, 3000).process.wait(20)
    answers = [len(services.ask(clients, OTHER_SERVER)) for _ in range(3)]
    tap.check(answers == [48] * 3, 'a thousand answers that wait for one interface keep no other one waiting', answers)
    machine.run('tc', 'qdisc', 'replace', 'dev', 'lan0', 'root', 'tbf', 'rate', '8kbit', 'burst', '1600', 'limit',
                '9000000')
    flood(clients, SERVER, 30000).process.wait(20)
    found = labs.wait_for(lambda: counters(service)['unsent_full'] > count.before['unsent_full'], 5)
    tap.check(found, 'answers for which there is no more room are counted', counters(service))
    machine.run('tc', 'qdisc', 'del', 'dev', 'lan0', 'root')
    tap.check(labs.wait_for(lambda: len(services.ask(clients, SERVER)) == 48, 10), 'and when it goes on, all do')


def try_vanishing(tap, service, machine, clients):
    """Its interface is deleted under those who ask; it comes again."""
    before, one = counters(service)['answers'], flood(clients, OTHER_SERVER)
    labs.wait_for(lambda: counters(service)['answers'] > before + 100, 5)
    machine.run('ip', 'link', 'del', 'lan1')
    answers = [len(services.ask(clients, SERVER)) for _ in range(3)]
    one.process.send_signal(signal.SIGTERM)
    one.process.wait(10)
    tap.check(answers == [48] * 3, 'while an interface vanishes under load the others are served', answers)
    labs.Lab.connect(machine, clients, f'{OTHER_SERVER}/16', '10.82.0.2/16', 'lan1')
    tap.check(labs.wait_for(lambda: len(services.ask(clients, OTHER_SERVER)) == 48, 10),
              'and it is, when it is there again')


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        machine, clients = lab.machine('host'), lab.machine('clients')
        lab.connect(machine, clients, f'{SERVER}/16', '10.81.0.2/16')
        lab.connect(machine, clients, f'{OTHER_SERVER}/16', '10.82.0.2/16', 'lan1')
        service = services.Service(lab, machine, sys.argv[1:4])
        service.reference()
        service.configure(RULES)
        service.start()
        tap.check(service.synchronised(), 'it synchronises', service.daemon.log())
        children = service.child('time'), service.child('server')
        try_first_octets(tap, service, clients)
        try_sizes(tap, service, clients)
        try_extensions(tap, service, clients)
        try_sources(tap, service, machine, clients)
        try_fragments(tap, service, machine, clients)
        try_full(tap, service, machine, clients)
        try_vanishing(tap, service, machine, clients)
        tap.check(children == (service.child('time'), service.child('server')), 'no process had to be started again',
                  service.daemon.log())
        try_reloads(tap, service, clients)
        tap.check(service.child('time') == children[0] and ' ended' not in service.daemon.log(),
                  'nor any in the flood', service.daemon.log())
    tap.done()


if __name__ == '__main__':
    main()
