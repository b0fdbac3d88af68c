#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's chronyc, unmodified, against noond; chronyd beside it answers the same questions.

usage: test_tools_chronyc.py NOOND NOON NOON-HELPER PEERS-FOLDER      prints TAP
"""
import json
import os
import re
import socket
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
           'server 127.0.0.3 port 11125 minpoll 0 maxpoll 1\n')
LOGS = 'log measurements rawmeasurements statistics tracking selection\nlogbanner 3\n'
# One command for each of the protocol's questions: how many CSV fields each line has.
QUESTIONS = ['tracking', 'sources', 'sourcestats', 'activity', 'ntpdata', 'selectdata', 'authdata',
             'serverstats']
# Orders: chronyd of the same version is given them too, in the same order, and says the same.
ORDERS = [
    'offline 127.0.0.2', 'online', 'offline 203.0.113.9', 'online 255.255.255.0/127.0.0.0', 'onoffline',
    'burst 2/4', 'reload sources', 'refresh', 'reselect', 'reselectdist 0.001', 'minpoll 127.0.0.1 0',
    'maxpoll 127.0.0.1 2', 'maxdelay 127.0.0.1 0.5', 'maxdelayratio 127.0.0.1 20',
    'maxdelaydevratio 127.0.0.1 30', 'maxupdateskew 500', 'minstratum 127.0.0.1 1',
    'polltarget 127.0.0.1 10', 'minpoll 203.0.113.9 4', 'makestep 1 3', 'dump', 'rekey',
    'cyclelogs', 'rtcdata', 'writertc', 'trimrtc', 'smoothing', 'smoothtime reset', 'smoothtime activate',
    'settime 12:00', 'manual list', 'manual on', 'manual delete 0', 'manual reset', 'manual off',
    'local', 'local stratum 5 orphan distance 0.5', 'local stratum 99', 'local off',
    'accheck 127.0.0.1', 'accheck 203.0.113.9', 'cmdaccheck ::1', 'cmdaccheck 127.0.0.1',
    'cmdaccheck 203.0.113.9',
    'allow 203.0.113.0/24', 'accheck 203.0.113.9', 'accheck 203.0.114.9', 'deny 203.0.113.9',
    'accheck 203.0.113.9', 'accheck 203.0.113.8', 'allow all 203.0.113/24', 'accheck 203.0.113.9',
    'deny all 203.0', 'accheck 203.0.113.9', 'allow fd00::/8', 'accheck fd00::9', 'deny all fd00::/8',
    'accheck fd00::9', 'allow', 'accheck 198.51.100.1', 'accheck 203.0.113.9', 'allow all',
    'accheck 203.0.113.9', 'deny all', 'accheck 203.0.113.9', 'accheck 127.0.0.1', 'allow 127.0.0.1',
    'allow 10.0.0.0/33',
    'cmdallow 203.0.113.0/24', 'cmdaccheck 203.0.113.9', 'cmddeny all 203.0.113.0/24',
    'cmdaccheck 203.0.113.9', 'cmdallow all', 'cmdaccheck 203.0.113.9', 'cmddeny all',
    'cmdaccheck 203.0.113.9', 'cmdaccheck ::1',
    'add server 127.0.0.4 port 11126 minpoll 1 maxpoll 2 iburst maxdelay 0.3 offline',
    'add server 127.0.0.4 port 11126', 'delete 127.0.0.4', 'delete 127.0.0.4',
    'add peer 127.0.0.4 port 11126 minpoll 4', 'delete 127.0.0.4', 'delete 203.0.113.9',
    'sourcename 127.0.0.1', 'sourcename 203.0.113.9', 'ntpdata 203.0.113.9', 'authdata 203.0.113.9',
    'doffset 0.0001', 'dfreq 0.01', 'reset sources', 'nonsense',
]
# What noond can't say as chronyd does, and why.
OTHERWISE = {
    'add peer 127.0.0.4 port 11126 minpoll 4': '500 Failure',  # no symmetric associations
    'delete 127.0.0.4': '503 No such source',
}


class Chronyc:
    """chronyc on one machine, asking one daemon."""

    def __init__(self, peers, machine, where):
        self.peers, self.machine, self.where = peers, machine, where

    def __call__(self, *command, where=None):
        begin = time.monotonic()
        text = self.machine.run(self.peers.program('chrony/usr/bin/chronyc'), '-n', '-c', '-h',
                                where or self.where, *command, env=self.peers.env(), check=False)
        self.took_s = time.monotonic() - begin
        return text.strip()

    def plain(self, *command):
        return self.machine.run(self.peers.program('chrony/usr/bin/chronyc'), '-n', '-h', self.where,
                                *command, env=dict(self.peers.env(), TZ='UTC'), check=False)


def rows(text):
    return [line.split(',') for line in text.splitlines()]


def of(text, address, column):
    """The row about a source."""
    return next((row for row in rows(text) if row[column] == address), [])


def compare(tap, ours, theirs):
    for question in QUESTIONS:
        mine, other = rows(ours(question)), rows(theirs(question))
        tap.check(mine and other and {len(row) for row in mine} == {len(row) for row in other},
                  f'{question}: as many fields as chronyd gives', f'{mine}\n{other}')
    for question, name, value in (('sources', 2, 7), ('sourcestats', 0, 6)):
        found = [float(of(who(question), '127.0.0.2', name)[value]) for who in (ours, theirs)]
        tap.check(all(abs(one + AHEAD_S) < 0.05 for one in found),
                  f'{question}: a server that is ahead has a negative offset, with both', found)
    found = [float(of(who('ntpdata'), '127.0.0.2', 0)[18]) for who in (ours, theirs)]
    tap.check(all(abs(one - AHEAD_S) < 0.05 for one in found),
              'ntpdata: and a positive one there, with both', found)
    states = [[of(who('sources'), f'127.0.0.{i}', 2)[1] for i in (1, 2, 3)] for who in (ours, theirs)]
    tap.check(states[0] == ['*', '?', '?'] and states[0] == states[1],
              'sources: the same marks as with chronyd', states)
    letters = [[of(who('selectdata'), f'127.0.0.{i}', 1)[0] for i in (1, 2)] for who in (ours, theirs)]
    tap.check(letters[0] == ['*', 'N'] and letters[0] == letters[1],
              'selectdata: the same letters', letters)


def check_tracking(tap, chronyc):
    fields = chronyc('tracking').split(',')
    tap.check(fields[0] == '7F000001' and fields[1] == '127.0.0.1' and fields[2] == '2' and
              fields[13] == 'Normal', 'tracking names the reference and its stratum', fields)
    tap.check(abs(time.time() - float(fields[3])) < 30 and 0 < float(fields[11]) < 1,
              'its reference time is of now and its dispersion is small', fields)
    chronyc('waitsync', '1', '0.1', '0', '0.1')
    tap.check('try: 1, refid: 7F000001' in chronyc.plain('waitsync', '1', '0.1', '0', '0.1'),
              'waitsync is content at once')
    tap.check('Reference ID    : 7F000001 (127.0.0.1)' in chronyc.plain('tracking'),
              'and it is printed as people know it')


def check_clients(tap, chronyc, machine):
    services.ask(machine, '127.0.0.1')
    row = labs.wait_for(lambda: of(chronyc('clients'), '127.0.0.1', 0), 3)
    tap.check(len(row or []) == 10 and int(row[1]) >= 1, 'clients lists who asked for time', row)
    for _ in range(5):
        services.ask(machine, '127.0.0.1')
    labs.wait_for(lambda: int(of(chronyc('clients'), '127.0.0.1', 0)[1]) >= 6, 3)
    tap.check(not chronyc('clients', '-p', '500') and of(chronyc('clients', '-p', '5'), '127.0.0.1', 0),
              'clients -p leaves out who asked less', chronyc('clients'))
    before = of(chronyc('clients', '-r'), '127.0.0.1', 0)
    services.ask(machine, '127.0.0.1')
    after = labs.wait_for(lambda: of(chronyc('clients'), '127.0.0.1', 0)[1] == '1', 3)
    tap.check(int(before[1]) >= 6 and after, 'clients -r shows all, and begins anew',
              (before, chronyc('clients')))


def check_orders(tap, ours, theirs):
    bad = []
    for command in ORDERS:
        answers = [who.plain(*command.split()).strip() for who in (ours, theirs)]
        if answers[0] != answers[1] and OTHERWISE.get(command) != answers[0]:
            bad.append(f'{command}: {answers[0]}; chronyd: {answers[1]}')
    tap.check(not bad, f'{len(ORDERS)} orders are answered as chronyd does', '\n'.join(bad))


def entries(path):
    """Headings of a log file of chrony's, its columns, and how many entries lie between headings."""
    headings, rows, between = [], [], [0]
    with open(path, encoding='ascii') as file:
        for line in file:
            if line.startswith('='):
                headings.append(line)
            elif line.startswith(' '):
                headings.append(line)
                between.append(0)
            elif line.endswith('\n'):
                rows.append(line.split())
                between[-1] += 1
    return headings, rows, between


# What a column holds: a date, a time, an address, numbers, letters.
KINDS = [('date', r'\d{4}-\d\d-\d\d'), ('time', r'\d\d:\d\d:\d\d'), ('address', r'\d+\.\d+\.\d+\.\d+'),
         ('whole', r'-?\d+'), ('fixed', r'-?\d+\.\d+'), ('exponent', r'-?\d\.\d+e[-+]\d\d'),
         ('refid', r'[0-9A-F]{8}'), ('word', r'\S+')]


def kinds(row):
    return [next(name for name, pattern in KINDS if re.fullmatch(pattern, cell)) for cell in row]


def check_logs(tap, logs):
    for name in ('measurements', 'statistics', 'tracking', 'selection'):
        ours, theirs = (entries(f'{folder}/{name}.log') for folder in logs)
        tap.check(ours[0][:3] == theirs[0][:3] and ours[2][1] == theirs[2][1] == 3 and ours[2][0] == 0,
                  f'{name}.log has chronyd\'s heading, where chronyd puts it', (ours, theirs))
        shapes = [{tuple(kinds(row)) for row in found[1]} for found in (ours, theirs)]
        tap.check(shapes[0] and shapes[0] & shapes[1] and len({len(shape) for both in shapes for shape in both}) == 1,
                  'and chronyd\'s columns', shapes)


def check_access(tap, chronyc, service):
    """Who may ask is changed at once, and stays so when the server process is replaced."""
    answers = []
    for order in ('deny 127.0.0.1', 'allow 127.0.0.1'):
        chronyc(*order.split())
        answers.append(len(services.ask(service.machine, '127.0.0.1')))
    tap.check(answers == [0, 48], '`deny` and `allow` hold for the next request', answers)
    told = service.noon('deny', 'all', '127.0.0.0/8')
    denied = not services.ask(service.machine, '127.0.0.1')
    service.kill('server')
    labs.wait_for(lambda: '127.0.0.1' in chronyc('clients') or True, 1)
    tap.check(told.returncode == 0 and denied and not services.ask(service.machine, '127.0.0.1'),
              '`noon deny` too, and a new server process keeps to it', told)
    service.kill('time')
    synchronised = service.synchronised()
    tap.check(synchronised and '209 Access denied' in chronyc('accheck', '127.0.0.1'),
              'and a new time process knows it', service.daemon.log())
    told = service.noon('allow', 'all', '127.0.0.1')
    tap.check(told.returncode == 0 and labs.wait_for(
        lambda: len(services.ask(service.machine, '127.0.0.1')) == 48, 5), '`noon allow` ends it')
    told = service.noon('cmdallow', '192.0.2.0/24')
    rules = json.loads(service.noon('rules', '--json').stdout)
    ordered = [line['rule'] for line in rules['rules'] if line['by_order']]
    tap.check(rules['complete'] and ordered[-2:] == ['allow all 127.0.0.1/32', 'cmdallow 192.0.2.0/24'] and
              {'rule': 'allow 127.0.0.1/32', 'by_order': False} in rules['rules'],
              '`noon rules` lists them beside those of the configuration', rules)
    told = service.noon('allow', 'host.example')
    tap.check(told.returncode != 0 and 'is a name' in told.stderr, 'a name is refused in words', told)


def check_effects(tap, chronyc, service):
    chronyc('offline', '127.0.0.3')
    tap.check(service.source('127.0.0.3')['state'] == 'offline' and
              chronyc('activity').split(',')[1] == '1', '`offline` stops a source')
    chronyc('online', '127.0.0.3')
    tap.check(chronyc('activity').split(',')[1] == '0', '`online` starts it again')
    chronyc('add', 'server', '127.0.0.5', 'port', '11127', 'minpoll', '3', 'noselect')
    source = service.source('127.0.0.5')
    tap.check(source.get('minpoll') == 3 and source.get('noselect'),
              '`add server` adds it with its options', source)
    chronyc('maxpoll', '127.0.0.5', '9')
    tap.check(service.source('127.0.0.5')['maxpoll'] == 9, '`maxpoll` changes one')
    chronyc('delete', '127.0.0.5')
    tap.check(not service.source('127.0.0.5'), '`delete` removes it')


def check_opened(tap, service, chronyc, config):
    """`opencommands` is the whole list, from the reload on."""
    service.configure(config + 'opencommands tracking sources authdata\n')
    told = service.noon('reload')
    opened = labs.wait_for(lambda: '501' in chronyc('activity', where='127.0.0.1') and
                           chronyc('tracking', where='127.0.0.1').startswith('7F000001'), 10)
    text = chronyc('authdata', where='127.0.0.1')
    tap.check(opened and '501' not in text and len(rows(text)) == 3,
              '`opencommands` opens over UDP what it names, and nothing else', told.stdout + text)
    service.configure(config)
    service.noon('reload')
    tap.check(labs.wait_for(lambda: '501' not in chronyc('activity', where='127.0.0.1'), 10),
              'without it there is the usual list')


def check_udp(tap, chronyc):
    for address in ('127.0.0.1', '::1'):
        fields = chronyc('tracking', where=address).split(',')
        tap.check(fields[0] == '7F000001' and chronyc.took_s < 1, f'{address}: tracking is answered by UDP',
                  fields)
    tap.check(len(rows(chronyc('sources', where='127.0.0.1'))) == 3, 'so are the sources')
    tap.check('501 Not authorised' in chronyc('makestep', where='127.0.0.1'),
              'orders are refused there')
    tap.check('501' in chronyc('ntpdata', where='127.0.0.1') or
              '501' in chronyc('ntpdata', '127.0.0.1', where='127.0.0.1'), 'and so is ntpdata')


def check_typed_time(tap, lab, peers, programs):
    """A machine that no server reaches: the operator types the time, and it is served."""
    machine = lab.machine('lonely')
    service = services.Service(lab, machine, programs, 'lonely')
    service.configure('manual\nlocal stratum 10\nallow 127.0.0.1\n')
    service.start(user='0:0', clock=('--virtual', '0,0'))
    chronyc = Chronyc(peers, machine, os.path.join(service.run, 'chronyd.sock'))
    labs.wait_for(lambda: 'Stratum' in chronyc.plain('tracking'), 10)

    def type_in(ahead_s):
        typed = time.strftime('%b %d, %Y %H:%M:%S', time.gmtime(time.time() + ahead_s))
        said = chronyc.plain('settime', typed)
        found = re.search(r'Clock was (-?[\d.]+) seconds fast.  Frequency change = -?0.00ppm', said)
        return float(found[1]) if found else said

    first, second = type_in(60), type_in(60)
    tap.check(isinstance(first, float) and -61.5 < first < -58.5 and
              isinstance(second, float) and abs(second) < 2, 'settime sets the clock, and says how wrong it was',
              (first, second, service.daemon.log()))
    listed = chronyc.plain('manual', 'list')
    tap.check('n_samples = 2' in listed and '200 OK' in chronyc.plain('manual', 'delete', '0') and
              'n_samples = 1' in chronyc.plain('manual', 'list'), 'manual list and delete know what was typed',
              listed)
    answer = services.ask(machine, '127.0.0.1')
    served = int.from_bytes(answer[40:44], 'big') - 2208988800 if answer else 0
    tap.check(57 < served - time.time() < 63 and answer[1] == 10, 'and that time is served as stratum 10',
              (served - time.time(), answer))
    service.daemon.stop()


GARBAGE = '''
import os, random, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.05)
random.seed(5)
long = 0
for i in range(400):
    size = random.choice((1, 20, 27, 28, 104, 300, 860, 861, 1200))
    data = bytearray(random.randbytes(size))
    if i % 2 and size >= 8:
        data[:4] = b"\\6\\1\\0\\0"
        data[4:6] = random.randrange(80).to_bytes(2, "big")
    s.sendto(data, ("127.0.0.1", 323))
    if i % 8 == 0:
        try:
            long += len(s.recv(4096)) > 860
        except OSError:
            pass
print(long)
'''


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = packages.Peers(sys.argv[4])
    if 'chrony' in peers.fetch():
        skip_all('Debian\'s chrony can\'t be had')
    tap = Tap()
    with labs.Lab() as lab:
        machine = lab.machine('host')
        service = services.Service(lab, machine, sys.argv[1:4])
        service.reference()
        offset = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC_RAW) + AHEAD_S
        ahead = lab.write('ahead.conf', 'bindaddress 127.0.0.2\nport 11124\n')
        machine.start('ahead', service.program('noond'), '--reference', f'{offset:.6f},0.000005',
                      '-f', ahead, '-d')
        logs = [lab.directory(f'{who}-logs') for who in ('noond', 'chronyd')]
        config = f'{SOURCES}allow 127.0.0.1\n{LOGS}logdir {logs[0]}\n'
        service.configure(config)
        service.start(user='0:0')
        peers.chronyd(machine, 'chronyd', f'{SOURCES}port 0\nallow 127.0.0.1\n{LOGS}logdir {logs[1]}\n')
        ours = Chronyc(peers, machine, os.path.join(service.run, 'chronyd.sock'))
        theirs = Chronyc(peers, machine, lab.path('host-chronyd/sock'))
        tap.check(service.synchronised(), 'noond is synchronised', service.daemon.log())
        labs.wait_for(lambda: of(theirs('sources'), '127.0.0.1', 2)[1:2] == ['*'] and
                      of(ours('sources'), '127.0.0.1', 2)[1:2] == ['*'] and
                      all(float((of(who('sourcestats'), '127.0.0.2', 0) + ['0'] * 9)[6]) < -0.2
                          for who in (ours, theirs)), 20, 0.5)
        check_tracking(tap, ours)
        compare(tap, ours, theirs)
        check_udp(tap, ours)
        check_opened(tap, service, ours, config)
        check_clients(tap, ours, machine)
        check_effects(tap, ours, service)
        check_logs(tap, logs)
        check_access(tap, ours, service)
        check_orders(tap, ours, theirs)
        check_typed_time(tap, lab, peers, sys.argv[1:4])
        tap.check(machine.run('python3', '-c', GARBAGE).strip() == '0' and
                  'Stratum' in ours.plain('tracking'), 'nonsense is survived', service.daemon.log())
        tap.check(ours.plain('shutdown').strip() == '200 OK' and
                  labs.wait_for(lambda: not service.daemon.running(), 5) and
                  not os.path.exists(ours.where), '`shutdown` ends it and its socket is gone')
    tap.done()


if __name__ == '__main__':
    main()
