#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Ansible role: writes what it is told, changes nothing twice or in check mode, and refuses what
noon would not take.

usage: test_ansible.py NOON      prints TAP
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PLAYS = os.path.join(HERE, '..', '..', 'deploy', 'ansible')
sys.path.insert(0, os.path.join(HERE, '..'))
from support.tap import Tap, skip_all  # noqa: E402


def play(folder, noon, options, **variables):
    """One run on this machine with everything redirected; (exit code, changes, output)."""
    inventory = os.path.join(folder, 'inventory.ini')
    with open(inventory, 'w', encoding='utf-8') as file:
        file.write('[noon_boundary]\nlocalhost\n[noon_hosts]\n')
    config = os.path.join(folder, 'etc', 'noon.conf')
    given = {'noon_config': config, 'noon_command': noon, 'noon_manage_package': False,
             'noon_manage_service': False} | variables
    done = subprocess.run(
        ['ansible-playbook', '-i', inventory, '--connection', 'local', '-e', json.dumps(given),
         *options, 'site.yml'], cwd=PLAYS, capture_output=True, text=True, timeout=150, check=False,
        env=dict(os.environ, HOME=folder, ANSIBLE_NOCOLOR='1', LC_ALL='C.UTF-8',
                 ANSIBLE_LOCALHOST_WARNING='false'))
    found = re.search(r'changed=(\d+)', done.stdout)
    return done.returncode, int(found[1]) if found else -1, done.stdout + done.stderr, config


def main(noon):
    if not shutil.which('ansible-playbook'):
        skip_all('no ansible-playbook here: apt-get install ansible-core')
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        wanted = {'noon_servers': ['a.example', 'b.example nts', 'pool p.example'],
                  'noon_allow': ['10.0.0.0/8']}
        code, changes, said, config = play(folder, noon, ['--check'], **wanted)
        tap.check(code == 0 and changes > 0 and not os.path.exists(config),
                  'check mode says what would change, and changes nothing', said)
        code, changes, said, config = play(folder, noon, [], **wanted)
        with open(config, encoding='utf-8') as file:
            text = file.read()
        tap.check(code == 0 and changes > 0 and all(line in text.splitlines() for line in (
            'server a.example iburst', 'server b.example nts', 'pool p.example',
            'allow 10.0.0.0/8')), 'the role writes what it is told', f'{said}\n{text}')
        code, changes, said, config = play(folder, noon, [], **wanted)
        tap.check(code == 0 and changes == 0, 'a second run changes nothing', said)
        code, changes, said, config = play(folder, noon, [], noon_lines=['makestap 1 3'])
        with open(config, encoding='utf-8') as file:
            tap.check(code != 0 and 'makestap' in said and file.read() == text,
                      'a configuration that noon would not take does not get to its place', said)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(os.path.abspath(sys.argv[1]))
