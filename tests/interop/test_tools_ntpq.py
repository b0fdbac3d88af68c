#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""NTPsec's ntpq and the Nagios plugins, unmodified, against noond.

usage: test_tools_ntpq.py NOOND NOON NOON-HELPER PEERS-FOLDER      prints TAP
"""
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import peers as packages  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

AHEAD_S = 0.25
SOURCES = ('server 127.0.0.1 port 11123 iburst minpoll 0 maxpoll 1\n'
           'server 127.0.0.2 port 11124 iburst minpoll 0 maxpoll 1 noselect\n'
           'server 127.0.0.3 port 11125 minpoll 3 maxpoll 3\n'
           'allow 127.0.0.0/8\n')
# tally, remote, refid, st, t, when, poll, reach, delay, offset, jitter
ROW = re.compile(r'^(.)(\S+)\s+(\S+)\s+(\d+)\s+(\S)\s+(\S+)\s+(\d+)\s+([0-7]+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$',
                 re.M)
# Commands, and what must be in what ntpq prints.
COMMANDS = {
    'rv': ['stratum=2', 'leap=00', 'refid=127.0.0.1', 'version="ntpd noon-'],
    'sysinfo': ['system peer:', '127.0.0.1', 'stratum', 'root dispersion'],
    'sysstats': ['uptime', 'packets received', 'rate limited'],
    'kerninfo': ['pll frequency', 'maximum error', 'kernel status'],
    'iostats': ['received packets', 'packets sent'],
    'monstats': ['enabled', 'addresses'],
    'as': ['sys.peer', 'reachable'],
    'apeers': ['127.0.0.1', 'assid'],
    'opeers': ['127.0.0.1', '127.0.0.3'],
    'lpeers': ['127.0.0.1', '127.0.0.3'],
    'lopeers': ['127.0.0.1'],
    'pe': ['127.0.0.1'],
    'pstats': [],
    'timerstats': ['time since reset', 'timer overruns'],
    'ntpversion 3': [],
    'associations': ['sys.peer'],
    'lassociations': ['sys.peer'],
    'rl': ['stratum=2'],
    'readvar 0 stratum,leap,refid': ['stratum=2'],
    'readvar &1 srcadr,reach': ['srcadr=127.0.0.1'],
    'mreadvar &1 &2 srcadr': ['srcadr=127.0.0.1', 'srcadr=127.0.0.2'],
    'authinfo': ['stored keys'],
    'ntsinfo': ['NTS'],
}


class Ntpq:
    def __init__(self, peers, machine):
        self.peers, self.machine = peers, machine

    def __call__(self, *commands, host='127.0.0.1'):
        arguments = [word for command in commands for word in ('-c', command)]
        return self.machine.run('python3', self.peers.program('ntpsec/usr/bin/ntpq'), '-n', *arguments, host,
                                env=self.peers.env(), check=False)

    def rows(self, host='127.0.0.1'):
        return {match[2]: match.groups() for match in ROW.finditer(self('peers', host=host))}


def check_peers(tap, ntpq):
    rows = ntpq.rows()
    tap.check(sorted(rows) == ['127.0.0.1', '127.0.0.2', '127.0.0.3'], 'peers: a row for each source',
              ntpq('peers'))
    first, ahead, silent = (rows.get(f'127.0.0.{i}', ('?',) * 11) for i in (1, 2, 3))
    tap.check([row[0] for row in (first, ahead, silent)] == ['*', ' ', ' '],
              'the tally marks the one that is followed', (first, ahead, silent))
    tap.check(first[3:5] == ('1', 'u') and int(first[6]) in (1, 2) and first[7] == '377',
              'stratum, type, poll and reach (in octal) are right', first)
    tap.check(silent[2] == '.INIT.' and silent[3] == '16' and silent[7] == '0' and silent[5] == '-',
              'who never answered is .INIT., stratum 16, reach 0', silent)
    tap.check(first[2] != '.INIT.' and first[5] in ('-', '1', '2', '3'),
              'and only he is; `when` is in seconds (less than one: -)', first)
    tap.check(abs(float(ahead[9]) - AHEAD_S * 1e3) < 50 and abs(float(first[9])) < 20 and
              0 <= float(first[8]) < 50,
              'offset is in ms and positive for a server that is ahead', (first, ahead))
    tap.check(sorted(ntpq.rows('::1')) == sorted(rows), 'the same by IPv6')


def check_commands(tap, ntpq):
    for command, wanted in COMMANDS.items():
        text = ntpq(command)
        missing = [part for part in wanted if part not in text]
        tap.check(not missing and '***' not in text and 'Traceback' not in text,
                  f'{command} is understood', f'{missing}\n{text}')
    number = re.search(r'^\s*\d+\s+(\d+)\s.*sys\.peer', ntpq('as'), re.M)
    text = ntpq(f'rv {number[1]}') if number else ''
    tap.check(all(part in text for part in ('srcadr=127.0.0.1', 'reach=377', 'flash=00', 'hmode=3')),
              'rv of a source, longer than one datagram', text)
    tap.check('Bad association' in ntpq('cv') or 'BADASSOC' in ntpq('cv') or 'association' in ntpq('cv').lower(),
              'clockvar says that there is no reference clock', ntpq('cv'))
    text = ntpq('mrulist')
    tap.check('127.0.0.1' in text and 'Traceback' not in text, 'mrulist shows who asked for time', text)


MANY = 3000
ASK_FROM_MANY = '''
import socket, sys
asked = 0
for i in range(int(sys.argv[1])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((f"127.9.{i // 250}.{i % 250 + 1}", 0))
        s.settimeout(2)
        s.sendto(bytes([0x23]) + bytes(39) + b"12345678", ("127.0.0.1", 123))
        try:
            asked += len(s.recv(100)) == 48
        except OSError:
            pass
print(asked)
'''


def check_many_clients(tap, ntpq, machine, service):
    """Each tool shows all of them, not a first page."""
    answered = machine.run('python3', '-c', ASK_FROM_MANY, str(MANY), timeout=90).strip()
    # An answer that did not come in time on a busy machine is a client all the same.
    tap.check(int(answered) > MANY * 0.99, f'{MANY} clients are answered', answered)

    def distinct(text):
        return len(set(re.findall(r'127\.9\.\d+\.\d+', text)))

    text = ntpq('mrulist')
    tap.check(distinct(text) == MANY and 'Traceback' not in text,
              f'mrulist shows all {MANY}, over many pages', text[-400:])
    text = ntpq('mrulist sort=addr limit=50')
    tap.check(distinct(text) == MANY, 'with pages of 50, sorted by ntpq', text[-400:])
    text = ntpq('mrulist recent=20')
    tap.check(15 <= distinct(text) <= 20, 'only the latest 20', text[-400:])
    text = ntpq('mrulist mincount=3')
    tap.check(distinct(text) == 0 and '127.0.0.1' in text, 'only those who asked 3 times', text[-400:])
    listed = labs.wait_for(
        lambda: len(json.loads(service.noon('clients', '--json').stdout)['clients']) > MANY, 10, 0.5)
    tap.check(listed, 'and so does `noon clients`', service.noon('clients', '--count', '3').stdout)


STATISTICS = ('loopstats', 'peerstats', 'rawstats')
# What ntpd's columns hold, and in which order.
KINDS = [('whole', r'-?\d+'), ('fixed', r'-?\d+\.\d+'), ('address', r'\d+\.\d+\.\d+\.\d+'), ('word', r'\S+')]


def shapes(path, hexadecimal=None):
    """The kinds of columns that the lines of a file have; a refid may be an address or a word."""
    found = set()
    with open(path, encoding='ascii') as file:
        for line in file:
            kinds = [next(name for name, pattern in KINDS if re.fullmatch(pattern, cell))
                     for cell in line.split()]
            for i in hexadecimal or []:
                kinds[i] = 'any'
            if line.endswith('\n'):
                found.add(tuple(kinds))
    return found


def check_statistics(tap, ours, theirs):
    """The files that ntpviz and others plot: ntpd writes the same columns."""
    for name, any_column in (('peerstats', [3]), ('rawstats', [16])):
        paths = [os.path.join(folder, name) for folder in (ours, theirs)]
        there = labs.wait_for(lambda: all(os.path.exists(p) and os.path.getsize(p) > 0 for p in paths), 20)
        found = [shapes(path, any_column) for path in paths] if there else []
        tap.check(there and found[0] == found[1] and len(found[0]) == 1, f'{name} has ntpsec\'s columns',
                  found)
    loop = shapes(os.path.join(ours, 'loopstats'))
    tap.check(loop == {('whole', 'fixed', 'fixed', 'fixed', 'fixed', 'fixed', 'whole')},
              'loopstats has those of its manual', loop)


def check_refusals(tap, machine):
    """Nothing that writes, no answer to an answer, no private mode."""
    code = ('import socket, sys\n'
            's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
            's.settimeout(0.5)\n'
            'for request in sys.argv[1:]:\n'
            '    s.sendto(bytes.fromhex(request), ("127.0.0.1", 123))\n'
            '    try: print(s.recv(2000).hex())\n'
            '    except OSError: print("-")\n')
    requests = {
        '160500070000000000000000': '168500070100000000000000'.replace('1685', '16c5'),
        '160800070000000000000000': '16c800070100000000000000',
        '160600070000000000000000': '16c600070300000000000000',
        '160200070000000100630000': '-', '168200070000000000000000': '-', '162200070000000000000000': '-',
        '2e0200070000000000000000': '-', '1602000700000000000000': '-',
        '1602000700000000ffff0000': '-', '16020007000000ff00000000': '16c20007040000ff00000000',
        '1602000700000000000000096e6f73756368766172000000': '16c200070500000000000000',
        '1602000700000000000000287374726174756d00': '16c200070200000000000000',
        '160a0007000000000000000766726167733d3100': '-', '1700032a' + '00' * 44: '-',
    }
    answers = machine.run('python3', '-c', code, *requests).split()
    wrong = [f'{request}: {answer}' for (request, expected), answer in zip(requests.items(), answers)
             if answer != expected]
    tap.check(len(answers) == len(requests) and not wrong, 'bad requests get ntpd\'s errors, or silence',
              '\n'.join(wrong))


# As on a boundary server: the network may look, but for one of it; the rest is told nothing.
RESTRICTED = ('server 10.9.0.2 iburst minpoll 0 maxpoll 1\n'
              'restrict default kod limited nomodify notrap nopeer noquery\n'
              'restrict 10.9.0.0 mask 255.255.255.0 kod limited nomodify notrap nopeer\n'
              'restrict 10.9.0.3 kod limited nomodify notrap nopeer noquery\n'
              'restrict 127.0.0.1\nrestrict ::1\n')


def check_from_elsewhere(tap, peers, lab, programs):
    """Who may ask ntpq's questions from another machine: whom the configuration names."""
    machine, other = lab.machine('boundary'), lab.machine('outside')
    lab.connect(machine, other, '10.9.0.1/24', '10.9.0.2/24')
    for address in ('10.9.0.3/24', '10.8.0.2/24'):
        other.run('ip', 'address', 'add', address, 'dev', 'lan0')
    machine.run('ip', 'route', 'add', '10.8.0.0/24', 'dev', 'lan0')
    service = services.Service(lab, machine, programs, 'restricted')
    folder = lab.directory('truth')
    other.start('truth', service.program('noond'), '-d', '-x', '-u', 'root', '-r', folder, '-s', folder,
                '-f', lab.write('truth.conf', 'local stratum 1\nallow\ncmdport 0\n'))
    service.configure(RESTRICTED)
    service.start('--dialect', 'ntp', clock=('--virtual', '0.0001,5'))
    tap.check(service.synchronised(), 'a boundary server by ntp.conf is synchronised',
              service.daemon.log())

    def asked_from(address):
        """What a datagram of ntpq's gets, sent from that address."""
        return other.run('python3', '-c', 'import socket\n'
                         's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
                         f's.bind(("{address}", 0))\ns.settimeout(1)\n'
                         'for request in ("160200010000000000000000", "23" + "00" * 39 + "31" * 8):\n'
                         '    s.sendto(bytes.fromhex(request), ("10.9.0.1", 123))\n'
                         '    try: print(len(s.recv(2000)) > 11)\n'
                         '    except OSError: print(False)\n').split()

    tap.check('stratum=2' in Ntpq(peers, machine)('rv'), 'ntpq on the machine itself is answered')
    text = Ntpq(peers, other)('rv', host='10.9.0.1')
    tap.check('stratum=2' in text, 'ntpq from whom `restrict` lets ask is answered', text)
    found = {address: asked_from(address) for address in ('10.9.0.2', '10.9.0.3', '10.8.0.2')}
    tap.check(found == {'10.9.0.2': ['True', 'True'], '10.9.0.3': ['False', 'True'],
                        '10.8.0.2': ['False', 'True']},
              'with `noquery` the questions get no answer, and requests for time do', found)
    tap.check(service.daemon.running(), 'noond runs on', service.daemon.log())


def check_plugins(tap, peers, machine):
    """check_ntp_time asks for time, check_ntp_peer for variables."""
    folder = peers.program('monitoring-plugins-basic/usr/lib/nagios/plugins')
    for plugin, arguments in (('check_ntp_time', ()), ('check_ntp_peer', ())):
        program = os.path.join(folder, plugin)
        if not os.path.exists(program):
            tap.skip(f'{plugin} is content', 'Debian\'s package can\'t be had')
            continue
        text = machine.run(program, '-H', '127.0.0.1', '-w', '1', '-c', '2', *arguments,
                           env=peers.env(), check=False)
        tap.check(text.startswith('NTP OK'), f'{plugin} is content', text)


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = packages.Peers(sys.argv[4])
    if {'ntpsec', 'python3-ntp'} & set(peers.fetch()):
        skip_all('Debian\'s ntpsec can\'t be had')
    tap = Tap()
    with labs.Lab() as lab:
        machine = lab.machine('host')
        service = services.Service(lab, machine, sys.argv[1:4])
        service.reference()
        offset = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC_RAW) + AHEAD_S
        ahead = lab.write('ahead.conf', 'bindaddress 127.0.0.2\nport 11124\n')
        machine.start('ahead', service.program('noond'), '--reference', f'{offset:.6f},0.000005',
                      '-f', ahead, '-d')
        other = lab.machine('other')
        lab.connect(machine, other, '10.9.0.1/24', '10.9.0.2/24')
        stats = [lab.directory('noond-stats'), lab.directory('ntpd-stats')]
        service.configure(f'{SOURCES}allow 10.9.0.0/24\nlogdir {stats[0]}\nlog {" ".join(STATISTICS)}\n')
        service.start(user='0:0', clock=('--virtual', '0.0001,5'))
        tap.check(service.synchronised(), 'noond is synchronised', service.daemon.log())
        peers.ntpsec(other, 'ntpd', f'server 10.9.0.1 iburst minpoll 3 maxpoll 3\nstatsdir {stats[1]}/\n'
                     f'statistics {" ".join(STATISTICS)}\n' +
                     ''.join(f'filegen {name} file {name} type none\n' for name in STATISTICS))
        ntpq = Ntpq(peers, machine)
        labs.wait_for(lambda: ntpq.rows().get('127.0.0.1', ('',) * 11)[7] == '377', 30, 1)
        services.ask(machine, '127.0.0.1')
        check_peers(tap, ntpq)
        check_commands(tap, ntpq)
        check_refusals(tap, machine)
        check_plugins(tap, peers, machine)
        check_statistics(tap, stats[0], stats[1])
        check_many_clients(tap, ntpq, machine, service)
        tap.check(service.daemon.running(), 'noond runs on', service.daemon.log())
        check_from_elsewhere(tap, peers, lab, sys.argv[1:4])
    tap.done()


if __name__ == '__main__':
    main()
