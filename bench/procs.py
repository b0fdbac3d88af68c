# SPDX-License-Identifier: BSD-2-Clause
"""procs.py - what the kernel says about running processes, and simple statistics."""
import os
import statistics


def family(pid):
    """The process and everything that descends from it."""
    found = [pid]
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/children', encoding='utf-8') as file:
            for child in file.read().split():
                found += family(int(child))
    return found


def all_of(name):
    """Every process and thread of the kernel whose name begins like this."""
    found = []
    for entry in os.listdir('/proc'):
        try:
            with open(f'/proc/{int(entry)}/comm', encoding='utf-8') as file:
                if file.read().startswith(name):
                    found.append(int(entry))
        except (ValueError, OSError):
            pass
    return found


def words(pid):
    """Its command line, as a list."""
    with open(f'/proc/{pid}/cmdline', encoding='utf-8') as file:
        return file.read().split('\0')[:-1]


def role(pid):
    """What this process of noond is there for; `parent` for the one that was started."""
    roles = [word[len('--role='):] for word in words(pid) if word.startswith('--role=')]
    return roles[0] if roles else 'parent'


def cpu_ns(pid):
    """Time on a CPU, all threads, without what a hypervisor stole."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat', encoding='utf-8') as file:
            total += int(file.read().split()[0])
    return total


def wakes(pid):
    """How often its threads have gone to sleep by themselves, so how often they were woken."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/status', encoding='utf-8') as file:
            total += sum(int(line.split()[1]) for line in file
                         if line.startswith('voluntary_ctxt_switches'))
    return total


def memory_kb(pid):
    """RSS, PSS and private memory (USS) in kB."""
    values = {}
    with open(f'/proc/{pid}/smaps_rollup', encoding='utf-8') as file:
        for line in file.read().splitlines()[1:]:
            key, value = line.split()[:2]
            values[key.rstrip(':')] = int(value)
    return (values['Rss'], values['Pss'], values['Private_Clean'] + values['Private_Dirty'])


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return (values[0],) * 3
    low, middle, high = statistics.quantiles(values, n=4, method='inclusive')
    return low, middle, high


def bracketed(costs, spread_max=0.15):
    """Ratios of what was measured to the yardstick measured before and after it.

    `costs` alternates yardstick, subject, yardstick, subject ... yardstick.  A subject between two
    yardsticks that differ by more than `spread_max` is left out: the machine changed meanwhile.
    """
    ratios = []
    for before, subject, after in zip(costs[0::2], costs[1::2], costs[2::2]):
        if abs(before - after) <= spread_max * min(before, after):
            ratios.append(subject / ((before + after) / 2))
    return ratios


def table(header, rows):
    """A Markdown table."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in lines)
