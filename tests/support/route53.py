#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""route53.py - what Amazon's Route 53 does with record sets, for tests; and the metadata of a machine.

usage: route53.py ADDRESS PORT CERTIFICATE KEY FILE      an HTTPS endpoint
       route53.py ADDRESS PORT metadata FILE             the metadata service, over HTTP

The state is FILE, in JSON, written anew after each request: "sets" and "requests"; what it reads from
FILE.orders before each request changes how it answers ("fail": status, code and text; "sets").  Each
request's signature (AWS signature version 4) is computed here from what came, by Amazon's description.
"""
import datetime
import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import sys
import urllib.parse
import xml.etree.ElementTree as ET

KEYS = {'AKIDTEST': 'secret/with+signs', 'ASIAROLE': 'of the role'.replace(' ', '-')}
TOKEN = 'token-of-the-session=='
NAMESPACE = '{https://route53.amazonaws.com/doc/2013-04-01/}'


def signature_problem(handler, body):
    """Why the signature is no good; '' when it is."""
    match = re.match(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?'
                     r'SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$',
                     handler.headers.get('Authorization', ''))
    if not match:
        return 'no Authorization of version 4'
    key_id, day, region, service, signed, given = match.groups()
    when = handler.headers.get('X-Amz-Date', '')
    now = datetime.datetime.now(datetime.timezone.utc)
    sent = datetime.datetime.strptime(when + '+0000', '%Y%m%dT%H%M%SZ%z')
    if abs((now - sent).total_seconds()) > 300 or not when.startswith(day):
        return 'Signature expired'
    if key_id not in KEYS or (region, service) != ('us-east-1', 'route53'):
        return 'unknown key, region or service'
    names = signed.split(';')
    token = handler.headers.get('X-Amz-Security-Token')
    if 'host' not in names or 'x-amz-date' not in names or names != sorted(names) or \
            (token is not None and 'x-amz-security-token' not in names) or \
            (key_id.startswith('ASIA') and token != TOKEN):
        return 'a header that must be signed is not'
    path, _, query = handler.path.partition('?')
    pairs = sorted(pair.partition('=')[::2] for pair in query.split('&') if pair)
    canonical_query = '&'.join(
        f'{urllib.parse.quote(urllib.parse.unquote(name), safe="-_.~")}='
        f'{urllib.parse.quote(urllib.parse.unquote(value), safe="-_.~")}' for name, value in pairs)
    headers = ''.join(f'{name}:{" ".join(handler.headers.get(name, "").split())}\n'
                      for name in names)
    request = '\n'.join([handler.command, path, canonical_query, headers, signed,
                         hashlib.sha256(body).hexdigest()])
    scope = f'{day}/{region}/{service}/aws4_request'
    text = '\n'.join(['AWS4-HMAC-SHA256', when, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ('AWS4' + KEYS[key_id]).encode()
    for part in (day, region, service, 'aws4_request', text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return '' if hmac.compare_digest(key.hex(), given) else 'SignatureDoesNotMatch'


def described(element):
    """A record set of a request, as a flat record."""
    def text(name):
        found = element.find(NAMESPACE + name)
        return found.text if found is not None else ''
    values = [value.text for value in element.iter(NAMESPACE + 'Value')]
    return {name: text(name) for name in ('Name', 'Type', 'SetIdentifier', 'Weight', 'TTL',
                                          'MultiValueAnswer', 'HealthCheckId')} | {'Values': values}


def key_of(record):
    return record['Name'], record['Type'], record['SetIdentifier']


def as_xml(record):
    inside = ''.join(f'<{name}>{record[name].replace("&", "&amp;")}</{name}>'
                     for name in ('Name', 'Type', 'SetIdentifier', 'Weight', 'MultiValueAnswer',
                                  'TTL') if record[name])
    values = ''.join(f'<ResourceRecord><Value>{value}</Value></ResourceRecord>'
                     for value in record['Values'])
    return f'<ResourceRecordSet>{inside}<ResourceRecords>{values}</ResourceRecords></ResourceRecordSet>'


class Zone:
    """What is registered, kept in a file for the test to see."""

    def __init__(self, path):
        self.path, self.sets, self.requests = path, [], []
        self.write()

    def write(self):
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            json.dump({'sets': self.sets, 'requests': self.requests}, file)
        os.rename(self.path + '.new', self.path)

    def orders(self):
        try:
            with open(self.path + '.orders', encoding='utf-8') as file:
                orders = json.load(file)
        except OSError:
            return {}
        if 'sets' in orders:
            self.sets = orders.pop('sets')
            with open(self.path + '.orders', 'w', encoding='utf-8') as file:
                json.dump(orders, file)
        return orders

    def change(self, body):
        """Carries a batch out, all or nothing; returns what is wrong with it."""
        sets = {key_of(record): record for record in self.sets}
        for change in ET.fromstring(body).iter(NAMESPACE + 'Change'):
            action = change.find(NAMESPACE + 'Action').text
            record = described(change.find(NAMESPACE + 'ResourceRecordSet'))
            if action == 'UPSERT':
                sets[key_of(record)] = record
            elif action == 'DELETE' and sets.get(key_of(record)) == record:
                del sets[key_of(record)]
            else:
                return f'Tried to delete {record}, but it was not found'
        self.sets = list(sets.values())
        return ''

    def look(self, query):
        """Sets from that name, type and identifier on, in Route 53's order."""
        wanted = dict(urllib.parse.parse_qsl(query))
        start = wanted['name'], wanted['type'], wanted['identifier']
        def order(key):
            return key[0].rstrip('.').split('.')[::-1], key[1], key[2]
        found = sorted((record for record in self.sets if order(key_of(record)) >= order(start)),
                       key=lambda record: order(key_of(record)))
        return found[:int(wanted['maxitems'])]


class Endpoint(http.server.BaseHTTPRequestHandler):
    zone = None
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status, code, message):
        self.answer(status, '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/'
                    f'2013-04-01/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}'
                    '</Message></Error><RequestId>1</RequestId></ErrorResponse>')

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        orders, problem = self.zone.orders(), signature_problem(self, body)
        self.zone.requests.append({'method': self.command, 'path': self.path, 'signature': problem,
                                   'token': 'X-Amz-Security-Token' in self.headers})
        path, _, query = self.path.partition('?')
        if problem:
            self.refuse(403, 'SignatureDoesNotMatch', problem)
        elif 'page' in orders:
            self.answer(200, orders['page'])
        elif 'fail' in orders:
            self.refuse(*orders['fail'])
        elif path != '/2013-04-01/hostedzone/Z123/rrset':
            self.refuse(404, 'NoSuchHostedZone', 'No hosted zone found')
        elif self.command == 'GET':
            self.answer(200, '<?xml version="1.0"?><ListResourceRecordSetsResponse xmlns="https://'
                        'route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>' +
                        ''.join(map(as_xml, self.zone.look(query))) + '</ResourceRecordSets>'
                        '<IsTruncated>false</IsTruncated></ListResourceRecordSetsResponse>')
        else:
            wrong = self.zone.change(body)
            if wrong:
                self.refuse(400, 'InvalidChangeBatch', 'no such set')
            else:
                self.answer(200, '<?xml version="1.0"?><ChangeResourceRecordSetsResponse/>')
        self.zone.write()

    do_GET = do_POST = handle_request


class Metadata(http.server.BaseHTTPRequestHandler):
    """IMDSv2 of a machine with a role."""

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        self.send_response(status)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        good = self.path == '/latest/api/token' and \
            self.headers.get('X-aws-ec2-metadata-token-ttl-seconds', '').isdigit()
        self.answer(200 if good else 400, 'AQAE-token==' if good else '')

    def do_GET(self):
        roles = '/latest/meta-data/iam/security-credentials/'
        if self.headers.get('X-aws-ec2-metadata-token') != 'AQAE-token==':
            self.answer(401, '')
        elif self.path == roles:
            self.answer(200, 'time-server')
        elif self.path == roles + 'time-server':
            self.answer(200, json.dumps({'Code': 'Success', 'AccessKeyId': 'ASIAROLE',
                                         'SecretAccessKey': KEYS['ASIAROLE'], 'Token': TOKEN,
                                         'Expiration': '2099-01-01T00:00:00Z'}))
        else:
            self.answer(404, '')


def main():
    address, port = sys.argv[1], int(sys.argv[2])
    if sys.argv[3] == 'metadata':
        server = http.server.ThreadingHTTPServer((address, port), Metadata)
    else:
        Endpoint.zone = Zone(sys.argv[5])
        server = http.server.HTTPServer((address, port), Endpoint)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print('listens', flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
