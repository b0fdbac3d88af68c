#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond called by the names of other daemons, with command lines as they stand in unit files and
entrypoints: it goes into the background or stays, as that daemon does, writes its pid file, becomes
the user, and answers.

usage: test_names.py NOOND NOON-HELPER     prints TAP

In namespaces of its own, with other directories in place of /etc, /run and /var.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import lab as labs  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

NTP_CONF = 'server 127.127.1.0\nrestrict default noquery\n'
# Words, pid file, owner of the server process (None: the usual), stays in the foreground.
LINES = [
    (['ntpd', '-p', '/var/run/ntpd.pid', '-4', '-g', '-u', '105:109'], '/run/ntpd.pid', 105, False),
    (['ntpd', '-v', '-d', '-s', '-f', '/app/ntpd.conf'], None, None, True),
    (['chronyd', '-F', '1'], '/run/chrony/chronyd.pid', None, False),
    (['openntpd', '-d'], None, None, True),
]


def usual_user():
    """Whom noond becomes when nobody says."""
    try:
        return pwd.getpwnam('noon').pw_uid
    except KeyError:
        return 0


def answers():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(0.5)
    s.sendto(bytes([0x23]) + bytes(39) + b'12345678', ('127.0.0.1', 123))
    try:
        return len(s.recv(100)) == 48
    except OSError:
        return False


def processes(name):
    """Process ids and owners of those that run by this name here."""
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', encoding='utf-8') as file:
                words = file.read().split('\0')
            if os.path.basename(words[0]) == name and '/names/' in words[0]:
                found[int(pid)] = (os.stat(f'/proc/{pid}').st_uid, words)
        except OSError:
            pass
    return found


def prepare(programs):
    for place in ('/run', '/var/lib', '/var/log', '/mnt'):
        subprocess.run(['mount', '-t', 'tmpfs', 'none', place], check=True)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    root = '/mnt/root'
    os.makedirs('/mnt/names')
    for name in ('ntpd', 'chronyd', 'openntpd'):
        os.symlink(programs[0], f'/mnt/names/{name}')
    os.symlink(programs[1], '/mnt/names/noon-helper')
    shutil.copytree('/etc', f'{root}/etc', symlinks=True, ignore_dangling_symlinks=True)
    for path, text in (('ntp.conf', NTP_CONF), ('chrony/chrony.conf', 'local stratum 5\nallow\n'),
                       ('openntpd/ntpd.conf', 'listen on *\nserver 127.0.0.1\n'),
                       ('app-ntpd.conf', 'listen on *\nserver 127.0.0.1\n')):
        os.makedirs(os.path.dirname(f'{root}/etc/{path}'), exist_ok=True)
        with open(f'{root}/etc/{path}', 'w', encoding='utf-8') as file:
            file.write(text)
    subprocess.run(['mount', '--bind', f'{root}/etc', '/etc'], check=True)


def try_line(tap, words, pid_file, uid, stays):
    # /app is no directory that a test may make.
    words = [word.replace('/app/ntpd.conf', '/etc/app-ntpd.conf') for word in words]
    line = ' '.join(words)
    started = subprocess.Popen([f'/mnt/names/{words[0]}', *words[1:]], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=dict(os.environ, NOOND_FLAGS='-x'))
    if stays:
        good = labs.wait_for(answers, 20)
        tap.check(good and started.poll() is None, f'`{line}` stays and answers')
    else:
        good = started.wait(timeout=20) == 0 and labs.wait_for(answers, 20)
        tap.check(good, f'`{line}` goes into the background and answers')
    running = processes(words[0])
    owners = {owner for owner, command in running.values() if '--role=server' in command}
    tap.check(owners == {usual_user() if uid is None else uid}, 'its server process is the right user', running)
    main = started.pid
    if pid_file:
        with open(pid_file, encoding='ascii') as file:
            main = int(file.read())
        tap.check(main in running, f'{pid_file} names it', running)
    os.kill(main, signal.SIGTERM)
    tap.check(labs.wait_for(lambda: not processes(words[0]) or reap(started), 10), 'and it ends')


def reap(started):
    return started.poll() is not None and not [
        pid for pid in processes(os.path.basename(started.args[0])) if pid != started.pid]


def main(programs):
    reason = labs.unable()
    if reason:
        skip_all(reason)
    if os.environ.get('NOON_TEST_INSIDE') is None:
        os.execvpe('unshare', ['unshare', '--mount', '--net', '--pid', '--fork', '--mount-proc',
                               '--kill-child', sys.executable, *sys.argv],
                   dict(os.environ, NOON_TEST_INSIDE='1'))
    tap = Tap()
    prepare(programs)
    for line in LINES:
        try_line(tap, *line)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1:])
