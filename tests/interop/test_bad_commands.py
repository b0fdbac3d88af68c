#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Commands that chronyc would not send, the same octets to noond and to Debian's chronyd: too short,
too long, padded, of other versions, unknown, random, by UDP and on the socket.

usage: test_bad_commands.py NOOND NOON NOON-HELPER PEERS-FOLDER      prints TAP
"""
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import peers as packages  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

SOURCE = 'server 127.0.0.9 port 11999\n'
# Sends each request and then one that is always answered: once that answer is there, the request's
# own ones are, too, so that silence needs no waiting.  Their numbers tell them apart: those of the
# latter begin with the octet fe.
ASKER = r'''
import json, os, socket, sys
where, sound = sys.argv[1], b'\6\1\0\0\0\x0e' + bytes(26)
if '/' in where:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    own = os.path.join(os.path.dirname(where), 'asker.%d.sock' % os.getpid())
    s.bind(own)
    os.chmod(own, 0o666)
    s.connect(where)
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(('127.0.0.1', int(where)))
s.settimeout(20)
found = []
try:
    for number, line in enumerate(sys.stdin):
        mark = bytes([0xfe, number & 0xff])
        s.send(bytes.fromhex(line))
        s.send(sound[:8] + mark + sound[10:])
        found.append([])
        while True:
            answer = s.recv(70000)
            if answer[16:18] == mark:
                break
            found[-1].append(answer.hex())
finally:
    if '/' in where:
        os.unlink(own)
    print(json.dumps(found))
'''
# What each command of 4.3 takes at least; the others it does not know.
LENGTHS = {1: 60, 2: 60, 3: 68, 4: 44, 5: 44, 7: 44, 8: 44, 10: 32, 11: 40, 14: 32, 15: 76, 17: 44, 18: 44, 19: 44, 20: 44,
           21: 44, 22: 44, 23: 44, 24: 44, 25: 40, 26: 40, 29: 40, 33: 104, 34: 84, 35: 56, 41: 416, 44: 48, 45: 44,
           46: 44, 47: 44, 51: 52, 54: 72, 56: 36, 57: 152, 64: 372, 65: 284, 67: 52, 68: 520, 69: 76}
MANUAL_LIST, SERVER_STATS, SHUTDOWN, NEWER = 41, 54, 62, (72, 73, 74)
UNAUTH, INVALID, NO_SOURCE, BAD_LENGTH = 2, 3, 4, 19
HEADER = 28


def command(number, size, version=6, kind=1, reserved=b'\0\0', body=b''):
    head = bytes([version, kind]) + reserved + number.to_bytes(2, 'big') + b'\0\0' + b'\1\2\3\4' + bytes(8)
    return (head + body + bytes(max(0, size - 20 - len(body))))[:size]


def asked(machine, where, requests):
    """The answers to each request, as octets."""
    done = subprocess.run(machine.enter(['python3', '-c', ASKER, where]), text=True,
                          input='\n'.join(data.hex() for data in requests), capture_output=True, check=False,
                          timeout=100)
    found = json.loads(done.stdout or '[]')
    if done.returncode != 0:
        raise RuntimeError(f'after {requests[max(0, len(found) - 1)].hex()}: {done.stderr}')
    return [[bytes.fromhex(answer) for answer in answers] for answers in found]


def chrony_requests():
    """Each command in each length that matters, then each octet of the header that may be wrong."""
    requests = []
    for number in [*range(0, 80), 200, 0x7fff, 0x8000, 0xffff]:
        least = LENGTHS.get(number, HEADER)
        for size in sorted({0, 1, 19, 20, 27, 28, 29, least - 1, least, least + 1, 300, 416, 860, 861, 1200}):
            requests.append(command(number, size))
    for size in (28, 104, 860):
        requests += [command(33, size, version=version) for version in range(256)]
        requests += [command(33, size, kind=kind) for kind in (0, 2, 3, 255)]
        requests += [command(33, size, reserved=bytes(pair)) for pair in ((1, 0), (0, 1), (255, 255))]
    # An index, an address, that is none.
    for index in (1, 2, 0x7fffffff, 0x80000000, 0xffffffff):
        requests += [command(number, 416, body=index.to_bytes(4, 'big')) for number in (15, 34, 69, 42)]
    for family in (0, 1, 2, 3, 4, 255, 0xffff):
        address = bytes(15) + b'\1' + family.to_bytes(2, 'big') + bytes(2)
        requests += [command(number, 520, body=address) for number in (25, 26, 57, 65, 67)]
        # Minimum polls, delays, strata; at last to be deleted.
        requests += [command(number, 520, body=address) for number in (4, 5, 45, 46, 7, 8, 47, 29)]
        requests += [command(number, 520, body=address + bits.to_bytes(4, 'big', signed=True))
                     for number in (17, 19, 21, 23) for bits in (-1, 0, 8, 33, 129)]
    return requests


def random_commands(count):
    """The same each time; never one that ends the daemon or has it know other sources."""
    source, requests = random.Random(6), []
    for _ in range(count):
        number = source.choice([n for n in range(80) if n not in (SHUTDOWN, 64, *NEWER)])
        requests.append(command(number, source.choice((40, 60, 84, 104, 284, 520, 860)),
                                body=source.randbytes(source.randrange(60))))
    requests += [source.randbytes(source.choice((1, 12, 28, 104, 860))) for _ in range(count)]
    return [data for data in requests if data[4:6] != bytes([0, SHUTDOWN])]


def told(answers):
    """Of each answer its size, reply code and status."""
    return [(len(data), int.from_bytes(data[6:8], 'big'), int.from_bytes(data[8:10], 'big')) for data in answers]


def other_by_intent(request, ours, theirs, by_udp):
    """Where noond speaks as later chronyd does, or can't know."""
    number = int.from_bytes(request[4:6], 'big')
    if number == SERVER_STATS:  # every version's layout, by the length asked for; and open, as from 4.7 on
        sizes = {size for size in (48, 60, 72, 196) if size <= len(request)}
        return ours == ([(max(sizes), {48: 14, 60: 22, 72: 24, 196: 25}[max(sizes)], 0)] if sizes else theirs)
    if number in NEWER:  # 4.3 knows none of them
        return theirs[0][2] == INVALID and ours[0][:2] == (HEADER, 1) and ours[0][2] in (
            (BAD_LENGTH, UNAUTH) if by_udp else (BAD_LENGTH, NO_SOURCE, 0))
    if number == MANUAL_LIST and by_udp:  # what was typed in is told on the socket alone
        return ours == [(HEADER, 1, UNAUTH)] and theirs[0][2] == 0
    return False


def compare(tap, machines, places, requests, what):
    """The same requests to noond and to chronyd."""
    ours, theirs = (asked(machine, place, requests) for machine, place in zip(machines, places))
    by_udp = places[0] == '323'
    long = [(data.hex(), told(answers)) for data, answers in zip(requests, ours)
            if len(answers) > 1 or any(len(answer) > len(data) for answer in answers)]
    tap.check(not long, f'{what}: no request has two answers, or one that is longer', long[:5])
    odd = [(data[:48].hex(), len(data), told(mine), told(other))
           for data, mine, other in zip(requests, ours, theirs)
           if told(mine) != told(other) and not other_by_intent(data, told(mine), told(other), by_udp)]
    answered = sum(bool(answers) for answers in ours)
    tap.check(not odd and 0 < answered < len(requests),
              f'{what}: each of {len(requests)} is answered with chronyd\'s code and length, or not at all', odd[:20])
    bad = [answer.hex() for data, answers in zip(requests, ours) for answer in answers
           if answer[:4] != bytes([6, 2, 0, 0]) or answer[4:6] != data[4:6] or answer[16:20] != data[8:12]]
    tap.check(not bad, f'{what}: each answer repeats the command and the number of its request', bad[:5])


def start(lab, peers, programs):
    """noond and chronyd, each on a machine of its own, with the same source; and their sockets."""
    machines = [lab.machine('ours'), lab.machine('theirs')]
    service = services.Service(lab, machines[0], programs)
    service.configure(SOURCE)
    service.start(user='0:0')
    folder = lab.directory('chronyd')
    os.chmod(folder, 0o700)
    path = lab.write('chronyd.conf', f'pidfile {folder}/pid\nbindcmdaddress {folder}/sock\nport 0\n{SOURCE}')
    machines[1].start('chronyd', peers.program('chrony/usr/sbin/chronyd'), '-d', '-x', '-u', 'root', '-f', path,
                      env=peers.env())
    sockets = [os.path.join(service.run, 'chronyd.sock'), f'{folder}/sock']

    def ready():
        return all(os.path.exists(path) for path in sockets) and all(
            len(machine.run('ss', '-Hlun', 'sport', '=', ':323').splitlines()) == 2 for machine in machines)
    if not labs.wait_for(ready, 30) or not labs.wait_for(service.node, 10):
        raise RuntimeError(service.daemon.log())
    return machines, service, sockets


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = packages.Peers(sys.argv[4])
    if 'chrony' in peers.fetch():
        skip_all('Debian\'s chrony can\'t be had')
    tap = Tap()
    with labs.Lab() as lab:
        machines, service, sockets = start(lab, peers, sys.argv[1:4])
        process = service.child('time')
        requests = chrony_requests() + random_commands(500)
        compare(tap, machines, ['323', '323'], requests, 'by UDP')
        compare(tap, machines, sockets, [data for data in requests if data[4:6] != bytes([0, SHUTDOWN])],
                'on the socket')
        # Questions alone: orders change what the next one finds.
        questions = [data for data in requests if data[4:6] in (b'\0\x0e', b'\0\x0f', b'\0\x21', b'\0\x22', b'\0\x2c')]
        once, again = (asked(machines[0], sockets[0], questions) for _ in range(2))
        tap.check([told(one) for one in once] == [told(one) for one in again], 'who says it again is told the same')
        found = service.source('127.0.0.9').get('address'), service.child('time')
        tap.check(found == ('127.0.0.9:11999', process), 'and neither the source nor the process was lost',
                  f'{found} {process}\n{service.daemon.log()}')
    tap.done()


if __name__ == '__main__':
    main()
