#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""systemd's timedatectl shows noond's time: noon-timesync1 on a bus of its own.

usage: test_timedatectl.py NOOND NOON NOON-HELPER NOON-TIMESYNC1 PEERS-FOLDER     prints TAP
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

BUS = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="{own}"/>
    <allow send_type="method_call"/><allow send_type="method_return"/>
    <allow send_type="error"/><allow send_type="signal"/>
    <allow receive_type="method_call"/><allow receive_type="method_return"/>
    <allow receive_type="error"/><allow receive_type="signal"/>
  </policy>
</busconfig>
'''


class Bus:
    """A message bus of our own; programs find it by DBUS_SYSTEM_BUS_ADDRESS."""

    def __init__(self, service, name='bus', own='*'):
        self.service = service
        path = service.machine.lab.path(name)
        config = service.machine.lab.write(f'{name}.conf', BUS.format(path=path, own=own))
        self.env = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=f'unix:path={path}', LC_ALL='C')
        self.daemon = service.machine.start(name, shutil.which('dbus-daemon'), '--nofork',
                                            f'--config-file={config}')
        labs.wait_for(lambda: os.path.exists(path), 5)

    def start(self, name, *command):
        return self.service.machine.start(name, *command, env=self.env)

    def run(self, env, *command):
        """Runs it where it believes that systemd is process 1."""
        inside = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /run && '
                  'mkdir -p /run/systemd/system && exec "$@"', '-', *command]
        done = subprocess.run(self.service.machine.enter(inside), env=dict(self.env, **env),
                              capture_output=True, text=True, check=False, timeout=30)
        return done.stdout + done.stderr


def timedatectl(peers):
    """The program, and the environment for it: the machine's own, or that of the packages."""
    own = shutil.which('timedatectl')
    if own:
        return own, {}
    packages = ['systemd', 'libsystemd-shared', 'libip4tc2', 'libkmod2', 'libapparmor1', 'libcrypt1']
    if peers.fetch(packages):
        skip_all('no timedatectl here, and its packages could not be fetched')
    libraries = [path for package in packages for path, _, names in os.walk(peers.program(package))
                 if any('.so' in name for name in names)]
    env = {'LD_LIBRARY_PATH': ':'.join(libraries)}
    program = peers.program('systemd/usr/bin/timedatectl')
    tried = subprocess.run([program, '--version'], env=dict(os.environ, **env), capture_output=True,
                           text=True, check=False)
    if tried.returncode != 0:
        skip_all(f'no timedatectl here, and the one of the package does not start: {tried.stderr}')
    return program, env


def check_status(tap, bus, service, program, env):
    text = bus.run(env, program, 'timesync-status')
    source = service.source()
    tap.check(re.search(r'Server: 127\.0\.0\.1 \(127\.0\.0\.1\)', text) and
              re.search(r'Stratum: 1$', text, re.M) and
              re.search(rf'Packet count: ({source["accepted"]}|{source["accepted"] - 1})$', text, re.M),
              'timesync-status shows the selected server and its answers', text)
    tap.check(re.search(r'Offset: [+-]?\d', text) and re.search(r'Delay: \d', text) and
              'Invalid' not in text, 'with an offset and a delay', text)
    text = bus.run(env, program, 'show-timesync')
    tap.check('ServerName=127.0.0.1' in text and 'SystemNTPServers=127.0.0.1' in text and
              re.search(r'NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=1,', text),
              'show-timesync has every property', text)


def main(programs, timesync1, folder):
    reason = labs.unable()
    if reason:
        skip_all(reason)
    if not os.access(timesync1, os.X_OK):
        skip_all('built without sd-bus')
    if not shutil.which('dbus-daemon'):
        skip_all('no dbus-daemon here')
    program, env = timedatectl(Peers(folder))
    tap = Tap()
    with labs.Lab() as lab:
        service = services.Service(lab, lab.machine('host'), programs)
        service.reference()
        service.configure(services.SOURCE)
        service.start()
        tap.check(service.synchronised(), 'noond is synchronised', service.daemon.log())
        bus = Bus(service)
        first = bus.start('timesync1', timesync1, '-r', service.run)
        labs.wait_for(lambda: 'ServerName' in bus.run(env, program, 'show-timesync'), 5)
        check_status(tap, bus, service, program, env)
        second = bus.start('second', timesync1, '-r', service.run)
        labs.wait_for(lambda: not second.running(), 5)
        tap.check('has an owner' in second.log(), 'a second owner of the name is told so', second.log())
        service.daemon.stop()
        text = bus.run(env, program, 'timesync-status')
        tap.check(first.running() and 'Server: n/a' in text and 'Offset' not in text,
                  'without noond it answers that there is nothing', text)
        other = Bus(service, 'strict', own='org.example')
        third = other.start('third', timesync1, '-r', service.run)
        labs.wait_for(lambda: not third.running(), 5)
        tap.check('policy' in third.log(), 'a bus that forbids the name is named as the reason',
                  third.log())
        first.stop()
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(sys.argv[1:4], sys.argv[4], sys.argv[5])
