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


# A sentence; how a test ended first and then; the verdicts that tally must print.
AGAIN_CASES = [
    ('what passes at the second try has passed', 'not ok 1 - a\n', 'ok 1 - a\n', 'pass'),
    ('what fails twice is one failure', 'not ok 1 - a\n', 'not ok 1 - a\n', 'fail'),
]


def log_of(verdict, output):
    result, _, code = verdict.partition(' ')
    test = {'name': 'noon:unit / t', 'result': result, 'duration': 1.0, 'stdout': output,
            'returncode': int(code or 1)}
    with tempfile.NamedTemporaryFile('w', suffix='.json', delete=False) as log:
        log.write(json.dumps(test) + '\n')
    return log.name


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines(), done.stderr


def verdicts(tally, *logs):
    try:
        lines, said = run(tally, 'stage', *logs)
    finally:
        for log in logs:
            os.unlink(log)
    return ' '.join(line.split('\t')[0] for line in lines), said


def main(tally):
    seen = [(sentence, expected, verdicts(tally, log_of(verdict, output))[0])
            for sentence, verdict, output, expected in CASES]
    for sentence, first, second, expected in AGAIN_CASES:
        ends = ['FAIL' if 'not' in output else 'OK' for output in (first, second)]
        found, said = verdicts(tally, log_of(ends[0], first), log_of(ends[1], second))
        seen.append((sentence, expected, found if 'not ok 1 - a' in said else 'silence'))
    failing = log_of('FAIL', 'not ok 1 - a\n')
    seen.append(('the failed tests are named', ['t'], run(tally, '--failed', failing)[0]))
    os.unlink(failing)
    print(f'1..{len(seen)}')
    for number, (sentence, expected, found) in enumerate(seen, 1):
        print(f'{"ok" if found == expected else "not ok"} {number} - {sentence}')
        if found != expected:
            print(f'# expected {expected}, found {found}')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
