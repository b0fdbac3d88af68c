#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The server process under load: threads, replacement without a gap, draining, trouble.

usage: test_workers.py NOOND NOON NOON-HELPER      prints TAP
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

RULES = services.SOURCE + 'allow 10.0.0.0/8\nallow 127.0.0.0/8\nserverthreads 2\n'
SERVER = '10.78.0.1'

# Asks at a steady pace from many addresses; at the end one line: sent, answered, without time.
CLIENT = r'''
import select, socket, struct, sys, time
server, seconds, rate = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(20)]
for i, one in enumerate(s):
    one.bind((f'10.78.1.{i + 1}', 0))
    one.connect((server, 123))
    one.setblocking(False)
sent, answered, void, waiting = 0, 0, 0, set()
end = time.monotonic() + seconds
start = time.monotonic()
def take(timeout):
    global answered, void
    for one in select.select(s, [], [], timeout)[0]:
        try:
            data = one.recv(2048)
        except OSError:
            continue
        if len(data) == 48 and data[24:32] in waiting:
            waiting.discard(data[24:32])
            answered += 1
            void += data[0] >> 6 == 3
while time.monotonic() < end:
    if sent < (time.monotonic() - start) * rate:
        cookie = struct.pack('>Q', sent + 1)
        waiting.add(cookie)
        s[sent % len(s)].send(b'\x23' + bytes(39) + cookie)
        sent += 1
    take(0 if sent < (time.monotonic() - start) * rate else 0.001)
stop = time.monotonic() + 2
while waiting and time.monotonic() < stop:
    take(0.1)
print(sent, answered, void)
'''


class Load:
    """Clients that ask while something happens to the server."""

    def __init__(self, machine, seconds, rate=1000):
        self.process = subprocess.Popen(
            machine.enter(['python3', '-c', CLIENT, SERVER, str(seconds), str(rate)]),
            stdout=subprocess.PIPE, text=True)

    def end(self):
        """Requests, answers, answers without time."""
        return [int(word) for word in self.process.communicate(timeout=60)[0].split()]


def server_status(service):
    return service.node().get('server', {})


def threads_of(service):
    return len(os.listdir(f'/proc/{service.child("server")}/task'))


def counters(service):
    answer = service.noon('status', '--json')
    return json.loads(answer.stdout)['node'] if answer.stdout else {}


def drops(service):
    """What was dropped, and why."""
    node = counters(service)
    found = node.get('server.drops', node.get('server', {}).get('drops', {}))
    return {name: count for name, count in found.items() if count}


def stalled(service):
    """Requests that waited longer than a tenth of a second because the machine did not get to them."""
    return drops(service).get('stale', 0)


def value(node, name):
    """A counter of the server, however the record nests it."""
    return node.get(f'server.{name}', node.get('server', {}).get(name, 0))


def try_threads(tap, service, clients):
    tap.check(threads_of(service) == 3, 'two threads answer, and one sums up', threads_of(service))
    before = counters(service)
    sent, answered, void = Load(clients, 2).end()
    tap.check(answered == sent and void == 0, 'everybody is answered', [sent, answered, void])
    tap.check(labs.wait_for(lambda: value(counters(service), 'answers') -
                            value(before, 'answers') == sent, 5),
              'counters add up over the threads', [sent, value(counters(service), 'answers')])


def try_replacing(tap, service, clients):
    """Under load, each time from a new process: no request may be lost."""
    load = Load(clients, 6)
    seen = {service.child('server')}
    for i in range(6):
        service.configure(RULES + f'deny 10.99.{i}.0/24\n')
        service.noon('reload')
        time.sleep(0.7)
        seen.add(service.child('server'))
    sent, answered, void = load.end()
    tap.check(len(seen) >= 5, 'each reload of rules brings a new server process', seen)
    tap.check(sent - answered <= stalled(service), 'no request is lost while the server process is replaced', [sent, answered, drops(service)])
    tap.check(void == 0, 'and all get the time')
    children = sum(b'--role=server' in open(f'/proc/{pid}/cmdline', 'rb').read()
                   for pid in open(f'/proc/{service.parent()}/task/{service.parent()}/children',
                                   encoding='ascii').read().split())
    tap.check(children == 1, 'the old ones have ended', children)
    node = counters(service)
    tap.check(value(node, 'answers') >= sent, 'and what they have counted is not forgotten',
              [sent, value(node, 'answers')])


def try_killing(tap, service, clients):
    load = Load(clients, 3)
    time.sleep(0.7)
    old, new = service.kill('server')
    sent, answered, _ = load.end()
    tap.check(old and new and answered >= sent - 40, 'a server process that is killed costs a batch at most',
              [sent, answered])


def try_more_threads(tap, service, clients):
    load = Load(clients, 3)
    time.sleep(0.5)
    service.configure(RULES.replace('serverthreads 2', 'serverthreads 4'))
    service.noon('reload')
    tap.check(labs.wait_for(lambda: service.child('server') and threads_of(service) == 5, 5),
              'a reload changes the number of threads')
    service.configure(RULES.replace('serverthreads 2', 'serverthreads 1'))
    service.noon('reload')
    sent, answered, _ = load.end()
    tap.check(labs.wait_for(lambda: threads_of(service) == 2, 5) and answered >= sent - 20,
              'and nobody has to notice', [sent, answered, threads_of(service)])
    service.configure(RULES)
    service.noon('reload')


def try_drain(tap, service, clients):
    answer = service.noon('drain')
    tap.check(answer.returncode == 0 and 'no time' in answer.stdout, '`noon drain` says what it does',
              answer.stdout + answer.stderr)
    sent, answered, void = Load(clients, 1).end()
    tap.check(sent == answered == void, 'everybody is answered, that there is no time here', [sent, answered, void])
    tap.check(service.node().get('state') == 'synchronised', 'the clock is kept as before')
    tap.check(service.noon('drain', 'of').returncode != 0, 'a slip of the pen is refused')
    service.noon('drain', 'off')
    sent, answered, void = Load(clients, 1).end()
    tap.check(sent - answered <= stalled(service) and void == 0, '`noon drain off` serves again', [sent, answered, void, drops(service)])


def try_interfaces(tap, service, machine, clients):
    """Two thousand virtual cards come and go; then the one by which clients come."""
    load = Load(clients, 8, 300)
    script = ('for r in 1 2 3 4; do for i in $(seq 1 500); do echo "link add v$i type dummy"; done; '
              'for i in $(seq 1 500); do echo "link del v$i"; done; done')
    machine.run('sh', '-c', f'({script}) | ip -force -batch - >/dev/null 2>&1', timeout=60, check=False)
    sent, answered, _ = load.end()
    tap.check(answered >= sent - 3, '2000 interfaces that come and go are no trouble', [sent, answered])
    tap.check(service.node().get('state') == 'synchronised', 'nor for the clock')


def try_vanishing(tap, service, machine, clients):
    load = Load(clients, 2, 300)
    time.sleep(0.5)
    machine.run('ip', 'link', 'set', 'lan0', 'down')
    time.sleep(0.3)
    before = len(services.ask(machine, '127.0.0.1'))
    machine.run('ip', 'link', 'set', 'lan0', 'up')
    load.process.communicate(timeout=60)
    tap.check(before == 48, 'while an interface is away the others are served')
    tap.check(labs.wait_for(lambda: services.ask(clients, SERVER), 10), 'and it is served when it is back')


def try_port_of_requests(tap, lab, machine, clients):
    """`acquisitionport 123`: answers to our own requests come to the port on which threads serve."""
    other = services.Service(lab, clients, sys.argv[1:4], name='other')
    other.configure('allow 10.78.0.0/16\nlocal stratum 1\n')
    other.start()
    service = services.Service(lab, machine, sys.argv[1:4], name='shared')
    service.configure('server 10.78.0.2 iburst minpoll 0 maxpoll 0\nserver 10.78.1.5 iburst minpoll 0 maxpoll 0\n'
                      'allow 10.78.0.0/16\nacquisitionport 123\nserverthreads 2\n')
    service.start()
    tap.check(service.synchronised(), 'from port 123 it synchronises', service.daemon.log())
    served = [labs.wait_for(lambda: services.ask(clients, SERVER, source=f'10.78.1.{i}'), 5) for i in range(1, 9)]
    tap.check(all(len(answer) == 48 for answer in served), 'and serves there with two threads', served)

    def received():
        return [service.source(address).get('received', 0) for address in ('10.78.0.2', '10.78.1.5')]
    before = received()
    tap.check(labs.wait_for(lambda: all(now >= was + 2 for was, now in zip(before, received())), 15),
              'the answers of both its servers reach the time process', [before, received()])
    service.daemon.stop()
    other.daemon.stop()


def start_with_store(service, manager, kept):
    """As a service manager does that keeps descriptors: LISTEN_FDS from 3 on."""
    code = ('import fcntl, os, sys\n'
            'fds = [int(f) for f in sys.argv[1].split(",") if f]\n'
            'high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in fds]\n'
            'for i, fd in enumerate(high): os.dup2(fd, 3 + i)\n'
            'os.closerange(3 + len(high), 200)\n'
            'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)), '
            'LISTEN_FDNAMES=":".join(["noon-server"] * len(high)))\n'
            'os.execv(sys.argv[2], sys.argv[2:])\n')
    command = service.machine.enter(['python3', '-c', code, ','.join(map(str, kept)), *service.command('-d')])
    log = service.lab.path('again.log')
    with open(log, 'wb') as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   pass_fds=kept, env=dict(os.environ, NOTIFY_SOCKET=manager.path))
    service.daemon.process, service.daemon.path = process, log


def install_other(service):
    """Another build in the place of each program that runs, by renaming, as package managers do."""
    for name in ('noond', 'noon-helper'):
        path = service.program(name)
        shutil.copy(os.path.realpath(path), path + '.new')
        with open(path + '.new', 'ab') as file:
            file.write(b'another build')
        os.replace(path + '.new', path)


def runs(pid):
    """The program file of a process: device and number."""
    status = os.stat(f'/proc/{pid}/exe')
    return status.st_dev, status.st_ino


def try_restart(tap, service, manager, clients):
    """An upgrade: other programs on disk, a reload by the old one, then noond itself is replaced, with
    its sockets in the manager's store."""
    kept = manager.descriptors
    tap.check(len(kept) >= 2, 'the service manager is given the sockets', manager.said)
    load = Load(clients, 6, 500)
    parent, server, before = service.parent(), service.child('server'), stalled(service)
    old = runs(parent)
    install_other(service)
    service.configure(RULES + 'deny 10.99.0.0/24\n')
    service.noon('reload')
    tap.check(labs.wait_for(lambda: service.child('server') not in (0, server), 10) and
              runs(service.child('server')) == old,
              'until the restart a new server process is of the program that its parent is')
    late = stalled(service) - before
    os.kill(parent, signal.SIGTERM)
    service.daemon.process.wait(10)
    start_with_store(service, manager, kept)
    sent, answered, _ = load.end()
    tap.check(service.daemon.running(), 'it takes them back', service.daemon.log())
    pids = labs.wait_for(lambda: all((service.child('time'), service.child('server'))) and
                         [service.parent(), service.child('time'), service.child('server')], 10)
    status = os.stat(service.program('noond'))
    new = (status.st_dev, status.st_ino)
    tap.check(pids and new != old and all(runs(pid) == new for pid in pids),
              'all of its processes are of the new program', [old, new, pids])
    tap.check(sent - answered <= late, 'no request is lost while noond is replaced by another build',
              [sent, answered, late, drops(service)])


class Keeper(services.Manager):
    """A service manager that keeps descriptors."""

    def __init__(self, path):
        self.descriptors = []
        super().__init__(path)

    def listen(self):
        while True:
            data, fds, _, _ = socket.recv_fds(self.socket, 4096, 64)
            text = data.decode()
            self.said.append(text)
            if text.startswith('FDSTOREREMOVE=1'):
                for fd in self.descriptors:
                    os.close(fd)
                self.descriptors = []
            elif text.startswith('FDSTORE=1'):
                self.descriptors += fds


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        machine, clients = lab.machine('host'), lab.machine('clients')
        lab.connect(machine, clients, f'{SERVER}/16', '10.78.0.2/16')
        for i in range(1, 21):
            clients.run('ip', 'address', 'add', f'10.78.1.{i}/16', 'dev', 'lan0')
        service = services.Service(lab, machine, sys.argv[1:4])
        manager = Keeper(lab.path('notify'))
        service.reference()
        service.configure(RULES)
        service.start(env={'NOTIFY_SOCKET': manager.path})
        tap.check(service.synchronised(), 'it synchronises', service.daemon.log())
        try_threads(tap, service, clients)
        try_replacing(tap, service, clients)
        try_killing(tap, service, clients)
        try_more_threads(tap, service, clients)
        try_drain(tap, service, clients)
        try_interfaces(tap, service, machine, clients)
        try_vanishing(tap, service, machine, clients)
        try_restart(tap, service, manager, clients)
        service.daemon.stop()
        for fd in manager.descriptors:  # else requests would wait in those
            os.close(fd)
        try_port_of_requests(tap, lab, machine, clients)
    tap.done()


if __name__ == '__main__':
    main()
