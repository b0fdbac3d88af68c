# SPDX-License-Identifier: BSD-2-Clause
"""service.py - noond as an administrator runs it: with its helper, its sockets and `noon` beside.

The clock is virtual: the machine's real one is never touched.  Time comes from a test reference on
loopback, which needs no network.
"""
import datetime
import json
import os
import signal
import socket
import subprocess
import threading
import time

from support import lab as labs

NOBODY = 65534
SOURCE = 'server 127.0.0.1 port 11123 iburst minpoll 0 maxpoll 1\n'


def when(text):
    """A time of noon's JSON, to the second."""
    return datetime.datetime.fromisoformat(text[:19])


class Manager:
    """The service manager's side of sd_notify: listens all the time, as a manager does."""

    def __init__(self, path):
        self.path, self.said = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.said.append(self.socket.recv(4096).decode())

    def count(self, start):
        return sum(text.startswith(start) for text in list(self.said))


class Service:
    """One noond with directories of its own on one machine."""

    def __init__(self, lab, machine, programs, name='noond'):
        self.lab, self.machine, self.name, self.daemon = lab, machine, name, None
        self.bin = lab.directory('bin')
        for program in programs:
            link = os.path.join(self.bin, os.path.basename(program))
            if not os.path.lexists(link):
                os.symlink(program, link)
        self.run, self.state = lab.directory(f'{name}-run'), lab.directory(f'{name}-state')
        self.config = lab.path(f'{name}.conf')

    def program(self, name):
        return os.path.join(self.bin, name)

    def reference(self):
        """A server on this machine's loopback that tells the true time."""
        offset = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
        return self.machine.start('reference', self.program('noond'), '--reference',
                                  f'{offset:.6f},0.000005', '-d')

    def configure(self, text):
        os.rename(self.lab.write(f'{self.name}.new', text), self.config)

    def command(self, *options, user=f'{NOBODY}:{NOBODY}', clock=('--virtual', '0.01,5')):
        return [self.program('noond'), *clock, '-f', self.config, '-s', self.state, '-r', self.run,
                *(['-u', user] if user else []), *options]

    def start(self, *options, env=None, prefix=(), **choice):
        self.daemon = self.machine.start(self.name, *prefix, *self.command('-d', *options, **choice),
                                         env=dict(os.environ, **(env or {})))
        return self.daemon

    def noon(self, *arguments, prefix=()):
        """Runs `noon`; the finished process with its output and exit code."""
        command = self.machine.enter([*prefix, self.program('noon'), '-r', self.run, *arguments])
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def node(self):
        """The node's status; {} when nobody answers."""
        answer = self.noon('status', '--json')
        return json.loads(answer.stdout)['node'] if answer.stdout else {}

    def source(self, name='127.0.0.1'):
        answer = self.noon('source', name, '--json')
        return json.loads(answer.stdout)['sources'][0] if answer.stdout else {}

    def synchronised(self, timeout_s=15):
        return labs.wait_for(lambda: self.noon('ready').returncode == 0, timeout_s)

    def parent(self):
        try:
            with open(os.path.join(self.run, 'noond.pid'), encoding='ascii') as file:
                return int(file.read())
        except OSError:
            return 0

    def child(self, role):
        """Process id of the parent's child of that role; 0: there is none."""
        pid = self.parent()
        try:
            with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
                children = file.read().split()
        except OSError:
            return 0
        for child in children:
            try:
                with open(f'/proc/{child}/cmdline', encoding='utf-8') as file:
                    if f'--role={role}' in file.read().split('\0'):
                        return int(child)
            except OSError:
                pass
        return 0

    def kill(self, role):
        """Kills a child; its number, and the next one's."""
        old = self.child(role)
        os.kill(old, signal.SIGKILL)
        return old, labs.wait_for(lambda: self.child(role) not in (0, old) and self.child(role), 10)


def ask(machine, server, port=123, source=''):
    """One request from `source`; the answer's octets, b'' for none."""
    code = ('import socket, sys\n'
            'to, port, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]\n'
            's = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, '
            'socket.SOCK_DGRAM)\n'
            's.settimeout(1)\n'
            'if source: s.bind((source, 0))\n'
            's.sendto(bytes([0x23]) + bytes(39) + b"12345678", (to, port))\n'
            'try: print(s.recv(1024).hex())\n'
            'except OSError: print()\n')
    return bytes.fromhex(machine.run('python3', '-c', code, server, str(port), source).strip())
