#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/check-options must miss the reader of an option that nobody reads, and nothing else.

usage: test_check_options.py PATH-OF-CHECK-OPTIONS      prints TAP
"""
import os
import subprocess
import sys
import tempfile

DIRECTIVES = '''
    {.name = "port", .argument = {PORT("PORT", DAEMON(port))}},
    {.name = "later", .verdict = VERDICT_NOT_YET, .argument = {STRING("X", DAEMON(later))}},
    {.name = "plain", .help = "No field at all."},
'''
KEYWORDS = '''
    {.name = "iburst", .flag = SOURCE(iburst)},
    {.name = "poll", NO_REFCLOCK, .argument = WHOLE("POLL", TYPE_INT, SOURCE(poll), 0, 1)},
'''

# A sentence; code outside src/config; what is complained of.
CASES = [
    ('fields that are read are fine', 'int f(void) { return c->daemon.port + s.iburst; }', []),
    ('a field that nobody reads is found', 'int f(void) { return c->daemon.port; }',
     ['iburst: nobody reads iburst']),
    ('a comment and a text are no readers',
     '/* s.iburst */ const char *f = "c->daemon.port";',
     ['port: nobody reads port', 'iburst: nobody reads iburst']),
    ('another word that begins alike is no reader', 'int f(void) { return s.iburst + c.ports; }',
     ['port: nobody reads port']),
]


def run(checker, code):
    """The checker's exit code and lines for a tree with this code."""
    files = {'config/option_server.c': DIRECTIVES, 'config/option_keywords.c': KEYWORDS,
             'config/parser.c': 'int f(void) { return s.iburst + c.port; }', 'daemon/a.c': code}
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = os.path.join(root, 'src', name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
        done = subprocess.run([checker, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()


def main(checker):
    print(f'1..{len(CASES)}')
    for number, (sentence, code, wanted) in enumerate(CASES, 1):
        status, found = run(checker, code)
        good = status == bool(wanted) and sorted(found) == sorted(wanted or ['options: ok'])
        print(f'{"ok" if good else "not ok"} {number} - {sentence}')
        if not good:
            print(*(f'# {line}' for line in found), sep='\n')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
