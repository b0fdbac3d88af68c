# SPDX-License-Identifier: BSD-2-Clause
"""closedloop.py - the real kernel clock, kept over real sockets by noond, chronyd and ntpsec in turn.

A client's and a server's namespace are joined by a veth pair, or by a relay that delays every
datagram by 5 ms plus an exponentially distributed time.  The server tells CLOCK_MONOTONIC_RAW at a
rate of its own, so the clock's true error is known to some 100 ns at any moment.  Nobody else may
adjust the clock meanwhile: one run at a time holds a lock, and everything is put back.
"""
import statistics
import sys
import time

import place
import procs
from support import kernel_clock as clock

RATE_PPM, OFFSET_S, PORT = 20.0, -0.001, 123
SERVER, MIDDLE, MIDDLE_OUT = '10.99.1.2', '10.99.1.2', '10.99.2.1'
FAR_SERVER = '10.99.2.2'
POLLS = 'minpoll 2 maxpoll 4'
DELAY_US = 5000


class Truth:
    """CLOCK_MONOTONIC_RAW + base, gaining RATE_PPM."""

    def __init__(self, base_ns):
        self.base_ns = base_ns
        self.start_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)

    def error_s(self):
        """By how much the clock is ahead now."""
        gained_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - self.start_ns
        return (clock.base_ns(7) - self.base_ns - gained_ns * RATE_PPM * 1e-6) / 1e9


def start_daemon(kind, machine, programs, peers, mode):
    line = f'server {SERVER} iburst {POLLS}{" xleave" if mode == "interleaved" else ""}\n'
    if kind == 'noond':
        folder = machine.lab.directory('noond')
        path = machine.lab.write('noond.conf', line + 'port 0\nmakestep 0.1 3\n')
        return machine.start('noond', programs['noond'], '-d', '-f', path, '-s', folder, '-r',
                             folder, '-u', 'root', clock=True)
    if kind == 'chronyd':
        return peers.chronyd(machine, 'chronyd', line + 'port 0\nmakestep 0.1 3\n',
                             may_set_clock=True)
    path = machine.lab.write('ntpsec.conf', line)
    return machine.start('ntpsec', peers.program('ntpsec/usr/sbin/ntpd'), '-n', '-g', '-c', path,
                         env=peers.env(), clock=True)


def build_network(lab, programs, jitter_us, truth):
    """Client's machine, with a server behind it at SERVER."""
    client, other = lab.machine('client'), lab.machine('other')
    lab.connect(client, other, '10.99.1.1/24', f'{SERVER}/24')
    server, address = other, SERVER
    if jitter_us is not None:
        server, address = lab.machine('server'), FAR_SERVER
        lab.connect(other, server, f'{MIDDLE_OUT}/24', f'{FAR_SERVER}/24', 'lan1')
    server.start('reference', programs['reference'], address, str(PORT), str(truth.base_ns),
                 str(truth.start_ns), str(RATE_PPM))
    if jitter_us is not None:
        other.start('relay', programs['relay'], MIDDLE, str(PORT), FAR_SERVER, str(PORT),
                    str(DELAY_US), str(jitter_us), '1')
    return client


def run(kind, mode, jitter_us, programs, peers, options):
    """The clock's errors in the judged part, s, and when it was first right within 100 us for good."""
    with clock.Guard() as guard, place.labs.Lab() as lab:
        truth = Truth(guard.base)
        client = build_network(lab, programs, jitter_us, truth)
        clock.step(int(OFFSET_S * 1e9))
        time.sleep(0.5)
        daemon = start_daemon(kind, client, programs, peers, mode)
        start, found = time.monotonic(), []
        while time.monotonic() - start < options.loop:
            found.append((time.monotonic() - start, truth.error_s()))
            time.sleep(0.1)
        if not daemon.running():
            raise RuntimeError(f'{kind} ended:\n{daemon.log()}')
        if options.log:
            sys.stderr.write(daemon.log())
    late = [error for at, error in found if at > options.loop / 2]
    wrong = [at for at, error in found if abs(error) > 100e-6]
    return late, wrong[-1] if wrong else 0


SETTINGS = [('veth', 'basic', None), ('veth', 'interleaved', None),
            ('relay, 0.5 ms of jitter', 'basic', 500)]
RIVALS = ['noond', 'chronyd', 'ntpsec']


def row(setting, mode, kind, runs, chronyd):
    """Medians over the runs, and their ratios to chronyd's."""
    means = statistics.median(abs(statistics.mean(late)) for late, _ in runs)
    deviations = statistics.median(statistics.pstdev(late) for late, _ in runs)
    settled = statistics.median(at for _, at in runs)
    ratios = ['', ''] if chronyd is None else [f'{deviations / chronyd[1]:.2f}',
                                               f'{means / chronyd[0]:.2f}']
    return [setting, mode, kind, f'{settled:.1f}', f'{means * 1e6:.2f}', f'{deviations * 1e6:.3f}',
            *ratios], (means, deviations)


def main(programs, options):
    reason = clock.unable()
    if reason:
        print(f'left out: {reason}')
        return
    peers, rows = place.peers(), []
    for setting, mode, jitter_us in SETTINGS:
        rivals = [kind for kind in RIVALS if mode == 'basic' or kind != 'ntpsec']
        found = {kind: [] for kind in rivals}
        for _ in range(options.loops):
            for kind in rivals:
                found[kind].append(run(kind, mode, jitter_us, programs, peers, options))
        _, chronyd = row(setting, mode, 'chronyd', found['chronyd'], None)
        rows += [row(setting, mode, kind, found[kind], chronyd)[0] for kind in rivals]
    print(f'{POLLS}; the clock starts {OFFSET_S * -1e3:g} ms late and {RATE_PPM:g} ppm slow; '
          f'{options.loops} runs of {options.loop} s each, the second half is judged, medians.\n')
    print(procs.table(['network', 'mode', 'daemon', 'within 100 us after, s', 'mean error, us',
                       'deviation, us', 'deviation / chronyd', 'mean / chronyd'], rows))
