#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is installed is complete, and systemd and noond agree about the unit.

usage: test_deploy.py BUILD-ROOT MESON NOOND NOON      prints TAP
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
from support import lab as labs, pki  # noqa: E402
from support.tap import Tap  # noqa: E402

UNITS = ['noond.service', 'noon-wait.service', 'noon-timesync1.service', 'noon-register.service']
FILES = ['sbin/noond', 'sbin/noon-helper', 'bin/noon', 'lib/systemd/system/noond.service',
         'lib/systemd/system/noon-wait.service', 'lib/systemd/system/noon-timesync1.service',
         'lib/systemd/system/noon-register.service', 'lib/sysusers.d/noon-register.conf',
         'sbin/noon-register', 'share/doc/noon/examples/register.conf',
         'lib/systemd/ntp-units.d/40-noon.list', 'libexec/noon/noon-timesync1',
         'share/dbus-1/system.d/org.freedesktop.timesync1.noon.conf', 'lib/sysusers.d/noon.conf',
         'lib/tmpfiles.d/noon.conf', 'sbin/noon-adopt', 'share/doc/noon/examples/noon.conf',
         'share/noon/dhcp/dhclient-hook', 'share/noon/dhcp/dhcpcd-hook',
         'share/noon/dhcp/networkmanager-hook', 'share/noon/dhcp/udhcpc-hook']
OPTIONAL = ['sbin/noon-xdp']
PAGES = ['share/man/man8/noond.8', 'share/man/man1/noon.1', 'share/man/man5/noon.conf.5',
         'share/man/man8/noon-timesync1.8', 'share/man/man8/noon-adopt.8',
         'share/man/man8/noon-helper.8', 'share/man/man8/noon-register.8']


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def check_install(tap, build, meson, folder):
    """Returns the prefix under which all has been installed; None: it could not be."""
    done = subprocess.run([meson, 'install', '-C', build, '--no-rebuild', '--destdir', folder],
                          capture_output=True, text=True, check=False)
    if not tap.check(done.returncode == 0, 'meson install works', done.stdout + done.stderr):
        return None
    found = [os.path.join(path, name) for path, _, names in os.walk(folder) for name in names]
    sbin = [path for path in found if path.endswith('sbin/noond')]
    prefix = sbin[0][:-len('/sbin/noond')] if sbin else folder
    wanted = FILES + (PAGES if shutil.which('scdoc') else [])
    missing = [name for name in wanted if not os.path.exists(os.path.join(prefix, name))]
    tap.check(not missing, 'programs, manual, units, user and example are installed', missing)
    extra = [path for path in found if os.path.relpath(path, prefix) not in FILES + PAGES + OPTIONAL]
    tap.check(not extra, 'nothing else is installed', extra)
    example = os.path.join(prefix, 'share/doc/noon/examples/noon.conf')
    done = subprocess.run([os.path.join(prefix, 'bin/noon'), 'check', example], check=False,
                          capture_output=True, text=True)
    tap.check(done.returncode == 0, 'the example configuration holds as written', done.stdout)
    return prefix


def check_looked_at(tap, prefix, folder):
    """`noon check` has noon-helper look at certificates."""
    if pki.unable():
        return
    authority = pki.Authority(os.path.join(folder, 'pki'))
    certificate, key = authority.pair('server', 'DNS:a.example', days=90)
    other = authority.pair('other', 'DNS:b.example')[1]
    path = os.path.join(folder, 'nts.conf')

    def look(key):
        with open(path, 'w', encoding='utf-8') as file:
            file.write('server 192.0.2.1\nserver 192.0.2.2\nserver 192.0.2.3\nallow 10/8\n'
                       f'ntsservercert {certificate}\nntsserverkey {key}\n')
        done = subprocess.run([os.path.join(prefix, 'bin/noon'), 'check', path], check=False,
                              capture_output=True, text=True)
        return done.returncode, done.stdout
    code, text = look(key)
    tap.check(code == 0 and f':5: ntsservercert {certificate}: it is valid until ' in text,
              '`noon check` tells how long a certificate is good', text)
    code, text = look(other)
    tap.check(code == 1 and f':6: ntsserverkey {other}: it is not the key of the certificate' in text,
              'and that a key is not its', text)


def check_units(tap, prefix, folder, final):
    """Units name programs where they will be; they are verified where they are now."""
    texts = {unit: read(os.path.join(prefix, 'lib/systemd/system', unit)) for unit in UNITS}
    programs = re.findall(r'^ExecStart=(\S+)', '\n'.join(texts.values()), re.M)
    tap.check(all(os.access(folder + program, os.X_OK) for program in programs),
              'the units start programs that are installed', programs)
    sentence = 'systemd finds nothing wrong with the units'
    if not shutil.which('systemd-analyze'):
        tap.skip(sentence, 'no systemd-analyze here')
        return texts
    paths = []
    for unit, text in texts.items():
        paths.append(os.path.join(final, unit))
        with open(paths[-1], 'w', encoding='utf-8') as file:
            file.write(re.sub('^(ExecStart|ExecStopPost)=', rf'\1={folder}', text, flags=re.M))
    done = subprocess.run(['systemd-analyze', 'verify', '--man=no', *paths], check=False,
                          capture_output=True, text=True)
    tap.check(done.returncode == 0 and not done.stderr.strip(), sentence, done.stderr)
    check_exposure(tap, paths)
    return texts


def check_exposure(tap, paths):
    """Not more than was weighed: noond serves on a low port, hears of the network and looks for
    rivals, each of which counts."""
    for path, limit in zip(paths, (22, 5, 12, 20)):
        done = subprocess.run(['systemd-analyze', 'security', '--offline=true',
                               f'--threshold={limit}', '--no-pager', path], check=False,
                              capture_output=True, text=True)
        tap.check(done.returncode == 0 and not done.stderr.strip(),
                  f'the exposure of {os.path.basename(path)} is at most {limit / 10}',
                  done.stdout[-200:] + done.stderr)


ADOPTED = [
    ('chrony', 'etc/chrony/chrony.conf', 'pool 2.debian.pool.ntp.org iburst\nmakestep 1 3\n',
     ['pool 2.debian.pool.ntp.org', 'iburst', 'makestep 1 3']),
    ('ntpsec', 'etc/ntpsec/ntp.conf', 'server a.example iburst\nrestrict default nomodify\n',
     ['server a.example', 'iburst', 'allow']),
    ('openntpd', 'etc/openntpd/ntpd.conf', 'servers pool.example\nlisten on 127.0.0.1\n',
     ['pool pool.example', 'allow']),
    ('timesyncd', 'etc/systemd/timesyncd.conf', '[Time]\nNTP=a.example b.example\n',
     ['server a.example', 'server b.example'])]


def check_adopt(tap, prefix, folder):
    """Each of the others' configurations becomes one of noon's, and what was there is kept."""
    env = dict(os.environ, NOON=os.path.join(prefix, 'bin/noon'), NOON_ADOPT_ROOT=folder,
               NOOND=os.path.join(prefix, 'sbin/noond'))

    def adopt(*words):
        return subprocess.run([os.path.join(prefix, 'sbin/noon-adopt'), *words], env=env,
                              capture_output=True, text=True, check=False)

    ours = os.path.join(folder, 'etc/noon/noon.conf')
    done = adopt()
    tap.check(done.returncode == 1 and 'name a file' in done.stderr,
              'without anything to adopt it says so', done.stderr)
    tap.check(adopt('cron').returncode == 2 and adopt('chrony').returncode == 1,
              'what it does not know, and what is not here, is told apart')
    for name, path, text, wanted in ADOPTED:
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), 'w', encoding='utf-8') as file:
            file.write(text)
        shown = adopt('-n', name)
        before = read(ours) if os.path.exists(ours) else None
        done = adopt(name)
        tap.check(done.returncode == 0 and all(word in read(ours) for word in wanted) and
                  shown.stdout == read(ours), f'the configuration of {name} is adopted',
                  f'{done.stderr}\n{shown.stdout}')
        tap.check(before is None or read(ours + '.before-adopt') == before,
                  f'{name}: what was there is kept')
    with open(os.path.join(folder, 'broken.conf'), 'w', encoding='utf-8') as file:
        file.write('server\nno such line\n')
    before = read(ours)
    done = adopt(os.path.join(folder, 'broken.conf'))
    tap.check(done.returncode == 1 and 'broken.conf:1' in done.stderr and read(ours) == before,
              'one that noond could not start with is refused, and nothing changes', done.stderr)


def options_in(text, pattern):
    """The options at the beginnings of lines, as a set."""
    return {word for line in re.findall(pattern, text, re.M)
            for word in re.findall(r'(?<!\w)--?[A-Za-z0-9]+', line)}


def check_manual(tap, noond):
    page = read(os.path.join(os.path.dirname(__file__), '..', '..', 'man', 'noond.8.scd'))
    told = subprocess.run([noond, '-h'], capture_output=True, text=True, check=True).stdout
    known, explained = (options_in(told, r'^  (-[^\s,]+(?:, -[^\s,]+)*)'),
                        options_in(page, r'^(\*-.+)$'))
    tap.check(known == explained and len(known) > 10, 'noond(8) explains what noond -h lists',
              known ^ explained)


def effective(pid):
    return int(re.search(r'^CapEff:\s+(\S+)', read(f'/proc/{pid}/status'), re.M)[1], 16)


def await_ready(listener, messages):
    try:
        messages.append(listener.recv(4096).decode())
    except TimeoutError:
        return False
    return any('READY=1' in message for message in messages)


def check_confined(tap, unit, noond, noon):
    """noond as the unit confines it: only these capabilities, nothing to be gained, but here not
    the one by which it could touch this machine's clock."""
    reason = labs.unable()
    if reason:
        tap.skip('noond runs as the unit confines it', reason)
        return
    names = re.search(r'^CapabilityBoundingSet=(.+)$', unit, re.M)[1].lower().split()
    bounds = ','.join(['-all'] + ['+' + name[len('cap_'):] for name in names
                                  if name != 'cap_sys_time'])
    with labs.Lab() as lab, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        machine = lab.machine('one')
        listener.bind(lab.path('notify'))
        os.chmod(lab.path('notify'), 0o777)
        listener.settimeout(0.5)
        config = lab.write('noon.conf', 'server 127.0.0.9 port 9\nallow 127.0.0.0/8\n')
        folder = lab.directory('run')
        os.chown(folder, 65534, 65534)
        ambient = ','.join('+' + name[len('cap_'):] for name in names if name != 'cap_sys_time')
        daemon = machine.start('noond', 'setpriv', '--reuid', '65534', '--regid', '65534',
                               '--clear-groups', '--bounding-set', bounds, '--inh-caps',
                               '-all,' + ambient, '--ambient-caps', '-all,' + ambient,
                               '--no-new-privs', '--', noond, '-d', '-x', '-f', config, '-s', folder,
                               '-r', folder, '-u', '65534:65534',
                               env=dict(os.environ, NOTIFY_SOCKET=lab.path('notify')))
        messages = []
        ready = labs.wait_for(lambda: await_ready(listener, messages), 20, 0)
        tap.check(ready, 'noond is ready with the capabilities of the unit',
                  f'{messages}\n{daemon.log()}')
        time.sleep(0.5)
        children = read(f'/proc/{daemon.process.pid}/task/{daemon.process.pid}/children').split()
        tap.check(len(children) == 2, 'it starts its two processes', daemon.log())
        tap.check(all(effective(pid) == 0 for pid in children) and
                  all(os.stat(f'/proc/{pid}').st_uid == 65534 for pid in children),
                  'these run as another user, without capabilities', children)
        text = machine.run(noon, '-r', folder, 'status', check=False)
        tap.check('1 configured' in text, 'noon finds it', text)
        tap.check(daemon.stop() == 0, 'it ends with exit code 0', daemon.log())


def main(build, meson, noond, noon):
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as final:
        prefix = check_install(tap, build, meson, folder)
        if prefix:
            check_looked_at(tap, prefix, final)
            units = check_units(tap, prefix, folder, final)
            check_manual(tap, noond)
            with tempfile.TemporaryDirectory() as root:
                check_adopt(tap, prefix, root)
            check_confined(tap, units['noond.service'], noond, noon)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
