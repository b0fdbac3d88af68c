#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond with all its processes: started, reloaded, killed piece by piece, ended.

usage: test_supervised.py NOOND NOON NOON-HELPER      prints TAP
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

SERVING = services.SOURCE + 'allow 127.0.0.1\nlock_all\nsched_priority 3\ndscp 46\n'


def try_reloads(tap, service, manager):
    """The parent rests for up to half a minute: what it is told has to wake it."""
    os.kill(service.parent(), signal.SIGHUP)
    tap.check(labs.wait_for(lambda: manager.count('RELOADING=1\nMONOTONIC_USEC=') == 1 and
                            manager.count('READY=1') == 2, 3),
              'SIGHUP reloads and tells the service manager so', manager.said)
    service.configure(SERVING + 'port 1123\n')
    answer = service.noon('reload')
    tap.check(answer.returncode == 0 and answer.stdout.startswith('added: port 1123'),
              '`noon reload` shows what is different', answer.stdout + answer.stderr)
    tap.check(labs.wait_for(lambda: services.ask(service.machine, '127.0.0.1', 1123), 3) and
              not services.ask(service.machine, '127.0.0.1'), 'the server moves to another port')
    # Somebody else's port: nothing changes, and who asked is told.
    other = service.machine.start('other', 'python3', '-c', 'import socket, time\n'
                                  's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
                                  's.bind(("0.0.0.0", 1124))\nprint("bound", flush=True)\n'
                                  'time.sleep(60)\n')
    labs.wait_for(lambda: 'bound' in other.log(), 10)
    service.configure(SERVING + 'port 1124\n')
    answer = service.noon('reload')
    tap.check(answer.returncode == 1 and ':1124 is taken by another program' in answer.stderr and
              len(services.ask(service.machine, '127.0.0.1', 1123)) == 48,
              'a reload to a port that is taken is refused, and clients are served where they were',
              answer.stdout + answer.stderr)
    tap.check('1124' in service.node().get('reload_error', ''), 'the status keeps the reason',
              service.node())
    other.stop()
    service.configure(SERVING + 'deny 127.0.0.1\n')
    service.noon('reload')
    tap.check(labs.wait_for(lambda: not services.ask(service.machine, '127.0.0.1'), 3),
              'a rule that denies holds from the reload on')
    service.configure(SERVING + 'frobnicate\n')
    answer = service.noon('reload')
    tap.check(answer.returncode == 1 and 'frobnicate' in answer.stderr and
              f'{service.config}:{SERVING.count(chr(10)) + 1}:' in answer.stderr, 'nonsense is refused with file and line',
              answer.stderr)
    service.configure(SERVING)
    tap.check(service.noon('reload').returncode == 0 and
              labs.wait_for(lambda: services.ask(service.machine, '127.0.0.1'), 3),
              'and the server answers again after the next good one')


def may_claim():
    """Whether this machine lets root lock memory, and run before all others."""
    code = ('import os, resource as r\n'
            'r.setrlimit(r.RLIMIT_MEMLOCK, (r.RLIM_INFINITY, r.RLIM_INFINITY))\n'
            'os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(3))\n')
    return subprocess.run([sys.executable, '-c', code], capture_output=True, check=False).returncode == 0


def try_claims(tap, service):
    """lock_all, sched_priority and dscp, as the kernel knows them."""
    processes = json.loads(service.noon('doctor', '--json').stdout)['processes']
    pids = {process['name']: process['pid'] for process in processes}
    if may_claim():
        for name in ('noond-time', 'noond-server'):
            with open(f'/proc/{pids[name]}/status', encoding='ascii') as file:
                locked = dict(line.split(':', 1) for line in file)['VmLck'].split()
            tap.check(int(locked[0]) > 100, f'{name} keeps itself in memory', locked)
        policies = {name: os.sched_getscheduler(pids[name]) for name in ('noond-time', 'noond-server')}
        tap.check(policies == {'noond-time': os.SCHED_FIFO, 'noond-server': os.SCHED_OTHER},
                  'the time process, and no other, goes before all others', policies)
    else:
        log = service.daemon.log()
        tap.check('lock_all: ' in log or 'sched_priority: ' in log,
                  'what this machine does not permit is said', log)
    code = ('import socket\n'
            's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
            's.settimeout(3)\n'
            's.setsockopt(socket.IPPROTO_IP, 13, 1)\n'  # IP_RECVTOS
            's.sendto(bytes([0x23]) + bytes(39) + b"12345678", ("127.0.0.1", 123))\n'
            'print(s.recvmsg(1024, 64)[1][0][2][0] >> 2)\n')
    told = service.machine.run('python3', '-c', code, check=False).strip()
    tap.check(told == '46', 'answers are marked with their code point', told)


def try_doctor(tap, service):
    """What the kernel says of the processes, not what they say of themselves."""
    answer = service.noon('doctor', '--json')
    seen = {process['name']: process for process in json.loads(answer.stdout)['processes']}
    tap.check({'noond', 'noond-time', 'noond-server'} <= set(seen), '`noon doctor` finds every process',
              answer.stdout)
    # Sockets of requests come and go: once it has to be the same on both sides.
    tap.check(labs.wait_for(lambda: is_true(service), 10), 'what it says of each is true',
              service.noon('doctor', '--json').stdout)
    sandboxed = [seen.get(name, {}) for name in ('noond-time', 'noond-server')]
    tap.check(all(process.get('syscalls_filtered') and process.get('no_new_privileges')
                  for process in sandboxed), 'they run with a filter and can gain nothing', seen)
    rights = [process.get('capabilities') for process in sandboxed]
    tap.check(rights[0] in ([], ['CAP_SYS_TIME']) and rights[1] == [],
              'the server process has no right at all, the other at most that to set the clock',
              rights)


def truth(process):
    """What /proc says of it: the words of `noon doctor`, found another way."""
    with open(f'/proc/{process["pid"]}/status', encoding='ascii') as file:
        status = dict(line.split(':', 1) for line in file.read().splitlines())
    held = int(status['CapEff'], 16) | int(status['CapPrm'], 16)
    return {'held': bin(held).count('1'), 'set_clock': bool(held >> 25 & 1),
            'syscalls_filtered': status['Seccomp'].strip() == '2',
            'no_new_privileges': status['NoNewPrivs'].strip() == '1',
            'threads': int(status['Threads']), 'name': status['Name'].strip(),
            'sockets': sum('socket:' in os.readlink(f'/proc/{process["pid"]}/fd/{fd}')
                           for fd in os.listdir(f'/proc/{process["pid"]}/fd'))}


def said(process):
    return {'held': len(process['capabilities']),
            'set_clock': 'CAP_SYS_TIME' in process['capabilities'],
            **{key: process[key] for key in ('syscalls_filtered', 'no_new_privileges', 'threads',
                                             'name', 'sockets')}}


def is_true(service):
    try:
        processes = json.loads(service.noon('doctor', '--json').stdout)['processes']
        return len(processes) >= 3 and all(said(p) == truth(p) for p in processes)
    except FileNotFoundError:
        return False  # one has just ended


def try_killing(tap, service):
    before = service.source()['accepted']
    old, new = service.kill('server')
    tap.check(old and new, 'a killed server process is started again', service.daemon.log())
    tap.check(labs.wait_for(lambda: services.ask(service.machine, '127.0.0.1'), 3),
              'and answers on the same socket')
    tap.check(service.node().get('state') == 'synchronised' and
              service.source()['accepted'] >= before, 'nobody lost synchronisation by it')
    old, new = service.kill('time')
    tap.check(old and new, 'a killed time process is started again', service.daemon.log())
    tap.check(service.synchronised(), 'and is synchronised again', service.daemon.log())
    tap.check(labs.wait_for(lambda: len(services.ask(service.machine, '127.0.0.1')) == 48, 3),
              'the server process answers all the while')
    tap.check(service.noon('reload').returncode == 0, 'the new time process takes commands')


def try_a_file_that_has_become_nonsense(tap, service):
    """As an editor leaves it, or a reload has refused it: what is in force stays in force."""
    service.configure('frobnicate\n')
    old, new = service.kill('time')
    tap.check(old and new and service.synchronised(),
              'a time process that starts over a file of nonsense goes on as before',
              service.daemon.log())
    old, new = service.kill('server')
    tap.check(old and new and labs.wait_for(lambda: services.ask(service.machine, '127.0.0.1'), 3),
              'and so does a server process', service.daemon.log())
    tap.check('goes on with what was read before' in service.daemon.log(), 'which is said',
              service.daemon.log())
    service.configure(SERVING)
    tap.check(service.noon('reload').returncode == 0, 'and a file that is mended is taken again')


def try_end(tap, service, manager):
    os.kill(service.parent(), signal.SIGTERM)
    tap.check(labs.wait_for(lambda: not service.daemon.running(), 5) and
              service.daemon.stop() == 0, 'SIGTERM ends it cleanly', service.daemon.log())
    left = sorted(os.listdir(service.run))
    tap.check(left == ['time'], 'sockets and pid file are gone', left)
    tap.check(labs.wait_for(lambda: manager.count('STOPPING=1'), 2), 'the service manager is told', manager.said)


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        service = services.Service(lab, lab.machine('host'), sys.argv[1:4])
        manager = services.Manager(lab.path('notify'))
        service.reference()
        service.configure(SERVING)
        service.start(env={'NOTIFY_SOCKET': manager.path})
        tap.check(labs.wait_for(lambda: manager.count('READY=1') == 1, 5),
                  'READY comes as soon as it serves', manager.said)
        tap.check(service.synchronised(), 'it synchronises', service.daemon.log())
        tap.check(labs.wait_for(lambda: manager.count('STATUS=synchronised, right to within'), 3),
                  'STATUS says so in words', manager.said)
        tap.check(services.ask(service.machine, '127.0.0.1')[1:2] == b'\x02',
                  'it serves as stratum 2')
        try_claims(tap, service)
        try_doctor(tap, service)
        try_reloads(tap, service, manager)
        try_killing(tap, service)
        try_a_file_that_has_become_nonsense(tap, service)
        try_end(tap, service, manager)
    tap.done()


if __name__ == '__main__':
    main()
