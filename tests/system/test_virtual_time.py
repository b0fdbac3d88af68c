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


STA_INS, STA_UNSYNC = 0x10, 0x40
UNKNOWN_US = 16_000_000
# A list of leap seconds: TAI is 37 s ahead, and that holds until 2035.
LEAPS = '#$ 2272060800\n#@ 4260211200\n3692217600 37\n'


def run(noond, fakeclock, seconds, flags=('--single',), environment=(), more=''):
    """One run of so many virtual seconds: exit code, output, the world's report as a dict."""
    with tempfile.TemporaryDirectory() as folder:
        config, report = os.path.join(folder, 'noon.conf'), os.path.join(folder, 'report')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(CONFIG + more.format(folder=folder))
        with open(os.path.join(folder, 'leaps'), 'w', encoding='utf-8') as file:
            file.write(LEAPS)
        env = dict(os.environ, LD_PRELOAD=fakeclock, FAKECLOCK_REPORT=report,
                   FAKECLOCK_TRACE=os.path.join(folder, 'trace'), FAKECLOCK_ERROR_S='0.3',
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
            with open(os.path.join(folder, 'trace'), encoding='utf-8') as file:
                values['trace'] = [tuple(map(float, line.split())) for line in file]
        return done.returncode, done.stdout + done.stderr, values


def kernel_state(tap, noond, fakeclock):
    """What adjtimex() tells, each second: before there is time, while there is, when it is lost, at the end."""
    more = 'rtcsync\nmaxdistance 0.005\nleapseclist {folder}/leaps\n'
    speaking = {'FAKECLOCK_SPEAK_S': '300', 'FAKECLOCK_SILENT_S': '6000'}
    code, output, report = run(noond, fakeclock, 60000, environment=speaking.items(), more=more)
    trace = report.pop('trace', [])
    detail = f'exit code {code}, {report}\n{output[-2000:]}'
    if not tap.check(len(trace) > 59000, 'the world of the kernel\'s state is run through', detail):
        return
    first = [row for row in trace if row[0] < 290]
    tap.check(all(row[2] == row[3] == UNKNOWN_US and int(row[4]) & STA_UNSYNC for row in first),
              'before there is time: STA_UNSYNC, maxerror and esterror of 16 s', first[-1])
    known = [row for row in trace if 600 < row[0] < 6000]
    tap.check(not any(int(row[4]) & STA_UNSYNC for row in known) and all(row[2] < 100_000 for row in known),
              'while there is: STA_UNSYNC is clear and maxerror small, second for second', known[0])
    tap.check({row[5] for row in known} == {37} and all(row[5] in (0, 37) for row in trace),
              'TAI - UTC is that of the list', known[0])
    lies = [row for row in trace if row[2] < UNKNOWN_US and abs(row[1]) * 1e6 > row[2]]
    tap.check(not lies, 'maxerror holds the true error in each of 60000 seconds', lies[:3])
    lost = [row[0] for row in trace if row[0] > 6000 and int(row[4]) & STA_UNSYNC]
    tap.check(lost and all(row[2] == UNKNOWN_US for row in trace if row[0] >= lost[0] + 1) and
              all(int(row[4]) & STA_UNSYNC for row in trace if row[0] >= lost[0]),
              'when it is lost: STA_UNSYNC and 16 s again, and it stays so', lost[:1])
    tap.check(int(report['status']) & STA_UNSYNC and report['maxerror_us'] == UNKNOWN_US,
              'and that is left at the end', report)


def kernel_leap(tap, noond, fakeclock):
    """Servers announce a leap second for the end of 2028; noond ends two hours before."""
    start = 1861905600 - 6 * 3600  # 2028-12-31T18:00Z
    announced = {'FAKECLOCK_START_S': str(start), 'FAKECLOCK_LEAP': '1'}
    code, output, report = run(noond, fakeclock, 4 * 3600, environment=announced.items(), more='rtcsync\n')
    trace = report.pop('trace', [])
    detail = f'exit code {code}, {report}\n{output[-2000:]}'
    armed = [row[0] for row in trace if int(row[4]) & STA_INS]
    tap.check(armed and armed[0] < 3600 and len(armed) > 3 * 3600 - 60, 'a leap second is armed in the kernel',
              f'{armed[:1]} {len(armed)} {detail}')
    tap.check(int(report.get('status', 0)) & (STA_INS | STA_UNSYNC) == STA_INS and
              0 < report.get('maxerror_us', 0) < 100_000,
              'at the end it stays armed, and maxerror is left to grow by the kernel', detail)


def main(noond, fakeclock):
    if not os.access(noond, os.X_OK):
        skip_all('there is no noond yet')
    tap = Tap()
    code, output, report = run(noond, fakeclock, 20000)
    detail = f'exit code {code}, {dict(report, trace=0)}\n{output}'
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
    tap.check(abs(report['error_s']) * 1e6 <= report['maxerror_us'] < 100_000,
              "the kernel's maxerror holds the true error", detail)
    report.pop('trace')
    again = run(noond, fakeclock, 20000)[2]
    again.pop('trace', None)
    tap.check(again == report, 'the same seed gives the same run', f'{report}\n{again}')
    code, output, other = run(noond, fakeclock, 2000, flags=(),
                              environment={'NOOND_FLAGS': '--single'}.items())
    tap.check(code == 0 and other.get('elapsed_s', 0) >= 1990,
              'NOOND_FLAGS=--single does what the flag does', f'exit code {code}\n{output}')
    kernel_state(tap, noond, fakeclock)
    kernel_leap(tap, noond, fakeclock)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
