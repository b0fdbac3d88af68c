# SPDX-License-Identifier: BSD-2-Clause
"""pki.py - certificates of a test's own, by the openssl command."""
import os
import shutil
import subprocess


def unable():
    """Why there are none; empty: there are."""
    return '' if shutil.which('openssl') else 'no openssl here'


def run(*command):
    subprocess.run(['openssl', *command], check=True, capture_output=True)


class Authority:
    """An authority that signs certificates, all in one folder."""

    def __init__(self, folder, name='test authority'):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.key, self.certificate = self.path('ca.key'), self.path('ca.pem')
        run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
            '30', '-subj', f'/CN={name}', '-keyout', self.key, '-out', self.certificate)

    def path(self, name):
        return os.path.join(self.folder, name)

    def pair(self, name, *subjects, days=7, rsa=False):
        """Files (certificate, key) of a server with these names, 'DNS:a.example' or 'IP:10.0.0.1'."""
        key, request, certificate = (self.path(f'{name}.{end}') for end in ('key', 'csr', 'pem'))
        extensions = self.path(f'{name}.ext')
        with open(extensions, 'w', encoding='utf-8') as file:
            file.write(f'subjectAltName={",".join(subjects)}\n')
        kind = ('rsa:2048',) if rsa else ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256')
        run('req', '-newkey', *kind, '-nodes', '-subj',
            f'/CN={subjects[0].split(":", 1)[1]}', '-keyout', key, '-out', request)
        run('x509', '-req', '-in', request, '-CA', self.certificate, '-CAkey', self.key,
            '-CAcreateserial', '-days', str(days), '-extfile', extensions, '-out', certificate)
        return certificate, key
