#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""noond finds its sources: by names and SRV records of dnsmasq and Knot, by the leases of udhcpc, dhclient
and systemd-networkd, by a provider's link-local address; and by what an earlier run knew.

usage: test_sources.py NOOND NOON NOON-HELPER PEERS-FOLDER     prints TAP

One machine has the servers, at many addresses, the other is the node.  noond sees files of its own
below /run, /var/lib and /sys.
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

PACKAGES = ['chrony', 'dnsmasq-base', 'libnftables1', 'libnftnl11', 'libnetfilter-conntrack3',
            'libnfnetlink0', 'libdbus-1-3', 'isc-dhcp-client', 'isc-dhcp-server', 'knot', 'busybox',
            'libknot13', 'libzscanner4', 'libdnssec9', 'liburcu8', 'liblmdb0', 'libxdp1', 'libbpf1',
            'libfstrm0']
NETWORKD = '/lib/systemd/systemd-networkd'
FAST = 'iburst minpoll 0 maxpoll 0'
# What dnsmasq says of names; the resolver's TTL is what noond goes by.
NAMES = '''host-record=one.time.test,10.99.0.2
host-record=two.time.test,10.99.0.3
host-record=both.time.test,10.99.0.4,fd99::4
srv-host=_ntp._udp.time.test,one.time.test,123,10,5
srv-host=_ntp._udp.time.test,two.time.test,123,20,0
''' + ''.join(f'host-record=many.time.test,10.98.{i // 200}.{i % 200 + 1}\n' for i in range(500))


class Place:
    """The two machines, and what is to be seen on the node's."""

    def __init__(self, lab, peers, programs):
        self.lab, self.peers = lab, peers
        self.server, self.node = lab.machine('server'), lab.machine('node')
        lab.connect(self.server, self.node, '10.99.0.1/24', '10.99.0.100/24')
        for last in range(2, 8):
            self.server.run('ip', 'address', 'add', f'10.99.0.{last}/24', 'dev', 'lan0')
        for machine, last in ((self.server, 4), (self.node, 100)):
            machine.run('ip', 'address', 'add', f'fd99::{last}/64', 'dev', 'lan0', 'nodad')
        peers.chronyd(self.server, 'server', 'local stratum 4\nallow\n')
        self.names = None
        self.resolv = lab.write('resolv.conf', 'nameserver 10.99.0.1\n')
        for name in ('hooks', 'netif', 'dhcp', 'dmi', 'drive'):
            os.chmod(lab.directory(name), 0o755)
        self.service = services.Service(lab, self.node, programs)

    def name_server(self, more=''):
        """dnsmasq with these lines; a second call replaces it."""
        if self.names:
            self.names.stop()
        path = self.lab.write('dnsmasq.conf', 'keep-in-foreground\nno-resolv\nno-hosts\nuser=root\n'
                              'no-ping\nport=53\nbind-dynamic\ninterface=lan0\nlog-facility=-\n'
                              f'dhcp-leasefile={self.lab.path("leases")}\nlocal=/test/\n'
                              f'{NAMES}{more}')
        self.names = self.server.start('dnsmasq', self.peers.program(
            'dnsmasq-base/usr/sbin/dnsmasq'), '-C', path, '--pid-file=', env=self.peers.env())

    def prefix(self):
        """What noond sees of the machine."""
        lab = self.lab
        return ('unshare', '--mount', 'sh', '-c',
                'mount -t tmpfs none /run && mkdir -p /run/noon-dhcp /run/chrony-dhcp '
                '/run/systemd/netif && '
                f'mount --bind {lab.path("hooks")} /run/noon-dhcp && '
                f'mount --bind {lab.path("netif")} /run/systemd/netif && '
                f'mount -t tmpfs none /mnt && mkdir /mnt/config && '
                f'mount --bind {lab.path("drive")} /mnt/config && '
                'mount -t tmpfs none /var/lib && mkdir /var/lib/dhcp && '
                f'mount --bind {lab.path("dhcp")} /var/lib/dhcp && '
                f'mount -t tmpfs none /sys/class && mkdir -p /sys/class/dmi/id && '
                f'mount --bind {lab.path("dmi")} /sys/class/dmi/id && '
                f'mount --bind {self.resolv} /etc/resolv.conf && exec "$@"', 'sh')

    def start(self, config):
        self.service.configure(config + 'cmdport 0\n')
        if self.service.daemon:
            self.service.daemon.stop()
        return self.service.start(prefix=self.prefix())

    def used(self):
        """Why each address is a source, by address."""
        found = {}
        for source in self.json('sources').get('sources', []):
            if source.get('address'):
                address = source['address'].rsplit(':', 1)[0].strip('[]')
                found[address] = source
        return found

    def json(self, command):
        text = self.service.noon(command, '--json').stdout
        return json.loads(text) if text else {}

    def uses(self, *addresses, timeout_s=20):
        """Waits until exactly these are sources; what is used then."""
        labs.wait_for(lambda: set(self.used()) == set(addresses), timeout_s, 0.1)
        return self.used()


def dns(tap, place):
    place.name_server()
    daemon = place.start(f'source srv time.test {FAST}\nsource dns both.time.test {FAST}\n'
                         f'server none.time.test\nserver elsewhere.example\npool many.time.test\n')
    labs.wait_for(lambda: len(place.used()) == 7, 20, 0.1)
    used = place.used()
    many = [address for address in used if address.startswith('10.98.')]
    tap.check(len(many) == 4, 'of 500 addresses of a pool as many are used as are wanted',
              f'{used}\n{daemon.log()}')
    used = {address: source for address, source in used.items() if address not in many}
    one = used.get('10.99.0.2', {})
    tap.check(set(used) == {'10.99.0.2', '10.99.0.4', 'fd99::4'} and one['found_how'] == 'srv' and
              one['srv_priority'] == 10 and one['srv_weight'] == 5 and
              used['fd99::4']['found_how'] == 'dns',
              'the server of the least priority, and all addresses of a name', f'{used}\n{daemon.log()}')
    tap.check(place.service.synchronised(20), 'it follows them', daemon.log())
    text = place.service.noon('sources').stdout
    tap.check('is used because: SRV record, priority 10, weight 5' in text,
              '`noon sources` says why each is used', text)
    why = place.service.noon('why').stdout
    tap.check('none.time.test: its name does not exist' in why, '`noon why` says what NXDOMAIN means',
              why)
    tap.check("elsewhere.example: the resolver answers that it can't find out" in why,
              'and what REFUSED means', why)
    place.server.run('ip', 'address', 'del', '10.99.0.2/24', 'dev', 'lan0')
    labs.wait_for(lambda: '10.99.0.3' in place.used(), 40, 0.1)
    used = place.used()
    tap.check('10.99.0.3' in used and used['10.99.0.3']['srv_priority'] == 20,
              'when it is silent, that of the next priority is used', f'{used}\n{daemon.log()}')
    place.server.run('ip', 'address', 'add', '10.99.0.2/24', 'dev', 'lan0')


def without_resolver(tap, place):
    place.names.stop()
    daemon = place.start(f'source srv time.test {FAST}\nsource dns both.time.test {FAST}\n')
    used = place.uses('10.99.0.2', '10.99.0.4', 'fd99::4', timeout_s=15)
    tap.check('10.99.0.2' in used and used['10.99.0.2']['saved_at'] and
              place.service.synchronised(15),
              'a start without a resolver uses the addresses of the run before',
              f'{used}\n{daemon.log()}')
    tap.check('are used meanwhile' in daemon.log(), 'their age is said in the log', daemon.log())
    place.name_server()
    good = labs.wait_for(lambda: not place.used().get('10.99.0.4', {'saved_at': 1})['saved_at'], 40)
    tap.check(good, 'they are looked up when there is one again', f'{place.used()}\n{daemon.log()}')


def lease(server):
    return f'dhcp-range=10.99.0.150,10.99.0.160,120\ndhcp-option=42,{server}\n'


def udhcpc(tap, place):
    """busybox's client with the hook that we install."""
    place.name_server(lease('10.99.0.5'))
    daemon = place.start(f'source auto {FAST}\n')
    script = place.lab.write('udhcpc-script', '#!/bin/sh\n'
                             f'NOON_DHCP_DIR={place.lab.path("hooks")} '
                             f'PATH={place.service.bin}:$PATH {hook("udhcpc")} "$1"\n')
    os.chmod(script, 0o755)
    client = place.node.start('udhcpc', place.peers.program('busybox/bin/busybox'), 'udhcpc', '-f',
                              '-i', 'lan0', '-s', script, '-O', 'ntpsrv', '-t', '20', '-T', '1')
    used = place.uses('10.99.0.5')
    five = used.get('10.99.0.5', {})
    tap.check(five.get('found_how') == 'dhcp' and five['found_by'] == 'udhcpc' and
              five['found_interface'] == 'lan0', 'a lease of udhcpc names a source',
              f'{used}\n{client.log()}\n{daemon.log()}')
    tap.check(place.service.synchronised(20), 'it is followed', daemon.log())
    place.name_server(lease('10.99.0.6'))
    client.process.send_signal(services.signal.SIGUSR1)  # renew
    used = place.uses('10.99.0.6')
    tap.check('10.99.0.6' in used and place.service.node()['state'] == 'synchronised', 'another one in a renewed lease takes its place without a gap',
              f'{used}\n{client.log()}\n{daemon.log()}')
    client.stop()


def hook(name):
    return os.path.join(HERE, '..', '..', 'deploy', 'dhcp', f'{name}-hook')


def knot(tap, place):
    """An authoritative server's SRV records."""
    lab = place.lab
    lab.write('knot.zone', '$ORIGIN knot.test.\n$TTL 60\n@ SOA a b 1 60 60 60 60\n@ NS a\n'
              'a A 10.99.0.2\nb A 10.99.0.3\nc A 10.99.0.6\n'
              '_ntp._udp SRV 10 60 123 a\n_ntp._udp SRV 10 40 123 b\n_ntp._udp SRV 20 0 123 c\n')
    path = lab.write('knot.conf', f'server:\n  rundir: {lab.directory("knot-run")}\n'
                     '  listen: 10.99.0.1@53\n  user: root:root\n'
                     f'database:\n  storage: {lab.directory("knot-db")}\n'
                     f'zone:\n  - domain: knot.test\n    file: {lab.path("knot.zone")}\n')
    place.names.stop()
    knotd = place.server.start('knotd', place.peers.program('knot/usr/sbin/knotd'), '-c', path,
                               env=place.peers.env())
    daemon = place.start(f'source srv knot.test {FAST}\n')
    used = place.uses('10.99.0.2', '10.99.0.3')
    tap.check(sorted(source['srv_weight'] for source in used.values()) == [40, 60] and
              place.service.synchronised(20), 'the SRV records of Knot, with their weights',
              f'{used}\n{knotd.log()}\n{daemon.log()}')
    knotd.stop()


def dhclient(tap, place):
    """ISC's client and server: the file of leases, which is watched."""
    for file in os.listdir(place.lab.path('hooks')):
        os.unlink(place.lab.path(f'hooks/{file}'))
    place.name_server()
    four = place.lab.write('dhcpd.conf', 'default-lease-time 120;\nauthoritative;\n'
                           'subnet 10.99.0.0 netmask 255.255.255.0 {\n'
                           '  range 10.99.0.170 10.99.0.180;\n  option ntp-servers 10.99.0.7;\n}\n')
    six = place.lab.write('dhcpd6.conf', 'default-lease-time 120;\nauthoritative;\n'
                          'option dhcp6.sntp-servers fd99::4;\n'
                          'subnet6 fd99::/64 {\n  range6 fd99::170 fd99::180;\n}\n')
    for family, config in (('-4', four), ('-6', six)):
        place.server.start(f'dhcpd{family}', place.peers.program('isc-dhcp-server/usr/sbin/dhcpd'),
                           '-f', '-d', family, '-user', 'root', '-group', 'root', '-cf', config,
                           '-lf', place.lab.write(f'dhcpd{family}.leases', ''), '-pf',
                           place.lab.path(f'dhcpd{family}.pid'), 'lan0')
    leases = place.lab.path('dhcp/dhclient.lan0.leases')
    config = place.lab.write('dhclient.conf', 'request subnet-mask, ntp-servers;\n'
                             'also request dhcp6.sntp-servers;\n')
    program = place.peers.program('isc-dhcp-client/sbin/dhclient')
    clients = [place.node.start(f'dhclient{family}', program, family, '-d', '-cf', config, '-lf',
                                leases.replace('dhclient', f'dhclient{family}'), '-pf',
                                place.lab.path(f'dhclient{family}.pid'), '-sf', '/bin/true', 'lan0')
               for family in ('-4', '-6')]
    used = place.uses('10.99.0.7', 'fd99::4')
    logs = '\n'.join(daemon.log() for daemon in place.lab.daemons if 'dhc' in daemon.name)
    for address, what in (('10.99.0.7', 'a lease of dhclient names a source'),
                          ('fd99::4', 'and one of DHCPv6 (option 31)')):
        one = used.get(address, {})
        tap.check(one.get('found_by') == 'dhclient' and one['found_interface'] == 'lan0', what,
                  f'{used}\n{logs}')
    for daemon in clients + [daemon for daemon in place.lab.daemons if 'dhcpd' in daemon.name]:
        daemon.stop()
    shutil.rmtree(place.lab.path('dhcp'))
    os.mkdir(place.lab.path('dhcp'), 0o755)


def networkd(tap, place):
    """systemd-networkd, without systemd: its state files."""
    if not os.path.exists(NETWORKD):
        tap.skip('systemd-networkd', 'there is none')
        return
    place.name_server(lease('10.99.0.2') + 'dhcp-range=fd99::150,fd99::160,64,120\n'
                      'dhcp-option=option6:ntp-server,[fd99::4]\n')
    network = place.lab.directory('network')
    place.lab.write('network/lan.network', '[Match]\nName=lan0\n[Network]\nDHCP=yes\n'
                    'KeepConfiguration=yes\nIPv6AcceptRA=no\n[DHCPv4]\nUseDNS=no\n'
                    '[DHCPv6]\nWithoutRA=solicit\n')
    shutil.chown(place.lab.path('netif'), 'systemd-network', 'systemd-network')
    # Read-only, /sys tells it that no udev will announce the interface.
    setup = ('mount --bind /sys /sys && mount -o remount,bind,ro /sys && mount -t tmpfs none /run && mkdir -p /run/systemd/netif && mount --bind '
             f'{place.lab.path("netif")} /run/systemd/netif && mkdir -p /etc/systemd/network && '
             f'mount --bind {network} /etc/systemd/network && exec {NETWORKD}')
    manager = place.node.start('networkd', 'unshare', '--mount', 'sh', '-c', setup)
    used = place.uses('10.99.0.2', 'fd99::4', timeout_s=30)
    two = used.get('10.99.0.2', {})
    tap.check(two.get('found_by') == 'systemd-networkd' and two['found_interface'] == 'lan0',
              'a lease of systemd-networkd names a source',
              f'{used}\n{manager.log()}\n{place.names.log()}')
    tap.check(used.get('fd99::4', {}).get('found_by') == 'systemd-networkd',
              'and one of DHCPv6 (option 56)', f'{used}\n{manager.log()}\n{place.names.log()}')
    manager.stop()
    shutil.rmtree(place.lab.path('netif/links'), ignore_errors=True)


def cloud(tap, place):
    """A machine of Amazon's, as its firmware says."""
    place.server.run('ip', 'address', 'add', '169.254.169.123/32', 'dev', 'lan0')
    place.node.run('ip', 'route', 'replace', '169.254.169.123', 'dev', 'lan0')
    place.lab.write('dmi/sys_vendor', 'Amazon EC2\n')
    daemon = place.start(f'source auto {FAST}\n')
    labs.wait_for(lambda: '169.254.169.123' in place.used(), 20)
    there = place.service.synchronised(20)
    amazon = place.used().get('169.254.169.123', {})
    tap.check(there and amazon.get('found_how') == 'cloud' and amazon['found_by'] == 'aws',
              'where DHCP names nobody the provider does', f'{amazon}\n{daemon.log()}')


def other_clouds(tap, place):
    """Machines of others, as their firmware says, and their servers."""
    place.server.run('ip', 'address', 'add', '169.254.169.254/32', 'dev', 'lan0')
    place.node.run('ip', 'route', 'replace', '169.254.169.254', 'dev', 'lan0')
    place.name_server('host-record=ntp.cloud.aliyuncs.com,10.99.0.6\nlocal=/aliyuncs.com/\n')
    for how, vendor, product, tag, by, address in (
            ('auto', 'Google', 'Google Compute Engine', '', 'gcp', '169.254.169.254'),
            ('auto', 'QEMU', 'Standard PC', 'OracleCloud.com', 'oracle', '169.254.169.254'),
            ('cloud', 'Alibaba Cloud', 'Alibaba Cloud ECS', '', 'alibaba', '10.99.0.6')):
        place.lab.write('dmi/sys_vendor', f'{vendor}\n')
        place.lab.write('dmi/product_name', f'{product}\n')
        place.lab.write('dmi/chassis_asset_tag', f'{tag}\n')
        daemon = place.start(f'source {how} {FAST}\n')
        used = place.uses(address)
        tap.check(used.get(address, {}).get('found_by') == by and place.service.synchronised(20),
                  f'on a machine of {vendor if not tag else tag} its server is followed',
                  f'{used}\n{daemon.log()}')
    place.lab.write('dmi/chassis_asset_tag', '\n')


VENDOR_DATA = """
import http.server

class Metadata(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.path == '/openstack/latest/vendor_data2.json'
        self.send_response(200 if good else 404)
        self.end_headers()
        if good:
            self.wfile.write(b'{"time": {"noon": {"servers": ["10.99.0.5"]}}}')

http.server.HTTPServer(('169.254.169.254', 80), Metadata).serve_forever()
"""


def openstack(tap, place):
    """A machine of OpenStack's: nobody answers for metadata, then a service does."""
    place.lab.write('dmi/product_name', 'OpenStack Nova\n')
    place.lab.write('dmi/sys_vendor', 'OpenStack Foundation\n')
    daemon = place.start(f'source auto {FAST}\n')
    reason = ("OpenStack's metadata service at 169.254.169.254 names no time server: nobody takes "
              'connections there')
    tap.check(labs.wait_for(lambda: reason in daemon.log(), 20),
              'why nobody is named is said in the log', daemon.log())
    metadata = place.server.start('metadata', sys.executable, '-c', VENDOR_DATA)
    daemon = place.start(f'source auto {FAST}\n')
    used = place.uses('10.99.0.5', timeout_s=60)
    five = used.get('10.99.0.5', {})
    tap.check(five.get('found_how') == 'cloud' and five['found_by'] == 'openstack' and
              place.service.synchronised(20), 'whom the metadata service of OpenStack names is followed',
              f'{used}\n{metadata.log()}\n{daemon.log()}')
    metadata.stop()
    os.makedirs(place.lab.path('drive/openstack/latest'))
    place.lab.write('drive/openstack/latest/vendor_data.json', '{"ntp_servers": ["10.99.0.7"]}')
    daemon = place.start(f'source auto {FAST}\n')
    tap.check('10.99.0.7' in place.uses('10.99.0.7'), 'and whom a config drive names',
              f'{place.used()}\n{daemon.log()}')


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
        for part in (dns, without_resolver, knot, udhcpc, dhclient, networkd, cloud, other_clouds, openstack):
            part(tap, place)
    tap.done()


main()
