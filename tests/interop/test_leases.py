#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Time servers out of leases: Kea serves them, dhcpcd, dhclient, systemd-networkd and NetworkManager take
them, noond follows them; and options that are not as they should be.

usage: test_leases.py NOOND NOON NOON-HELPER PEERS-FOLDER     prints TAP

One machine has Kea and, at several addresses, the time; the other is the node, whose daemons see files
of their own below /run and /var/lib.
"""
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
from peers import Peers  # noqa: E402
from support import lab as labs  # noqa: E402
from support import service as services  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

PACKAGES = ['chrony', 'kea-dhcp4-server', 'kea-dhcp6-server', 'kea-common', 'liblog4cplus-2.0.5',
            'libboost-system1.74.0', 'libmariadb3', 'dhcpcd-base', 'isc-dhcp-client', 'isc-dhcp-server']
NM_PACKAGES = ['network-manager', 'libnm0', 'libndp0', 'libteamdctl0', 'libglib2.0-0', 'libcurl3-gnutls',
               'libpsl5', 'librtmp1', 'libssh2-1', 'libnghttp2-14', 'libldap-2.5-0', 'libsasl2-2',
               'libbrotli1', 'libgssapi-krb5-2', 'libkrb5-3', 'libk5crypto3', 'libkrb5support0',
               'libkeyutils1', 'libffi8', 'libreadline8', 'libnl-route-3-200']
NETWORKD = '/lib/systemd/systemd-networkd'
FAST = 'iburst minpoll 0 maxpoll 0'
HOOKS = os.path.join(HERE, '..', '..', 'deploy', 'dhcp')
FQDN = b'\4time\4test\0'


def address6(text):
    import ipaddress
    return ipaddress.IPv6Address(text).packed


def suboption(code, data):
    return code.to_bytes(2, 'big') + len(data).to_bytes(2, 'big') + data


# All suboptions of option 56 (RFC 5908): a server's address, a multicast address, a server's name.
OPTION56 = suboption(1, address6('fd99::5')) + suboption(2, address6('ff05::101')) + \
    suboption(3, FQDN)


class Place:
    def __init__(self, lab, peers, programs):
        self.lab, self.peers = lab, peers
        self.server, self.node = lab.machine('server'), lab.machine('node')
        lab.connect(self.server, self.node, '10.99.0.1/24', '10.99.0.100/24')
        for last in range(4, 8):
            self.server.run('ip', 'address', 'add', f'10.99.0.{last}/24', 'dev', 'lan0')
        for machine, lasts in ((self.server, (1, 4, 5, 6)), (self.node, (100,))):
            for last in lasts:
                machine.run('ip', 'address', 'add', f'fd99::{last}/64', 'dev', 'lan0', 'nodad')
        peers.chronyd(self.server, 'server', 'local stratum 4\nallow\n')
        for name in ('hooks', 'netif', 'dhcp', 'kea'):
            os.chmod(lab.directory(name), 0o755)
        self.service = services.Service(lab, self.node, programs)
        self.kea = []
        # Kea and clients of DHCPv6 want link-local addresses that are known to be theirs alone.
        labs.wait_for(lambda: not any(machine.run('ip', '-6', 'address', 'show', 'dev', 'lan0', 'tentative')
                                      for machine in (self.server, self.node)), 10)

    def serve(self, four, six=OPTION56, sntp='fd99::4'):
        """Kea with these addresses in option 42, octets in option 56, addresses in option 31."""
        for daemon in self.kea:
            daemon.stop()
        common = {'interfaces-config': {'interfaces': ['lan0']}, 'valid-lifetime': 120,
                  'lease-database': {'type': 'memfile', 'persist': False},
                  'loggers': [{'name': name, 'output_options': [{'output': 'stdout'}],
                               'severity': 'INFO'} for name in ('kea-dhcp4', 'kea-dhcp6')]}
        configs = {
            'Dhcp4': common | {'option-data': [{'name': 'ntp-servers', 'data': four}],
                               'subnet4': [{'subnet': '10.99.0.0/24',
                                            'pools': [{'pool': '10.99.0.150-10.99.0.160'}]}]},
            'Dhcp6': common | {'preferred-lifetime': 100, 'renew-timer': 60, 'rebind-timer': 90,
                               'server-id': {'type': 'LL', 'identifier': '0A0B0C0D0E0F',
                                             'persist': False},
                               'option-def': [{'name': 'ntp', 'code': 56, 'type': 'binary'}],
                               'option-data': [{'name': 'ntp', 'data': six.hex(), 'csv-format': False}] +
                               ([{'name': 'sntp-servers', 'data': sntp}] if sntp else []),
                               'subnet6': [{'subnet': 'fd99::/64', 'interface': 'lan0',
                                            'pools': [{'pool': 'fd99::150-fd99::160'}]}]}}
        folder, self.kea = self.lab.path('kea'), []
        for name, config in configs.items():
            path = self.lab.write(f'{name}.conf', json.dumps({name: config}))
            program = f'kea-{name.lower()}-server/usr/sbin/kea-{name.lower()}'
            self.kea.append(self.server.start(
                name, self.peers.program(program), '-c', path,
                env=dict(self.peers.env(), KEA_PIDFILE_DIR=folder, KEA_LOCKFILE_DIR=folder)))
        for daemon in self.kea:
            if not labs.wait_for(lambda: 'server version 2' in daemon.log() and
                                 'STARTED' in daemon.log(), 20, 0.1):
                raise RuntimeError(f'Kea does not run: {daemon.log()}')

    def leases(self):
        return '\n'.join(daemon.log() for daemon in self.kea)

    def prefix(self):
        """What noond sees of the machine."""
        lab = self.lab
        return ('unshare', '--mount', 'sh', '-c',
                'mount -t tmpfs none /run && mkdir -p /run/noon-dhcp /run/systemd/netif && '
                f'mount --bind {lab.path("hooks")} /run/noon-dhcp && '
                f'mount --bind {lab.path("netif")} /run/systemd/netif && '
                'mount -t tmpfs none /var/lib && mkdir /var/lib/dhcp && '
                f'mount --bind {lab.path("dhcp")} /var/lib/dhcp && '
                f'mount --bind {lab.write("hosts", "10.99.0.6 time.test")} /etc/hosts && exec "$@"',
                'sh')

    def start(self):
        self.service.configure(f'source dhcp maxsources 8 {FAST}\ncmdport 0\n')
        return self.service.start(prefix=self.prefix())

    def used(self):
        answer = self.service.noon('sources', '--json').stdout
        sources = json.loads(answer).get('sources', []) if answer else []
        return {source['address'].rsplit(':', 1)[0].strip('[]'): source for source in sources
                if source.get('address')}

    def uses(self, *addresses, timeout_s=20):
        labs.wait_for(lambda: set(self.used()) == set(addresses), timeout_s, 0.1)
        return self.used()

    def clear(self):
        """noond begins anew, and knows nobody."""
        for folder in [self.lab.path('hooks'), self.lab.path('dhcp'), self.service.state]:
            for file in os.listdir(folder):
                os.unlink(os.path.join(folder, file))
        if self.service.daemon:
            self.service.daemon.stop()
        return self.start()


def hook_lines(place):
    """In front of a program's own script: where our command is, and writes."""
    return f'export NOON_DHCP_DIR={place.lab.path("hooks")} PATH={place.service.bin}:$PATH\n'


def named_by(used, address, program):
    one = used.get(address, {})
    return one.get('found_by') == program and one.get('found_interface') == 'lan0'


def dhcpcd(tap, place):
    """Its own script runs our hook, as it runs all hooks of its directory."""
    lab = place.lab
    own = place.peers.program('dhcpcd-base/usr/lib/dhcpcd')
    hooks = lab.directory('dhcpcd-hooks')
    shutil.copy(os.path.join(HOOKS, 'dhcpcd-hook'), os.path.join(hooks, '60-noon'))
    with open(os.path.join(own, 'dhcpcd-run-hooks'), encoding='utf-8') as file:
        text = file.read().replace('/usr/lib/dhcpcd/dhcpcd-hooks', hooks)
    script = lab.write('dhcpcd-run-hooks', text.replace('#!/bin/sh\n', f'#!/bin/sh\n{hook_lines(place)}',
                                                        1))
    os.chmod(script, 0o755)
    config = lab.write('dhcpcd.conf', 'duid ll\nnoipv6rs\nnoarp\noption ntp_servers\n'
                       'option dhcp6_sntp_servers, dhcp6_ntp_server\n'
                       'interface lan0\nia_na 1\n')
    setup = ('mount -t tmpfs none /run && mount -t tmpfs none /var/lib && mkdir -p /run/dhcpcd '
             f'/var/lib/dhcpcd && exec {place.peers.program("dhcpcd-base/usr/sbin/dhcpcd")} '
             f'-B -d -f {config} -c {script} lan0')
    place.serve('10.99.0.4, 10.99.0.5')
    client = place.node.start('dhcpcd', 'unshare', '--mount', 'sh', '-c', setup)
    wanted = ('10.99.0.4', '10.99.0.5', 'fd99::4', 'fd99::5', '10.99.0.6')
    used = place.uses(*wanted, timeout_s=40)
    tap.check(set(used) == set(wanted) and all(named_by(used, one, 'dhcpcd') for one in wanted),
              'dhcpcd and Kea: option 42, 31 and both kinds of servers of option 56',
              f'{list(used)}\n{client.log()}\n{place.leases()}')
    tap.check(place.service.synchronised(20), 'they are followed', place.service.daemon.log())
    client.stop(10)
    tap.check(labs.wait_for(lambda: not os.listdir(place.lab.path('hooks')), 10),
              'when dhcpcd gives the leases up they are forgotten', client.log())
    place.serve('10.99.0.7', suboption(1, address6('fd99::5'))[:-1], sntp='fd99::4')
    client = place.node.start('dhcpcd', 'unshare', '--mount', 'sh', '-c', setup)
    used = place.uses('10.99.0.7', 'fd99::4', timeout_s=40)
    tap.check(set(used) == {'10.99.0.7', 'fd99::4'}, 'other leases take their place, without an '
              'option 56 that is an octet short', f'{list(used)}\n{client.log()}\n{place.leases()}')
    client.stop(10)


def dhclient(tap, place):
    """Its file of leases; option 56 has a name only by its configuration, and is written as octets."""
    lab = place.lab
    place.serve('10.99.0.4, 10.99.0.5')
    config = lab.write('dhclient.conf', 'request subnet-mask, ntp-servers;\n'
                       'option dhcp6.ntp-servers code 56 = string;\n'
                       'also request dhcp6.sntp-servers, dhcp6.ntp-servers;\n')
    program = place.peers.program('isc-dhcp-client/sbin/dhclient')
    clients = [place.node.start(f'dhclient{family}', program, family, '-d', '-cf', config, '-lf',
                                lab.path(f'dhcp/dhclient{family}.lan0.leases'), '-pf',
                                lab.path(f'dhclient{family}.pid'), '-sf', '/bin/true', 'lan0')
               for family in ('-4', '-6')]
    wanted = ('10.99.0.4', '10.99.0.5', 'fd99::4', 'fd99::5', '10.99.0.6')
    used = place.uses(*wanted)
    logs = '\n'.join(client.log() for client in clients)
    tap.check(set(used) == set(wanted) and all(named_by(used, one, 'dhclient') for one in wanted),
              'dhclient and Kea: option 42, 31 and both kinds of servers of option 56',
              f'{list(used)}\n{logs}\n{place.leases()}')
    for client in clients:
        client.stop()


def networkd(tap, place):
    """systemd-networkd, without systemd: its state files."""
    if not os.path.exists(NETWORKD):
        tap.skip('systemd-networkd', 'there is none')
        return
    network = place.lab.directory('network')
    place.lab.write('network/lan.network', '[Match]\nName=lan0\n[Network]\nDHCP=yes\n'
                    'KeepConfiguration=yes\nIPv6AcceptRA=no\n[DHCPv4]\nUseDNS=no\n'
                    '[DHCPv6]\nWithoutRA=solicit\n')
    shutil.chown(place.lab.path('netif'), 'systemd-network', 'systemd-network')
    setup = ('mount --bind /sys /sys && mount -o remount,bind,ro /sys && mount -t tmpfs none /run && '
             f'mkdir -p /run/systemd/netif && mount --bind {place.lab.path("netif")} /run/systemd/netif && '
             f'mkdir -p /etc/systemd/network && mount --bind {network} /etc/systemd/network && '
             f'exec {NETWORKD}')
    manager = place.node.start('networkd', 'unshare', '--mount', 'sh', '-c', setup)
    # It keeps what option 56 says, and of option 31 what it has no 56 for.
    wanted = {'10.99.0.4', '10.99.0.5', 'fd99::5', '10.99.0.6'}
    labs.wait_for(lambda: wanted <= set(place.used()), 30, 0.1)
    used = place.used()
    tap.check(wanted <= set(used) and all(named_by(used, one, 'systemd-networkd') for one in used),
              'systemd-networkd and Kea: option 42 and both kinds of servers of option 56',
              f'{list(used)}\n{manager.log()}\n{place.leases()}')
    manager.stop()


def odd_length(tap, place):
    """An option 42 of seven octets: the client keeps what is an address, and noond follows that."""
    for daemon in place.kea:
        daemon.stop()
    lab, peers = place.lab, place.peers
    config = lab.write('dhcpd.conf', 'option odd-ntp code 42 = string;\nauthoritative;\n'
                       'subnet 10.99.0.0 netmask 255.255.255.0 { range 10.99.0.170 10.99.0.180;\n'
                       '  option odd-ntp 0a:63:00:07:0a:63:00; }\n')
    server = place.server.start('dhcpd', peers.program('isc-dhcp-server/usr/sbin/dhcpd'), '-f', '-d',
                                '-4', '-user', 'root', '-group', 'root', '-cf', config, '-lf',
                                lab.write('dhcpd.leases', ''), '-pf', lab.path('dhcpd.pid'), 'lan0')
    client = place.node.start('dhclient', peers.program('isc-dhcp-client/sbin/dhclient'), '-4', '-d',
                              '-cf', lab.write('odd.conf', 'request subnet-mask, ntp-servers;\n'),
                              '-lf', lab.path('dhcp/dhclient.lan0.leases'), '-pf',
                              lab.path('odd.pid'), '-sf', '/bin/true', 'lan0')
    used = place.uses('10.99.0.7')
    tap.check(set(used) == {'10.99.0.7'} and 'extra bytes' in client.log(),
              'of an option 42 with three octets too many the address is used',
              f'{used}\n{client.log()}\n{server.log()}\n{place.service.daemon.log()}')
    client.stop()
    server.stop()


# Everybody on this bus may do everything.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*"/><allow eavesdrop="false"/><allow receive_sender="*"/></policy></busconfig>
"""
# Its daemons, with /etc, /run, /var/lib and the host's name their own; they end with the shell.  /sys is
# read-only, which tells it that no udev will announce the interface.
NM_SETUP = """set -e
mount --bind /sys /sys && mount -o remount,bind,ro /sys
mount -t tmpfs none /mnt && cp -a /etc /mnt/etc && mount --bind /mnt/etc /etc
mount -t tmpfs none /run && mount -t tmpfs none /var/lib && mkdir -p /run/dbus
mkdir -p /etc/NetworkManager/system-connections /etc/NetworkManager/dispatcher.d
cp {lab}/20-noon /etc/NetworkManager/dispatcher.d/20-noon
cp {lab}/lan.nmconnection /etc/NetworkManager/system-connections/
chown -R root:root /etc/NetworkManager && chmod 755 /etc/NetworkManager/dispatcher.d/20-noon
chmod 600 /etc/NetworkManager/system-connections/*
mortal='setpriv --pdeathsig KILL --'
$mortal dbus-daemon --nofork --config-file={lab}/nm-bus.conf &
while [ ! -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
$mortal {package}/usr/lib/NetworkManager/nm-dispatcher --persist --debug &
$mortal {package}/usr/sbin/NetworkManager -n --config={lab}/nm.conf --log-level=INFO &
until {package}/usr/bin/nmcli --wait 2 general; do sleep 0.3; done
{package}/usr/bin/nmcli --wait 60 connection up lan
wait
"""


def networkmanager(tap, place):
    """The daemon itself takes the lease, and its dispatcher runs our script."""
    lab, what = place.lab, 'NetworkManager and Kea: options 42 and 56 by its dispatcher'
    if place.peers.fetch(NM_PACKAGES) or not shutil.which('dbus-daemon'):
        tap.skip(what, 'no dbus-daemon, or a package that cannot be had')
        return
    with open(os.path.join(HOOKS, 'networkmanager-hook'), encoding='utf-8') as file:
        lab.write('20-noon', file.read().replace('#!/bin/sh\n', f'#!/bin/sh\n{hook_lines(place)}', 1))
    lab.write('nm-bus.conf', BUS)
    lab.write('nm.conf', '[main]\nplugins=keyfile\ndhcp=internal\nauth-polkit=false\ndns=none\n'
              'hostname-mode=none\nno-auto-default=*\n')
    lab.write('lan.nmconnection', '[connection]\nid=lan\ntype=ethernet\ninterface-name=lan0\n'
              'autoconnect=false\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=dhcp\n')
    place.serve('10.99.0.4, 10.99.0.5')
    setup = NM_SETUP.format(lab=lab.folder, package=place.peers.program('network-manager'))
    manager = place.node.start('networkmanager', 'unshare', '--mount', '--uts', 'sh', '-c', setup,
                               env=place.peers.env())
    # It hands option 56 on, with the multicast address, and not option 31.
    wanted = {'10.99.0.4', '10.99.0.5', 'fd99::5', '10.99.0.6'}
    used = place.uses(*wanted, timeout_s=60)
    tap.check(set(used) == wanted and
              all(named_by(used, one, 'networkmanager') for one in used), what,
              f'{used}\n{manager.log()}\n{place.leases()}')
    manager.stop()


def main():
    programs = [os.path.abspath(path) for path in sys.argv[1:4]]
    reason = labs.unable()
    if reason:
        skip_all(reason)
    peers = Peers(sys.argv[4])
    missing = peers.fetch(PACKAGES)
    if missing:
        skip_all(f'packages that cannot be had: {", ".join(missing)}')
    tap = Tap()
    with labs.Lab() as lab:
        place = Place(lab, peers, programs)
        for part in (dhcpcd, dhclient, networkd, networkmanager, odd_length):
            place.clear()
            part(tap, place)
    tap.done()


main()
