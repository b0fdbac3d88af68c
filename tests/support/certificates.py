# SPDX-License-Identifier: BSD-2-Clause
"""certificates.py - an authority and servers' certificates for tests, made by openssl."""
import datetime
import os
import subprocess

CONFIG = """
[ca]
default_ca = ours
[ours]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


def stamp(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime('%Y%m%d%H%M%SZ')


class Authority:
    """Signs certificates; `path` is its own."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.path = self.file('ca.pem')
        for name, text in (('index', ''), ('serial', '01\n'),
                           ('ca.conf', CONFIG.format(folder=folder))):
            with open(self.file(name), 'w', encoding='ascii') as file:
                file.write(text)
        # Older than all that it signs.
        self.request('ca', 'Test Authority', '-addext', 'basicConstraints=critical,CA:TRUE',
                     out='ca.csr')
        self.openssl('ca', '-batch', '-config', self.file('ca.conf'), '-selfsign', '-in',
                     self.file('ca.csr'), '-out', self.path, '-notext', '-startdate', stamp(-2000),
                     '-enddate', stamp(20000))

    def file(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *arguments):
        done = subprocess.run(['openssl', *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def request(self, name, subject, *more, out):
        self.openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                     '-keyout', self.file(f'{name}.key'), '-subj', f'/CN={subject}', *more,
                     '-out', self.file(out))
        os.chmod(self.file(f'{name}.key'), 0o644)

    def sign(self, name, alternative='IP:127.0.0.1', begins=-10, ends=90):
        """A certificate valid from and until so many days from now; returns its name."""
        self.request(name, name, '-addext', f'subjectAltName={alternative}', out=f'{name}.csr')
        self.openssl('ca', '-batch', '-config', self.file('ca.conf'), '-in',
                     self.file(f'{name}.csr'), '-out', self.file(f'{name}.pem'), '-notext',
                     '-startdate', stamp(begins), '-enddate', stamp(ends))
        return name

    def self_signed(self, name):
        self.request(name, name, '-x509', '-days', '30', '-addext',
                     'subjectAltName=IP:127.0.0.1', out=f'{name}.pem')
        return name

    def files(self, name):
        return self.file(f'{name}.pem'), self.file(f'{name}.key')
