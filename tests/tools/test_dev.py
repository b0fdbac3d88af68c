#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""./dev in strange hands: from another folder, with nonsense, twice at once.

usage: test_dev.py DEV      prints TAP

Runs in a copy, with a meson and a ninja that only write down when they ran.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
from support.tap import Tap  # noqa: E402

NONSENSE = [
    (['frobnicate'], "unknown command 'frobnicate'"),
    (['build', 'everything'], "'everything' means nothing here"),
    (['fmt', 'x'], "'x' means nothing here"),
    (['install', 'x'], "'x' means nothing here"),
    (['test', 'gcc', 'nostage'], "no stage 'nostage'"),
    (['fuzz', 'nosuch'], "no fuzz target 'nosuch'; there are: "),
    (['fuzz', 'parser', 'soon'], "'soon' are no seconds"),
    (['bench', 'nosuch'], "no bench 'nosuch'"),
    (['run', 'extra'], 'usage: ./dev run [--for SECONDS]'),
    (['run', '--for'], 'usage: ./dev run [--for SECONDS]'),
]
SCRIPTS = {
    'dpkg-query': 'echo "ii "',
    'meson': 'mkdir -p "$2"; touch "$2/build.ninja"',
    'ninja': 'echo begin >>calls; sleep 0.3; echo end >>calls',
}


class Copy:
    """A folder with nothing but ./dev, and the programs that it calls."""

    def __init__(self, folder, dev):
        self.folder = os.path.join(folder, 'a copy')
        self.bin = os.path.join(folder, 'bin')
        os.makedirs(os.path.join(self.folder, 'tests/fuzz'))
        os.mkdir(self.bin)
        shutil.copy(dev, os.path.join(self.folder, 'dev'))
        with open(os.path.join(self.folder, 'tests/fuzz/fuzz_parser.c'), 'w', encoding='utf-8'):
            pass
        for name, text in SCRIPTS.items():
            path = os.path.join(self.bin, name)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(f'#!/bin/sh\n{text}\n')
            os.chmod(path, 0o755)

    def start(self, *arguments, cwd=None):
        path = os.path.join(self.folder, 'dev')
        env = dict(os.environ, PATH=f'{self.bin}:{os.environ["PATH"]}')
        return subprocess.Popen([path, *arguments], cwd=cwd or self.folder, env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def calls(self):
        path = os.path.join(self.folder, 'calls')
        if not os.path.exists(path):
            return []
        with open(path, encoding='utf-8') as file:
            return file.read().split()


def main(dev):
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder, dev)
        for arguments, words in NONSENSE:
            process = copy.start(*arguments)
            said = process.communicate(timeout=60)[1]
            tap.check(process.returncode == 2 and words in said,
                      f'./dev {" ".join(arguments)}: refused, with what is wrong', said)
        tap.check(not copy.calls(), 'and nothing was built for it', copy.calls())
        process = copy.start('help', cwd='/')
        tap.check('usage: ./dev COMMAND' in process.communicate(timeout=60)[0] and
                  process.returncode == 0, 'it helps')
        process = copy.start('build', cwd='/')
        said = process.communicate(timeout=60)
        tap.check(process.returncode == 0 and copy.calls() == ['begin', 'end'],
                  'from another folder, and one with a space in its name, it builds its own', said)
        pair = [copy.start('build'), copy.start('build')]
        said = [process.communicate(timeout=60)[1] for process in pair]
        tap.check(all(process.returncode == 0 for process in pair) and
                  copy.calls() == ['begin', 'end'] * 3, 'two at once build one after the other',
                  copy.calls())
        tap.check(sum('another ./dev works here' in text for text in said) == 1,
                  'and the second one says for whom it waits', said)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
