#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A thousand reloads under load, and not a sample or an answer too few.

usage: test_reloads.py NOOND NOON NOON-HELPER      prints TAP
"""
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

RELOADS = 1000
EVERY_SECOND = 'server 127.0.0.1 port 11123 minpoll 0 maxpoll 0\n'
# As many requests a second as come from a room of computers, until it is told to end.
CLIENT = """
import signal, socket, time
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
sent = answered = 0
while not stop:
    s.sendto(bytes([0x23]) + bytes(39) + sent.to_bytes(8, 'big'), ('127.0.0.1', 123))
    sent += 1
    try:
        answered += len(s.recv(100)) == 48
    except OSError:
        pass
    time.sleep(0.002)
print(sent, answered)
"""


def reload(service, i):
    """One reload, in one of the ways that there are; false when it was refused."""
    text = EVERY_SECOND + f'allow 127.0.0.1\ndeny 10.{i // 10 % 200}.0.0/16\n'
    if i % 3 == 0:
        text += f'server 127.0.0.{2 + i % 5} port 11123 minpoll 10 offline\n'
    service.configure(text)
    if i % 10 == 9:
        os.kill(service.parent(), signal.SIGHUP)
        return True
    return service.noon('reload').returncode == 0


def resident_kb(service):
    """Of the parent and the time process."""
    def one(pid):
        with open(f'/proc/{pid}/status', encoding='ascii') as file:
            return int(next(line for line in file if line.startswith('VmRSS:')).split()[1])
    return [one(service.parent()), one(service.child('time'))]


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    # It would have the C library write all over memory that nobody uses.
    os.environ.pop('MALLOC_PERTURB_', None)
    with labs.Lab() as lab:
        service = services.Service(lab, lab.machine('host'), sys.argv[1:4])
        service.reference()
        service.configure(EVERY_SECOND + 'allow 127.0.0.1\n')
        daemon = service.start('-L', 'warning')
        service.synchronised()
        client = service.machine.start('client', 'python3', '-c', CLIENT)
        time.sleep(3)
        memory = resident_kb(service)
        before, since, start = service.source(), service.node()['state_since'], time.monotonic()
        good = sum(reload(service, i) for i in range(RELOADS))
        seconds, after, node = time.monotonic() - start, service.source(), service.node()
        time.sleep(1)
        client.stop()
        sent, answered = map(int, client.log().split())
        tap.note(f'{RELOADS} reloads in {seconds:.1f} s; {answered} of {sent} requests answered; '
                 f'{after["accepted"] - before["accepted"]} samples')
        tap.check(good == RELOADS, 'each reload is taken', good)
        tap.check(node['reloads'] >= RELOADS * 0.9 and node['reload_failures'] == 0,
                  'and counted', node)
        tap.check(after['accepted'] - before['accepted'] >= int(seconds) - 1,
                  'a sample a second was taken all the while', f'{before}\n{after}')
        tap.check(after['received'] - before['received'] ==
                  after['accepted'] - before['accepted'], 'and none was lost', after)
        tap.check(abs((services.when(node['state_since']) -
                       services.when(since)).total_seconds()) <= 1,
                  'it was synchronised without a break', daemon.log())
        tap.check(sent - answered <= 2, 'clients were answered all the while',
                  f'{sent - answered} of {sent} were not')
        grown = [now - then for now, then in zip(resident_kb(service), memory)]
        tap.check(max(grown) < 4096, 'nor did they grow', f'{grown} kB beyond {memory} kB')
        answers = []
        for rules in ('', 'allow\n', '', 'allow\n'):
            service.configure(EVERY_SECOND + rules)
            service.noon('reload')
            wanted = 48 if rules else 0
            answers.append(labs.wait_for(lambda: len(services.ask(service.machine, '127.0.0.1')) == wanted, 10))
        tap.check(all(answers) and 'is taken' not in daemon.log(),
                  'the first `allow` opens the port, and without any it is closed', f'{answers}\n{daemon.log()}')
        service.configure('')
        refused = service.noon('reload').returncode
        tap.check(refused != 0 and service.node()['state'] == 'synchronised',
                  'a file without any source, being written perhaps, is refused', refused)
        tap.check('ended' not in daemon.log(), 'and no process ended unasked', daemon.log())
    tap.done()


if __name__ == '__main__':
    main()
