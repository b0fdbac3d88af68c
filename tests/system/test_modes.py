#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond in the background, alone, asked once, without rights, and under a shower of garbage.

usage: test_modes.py NOOND NOON NOON-HELPER      prints TAP
"""
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

STRANGER = ['setpriv', '--reuid', '4321', '--regid', '4321', '--clear-groups', '--']
GARBAGE = """
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.time() + 3
while time.time() < end:
    for i in range(100):
        s.sendto(os.urandom(i * 10), ('127.0.0.1', 123))
"""


def try_background(tap, service):
    logfile = service.lab.path('background.log')
    service.configure(services.SOURCE + f'port 0\nlogfile {logfile}\n')
    service.machine.run(*service.command())
    tap.check(service.node() and service.parent(), 'the command returns when it can be asked')
    tap.check(service.synchronised(), 'without -d it goes to the background and works')
    pid = service.parent()
    with open(logfile, encoding='utf-8') as file:
        log = file.read()
    tap.check('noond: noond ' in log and 'synchronised: right to within' in log,
              'the log is in its file: what the parent says, and the others', log)
    tap.check(pid and os.getsid(pid) != os.getsid(0), 'in a session of its own')
    second = subprocess.run(service.machine.enter(service.command()), capture_output=True,
                            text=True, timeout=20, check=False)
    tap.check(second.returncode == 1 and 'another noond' in second.stderr and
              service.parent() == pid, 'a second one says so and changes nothing', second.stderr)
    folder = service.run
    service.run += '/none'
    with open(folder + '/none', 'w', encoding='ascii'):
        pass
    failed = subprocess.run(service.machine.enter(service.command(user='nobody-of-that-name')),
                            capture_output=True, text=True, timeout=20, check=False)
    service.run = folder
    os.unlink(folder + '/none')
    tap.check(failed.returncode == 1 and 'nobody-of-that-name' in failed.stderr,
              'one that can\'t start says why, and returns 1', failed.stderr)
    service.noon('shutdown')
    tap.check(labs.wait_for(lambda: not os.path.exists(f'/proc/{pid}'), 5) and
              os.listdir(service.run) == ['time'], '`noon shutdown` ends it')


def try_temperature(tap, service):
    """The raw clock follows a sensor; the estimate finds that it should not have."""
    sensor = service.lab.write('sensor', '25000\n')
    os.chmod(service.lab.directory('.'), 0o755)
    logs = service.lab.directory('temperature-logs')
    os.chmod(logs, 0o777)
    service.configure(services.SOURCE + f'port 0\ntempcomp {sensor} 1 25000 0 0.001 0\n'
                      f'log tempcomp\nlogdir {logs}\n')
    daemon = service.start()
    tap.check(service.synchronised() and service.node()['tempcomp_s_per_s'] == 0,
              'with a sensor at the formula\'s zero nothing is corrected', daemon.log)
    service.lab.write('sensor', '27000\n')
    tap.check(labs.wait_for(lambda: abs(service.node()['tempcomp_s_per_s'] - 2e-6) < 1e-9, 10) and
              service.node()['temperature'] == 27000, 'two degrees more are 2 ppm')
    tap.check(labs.wait_for(lambda: abs(service.node()['freq_s_per_s'] + 2e-6) < 2e-7, 60, 1),
              'the clock was right before: its sources show that it is now 2 ppm fast',
              str(service.node()['freq_s_per_s']))
    with open(f'{logs}/tempcomp.log', encoding='ascii') as log:
        lines = log.read().splitlines()
    tap.check(len(lines) > 3 and
              lines[-1].split()[2:] == ['2.7000e+04', '2.0000e+00'],
              'tempcomp.log has a line for each reading', lines[-1])
    os.unlink(sensor)
    tap.check(labs.wait_for(lambda: 'shows no temperature' in daemon.log(), 5) and
              abs(service.node()['tempcomp_s_per_s'] - 2e-6) < 1e-9,
              'a sensor that is gone is said once; the correction stays')
    daemon.stop()
    recall_temperature(tap, service)


def recall_temperature(tap, service):
    """What an earlier run had learnt: 1 ppb for each unit, of 40 changes."""
    sensor = service.lab.write('sensor', '25000\n')
    kept = os.path.join(service.state, 'tempcomp')
    with open(kept, 'w', encoding='ascii') as file:
        file.write(f'changes 40000 {110 * 10**12}\n{sensor} 0 {10**11} {10**11}\n')
    service.configure(services.SOURCE + f'port 0\ntempcomp {sensor} 1 auto\n')
    daemon = service.start()
    tap.check(service.synchronised() and
              labs.wait_for(lambda: 'temperature explains 91 %' in daemon.log(), 10),
              'what an earlier run had learnt is used at once', daemon.log())
    service.lab.write('sensor', '29000\n')
    tap.check(labs.wait_for(lambda: service.node()['tempcomp_s_per_s'] > 3e-8, 20),
              'the correction follows the temperature', daemon.log())
    daemon.stop()
    with open(kept, encoding='ascii') as file:
        tap.check(file.read().startswith('changes 40000 '),
                  'a run that learnt nothing leaves what was kept')
    os.unlink(kept)


def try_alone(tap, service):
    service.configure(services.SOURCE + 'allow\nntsservercert /none.pem\nntsserverkey /none.key\n')
    daemon = service.start('--single', user=None)
    tap.check(service.synchronised() and
              len(services.ask(service.machine, '127.0.0.1')) == 48, 'alone, it follows and serves')
    tap.check('no NTS is served with --single' in daemon.log(), 'and says that it serves no NTS',
              daemon.log())
    tap.check(service.parent() != 0, 'and writes its pid file')
    daemon.stop()
    tap.check(os.listdir(service.run) == ['time'], 'and leaves neither sockets nor pid file behind')


def try_once(tap, service):
    config = services.SOURCE + f'driftfile {service.state}/once\n'
    service.configure(config)
    said = service.machine.run(*service.command('-Q', user=None, clock=()))
    tap.check('System clock wrong by' in said and 'bound' in said, '-Q says how wrong it is', said)
    said = service.machine.run(*service.command('-q', user=None))
    tap.check('System clock set: corrected by -0.0' in said, '-q sets the clock', said)
    tap.check(not os.path.exists(f'{service.state}/once'), 'and neither leaves traces')
    said = service.machine.run(*service.command('-q', '-x', user=None, clock=()), check=False)
    tap.check('-x leaves it so' in said, '-q with -x only says so', said)


def shout(service, name):
    """Garbage on a control socket, with many who never end their sentence."""
    for _ in range(300):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(os.path.join(service.run, name))
                s.sendall(os.urandom(100))
            except OSError:
                time.sleep(0.01)  # hung up, or a full queue


def try_garbage(tap, service):
    logs = service.lab.directory('logs')
    os.chown(logs, services.NOBODY, services.NOBODY)
    for name in ('drift', 'restraint', 'last-time', 'tempcomp'):
        with open(os.path.join(service.state, name), 'wb') as file:
            file.write(os.urandom(3000))
    service.configure(services.SOURCE + f'allow\ndriftfile {service.state}/drift\n'
                      f'tempcomp auto\nlog measurements statistics tracking\nlogdir {logs}\n')
    daemon = service.start()
    tap.check(service.synchronised() and daemon.log().count('drift file') == 1 and
              daemon.log().count('nothing that could be true') == 1,
              'a state directory full of nonsense is said once and does no harm', daemon.log())
    children = [service.child('time'), service.child('server')]
    attack = service.machine.start('garbage', 'python3', '-c', GARBAGE)
    shout(service, 'status.sock')
    shout(service, 'control.sock')
    tap.check(service.noon('ready').returncode == 0, 'garbage on its sockets leaves it ready')
    attack.process.wait(20)
    time.sleep(1.2)
    server = service.node()['server']
    tap.check(server['requests'] > 1000 and server['drops']['short'] > 0,
              'garbage on the port is counted by its reason', server)
    tap.check(children == [service.child('time'), service.child('server')] and
              len(services.ask(service.machine, '127.0.0.1')) == 48, 'nothing had to be restarted')
    answer = service.noon('offline', prefix=STRANGER)
    tap.check(answer.returncode == 4 and 'members of the group `nogroup`' in answer.stderr,
              'who may not command is told which group may', answer.stderr)
    tap.check(service.noon('status', prefix=STRANGER).returncode == 0, 'but may look')
    files = sorted(name for name in os.listdir(logs) if os.path.getsize(f'{logs}/{name}') > 200)
    tap.check(files == ['measurements.log', 'statistics.log', 'tracking.log'],
              'log files are written in the sandbox', f'{files}\n{daemon.log()}')
    daemon.stop()
    small = service.lab.directory('small-logs')
    os.chown(small, services.NOBODY, services.NOBODY)
    service.configure(services.SOURCE + 'port 0\n'
                      f'log measurements\nlogdir {small}\nlogsize 400 2\n')
    daemon = service.start()
    # A heading and a line fill a file: the fifth answer would be a fifth file's.
    labs.wait_for(lambda: service.source().get('accepted', 0) >= 5, 25)
    files = {name: os.path.getsize(f'{small}/{name}') for name in os.listdir(small)}
    tap.check(sorted(files) == [f'measurements.log{end}' for end in ('', '.1', '.2')] and
              max(files.values()) < 800, '`logsize` bounds their size and count', f'{files}\n{daemon.log()}')
    daemon.stop()


def try_access(tap, lab, service):
    near, far = service.machine, lab.machine('far')
    lab.connect(near, far, '10.66.0.1/24', '10.66.0.2/24')
    for machine, address in ((near, 'fd66::1/64'), (far, 'fd66::2/64'), (far, 'fd66::3/64')):
        machine.run('ip', 'address', 'add', address, 'dev', 'lan0', 'nodad')
    far.run('ip', 'address', 'add', '10.66.0.3/24', 'dev', 'lan0')
    service.configure(services.SOURCE + 'allow 10.66.0.0/24\ndeny 10.66.0.3\n'
                      'allow fd66::/64\ndeny fd66::3\n')
    daemon = service.start()
    service.synchronised()
    asked = [len(services.ask(far, to, source=source)) for to, source in
             (('10.66.0.1', '10.66.0.2'), ('10.66.0.1', '10.66.0.3'),
              ('fd66::1', 'fd66::2'), ('fd66::1', 'fd66::3'))]
    tap.check(asked == [48, 0, 48, 0], 'allow and deny hold, in both families', asked)
    daemon.stop()


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        service = services.Service(lab, lab.machine('host'), sys.argv[1:4])
        service.reference()
        try_background(tap, service)
        try_alone(tap, service)
        try_temperature(tap, service)
        try_once(tap, service)
        try_garbage(tap, service)
        try_access(tap, lab, service)
    tap.done()


if __name__ == '__main__':
    main()
