#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Servers of NTS key exchange that misbehave, one a port.

usage: hostile_ke.py CERTIFICATE-FOLDER PORT=CERTIFICATE:MANNER...     until it is ended

Prints a line "PORT" for each connection.
"""
import os
import socket
import ssl
import struct
import sys
import threading
import time


def record(kind, body=b''):
    return struct.pack('>HH', kind, len(body)) + body


AGREED = record(0x8001, b'\0\0') + record(0x8004, b'\0\x0f')
COOKIES = b''.join(record(5, bytes([i]) * 100) for i in range(8))
END = record(0x8000)


def trickle(connection):
    for octet in (AGREED + COOKIES + END):
        connection.sendall(bytes([octet]))
        time.sleep(1)


def flood(connection):
    connection.sendall(AGREED)
    for _ in range(1000):
        connection.sendall(record(0x4000) * 1000)


def hush(connection):
    connection.recv(4096)
    time.sleep(60)


MANNERS = {
    'good': lambda c: c.sendall(AGREED + COOKIES + END),
    'garbage': lambda c: c.sendall(os.urandom(3000)),
    'silent': hush,
    'slow': trickle,
    'million': flood,
    'critical': lambda c: c.sendall(AGREED + record(0xc123) + COOKIES + END),
    'error': lambda c: c.sendall(record(0x8002, b'\0\1') + END),
    'no-cookie': lambda c: c.sendall(AGREED + END),
    'cut': lambda c: c.sendall(AGREED + COOKIES[:50]),
    'other-cipher': lambda c: c.sendall(record(0x8001, b'\0\0') + record(0x8004, b'\0\x11') +
                                        COOKIES + END),
}


def context(folder, certificate, manner):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(os.path.join(folder, certificate + '.pem'),
                         os.path.join(folder, certificate + '.key'))
    if manner == 'tls12':
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    if manner != 'no-alpn':
        made.set_alpn_protocols(['ntske/1'])
    return made


def talk(connection, tls, manner):
    try:
        connection.settimeout(60)
        if manner == 'hangs-up':
            return
        if manner == 'no-tls':
            connection.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n' * 100)
            time.sleep(1)
            return
        with tls.wrap_socket(connection, server_side=True) as secure:
            MANNERS.get(manner, MANNERS['good'])(secure)
            time.sleep(0.2)
    except OSError:
        pass
    finally:
        connection.close()


def serve(port, tls, manner):
    with socket.create_server(('127.0.0.1', port)) as listener:
        while True:
            connection, _ = listener.accept()
            print(port, flush=True)
            threading.Thread(target=talk, args=(connection, tls, manner), daemon=True).start()


def main(folder, *servers):
    for server in servers:
        port, _, rest = server.partition('=')
        certificate, _, manner = rest.partition(':')
        threading.Thread(target=serve, args=(int(port), context(folder, certificate, manner),
                                             manner), daemon=True).start()
    time.sleep(3600)


if __name__ == '__main__':
    main(*sys.argv[1:])
