# SPDX-License-Identifier: BSD-2-Clause
"""worlds.py - accuracy of whole nodes in simulated time: figures of noon-sim's scenarios."""
import json
import statistics
import subprocess

import procs

# Those that show accuracy; each also has limits, which the tests hold it to.
SCENARIOS = ['rack', 'lan', 'metro', 'wan', 'heavy-jitter', 'poor-clock', 'asymmetric', 'loss',
             'congestion', 'cold-step', 'temperature', 'frequency-step', 'falseticker', 'two-liars',
             'partition', 'tiers', 'restart']


def length(seconds):
    """A length of time with three digits, in its best unit."""
    for unit, scale in (('s', 1), ('ms', 1e-3), ('us', 1e-6)):
        if abs(seconds) >= scale:
            return f'{seconds / scale:.3g} {unit}'
    return f'{seconds / 1e-9:.3g} ns'


def median_of_worst(worlds, key):
    """The median over the seeds of the worst node's value."""
    return statistics.median(max(node[key] for node in world['nodes']) for world in worlds)


def row(simulator, scenario, seeds):
    done = subprocess.run([simulator, scenario, '1', '--seeds', str(seeds), '--json'],
                          capture_output=True, text=True, check=False)
    worlds = [json.loads(line) for line in done.stdout.splitlines()]
    if len(worlds) != seeds:
        raise RuntimeError(f'noon-sim {scenario}: {done.stderr.strip() or "too few results"}')
    passed = sum(world['passed'] for world in worlds)
    return [scenario, f'{passed}/{seeds}', length(median_of_worst(worlds, 'lock_s')),
            length(median_of_worst(worlds, 'clock_rms_s')),
            length(median_of_worst(worlds, 'published_rms_s')),
            length(median_of_worst(worlds, 'published_max_s')),
            length(median_of_worst(worlds, 'bound_mean_s')),
            f'{max(node["worst_error_to_bound"] for world in worlds for node in world["nodes"]):.2f}']


def main(programs, options):
    header = ['scenario', 'passed', 'locked after', 'clock RMS', 'published RMS', 'published max',
              'mean bound', 'worst error / bound']
    rows = [row(programs['noon-sim'], scenario, options.seeds) for scenario in SCENARIOS]
    print(f'Whole nodes in simulated time, seeds 1 to {options.seeds}; of each world the worst node, '
          'of the worlds the median (error / bound: the worst of all).\n')
    print(procs.table(header, rows))
