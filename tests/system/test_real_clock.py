#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond disciplines this machine's real clock against a reference that is immune to it.

usage: test_real_clock.py NOOND      prints TAP

The reference serves CLOCK_MONOTONIC_RAW plus what the clock was ahead of it, so the true error is
known to some 100 ns at any moment.  The clock starts 50 ms late and 20 ppm fast, and is put back.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
from support import kernel_clock as clock  # noqa: E402
from support import lab as labs  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

OFFSET_S, RATE_PPM, SECONDS, JUDGED_S = -0.05, 20.0, 60, 25
REFERENCE_NOISE_S = 5e-6


def sample(guard, seconds):
    """The clock's true error at 10 Hz: (s since the start, error in s, kernel's maxerror in s)."""
    start, found = time.monotonic(), []
    while time.monotonic() - start < seconds:
        found.append((time.monotonic() - start, guard.error_s(), clock.adjust().maxerror / 1e6))
        time.sleep(0.1)
    return found


def discipline(lab, guard, noond):
    """Starts reference and daemon on a machine of their own; the daemon and what it did."""
    machine = lab.machine('host')
    machine.start('reference', noond, '--reference',
                  f'{guard.base // 10**9}.{guard.base % 10**9:09d},{REFERENCE_NOISE_S}', '-d')
    folder = lab.directory('noond')
    config = lab.write('noond.conf', 'server 127.0.0.1 port 11123 iburst minpoll 0 maxpoll 2\n'
                       'port 0\nrtcsync\n')
    clock.set_rate(RATE_PPM)
    clock.step(int(OFFSET_S * 1e9))
    daemon = machine.start('noond', noond, '-d', '-f', config, '-s', folder, '-r', folder,
                           '-u', 'root', clock=True)
    return daemon, sample(guard, SECONDS)


def judge(tap, daemon, samples):
    late = [error for at, error, _ in samples if at > SECONDS - JUDGED_S]
    wrong = [at for at, error, _ in samples if abs(error) > 1e-3]
    text = (f'right within 1 ms after {wrong[-1] if wrong else 0:.1f} s, '
            f'{clock.rms(late) * 1e6:.1f} us RMS and {max(map(abs, late)) * 1e6:.1f} us at most in '
            f'the last {JUDGED_S} s, rate {clock.rate_ppm():.3f} ppm')
    tap.note(text)
    detail = f'{text}\n{daemon.log()}'
    tap.check(abs(samples[0][1] - OFFSET_S) < 0.01, 'the clock starts 50 ms late', samples[0])
    tap.check(not wrong or wrong[-1] < 20, 'it is right within 1 ms after 20 s and stays so', detail)
    tap.check(clock.rms(late) < 50e-6, 'it stays right within 50 us RMS', detail)
    tap.check(abs(clock.rate_ppm()) < 2, 'the 20 ppm are taken out', detail)
    tap.check(all(abs(error) <= bound for at, error, bound in samples if at > 10 and bound < 16),
              "the kernel's maxerror always holds the true error", detail)
    tap.check(samples[-1][2] < 0.1, "the kernel's maxerror says that the time is known", detail)


def main(noond):
    reason = labs.unable() or clock.unable()
    if not os.access(noond, os.X_OK):
        reason = 'there is no noond yet'
    if reason:
        skip_all(reason)
    tap = Tap()
    try:
        with clock.Guard() as guard:
            before, base = clock.adjust(), guard.base
            with labs.Lab() as lab:
                daemon, samples = discipline(lab, guard, noond)
                judge(tap, daemon, samples)
                tap.check(daemon.running(), 'noond is still there', daemon.log())
                tap.check(daemon.stop() == 0, 'noond ends with exit code 0', daemon.log())
    except TimeoutError as late:
        skip_all(str(late))
    after = clock.adjust()
    tap.check(abs(clock.base_ns() - base) < 100_000 and after.tick == before.tick,
              'the clock was put back', f'{clock.base_ns() - base} ns off')
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
