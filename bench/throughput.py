# SPDX-License-Identifier: BSD-2-Clause
"""throughput.py - what an answer costs noond's server process, chronyd and a plain responder.

All three wait on their own ports of one namespace's loopback; the generator asks one at a time, and
an idle server costs nothing.  Cost is the server's CPU time by the answers received.  Each burst is
bracketed by bursts to the responder and counts as the ratio to these, because the machine's speed
changes by the minute.
"""
import time

import place
import procs

ADDRESS = '127.0.0.1'
PORTS = {'responder': 20123, 'noond': 21123, 'chronyd 4.3': 22123}
CLIENTS = 20000
SERVE = 'allow 127.0.0.0/8\nlocal stratum 8\n'


class Burst:
    """Asks one server for a moment."""

    def __init__(self, machine, programs, options):
        self.machine, self.generator = machine, programs['generator']
        self.length_s, self.lost, self.answers = options.burst, 0, 0

    def cost_us(self, name, pid):
        """CPU time of an answer; pid: of the process that answers."""
        before = procs.cpu_ns(pid)
        text = self.machine.run(self.generator, ADDRESS, str(PORTS[name]), str(self.length_s),
                                str(CLIENTS))
        used = procs.cpu_ns(pid) - before
        answers, lost, bad = (int(word) for word in text.split()[:3])
        if answers == 0 or bad > 0:
            raise RuntimeError(f'{name}: {answers} answers, {bad} bad ones')
        self.lost, self.answers = self.lost + lost, self.answers + answers
        return used / 1000 / answers


def start_servers(machine, programs, peers):
    """The processes that answer, by name."""
    responder = machine.start('responder', programs['responder'], ADDRESS, str(PORTS['responder']))
    noond = place.start_noond(machine, programs['noond'], f'{SERVE}port {PORTS["noond"]}\n')
    chronyd = peers.chronyd(machine, 'chronyd', f'{SERVE}port {PORTS["chronyd 4.3"]}\n')
    for name, daemon in (('responder', responder), ('noond', noond), ('chronyd 4.3', chronyd)):
        place.await_answer(lambda port=PORTS[name]: answers(machine, programs, port),
                           f'{name} serves nothing', daemon)
    servers = [pid for pid in procs.family(noond.process.pid) if procs.role(pid) == 'server']
    return {'responder': responder.process.pid, 'noond': servers[0],
            'chronyd 4.3': chronyd.process.pid}


def answers(machine, programs, port):
    """Whether somebody answers there, and with a time."""
    text = machine.run(programs['generator'], ADDRESS, str(port), '0.01', '1', check=False)
    words = text.split()
    return len(words) == 4 and int(words[0]) > 0 and int(words[2]) == 0


def measure(burst, pids, rounds):
    """Costs by subject: yardstick, subject, yardstick, subject ... yardstick."""
    subjects = [name for name in pids if name != 'responder']
    costs = {name: [] for name in subjects}
    for _ in range(rounds):
        for name in subjects:
            costs[name] += [burst.cost_us('responder', pids['responder']),
                            burst.cost_us(name, pids[name])]
            time.sleep(0.05)
            costs[name].append(burst.cost_us('responder', pids['responder']))
    return costs


def ratios(costs):
    """Each round stands for itself: its three bursts are next to one another."""
    found = []
    for i in range(0, len(costs), 3):
        found += procs.bracketed(costs[i:i + 3])
    return found


def main(programs, options):
    peers = place.peers()
    with place.labs.Lab() as lab:
        machine = lab.machine('one')
        pids = start_servers(machine, programs, peers)
        burst = Burst(machine, programs, options)
        costs = measure(burst, pids, options.rounds)
    yardstick = [cost for values in costs.values() for i, cost in enumerate(values) if i % 3 != 1]
    rows = [['plain recvfrom/sendto', len(yardstick), '1.00',
             f'{procs.quartiles(yardstick)[1]:.2f}']]
    for name, values in costs.items():
        found = ratios(values)
        if not found:
            rows.append([name, 0, 'too noisy', '-'])
            continue
        low, middle, high = procs.quartiles(found)
        rows.append([name, len(found), f'{middle:.2f} [{low:.2f}-{high:.2f}]',
                     f'{procs.quartiles(values[1::3])[1]:.2f}'])
    print(f'{options.rounds} rounds of bursts of {options.burst} s from {CLIENTS} client addresses, '
          f'{burst.answers} answers, {burst.lost} lost. CPU time of the process that answers.\n')
    print(procs.table(['server', 'pairs', 'cost by the responder\'s, median [quartiles]',
                       'us CPU an answer, median'], rows))
