#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/tally must count every subtest once and lose no failure.

usage: test_tally.py PATH-OF-TALLY      prints TAP
"""
import json
import os
import subprocess
import sys
import tempfile

# A sentence; meson's verdict; the test's output; the verdicts that tally must print, in order.
CASES = [
    ('each subtest is one result', 'OK', '1..2\nok 1 - a\nok 2 - b\n', 'pass pass'),
    ('a failed subtest is one failure', 'FAIL', '1..2\nok 1 - a\nnot ok 2 - b\n', 'pass fail'),
    ('a crash after good subtests is a failure', 'FAIL', '1..2\nok 1 - a\n', 'pass fail'),
    ('a time-out without output is a failure', 'TIMEOUT', '', 'fail'),
    ('a test without TAP counts by its exit code', 'OK', 'fine\n', 'pass'),
    ('a skipped subtest is neither', 'OK', '1..2\nok 1 - a # SKIP no root\nok 2\n', 'skip pass'),
    ('what skips itself the way of cmocka is no failure', 'FAIL 0',
     '1..2\nok 1 - a\nnot ok 2 # SKIP b\n', 'pass skip'),
    ('a plan of nothing is a skip', 'SKIP', '1..0 # SKIP no namespaces\n', 'skip'),
    ('indented subtests of a subtest are not counted', 'OK',
     '1..1\n    ok 1 - x\n    ok 2 - y\nok 1 - a\n', 'pass'),
    ('a hash in diagnostics is no directive', 'OK', '# ok 7 - no\nok 1 - a\n1..1\n', 'pass'),
]


def verdicts(tally, verdict, output):
    result, _, code = verdict.partition(' ')
    test = {'name': 'noon:unit / t', 'result': result, 'duration': 1.0, 'stdout': output,
            'returncode': int(code or 1)}
    with tempfile.NamedTemporaryFile('w', suffix='.json', delete=False) as log:
        log.write(json.dumps(test) + '\n')
    try:
        done = subprocess.run([tally, 'stage', log.name], capture_output=True, text=True, check=True)
    finally:
        os.unlink(log.name)
    return ' '.join(line.split('\t')[0] for line in done.stdout.splitlines())


def main(tally):
    print(f'1..{len(CASES)}')
    for number, (sentence, verdict, output, expected) in enumerate(CASES, 1):
        found = verdicts(tally, verdict, output)
        print(f'{"ok" if found == expected else "not ok"} {number} - {sentence}')
        if found != expected:
            print(f'# expected {expected}, found {found}')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
