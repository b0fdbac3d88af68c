# SPDX-License-Identifier: BSD-2-Clause
"""kernel_clock.py - disturbs the machine's one real clock for a test, and puts it back whatever happens.

A guardian process, which outlives even a killed test, restores time, frequency and status when the
test's end of a pipe closes.  One test at a time holds the lock.  No step is longer than 0.5 s.
"""
import ctypes
import errno
import fcntl
import math
import os
import signal
import time

LOCK = '/tmp/noon-clock.lock'
STEP_MAX_NS = 500_000_000
ADJ_OFFSET, ADJ_FREQUENCY, ADJ_STATUS, ADJ_TIMECONST = 0x1, 0x2, 0x10, 0x20
ADJ_SETOFFSET, ADJ_MICRO, ADJ_NANO, ADJ_TICK = 0x100, 0x1000, 0x2000, 0x4000
STA_PLL, STA_UNSYNC, STA_NANO, STA_READ_ONLY = 0x1, 0x40, 0x2000, 0xff00
NOMINAL_TICK = 10000


class Timex(ctypes.Structure):
    _fields_ = [('modes', ctypes.c_uint), ('offset', ctypes.c_long), ('freq', ctypes.c_long),
                ('maxerror', ctypes.c_long), ('esterror', ctypes.c_long),
                ('status', ctypes.c_int), ('constant', ctypes.c_long),
                ('precision', ctypes.c_long), ('tolerance', ctypes.c_long),
                ('tv_sec', ctypes.c_long), ('tv_usec', ctypes.c_long), ('tick', ctypes.c_long),
                ('pps', ctypes.c_long * 2), ('shift', ctypes.c_int), ('rest', ctypes.c_long * 5),
                ('tai', ctypes.c_int), ('pad', ctypes.c_int * 11)]


LIBC = ctypes.CDLL(None, use_errno=True)


def adjust(**fields):
    """clock_adjtime(): returns what it filled in; OSError when it refuses."""
    tx = Timex(**fields)
    if LIBC.adjtimex(ctypes.byref(tx)) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return tx


def base_ns(tries=50):
    """CLOCK_REALTIME less CLOCK_MONOTONIC_RAW: constant while nobody steers."""
    best, base = 1 << 60, 0
    for _ in range(tries):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        real = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        if after - before < best:
            best, base = after - before, real - (before + after) // 2
    return base


def rate_ppm():
    """What the kernel's clock gains on CLOCK_MONOTONIC_RAW."""
    tx = adjust()
    return tx.freq / 65536 + (tx.tick - NOMINAL_TICK) * 100


def step(ns):
    """Steps the clock, by 0.5 s at most."""
    if abs(ns) > STEP_MAX_NS:
        raise ValueError(f'a step of {ns} ns is refused')
    adjust(modes=ADJ_SETOFFSET | ADJ_NANO, tv_sec=ns // 1_000_000_000, tv_usec=ns % 1_000_000_000)


def set_rate(ppm):
    """Frequency alone; no tick, no remainder of a PLL."""
    adjust(modes=ADJ_FREQUENCY | ADJ_TICK, freq=int(round(ppm * 65536)), tick=NOMINAL_TICK)


def unable():
    """Why this machine's clock cannot be used for a test; empty: it can."""
    try:
        now = adjust()
        adjust(modes=ADJ_FREQUENCY, freq=now.freq)
    except OSError as error:
        return f'the clock may not be adjusted: {os.strerror(error.errno)}'
    if not now.status & STA_UNSYNC:
        return "this machine's clock is kept by another program (STA_UNSYNC is clear)"
    return ''


class Guard:
    """A with-block in which the clock may be disturbed.  Attribute base: the truth at its start."""

    def __init__(self, wait_s=300):
        self.wait_s, self.base, self.saved, self.guardian = wait_s, 0, None, 0

    def __enter__(self):
        self.lock = open(LOCK, 'w', encoding='utf-8')
        end = time.monotonic() + self.wait_s
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno != errno.EWOULDBLOCK or time.monotonic() > end:
                    self.lock.close()
                    raise TimeoutError('another test holds the clock') from error
                time.sleep(1)
        self.saved, self.base = adjust(), base_ns()
        set_rate(0)
        reading, self.writing = os.pipe()
        self.guardian = os.fork()
        if self.guardian == 0:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            os.setsid()
            os.close(self.writing)
            os.read(reading, 1)
            self.restore()
            os._exit(0)
        os.close(reading)
        return self

    def __exit__(self, *error):
        os.close(self.writing)
        os.waitpid(self.guardian, 0)
        self.lock.close()

    def restore(self):
        """Puts back time and rate, and ends what others may have left running."""
        adjust(modes=ADJ_OFFSET | ADJ_STATUS | ADJ_TIMECONST, status=STA_PLL | STA_UNSYNC, offset=0)
        adjust(modes=ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS, freq=self.saved.freq,
               tick=self.saved.tick, status=self.saved.status & ~STA_READ_ONLY)
        for _ in range(4):
            missing = self.base - base_ns()
            if abs(missing) < 2000:
                break
            while missing != 0:
                part = max(-STEP_MAX_NS, min(STEP_MAX_NS, missing))
                step(part)
                missing -= part
        adjust(modes=ADJ_NANO if self.saved.status & STA_NANO else ADJ_MICRO)

    def error_s(self):
        """By how much CLOCK_REALTIME is ahead of the truth, CLOCK_MONOTONIC_RAW + base."""
        return (base_ns(7) - self.base) / 1e9


def rms(values):
    return math.sqrt(sum(v * v for v in values) / len(values)) if values else math.inf
