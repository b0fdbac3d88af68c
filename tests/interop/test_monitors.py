#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Other people's monitoring, unmodified, asking noond: collectd's chrony plugin, Prometheus's
node_exporter.

usage: test_monitors.py NOOND NOON NOON-HELPER PEERS-FOLDER      prints TAP
"""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import peers as packages  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

COLLECTD = '''Hostname "host"
FQDNLookup false
BaseDir "{folder}"
PIDFile "{folder}/pid"
PluginDir "{plugins}"
TypesDB "{types}"
Interval 1
LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File stdout
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "{folder}"
  StoreRates false
</Plugin>
LoadPlugin chrony
<Plugin chrony>
  Host "127.0.0.1"
  Timeout 2
</Plugin>
'''


def last_value(folder, name):
    """The latest number that collectd wrote of that name; None: it wrote none."""
    values = []
    for path in glob.glob(os.path.join(folder, 'host', 'chrony', f'{name}-*')):
        with open(path, encoding='ascii') as file:
            values += [float(line.split(',')[1]) for line in file if re.match(r'\d+\.\d+,-?[\d.]', line)]
    return values[-1] if values else None


def check_collectd(tap, peers, lab, machine, node):
    program = peers.program('collectd-core/usr/sbin/collectd')
    folder = lab.directory('collectd')
    config = lab.write('collectd.conf', COLLECTD.format(
        folder=folder, plugins=peers.program('collectd-core/usr/lib/collectd'),
        types=peers.program('collectd-core/usr/share/collectd/types.db')))
    collectd = machine.start('collectd', program, '-f', '-C', config, env=peers.env())
    wanted = {'clock_stratum-chrony': lambda stratum: stratum == node['stratum'],
              'time_offset-chrony': lambda offset_s: abs(offset_s) < 0.05,
              'root_delay-chrony': lambda delay_s: 0 <= delay_s < 0.05,
              'root_dispersion-chrony': lambda dispersion_s: 0 < dispersion_s < 0.1,
              'frequency_error-chrony': lambda error_ppm: abs(error_ppm) < 500,
              'clock_stratum-127.0.0.1': lambda stratum: stratum == 1,
              'clock_reachability-127.0.0.1': lambda reach: reach == 255,
              'time_offset-127.0.0.1': lambda offset_s: abs(offset_s) < 0.05}

    def found():
        return {name: last_value(folder, name) for name in wanted}

    def right():
        values = found()
        return all(values[name] is not None and test(values[name]) for name, test in wanted.items())

    tap.check(labs.wait_for(right, 30, 0.5), 'collectd\'s chrony plugin writes true values',
              f'{found()}\n{sorted(os.listdir(folder))}\n{collectd.log()[-2000:]}')
    collectd.stop()


def metrics(machine):
    text = machine.run('python3', '-c', 'import urllib.request as r\n'
                       'print(r.urlopen("http://127.0.0.1:9100/metrics", timeout=10).read().decode())',
                       check=False)
    return {match[1]: float(match[2]) for match in re.finditer(r'^(node_\S+) (\S+)$', text, re.M)}


def check_node_exporter(tap, peers, machine, node):
    program = peers.program('prometheus-node-exporter/usr/bin/prometheus-node-exporter')
    exporter = machine.start('node_exporter', program, '--collector.disable-defaults', '--collector.ntp',
                             '--collector.timex', '--collector.ntp.server=127.0.0.1',
                             '--web.listen-address=127.0.0.1:9100', env=peers.env())
    found = labs.wait_for(lambda: metrics(machine), 20, 0.5) or {}
    tap.check(found.get('node_ntp_stratum') == node['stratum'] and found.get('node_ntp_leap') == 0 and
              found.get('node_ntp_sanity') == 1 and abs(found.get('node_ntp_offset_seconds', 9)) < 0.05 and
              0 <= found.get('node_ntp_root_delay_seconds', -1) < 0.05 and
              0 < found.get('node_ntp_root_dispersion_seconds', 0) < 0.1,
              'node_exporter\'s ntp collector finds a sane server', f'{found}\n{exporter.log()[-2000:]}')
    tap.check('node_timex_sync_status' in found and 'node_timex_maxerror_seconds' in found,
              'its timex collector runs beside', found)
    exporter.stop()


def main():
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = packages.Peers(sys.argv[4])
    missing = set(peers.fetch(['collectd-core', 'prometheus-node-exporter']))
    tap = Tap()
    with labs.Lab() as lab:
        machine = lab.machine('host')
        service = services.Service(lab, machine, sys.argv[1:4])
        service.reference()
        service.configure(f'{services.SOURCE}allow 127.0.0.0/8\n')
        service.start(clock=('--virtual', '0.0001,5'))
        tap.check(service.synchronised(), 'noond is synchronised', service.daemon.log())
        node = service.node()
        for package, check in (
                ('collectd-core', lambda: check_collectd(tap, peers, lab, machine, node)),
                ('prometheus-node-exporter', lambda: check_node_exporter(tap, peers, machine, node))):
            if package in missing:
                tap.skip(f'{package} is content', 'Debian\'s package can\'t be had')
            else:
                check()
        tap.check(service.daemon.running(), 'noond runs on', service.daemon.log())
    tap.done()


if __name__ == '__main__':
    main()
