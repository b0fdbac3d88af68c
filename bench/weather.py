# SPDX-License-Identifier: BSD-2-Clause
"""weather.py - interfaces that come and go: what 2,000 veth pairs a minute cost noond and ntpsec's
ntpd, at the same time, and chronyd, which does not look at interfaces.

Each pair is made, given an address, and deleted.  Both are clients of the same servers; noond runs
once with servers written down and once with `source dhcp` beside them, which watches files.
"""
import os
import re
import time

import place
import procs

PAIRS_A_MINUTE = 2000
QUIET_S, STORM_S = 20, 60
CHURN = '''import socket, subprocess, sys, time
ip = subprocess.Popen(['ip', '-batch', '-'], stdin=subprocess.PIPE, text=True)
count, pause = int(sys.argv[1]), float(sys.argv[2])
start = time.monotonic()
for i in range(count):
    name = f'w{i % 1000}'
    ip.stdin.write(f'link add {name} type veth peer name x{i % 1000}\\nlink set {name} up\\n'
                   f'address add 10.88.{i % 250}.1/24 dev {name}\\nlink del {name}\\n')
    ip.stdin.flush()
    left = start + (i + 1) * pause - time.monotonic()
    if left > 0:
        time.sleep(left)
ip.stdin.close()
sys.exit(ip.wait())
'''


def cpu_ms(daemons):
    """CPU time of each daemon, all its processes."""
    return {name: sum(procs.cpu_ns(pid) for pid in procs.family(daemon.process.pid)) / 1e6
            for name, daemon in daemons.items()}


def lines(daemons):
    return {name: daemon.log().count('\n') for name, daemon in daemons.items()}


def accepted(programs, machine, folder):
    text = machine.run(programs['noon'], '-r', machine.lab.path(folder), 'sources', '--json',
                       check=False)
    return [tuple(int(re.search(rf'"{key}": (\d+)', part)[1]) for key in ('sent', 'accepted'))
            for part in text.split('"name"')[1:]]


def main(programs, options):
    peers = place.peers()
    fast = place.SOURCES.replace('iburst', 'iburst minpoll 2 maxpoll 2')
    with place.labs.Lab() as lab:
        machine = lab.machine('one')
        place.start_references(machine, programs['noond'])
        ntp = ''.join(f'server {address} iburst minpoll 4 maxpoll 4\n'
                      for address in place.PUBLIC)
        place.start_public(machine, peers)
        daemons = {
            'noond': place.start_noond(machine, programs['noond'], fast + 'port 0\ncmdport 0\n'),
            'noond, `source dhcp`': place.start_noond(machine, programs['noond'], fast +
                                                      'source dhcp\nport 0\ncmdport 0\n', 'finds'),
            'chronyd 4.3': peers.chronyd(machine, 'chronyd', fast + 'port 0\n'),
            'ntpsec': peers.ntpsec(machine, 'ntpsec', ntp),
        }
        script = lab.write('churn.py', CHURN)
        time.sleep(10)
        quiet = cpu_ms(daemons)
        time.sleep(QUIET_S)
        before = cpu_ms(daemons)
        quiet = {name: (before[name] - quiet[name]) * 60 / QUIET_S for name in daemons}
        said, taken = lines(daemons), accepted(programs, machine, 'noond')
        start = time.monotonic()
        count = PAIRS_A_MINUTE * STORM_S // 60
        machine.run('python3', script, str(count), str(STORM_S / count), timeout=4 * STORM_S)
        elapsed = time.monotonic() - start
        after, said_after = cpu_ms(daemons), lines(daemons)
        rows = [[name, round(quiet[name], 1), round((after[name] - before[name]) * 60 / elapsed, 1),
                 said_after[name] - said[name]] for name in daemons]
        lost = [(sent - sent0) - (good - good0) for (sent, good), (sent0, good0) in
                zip(accepted(programs, machine, 'noond'), taken)]
    print(f'{count} veth pairs in {elapsed:.0f} s, each with an address; CPU time of all processes '
          'of a daemon.\n')
    print(procs.table(['daemon', 'CPU ms/min quiet', 'CPU ms/min', 'log lines'], rows))
    print(f'\nRequests of noond without an accepted answer, by source: {lost} (one may be under '
          f'way each); load {os.getloadavg()[0]:.1f}.')
