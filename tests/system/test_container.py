#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond as containers run it: told by the environment and by a ConfigMap, without rights, in the
image of deploy/container under podman and runc with 20 MiB and a fiftieth of a processor.

usage: test_container.py BUILD NOOND NOON NOON-HELPER      prints TAP
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import kernel_clock  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

USER = 65532
SERVER = services.SOURCE.removeprefix('server ').strip()
UNREACHABLE = '127.0.0.9 port 9'
MEMORY, PROCESSORS = 20 << 20, 0.02
SYS_TIME = 1 << 25


class ConfigMap:
    """A directory as kubelet mounts it: files are links through ..data, which is exchanged."""

    def __init__(self, folder):
        self.folder, self.turn = folder, 0
        os.makedirs(folder, exist_ok=True)
        os.symlink('..data/noon.conf', os.path.join(folder, 'noon.conf'))

    def put(self, text):
        self.turn += 1
        fresh = os.path.join(self.folder, f'..v{self.turn}')
        os.mkdir(fresh)
        with open(os.path.join(fresh, 'noon.conf'), 'w', encoding='utf-8') as file:
            file.write(text)
        os.symlink(os.path.basename(fresh), os.path.join(self.folder, '..data_tmp'))
        os.rename(os.path.join(self.folder, '..data_tmp'), os.path.join(self.folder, '..data'))


def check_exchanged(tap, service, configmap, where):
    """A good configuration is applied by itself; a bad one is refused, and that is said."""
    configmap.put(f'server {SERVER}\nserver {UNREACHABLE}\n')
    tap.check(labs.wait_for(lambda: service.node().get('reloads') == 1, 20) and
              service.node()['source_count'] == 2,
              f'a ConfigMap that is exchanged is applied{where}', service.daemon.log())
    configmap.put(f'server {SERVER}\nmaxdistanze 3\n')
    refused = labs.wait_for(lambda: service.node().get('reload_error'), 20)
    tap.check(refused and 'noon.conf:2:' in refused and 'maxdistanze' in refused and
              service.node()['source_count'] == 2,
              f'one that is wrong is refused, and the status says why{where}', refused)
    said = service.noon('why').stdout
    tap.check('refused' in said and 'maxdistanze' in said and
              service.noon('ready').returncode == 0,
              f'`noon why` says so, and it stays ready{where}', said)
    configmap.put(f'server {SERVER}\n')
    tap.check(labs.wait_for(lambda: service.node().get('reloads') == 2, 20) and
              service.node()['reload_error'] == '' and service.node()['source_count'] == 1,
              f'the next good one is applied{where}', service.daemon.log())


def try_environment(tap, service):
    folder = service.lab.directory('configmap')
    configmap = ConfigMap(folder)
    configmap.put(f'server {SERVER}\n')
    service.config = os.path.join(folder, 'noon.conf')
    service.start()
    tap.check(service.synchronised(), 'noond starts with a ConfigMap', service.daemon.log())
    time.sleep(0.1)
    with open(os.path.join(folder, 'README'), 'w', encoding='utf-8') as file:
        file.write('of no interest')
    check_exchanged(tap, service, configmap, '')
    service.daemon.stop()
    env = dict(os.environ, NTP_CONF_FILE=service.config, NOON_SERVERS=f'{UNREACHABLE}, {SERVER}',
               NOON_ALLOW='10.0.0.0/8 fd00::/8')
    said = service.machine.run(service.program('noond'), '-p', env=env)
    tap.check(said.count('server ') == 2 and 'server 127.0.0.9 port 9' in said and
              'allow 10.0.0.0/8' in said and 'allow fd00::/8' in said,
              'the environment names file, servers and networks', said)
    for name, value, expected in (
            ('NOON_SERVERS', 'a.example b.example', r'NOON_SERVERS:1: .*b\.example'),
            ('NOON_SERVERS', ', ,', r'NOON_SERVERS has no entry; write'),
            ('NOON_ALLOW', '10.0.0.0/8,10.1.0.0/x', r'NOON_ALLOW:2: '),
            ('NOON_ALLOW', '10.0.0.0/40', r'NOON_ALLOW:1: '),
            ('NTP_CONF_FILE', '/none/noon.conf', r'/none/noon.conf: there is no such file')):
        done = subprocess.run(service.machine.enter([service.program('noond'), '-n']), check=False,
                              env=dict(env, **{name: value}), capture_output=True, text=True)
        tap.check(done.returncode == 1 and re.search(expected, done.stderr),
                  f'{name}={value} is refused in a sentence', done.stderr)


class Podman:
    """podman with a store of its own in the lab's folder."""

    def __init__(self, lab, machine):
        self.lab, self.machine = lab, machine
        self.base = ['podman', '--root', lab.directory('store'), '--runroot',
                     lab.directory('store-run'), '--storage-driver', 'vfs', '--cgroup-manager',
                     'cgroupfs', '--runtime', 'runc']

    def call(self, *arguments):
        return subprocess.run(self.base + list(arguments), capture_output=True, text=True,
                              timeout=120, check=False)

    def command(self, name, options, arguments):
        """As Kubernetes would: one user, no capability but those asked for, nothing writable."""
        return self.base + ['run', '--rm', '--name', name, '--network',
                            f'ns:/proc/{self.machine.holder.pid}/ns/net', '--ulimit',
                            'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', '--cap-drop=ALL',
                            '--read-only', '--security-opt', 'no-new-privileges', *options,
                            'noon-test', *arguments]

    def start(self, name, options, *arguments):
        daemon = labs.Daemon(name, self.command(name, options, arguments), self.lab.path(name))
        self.lab.daemons.append(daemon)
        return daemon

    def process(self, name):
        """The first process of a container, as seen from outside; 0: there is none yet."""
        said = self.call('inspect', '--format', '{{.State.Pid}}', name).stdout.strip()
        return int(said) if said.isdigit() else 0


class Contained(services.Service):
    """A noond in a container, asked from outside by way of its runtime directory."""

    def __init__(self, lab, machine, programs, podman, name):
        super().__init__(lab, machine, programs, name)
        self.podman = podman
        for folder in (self.run, self.state):
            os.chown(folder, USER, USER)

    def begin(self, options, *arguments):
        self.daemon = self.podman.start(
            self.name, ['-v', f'{self.run}:/run/noon', '-v', f'{self.state}:/var/lib/noon',
                        *options], '-d', '-t', '200', *arguments)  # ends even if this test dies
        return labs.wait_for(self.node, 30)

    def family(self):
        """The container's first process and its children."""
        pid = self.podman.process(self.name)
        try:
            with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
                return [pid] + [int(child) for child in file.read().split()]
        except OSError:
            return []


def unable():
    """Why no container can be run here; empty: one can, perhaps."""
    for tool in ('podman', 'buildah', 'runc', 'setcap'):
        if shutil.which(tool) is None and not os.path.exists(f'/usr/sbin/{tool}'):
            return f'no {tool} here'
    return ''


def build_image(lab, podman, build):
    """Image of the very programs under test.  Returns what went wrong; empty: nothing."""
    context = lab.directory('context')
    done = subprocess.run([os.path.join(ROOT, 'tools/image-root'), build, f'{context}/image'],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr
    with open(os.path.join(ROOT, 'deploy/container/Dockerfile'), encoding='utf-8') as file:
        stage = file.read().split('\nFROM scratch\n')[1]
    lab.write('context/Dockerfile', 'FROM scratch\n' + stage.replace('--from=build ', ''))
    done = podman.call('build', '--isolation', 'chroot', '--quiet', '--tag', 'noon-test', context)
    return '' if done.returncode == 0 else done.stderr


def group_file(pid, controller, names):
    """A number from the control group of a process, of whichever version there is."""
    with open(f'/proc/{pid}/cgroup', encoding='ascii') as file:
        groups = dict(line.strip().split(':', 2)[1:] for line in file)
    for key, path in groups.items():
        if controller in key.split(',') or key == '':
            base = f'/sys/fs/cgroup/{key}' if key else '/sys/fs/cgroup'
            for name in names:
                try:
                    with open(f'{base}{path}/{name}', encoding='ascii') as file:
                        return file.read()
                except OSError:
                    pass
    return ''


def used_s(pid):
    """Processor time of the container."""
    old = group_file(pid, 'cpuacct', ['cpuacct.usage'])
    if old:
        return int(old) / 1e9
    return int(re.search(r'usage_usec (\d+)', group_file(pid, 'cpu', ['cpu.stat']))[1]) / 1e6


def try_limits(tap, service, configmap):
    """What an ordinary container needs, and that it works with a ConfigMap and exactly that."""
    limits = ['--memory', str(MEMORY), '--cpus', str(PROCESSORS), '-v',
              f'{configmap.folder}:/etc/noon:ro']
    begun = service.begin(limits, '--virtual', '0.01,5')
    tap.check(begun, 'the image starts with 20 MiB, a fiftieth of a processor and no right',
              service.daemon.log())
    tap.check(service.synchronised(40), 'and knows the time there', service.daemon.log())
    pid = service.podman.process(service.name)
    before, at = used_s(pid), time.monotonic()
    time.sleep(3)
    mean = (used_s(pid) - before) / (time.monotonic() - at)
    check_exchanged(tap, service, configmap, ' in a container')
    peak = int(group_file(pid, 'memory', ['memory.max_usage_in_bytes', 'memory.peak']) or 0)
    now = int(group_file(pid, 'memory', ['memory.usage_in_bytes', 'memory.current']) or 0)
    tap.note(f'memory: peak {peak / 1e6:.1f} MB, at the end {now / 1e6:.1f} MB; processor: mean '
             f'{mean * 1000:.2f} millicores when asking each second, {before * 1000:.0f} ms before')
    # Reloads included; the kernel counts pages of the programs' files too.
    tap.check(peak < MEMORY * 0.8, 'its memory stays well within the limit', peak)
    tap.check(mean < PROCESSORS / 2, 'its processor time stays well within the limit', mean)
    service.daemon.stop()


def rights(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        text = file.read()
    return {key: int(re.search(rf'^{key}:\s+(\S+)', text, re.M)[1], 16)
            for key in ('CapEff', 'CapPrm')} | {
            key: int(re.search(rf'^{key}:\s+(\d+)', text, re.M)[1])
            for key in ('NoNewPrivs', 'Seccomp', 'Uid')}


def try_without(tap, service):
    """Without CAP_SYS_TIME; the kernel's clock is asked for, and refused."""
    tap.check(service.begin(['-e', f'NOON_SERVERS={SERVER}']) and
              service.synchronised(30), 'without CAP_SYS_TIME it measures', service.daemon.log())
    node = service.node()
    tap.check(not node['privileged'] and 'may not be set' in service.daemon.log() or
              'CAP_SYS_TIME' in service.daemon.log(), 'and says that it leaves the clock alone',
              service.daemon.log())
    family = [rights(pid) for pid in service.family()]
    tap.check(len(family) >= 2 and all(one['CapEff'] == one['CapPrm'] == 0 and one['NoNewPrivs'] == 1
                                       and one['Uid'] == USER for one in family) and
              all(one['Seccomp'] == 2 for one in family),
              'all its processes are confined and may do nothing', family)
    service.daemon.stop()


def try_with(tap, service):
    """With it; nobody answers, so that the clock is not touched."""
    options = ['--cap-add=SYS_TIME', '-e', f'NOON_SERVERS={UNREACHABLE}']
    tap.check(service.begin(options), 'it starts with CAP_SYS_TIME', service.daemon.log())
    family = [rights(pid) for pid in service.family()]
    holders = [one for one in family if one['CapEff'] == SYS_TIME]
    tap.check(service.node()['privileged'] and len(holders) >= 1 and
              all(one['CapEff'] in (0, SYS_TIME) and one['Uid'] == USER for one in family),
              'with the file capability its time process may set the clock, and nothing else',
              f'{family}\n{service.daemon.log()}')
    service.daemon.stop()


def try_refused(tap, podman):
    done = subprocess.run(podman.command('bad', ['-e', 'NOON_ALLOW=10.0.0.0/40'],
                                         ['-d', '-t', '20']),
                          capture_output=True, text=True, timeout=60, check=False)
    tap.check(done.returncode == 1 and 'NOON_ALLOW:1:' in done.stderr + done.stdout,
              'a wrong variable ends the container with its sentence', done.stdout + done.stderr)


def try_image(tap, lab, machine, build):
    sentence = 'the image runs under podman and runc'
    reason = unable()
    if reason:
        tap.skip(sentence, reason)
        return
    podman = Podman(lab, machine)
    wrong = build_image(lab, podman, build)
    if not tap.check(not wrong, 'the image is built from scratch', wrong):
        return
    size = json.loads(podman.call('inspect', 'noon-test').stdout)[0]['Size']
    tap.check(size < 15e6, 'it is smaller than 15 MB', size)
    first = subprocess.run(podman.command('first', [], ['-v']), capture_output=True, text=True,
                           timeout=60, check=False)
    if first.returncode != 0 and not first.stdout.startswith('noond '):
        tap.skip(sentence, (first.stderr.strip().splitlines() or ['podman fails'])[-1][:200])
        return
    configmap = ConfigMap(lab.directory('mounted'))
    configmap.put(f'server {SERVER}\n')
    programs = sys.argv[2:5]
    try_limits(tap, Contained(lab, machine, programs, podman, 'limited'), configmap)
    try_without(tap, Contained(lab, machine, programs, podman, 'observer'))
    reason = kernel_clock.unable()
    if reason:
        tap.skip('with the file capability its time process may set the clock', reason)
    else:
        with kernel_clock.Guard():
            try_with(tap, Contained(lab, machine, programs, podman, 'keeper'))
    try_refused(tap, podman)
    podman.call('rm', '--all', '--force', '--time', '1')


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    tap = Tap()
    with labs.Lab() as lab:
        machine = lab.machine('host')
        service = services.Service(lab, machine, sys.argv[2:5])
        service.reference()
        try_environment(tap, service)
        try_image(tap, lab, machine, sys.argv[1])
    tap.done()


if __name__ == '__main__':
    main()
