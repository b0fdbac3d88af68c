# SPDX-License-Identifier: BSD-2-Clause
"""lab.py - machines made of network namespaces, and the daemons that run on them.

A machine is a process that holds a fresh network namespace.  Everything started here asks the
kernel to be killed when the test dies, so that a crashed test leaves nothing behind; no program is
ever ended by its name.  Namespaces do not isolate the clock: whatever is not under test runs without
CAP_SYS_TIME.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import time

# The kernel ends these when their parent dies; the second kind cannot touch the clock either.
MORTAL = ['setpriv', '--pdeathsig', 'KILL']
CLOCKLESS = MORTAL + ['--bounding-set', '-sys_time', '--inh-caps', '-sys_time']


def unable():
    """Why namespaces cannot be used here; empty: they can."""
    if os.geteuid() != 0:
        return 'network namespaces need root'
    for tool in ('unshare', 'nsenter', 'ip', 'setpriv'):
        if shutil.which(tool) is None:
            return f'no {tool} here'
    probe = subprocess.run(['unshare', '--net', 'true'], capture_output=True, text=True, check=False)
    return '' if probe.returncode == 0 else f'no network namespaces: {probe.stderr.strip()}'


class Daemon:
    """A running program with its output in a file."""

    def __init__(self, name, command, log, env=None):
        self.name, self.path = name, log
        with open(log, 'wb') as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, env=env)

    def log(self):
        with open(self.path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def running(self):
        return self.process.poll() is None

    def stop(self, grace_s=5, signum=signal.SIGTERM):
        """Ends it; returns its exit code, negative for a signal."""
        if self.running():
            self.process.send_signal(signum)
            try:
                self.process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


class Machine:
    """One network namespace with its loopback up."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.holder = subprocess.Popen(MORTAL + ['unshare', '--net', 'sleep', 'infinity'])
        ours = os.readlink('/proc/self/ns/net')
        for _ in range(500):
            try:
                if os.readlink(f'/proc/{self.holder.pid}/ns/net') != ours:
                    break
            except OSError:
                pass
            time.sleep(0.01)
        self.run('ip', 'link', 'set', 'lo', 'up')

    def enter(self, command, clock=False):
        inside = ['nsenter', '-t', str(self.holder.pid), '--net', '--']
        return inside + (MORTAL if clock else CLOCKLESS) + ['--'] + list(command)

    def run(self, *command, env=None, timeout=30, check=True):
        """Runs to the end; returns what it printed, standard error included."""
        done = subprocess.run(self.enter(command), env=env, timeout=timeout, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f'{" ".join(command)}: exit code {done.returncode}: {done.stdout}')
        return done.stdout

    def start(self, name, *command, env=None, clock=False):
        """Starts a daemon; `clock`: it may adjust the machine's one real clock."""
        log = self.lab.path(f'{self.name}-{name}.log')
        daemon = Daemon(name, self.enter(command, clock), log, env)
        self.lab.daemons.append(daemon)
        return daemon


class Lab:
    """A with-block of machines; leaving it ends all that was started in it."""

    def __init__(self):
        self.machines, self.daemons = [], []
        self.folder = tempfile.mkdtemp(prefix='noon-lab-')
        os.chmod(self.folder, 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for daemon in reversed(self.daemons):
            daemon.stop()
        for machine in self.machines:
            machine.holder.kill()
            machine.holder.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file in the lab's folder; returns its path."""
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        return self.path(name)

    def directory(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return self.path(name)

    def machine(self, name):
        machine = Machine(self, name)
        self.machines.append(machine)
        return machine

    @staticmethod
    def connect(one, other, one_address, other_address, link='lan0'):
        """A cable between two machines, with an address/prefix at each end."""
        one.run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', link, 'netns',
                str(other.holder.pid))
        for machine, address in ((one, one_address), (other, other_address)):
            machine.run('ip', 'address', 'add', address, 'dev', link)
            machine.run('ip', 'link', 'set', link, 'up')


def wait_for(condition, timeout_s, pause_s=0.25):
    """The first true value of condition() within the time, else its last value."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        time.sleep(pause_s)
