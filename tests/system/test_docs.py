#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the pages of docs/ show works: configurations hold as written, commands exist with their
options, links lead somewhere.

usage: test_docs.py NOON NOON-ADOPT      prints TAP
"""
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path.insert(0, os.path.join(ROOT, 'tests'))
from support.tap import Tap  # noqa: E402

PAGES = ['quick-start', 'boundary', 'kubernetes', 'migration', 'monitoring', 'security', 'clock',
         'troubleshooting', 'operating', 'cloud']


def blocks(text, language):
    return re.findall(rf'^```{language}\n(.*?)^```', text, re.M | re.S)


def said_by(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False,
                          timeout=30)
    return done.returncode, done.stdout + done.stderr


def check_configurations(tap, noon, page, text):
    for number, block in enumerate(blocks(text, 'conf'), 1):
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
            file.write(block)
            file.flush()
            code, said = said_by(noon, 'check', file.name)
        tap.check(code == 0, f'{page}: configuration {number} holds as written', said)


def wrong(noon, line):
    """What is wrong with a command line of noon; empty: nothing."""
    words = shlex.split(line, comments=True)[1:]
    command = words[0] if words and not words[0].startswith('-') else ''
    if not words:
        return ''
    code, said = said_by(noon, 'help', command) if command else said_by(noon, '--help')
    if code != 0:
        return f'no command {command}'
    missing = [word for word in words[1:] if word.startswith('-') and
               not re.search(rf'(?<![\w-]){re.escape(word)}(?![\w-])', said)]
    return f'no option {missing} of {command}' if missing else ''


def check_commands(tap, noon, page, text):
    lines = [line for block in blocks(text, 'sh') for line in block.splitlines()
             if line.startswith('noon')]
    # In a sentence or a table: `noon wait --bound 5ms`.
    lines += re.findall(r'`(noon (?:[a-z]+)[^`\n]*)`', text)
    found = {line: wrong(noon, line) for line in lines}
    found = {line: why for line, why in found.items() if why}
    if lines:
        tap.check(not found, f'{page}: its {len(lines)} commands of noon exist, with their options',
                  found)


def check_links(tap, page, path, text):
    links = [link for link in re.findall(r'\]\(([^)#:]+)\)', text)
             if not os.path.exists(os.path.join(os.path.dirname(path), link))]
    tap.check(not links, f'{page}: its links lead somewhere', links)


def check_preset(tap, noon):
    """What `role boundary` stands for is shown line by line, and is a configuration itself."""
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write('server 192.0.2.1\nrole boundary\n')
        file.flush()
        code, said = said_by(noon, 'check', file.name)
        _, printed = said_by(noon, 'check', '--print', file.name)
    lines = re.findall(r'^role boundary:\d+: (.*)$', said, re.M)
    tap.check(code == 0 and len(lines) >= 13 and {line.split()[0] for line in lines} == {
        'allow', 'ratelimit', 'clientloglimit', 'local', 'maxclockerror'},
              '`noon check` shows each line that `role boundary` stands for', said)
    tap.check('role' not in printed and printed.count('allow ') == 9 and 'orphan' in printed,
              'and prints them in its stead', printed)


def check_user_data(tap, noon):
    """cloud-init's example: no other daemon, and a configuration that holds."""
    sentence = 'the user data for cloud-init write a configuration that holds'
    if not yaml:
        tap.skip(sentence, 'no python3-yaml here')
        return
    path = os.path.join(ROOT, 'deploy/cloud-init/user-data.yaml')
    with open(path, encoding='utf-8') as file:
        text = file.read()
    data = yaml.safe_load(text)
    tap.check(text.startswith('#cloud-config\n') and data['ntp'] == {'enabled': False} and
              data['packages'] == ['noon'], 'the user data for cloud-init start no other daemon', data)
    written = {file['path']: file['content'] for file in data['write_files']}
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
        file.write(written.get('/etc/noon/noon.conf', 'none\n'))
        file.flush()
        code, said = said_by(noon, 'check', file.name)
    tap.check(code == 0 and 'source auto' in said, sentence, said)


def main(noon, adopt):
    tap = Tap()
    check_preset(tap, noon)
    check_user_data(tap, noon)
    paths = [os.path.join(ROOT, 'docs', f'{page}.md') for page in PAGES]
    for path in paths + [os.path.join(ROOT, 'README.md')]:
        page = os.path.basename(path)
        with open(path, encoding='utf-8') as file:
            text = file.read()
        check_configurations(tap, noon, page, text)
        check_commands(tap, noon, page, text)
        check_links(tap, page, path, text)
    code, said = said_by(adopt, '-h')
    tap.check(code == 0 and '-n ' in said and '-o FILE' in said, 'noon-adopt has what they say', said)
    for path in glob.glob(os.path.join(ROOT, 'docs', '*.md')):
        with open(path, encoding='utf-8') as file:
            shown = re.findall(r'`(deploy/[\w./-]+|tests/[\w./-]+\.py)`', file.read())
        gone = [name for name in shown if not os.path.exists(os.path.join(ROOT, name))]
        if gone:
            tap.check(False, f'{os.path.basename(path)} names files that are there', gone)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
