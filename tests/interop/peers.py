# SPDX-License-Identifier: BSD-2-Clause
"""peers.py - other people's time programs, from Debian's packages, never installed.

Packages are fetched by `apt-get download` and unpacked into a folder that is kept between runs.
"""
import fcntl
import glob
import os
import re
import subprocess

PACKAGES = ['chrony', 'ntpsec', 'ntpsec-ntpdig', 'python3-ntp', 'openntpd', 'rdate', 'libbsd0',
            'libmd0', 'libedit2', 'monitoring-plugins-basic']


class Peers:
    """The unpacked programs, and how each is asked what it thinks of its server."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.missing = []

    def fetch(self, packages=None):
        """Unpacks what is not there yet; returns the packages that could not be had."""
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, '.lock'), 'w', encoding='utf-8') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.fetch_locked(packages or PACKAGES)
        return self.missing

    def fetch_locked(self, packages):
        for package in packages:
            done = os.path.join(self.folder, f'.{package}')
            if os.path.exists(done):
                continue
            got = subprocess.run(['apt-get', 'download', '-q', package], cwd=self.folder,
                                 capture_output=True, text=True, check=False, timeout=120)
            files = glob.glob(os.path.join(self.folder, f'{package}_*.deb'))
            if got.returncode != 0 or not files:
                self.missing.append(package)
                continue
            subprocess.run(['dpkg', '-x', files[0], self.program(package)], check=True)
            os.unlink(files[0])
            with open(done, 'w', encoding='utf-8'):
                pass

    def program(self, path):
        """A file of a package, from `package/path`."""
        return os.path.join(self.folder, path)

    def env(self):
        """Libraries and Python modules of the unpacked packages."""
        modules = self.program('python3-ntp/usr/lib/python3/dist-packages')
        libraries = glob.glob(self.program('*/usr/lib/*-linux-gnu*'))
        for library in glob.glob(self.program('python3-ntp/usr/lib/*/ntp/libntpc.so')):
            beside = os.path.join(modules, 'ntp', 'libntpc.so')  # the first place it is looked for
            if not os.path.exists(beside):
                os.symlink(library, beside)
        return dict(os.environ, LD_LIBRARY_PATH=':'.join(libraries), LC_ALL='C',
                    PYTHONPATH=modules)

    # ---- chrony ----

    def chronyd(self, machine, name, config, may_set_clock=False):
        """Debian's chronyd in the foreground; its control socket is NAME.sock in the lab."""
        lab = machine.lab
        folder = lab.directory(f'{machine.name}-{name}')
        os.chmod(folder, 0o700)  # or chronyd refuses to put its socket there
        path = lab.write(f'{machine.name}-{name}.conf',
                         f'pidfile {folder}/pid\ncmdport 0\nbindcmdaddress {folder}/sock\n{config}')
        flags = [] if may_set_clock else ['-x']
        return machine.start(name, self.program('chrony/usr/sbin/chronyd'), '-d', *flags, '-u', 'root',
                             '-f', path, env=self.env(), clock=may_set_clock)

    def chronyc(self, machine, name, *command):
        socket = machine.lab.path(f'{machine.name}-{name}/sock')
        return machine.run(self.program('chrony/usr/bin/chronyc'), '-n', '-c', '-h', socket, *command,
                           env=self.env(), check=False)

    def chrony_follows(self, machine, name, server):
        """Stratum and offset (s) while chronyd has selected this server, else None."""
        sources = self.chronyc(machine, name, 'sources')
        if not re.search(rf'^\^,\*,{re.escape(server)},', sources, re.M):
            return None
        fields = self.chronyc(machine, name, 'tracking').strip().split(',')
        return {'stratum': int(fields[2]), 'offset_s': float(fields[4])}

    # ---- ntpsec ----

    def ntpsec(self, machine, name, config):
        """ntpsec's ntpd in the foreground; without CAP_SYS_TIME it only says that it cannot."""
        lab = machine.lab
        path = lab.write(f'{machine.name}-{name}.conf',
                         f'driftfile {lab.path(machine.name + name)}.drift\n{config}')
        return machine.start(name, self.program('ntpsec/usr/sbin/ntpd'), '-n', '-g', '-c', path,
                             env=self.env())

    def ntpsec_follows(self, machine, server):
        """Stratum and offset (s) of the server while ntpd marks it as its system peer, else None."""
        text = machine.run('python3', self.program('ntpsec/usr/bin/ntpq'), '-n', '-p', '127.0.0.1',
                           env=self.env(), check=False)
        match = re.search(rf'^\*{re.escape(server)}\s+\S+\s+(\d+)\s+\S+\s+\S+\s+\d+\s+\d+\s+\S+\s+'
                          r'(\S+)', text, re.M)
        return {'stratum': int(match[1]), 'offset_s': float(match[2]) / 1000} if match else None

    def ntpdig(self, machine, server):
        """What ntpsec's one-shot client prints about a server, as JSON text."""
        return machine.run('python3', self.program('ntpsec-ntpdig/usr/bin/ntpdig'), '-j', '-t', '3', server,
                           env=self.env(), check=False)

    # ---- OpenNTPD ----

    def openntpd(self, machine, name, server, more=''):
        """OpenNTPD in the foreground, with `more` lines of configuration.  It wants a user and a
        directory of its own: it gets them in a mount namespace, so that nothing of this system
        changes."""
        lab = machine.lab
        config = lab.write(f'{machine.name}-{name}.conf', f'server {server}\n{more}')
        with open('/etc/passwd', encoding='utf-8') as file:
            passwd = lab.write('passwd', file.read() +
                               '\nntpd:x:65533:65533::/run/openntpd:/usr/sbin/nologin\n')
        with open('/etc/group', encoding='utf-8') as file:
            group = lab.write('group', file.read() + '\nntpd:x:65533:\n')
        setup = ('mount -t tmpfs none /run && mkdir -p /run/openntpd && mount -t tmpfs none /var/lib && '
                 'mkdir -p /var/lib/openntpd/db /var/lib/openntpd/run && '
                 f'mount --bind {passwd} /etc/passwd && mount --bind {group} /etc/group && '
                 f'exec {self.program("openntpd/usr/sbin/ntpd")} -d -v -f {config}')
        return machine.start(name, 'unshare', '--mount', 'sh', '-c', setup, env=self.env())

    # ---- rdate ----

    def rdate(self, machine, server):
        """What OpenBSD's rdate prints about an SNTP server; -p: it only looks."""
        return machine.run(self.program('rdate/usr/sbin/rdate'), '-n', '-p', '-v', server,
                           env=self.env(), check=False)
