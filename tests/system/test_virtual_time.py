#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The unmodified noond runs in virtual time when the C library's calls are replaced.

usage: test_virtual_time.py NOOND FAKECLOCK.SO      prints TAP

tests/support/fakeclock.c supplies clock, poll() and UDP sockets, and ends the daemon at any call
that a simulator could not see.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
from support.tap import Tap, skip_all  # noqa: E402

WALL_SECONDS_MAX = 60
CONFIG = '''server 192.0.2.1 iburst
server 192.0.2.2 iburst
server 192.0.2.3 iburst
server 192.0.2.4 iburst
makestep 0.1 3
port 0
'''


def run(noond, fakeclock, seconds, flags=('--single',), environment=()):
    """One run of so many virtual seconds: exit code, output, the world's report as a dict."""
    with tempfile.TemporaryDirectory() as folder:
        config, report = os.path.join(folder, 'noon.conf'), os.path.join(folder, 'report')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(CONFIG)
        env = dict(os.environ, LD_PRELOAD=fakeclock, FAKECLOCK_REPORT=report, FAKECLOCK_ERROR_S='0.3',
                   FAKECLOCK_SKEW_PPM='50', FAKECLOCK_SERVERS='0 0 0 0.2',
                   FAKECLOCK_SETTLE_S='1000', **dict(environment))
        env.pop('NOTIFY_SOCKET', None)
        command = [noond, '-d', *flags, '-f', config, '-u', 'root', '-s', folder, '-r', folder,
                   '-t', str(seconds)]
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False,
                                  timeout=WALL_SECONDS_MAX)
        except subprocess.TimeoutExpired as late:
            return None, f'no end after {WALL_SECONDS_MAX} s: {late.stderr}', {}
        values = {}
        if os.path.exists(report):
            with open(report, encoding='utf-8') as file:
                values = {name: float(value) for name, value in map(str.split, file)}
        return done.returncode, done.stdout + done.stderr, values


def main(noond, fakeclock):
    if not os.access(noond, os.X_OK):
        skip_all('there is no noond yet')
    tap = Tap()
    code, output, report = run(noond, fakeclock, 20000)
    detail = f'exit code {code}, {report}\n{output}'
    tap.check(code == 0, 'noond --single ends after its time with exit code 0', detail)
    if not tap.check(report.get('elapsed_s', 0) >= 19990, '20000 s pass in virtual time', detail):
        tap.done()
        return
    tap.check(abs(report['error_s']) < 100e-6, 'a clock 300 ms and 50 ppm wrong ends right', detail)
    tap.check(report['rms_s'] < 50e-6 and report['judged_s'] > 18000,
              'it stays right within 50 us RMS from 1000 s on', detail)
    tap.check(abs(report['freq_ppm'] + 50) < 0.2, 'its frequency is found', detail)
    tap.check(report['steps'] <= 1, 'it is stepped once at most', detail)
    tap.check(all(report[f'answers_{i}'] >= 8 for i in (1, 2, 3, 4)), 'every server is asked', detail)
    tap.check(report['requests'] < 4 * 20000 / 32, 'no server is flooded', detail)
    tap.check(abs(report['error_s']) * 1e6 <= report['maxerror_us'] < 10000,
              "the kernel's maxerror holds the true error", detail)
    again = run(noond, fakeclock, 20000)[2]
    tap.check(again == report, 'the same seed gives the same run', f'{report}\n{again}')
    code, output, other = run(noond, fakeclock, 2000, flags=(),
                              environment={'NOOND_FLAGS': '--single'}.items())
    tap.check(code == 0 and other.get('elapsed_s', 0) >= 1990,
              'NOOND_FLAGS=--single does what the flag does', f'exit code {code}, {other}\n{output}')
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
