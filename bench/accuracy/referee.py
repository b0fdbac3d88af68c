#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""referee - unmodified daemons side by side in somebody else's simulator, clknetsim.

Neither clknetsim nor chrony is part of this repository; tell where they are:

  CLKNETSIM=DIR    holds the built clknetsim and clknetsim.so:
                   git clone https://gitlab.com/chrony/clknetsim.git && make -C clknetsim
  CHRONYD=FILE     a chronyd, also the servers' (Debian's, or built from
                   https://gitlab.com/chrony/chrony.git with ./configure --disable-privdrop && make)
  NTPD=FILE        optional: ntpsec's ntpd, started with NTPD_PRELOAD=FILE as well when it needs a
                   call that clknetsim does not stand in for
  NOOND=FILE       default: build/noond; NOOND_CONFIG: lines added to its configuration

The same seed gives the same oscillators and the same delays to each daemon.  Offsets are true
ones, of each simulated second.  A figure is the median over the seeds; a ratio is of medians, to
the first daemon.  Requests are those after the first 64 s.
"""
import argparse
import collections
import concurrent.futures
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STARTED = 1830000000  # after the build date of every daemon
START_UP_S = 64


def jitter(base, scale):
    return f'(+ {base} (* {scale} (exponential)))'


def happens(chance):
    """1 with that chance, else 0."""
    return f'(equal {chance} (uniform) 0)'


def after(second):
    """0 before that second, 1 afterwards."""
    return f'(max 0 (min 1 (+ time -{second})))'


LAN, METRO, WAN = jitter(50e-6, 10e-6), jitter(500e-6, 100e-6), jitter(10e-3, 1e-3)
HEAVY, CARD = jitter(20e-3, 10e-3), jitter(5e-6, 100e-9)
FIXED4, FIXED6 = 'minpoll 4 maxpoll 4', 'minpoll 6 maxpoll 6'

Scenario = collections.namedtuple(
    'Scenario', 'what there back seconds skip wander freq offset_s options step kind clock_step '
                'server_freq',
    defaults=(METRO, None, 100000, 30000, 1e-9, '1e-5', 0.01, '', 'makestep 1 3', 'pair', None,
              None))


def fast(what, there, **other):
    return Scenario(what, there, **{'seconds': 60000, 'skip': 15000, 'options': FIXED4, **other})


SCENARIOS = {
    'lan': Scenario('50 us, jitter 10 us', LAN),
    'metro': Scenario('500 us, jitter 100 us', METRO),
    'wan': Scenario('10 ms, jitter 1 ms', WAN),
    'heavyjit': Scenario('20 ms, jitter 10 ms', HEAVY),
    'lowwander': Scenario('metro, wander 1e-10', METRO, wander=1e-10),
    'hiwander': Scenario('metro, wander 1e-8', METRO, wander=1e-8),
    'lan16': fast('lan, polls of 16 s', LAN),
    'metro16vm': fast('metro, polls of 16 s, wander 1e-8', METRO, wander=1e-8),
    'hwts16': fast('5 us, jitter 100 ns, polls of 16 s', CARD),
    'coldstep': Scenario('lan, 0.5 s and 100 ppm wrong', LAN, seconds=20000, skip=0, freq='1e-4',
                         offset_s=0.5, step='makestep 0.1 3'),
    'falsetick': Scenario('4 good servers, one off by 50 ms', kind='liar'),
    'fleet': Scenario('server, metro, boundary, lan, 2 nodes', kind='fleet'),
    # Beyond the usual ones.
    'metro64': fast('metro, polls of 64 s', METRO, options=FIXED6),
    'heavy16': fast('heavyjit, polls of 16 s', HEAVY),
    'wan16low': fast('wan, polls of 16 s, wander 1e-10', WAN, wander=1e-10),
    'lan1': fast('lan, polls of 1 s', LAN, seconds=20000, skip=5000, options='minpoll 0 maxpoll 0'),
    'card1': fast('5 us, jitter 100 ns, polls of 1 s', CARD, seconds=20000, skip=5000,
                  options='minpoll 0 maxpoll 0'),
    'wan1': fast('wan, polls of 1 s', WAN, seconds=20000, skip=5000, options='minpoll 0 maxpoll 0'),
    'lan16x': fast('lan, polls of 16 s, interleaved', LAN, options=FIXED4 + ' xleave'),
    'lanlow': Scenario('lan, wander 1e-10', LAN, wander=1e-10),
    'lanhigh': Scenario('lan, wander 1e-8', LAN, wander=1e-8),
    'wanhigh': Scenario('wan, wander 1e-8', WAN, wander=1e-8),
    'asym3': Scenario('metro, three times the jitter one way', jitter(500e-6, 300e-6), METRO),
    'asym30': Scenario('metro, jitter 300 us and 10 us', jitter(500e-6, 300e-6),
                       jitter(500e-6, 10e-6)),
    'asym3at16': fast('asym3, polls of 16 s', jitter(500e-6, 300e-6), back=METRO),
    'spikes': Scenario('metro, every tenth packet up to 20 ms late',
                       f'(+ 500e-6 (* 100e-6 (exponential)) (* 20e-3 (uniform) {happens(0.1)}))'),
    'loss': Scenario('metro, 30 % lost',
                     f'(+ 500e-6 (* 100e-6 (exponential)) (* -1 {happens(0.163)}))'),
    'busy': Scenario('metro, ten times the jitter 12 min each hour',
                     '(+ 500e-6 (* (exponential) (+ 100e-6 '
                     '(* 900e-6 (equal 720 (% time 3600) 0)))))'),
    'gauss': Scenario('500 us, delays normal with 100 us', '(max 1e-6 (+ 1e-3 (* 1e-4 (normal))))'),
    'route': Scenario('metro, one way 2 ms longer after half of the time',
                      f'(+ 500e-6 (* 100e-6 (exponential)) (* 2e-3 {after(50000)}))', METRO),
    'day': Scenario('metro, temperature: 1 ppm a day', METRO,
                    freq='(+ 1e-5 (* 1e-6 (sine 86400)))'),
    'hour': Scenario('metro, air conditioning: 0.1 ppm in 40 min', METRO,
                     freq='(+ 1e-5 (* 1e-7 (sine 2400)))'),
    'freqjump': Scenario('metro, frequency 1 ppm off after half of the time', METRO,
                         freq='(+ 1e-5 (* 5e-7 (pulse 50000 50000)))'),
    'pause': Scenario('metro, machine paused for 0.1 s after half of the time', METRO,
                      clock_step='(* -0.1 (equal 0.5 (sum 1) 50000))'),
    'sawtooth': Scenario('lan, server steered by +-0.5 ppm every 100 s', LAN,
                         server_freq='(* 5e-7 (pulse 100 100))'),
    'holdover': Scenario('metro, nothing after half of the time',
                         f'(+ 500e-6 (* 100e-6 (exponential)) (* -1 {after(50000)}))'),
}
USUAL = list(SCENARIOS)[:12]

Node = collections.namedtuple('Node', 'client config')
World = collections.namedtuple('World', 'lines nodes measured')


def client(scenario, servers):
    lines = [f'server 192.168.123.{n} iburst {scenario.options}\n' for n in servers]
    return Node(True, ''.join(lines) + scenario.step + '\n')


def clock(scenario, n):
    freq = f"(+ {scenario.freq} (sum (* {scenario.wander} (normal))))"
    lines = [f'node{n}_offset = {scenario.offset_s}', f'node{n}_freq = {freq}']
    if scenario.clock_step:
        lines.append(f'node{n}_step = {scenario.clock_step}')
    return lines


def link(a, b, there, back=None):
    return [f'node{a}_delay{b} = {there}', f'node{b}_delay{a} = {back or there}']


def world(scenario):
    server = Node(False, 'local stratum 1\n')
    if scenario.kind == 'pair':
        lines = clock(scenario, 2) + link(2, 1, scenario.there, scenario.back)
        if scenario.server_freq:
            lines.append(f'node1_freq = {scenario.server_freq}')
        return World(lines, {1: server, 2: client(scenario, [1])}, [2])
    if scenario.kind == 'liar':
        lines = clock(scenario, 6) + ['node5_offset = 0.05']
        for n, base in enumerate((5e-3, 10e-3, 15e-3, 20e-3, 10e-3), 1):
            lines += link(6, n, jitter(base, 1e-3))
        nodes = {n: server for n in range(1, 6)}
        return World(lines, {**nodes, 6: client(scenario, range(1, 6))}, [6])
    lines = link(2, 1, METRO) + link(3, 2, LAN) + link(4, 2, LAN)
    for n in (2, 3, 4):
        lines += clock(scenario, n)
    boundary = client(scenario, [1])
    return World(lines, {1: server, 2: boundary._replace(config=boundary.config + 'allow\n'),
                         3: client(scenario, [2]), 4: client(scenario, [2])}, [3, 4])


def command(daemon, place, n, config):
    """Writes the configuration; returns what starts the daemon in the foreground."""
    path = f'{place}/conf.{n}'
    if daemon.startswith('noond'):
        args = ['-d', '--single', '-u', 'root', '-f', path, '-s', f'{place}/state.{n}',
                '-r', f'{place}/state.{n}']
        config += os.environ.get('NOOND_CONFIG', '') + '\n'
    elif daemon == 'ntpd':
        config = ''.join(line.replace(' xleave', '') + '\n' for line in config.splitlines()
                         if line.startswith('server'))
        config += f'pidfile {place}/pid.{n}\nrestrict default limited\n'
        args = ['-n', '-g', '-c', path]
    else:
        config += f'pidfile {place}/pid.{n}\nallow\ncmdport 0\nbindcmdaddress /\n'
        args = ['-d', '-u', 'root', '-f', path]
    os.makedirs(f'{place}/state.{n}', exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(config)
    return args


def start_nodes(found, daemon, place, made, environment):
    children = []
    for n, node in made.nodes.items():
        name = daemon if node.client else 'chronyd'
        args = command(name, place, n, node.config)
        preload = ' '.join(filter(None, [found['library'], name == 'ntpd' and
                                         os.environ.get('NTPD_PRELOAD')]))
        env = dict(environment, LD_PRELOAD=preload, CLKNETSIM_NODE=str(n),
                   CLKNETSIM_SOCKET=f'{place}/socket')
        with open(f'{place}/log.{n}', 'wb') as log:
            children.append(subprocess.Popen([found[name], *args], env=env, stdout=log, stderr=log,
                                             stdin=subprocess.DEVNULL))
    return children


def simulate(found, daemon, scenario, seed, place):
    """Runs one world; the files of `place` hold what happened.  An error, or None."""
    made = world(scenario)
    environment = {key: value for key, value in os.environ.items()
                   if key not in ('LISTEN_FDS', 'NOTIFY_SOCKET')}
    environment.update(CLKNETSIM_RANDOM_SEED=str(seed), CLKNETSIM_START_DATE=str(STARTED))
    with open(f'{place}/conf', 'w', encoding='utf-8') as file:
        file.write('\n'.join(made.lines) + '\n')
    with open(f'{place}/simulator', 'wb') as log:
        simulator = subprocess.Popen(
            [found['clknetsim'], '-s', f'{place}/socket', '-l', str(scenario.seconds),
             '-o', f'{place}/offsets', '-f', f'{place}/freqs', '-p', f'{place}/packets',
             f'{place}/conf', str(len(made.nodes))], env=environment, stdout=log, stderr=log)
    children = start_nodes(found, daemon, place, made, environment)
    error = None
    try:
        if simulator.wait(timeout=900) != 0:
            error = f'clknetsim ended with {simulator.returncode}'
    except subprocess.TimeoutExpired:
        simulator.kill()
        error = 'no end after 900 s'
    for child in children:
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            error = error or f'{child.args[0]} did not end'
    return error


def rms(values):
    return math.sqrt(sum(value * value for value in values) / max(1, len(values)))


def columns(path, nodes):
    with open(path, encoding='utf-8') as file:
        rows = [line.split() for line in file]
    return [[float(row[n - 1]) for row in rows] for n in nodes]


def settled(column, limit):
    """The second from which on the error stays below the limit for half an hour."""
    last = -1
    for second, value in enumerate(column[:1800]):
        if abs(value) > limit:
            last = second
    return last + 1


def requests(path, nodes, seconds):
    count = 0
    with open(path, encoding='utf-8') as file:
        for line in file:
            field = line.split()
            count += (float(field[0]) > START_UP_S and int(field[1]) in nodes and
                      int(field[5]) == 123)
    return count / len(nodes) / (seconds - START_UP_S) * 1000


def figures(scenario, place):
    nodes = world(scenario).measured
    offsets = columns(f'{place}/offsets', nodes)
    skip, half = scenario.skip, scenario.seconds // 2
    result = {
        'rms': statistics.mean(rms(column[skip:]) for column in offsets),
        'max': max(max(map(abs, column[skip:])) for column in offsets),
        'half': statistics.mean(rms(column[half:]) for column in offsets),
        'freq': statistics.mean(rms(column[skip:]) for column in columns(f'{place}/freqs', nodes)),
        'requests': requests(f'{place}/packets', nodes, scenario.seconds),
        'ms': max(settled(column, 1e-3) for column in offsets),
        '100us': max(settled(column, 100e-6) for column in offsets),
    }
    if len(nodes) > 1:
        result['apart'] = rms([a - b for a, b in zip(offsets[0][skip:], offsets[1][skip:])])
    return result


def one(found, daemon, name, seed, keep):
    place = tempfile.mkdtemp(prefix=f'{name}-{daemon}-{seed}-', dir=keep)
    error = simulate(found, daemon, SCENARIOS[name], seed, place)
    result = figures(SCENARIOS[name], place) if error is None else {'error': f'{error}: {place}'}
    if error is None and not keep:
        shutil.rmtree(place)
    return result


def length(seconds):
    for unit, scale in (('s', 1), ('ms', 1e-3), ('us', 1e-6)):
        if seconds >= scale:
            return f'{seconds / scale:.3g} {unit}'
    return f'{seconds / 1e-9:.3g} ns'


def row(name, daemon, results, first):
    """A line of the table; `first`: the results of the daemon that all are compared with."""
    def median(key, of):
        return statistics.median(result[key] for result in of)

    def ratio(key):
        return f'{median(key, results) / median(key, first):.2f}'

    pairs = [ours['rms'] / theirs['rms'] for ours, theirs in zip(results, first)]
    cells = [name, daemon, length(median('rms', results)), ratio('rms'), f'{max(pairs):.2f}',
             length(median('max', results)), ratio('max'), ratio('half'),
             f'{median("freq", results):.2g}', ratio('freq'), f'{median("requests", results):.2f}']
    if 'apart' in results[0]:
        cells.append(f'apart {length(median("apart", results))}, ratio {ratio("apart")}')
    elif SCENARIOS[name].kind == 'pair' and SCENARIOS[name].skip == 0:
        cells.append(f'below 1 ms after {median("ms", results):.0f} s, '
                     f'below 100 us after {median("100us", results):.0f} s')
    else:
        cells.append('')
    return '| ' + ' | '.join(cells) + ' |'


HEAD = ('| scenario | daemon | RMS | ratio | worst seed | largest | ratio | second half, ratio | '
        'frequency RMS | ratio | requests in 1000 s | |\n' + '|---' * 12 + '|')


def programs(daemons):
    place = os.environ.get('CLKNETSIM')
    found = {'chronyd': os.environ.get('CHRONYD'), 'ntpd': os.environ.get('NTPD'),
             'noond': os.environ.get('NOOND', f'{ROOT}/build/noond'),
             'noond2': os.environ.get('NOOND2')}
    if not place or not found['chronyd']:
        sys.exit('referee: set CLKNETSIM and CHRONYD\n\n' + __doc__)
    found.update(clknetsim=f'{place}/clknetsim', library=f'{place}/clknetsim.so')
    for name in ['clknetsim', 'library', 'chronyd', *daemons]:
        if not found.get(name) or not os.access(found[name], os.R_OK):
            sys.exit(f'referee: no {name} at {found.get(name) or "(not told where)"}\n\n' + __doc__)
    return found


def arguments():
    parser = argparse.ArgumentParser(prog='./dev bench referee', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('scenarios', nargs='*', help='default: the usual twelve; `all`: every one')
    parser.add_argument('--seeds', default='10', help='N: 1 to N; or FROM-TO (10)')
    parser.add_argument('--daemons', default='chronyd,noond', help='the first is compared with; '
                        'chronyd, noond, ntpd; noond2: another build, at NOOND2')
    parser.add_argument('--jobs', type=int, default=1, help='worlds at once (1)')
    parser.add_argument('--keep', metavar='DIR', help='leave configurations and logs there')
    parser.add_argument('--list', action='store_true', help='what the scenarios are')
    options = parser.parse_args()
    if options.scenarios == ['all']:
        options.scenarios = list(SCENARIOS)
    options.scenarios = options.scenarios or USUAL
    unknown = set(options.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f'no scenario {", ".join(sorted(unknown))}; --list names them')
    low, _, high = options.seeds.rpartition('-')
    options.seeds = range(int(low or 1), int(high) + 1)
    return options


def compare(options, found, name, ratios):
    first = None
    for daemon in options.daemons.split(','):
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(lambda seed: one(found, daemon, name, seed, options.keep),
                                    options.seeds))
        for result in results:
            if 'error' in result:
                print(f'referee: {name}, {daemon}: {result["error"]}', file=sys.stderr)
        if any('error' in result for result in results):
            continue
        first = first or results
        print(row(name, daemon, results, first), flush=True)
        ratios[daemon].append(statistics.median(result['rms'] for result in results) /
                              statistics.median(result['rms'] for result in first))


def main():
    options = arguments()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f'{name:10} {scenario.what}')
        return
    daemons = options.daemons.split(',')
    found = programs(daemons)
    ratios = collections.defaultdict(list)
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    print(HEAD)
    for name in options.scenarios:
        compare(options, found, name, ratios)
    for daemon in daemons[1:]:
        if ratios[daemon]:
            mean = math.exp(statistics.mean(map(math.log, ratios[daemon])))
            print(f'\n{daemon}: geometric mean of {len(ratios[daemon])} ratios {mean:.3f}')


if __name__ == '__main__':
    main()
