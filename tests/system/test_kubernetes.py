#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manifests of deploy/kubernetes: no unknown field, no more rights than they say, and the script
that sets the condition of nodes.

usage: test_kubernetes.py NOON      prints TAP
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BASE = os.path.join(HERE, '..', '..', 'deploy', 'kubernetes')
sys.path.insert(0, os.path.join(HERE, '..'))
from support import manifests  # noqa: E402
from support.tap import Tap, skip_all  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

# kubectl and jq as the script calls them; what it asks for is written down.
KUBECTL = '''#!/bin/sh
echo "$*" >>"$CALLS"
case "$1" in get) cat "$PODS" ;; esac
'''
PODS = '''{"items": [
 {"spec": {"nodeName": "one"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}},
 {"spec": {"nodeName": "two"}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}},
 {"spec": {"nodeName": "three"}, "status": {}},
 {"spec": {}, "status": {}}]}'''


def load(text):
    return [document for document in yaml.safe_load_all(text) if document]


def written():
    """All manifests as they are written, without those of kustomize itself."""
    for path in sorted(glob.glob(os.path.join(BASE, '**', '*.yaml'), recursive=True)):
        if os.path.basename(path) != 'kustomization.yaml':
            with open(path, encoding='utf-8') as file:
                for document in load(file):
                    yield os.path.relpath(path, BASE), document


def pod_of(document):
    spec = document.get('spec', {})
    return spec if document['kind'] == 'Pod' else spec.get('template', {}).get('spec')


def check_rights(tap, documents, what):
    """Only the DaemonSet has a capability, and that one alone."""
    for document in documents:
        pod = pod_of(document)
        if pod is None:
            continue
        added = [cap for container in pod['containers'] for cap in
                 container.get('securityContext', {}).get('capabilities', {}).get('add', [])]
        name = f'{document["kind"]} {document["metadata"]["name"]}{what}'
        if document['kind'] == 'DaemonSet':
            tap.check(added == ['SYS_TIME'], f'{name} has CAP_SYS_TIME and nothing else', added)
        else:
            tap.check(not manifests.unrestricted(pod), f'{name} is what "restricted" allows',
                      manifests.unrestricted(pod))


def check_checker(tap, documents):
    """The check sees what Kubernetes would pass over in silence."""
    for change, expected in (
            (lambda c: c.update(securityContex={}), 'securityContex is unknown'),
            (lambda c: c.pop('image'), 'image is missing'),
            (lambda c: c['resources']['limits'].update(cpu=True), 'cpu is True'),
            (lambda c: c.update(args='-d'), 'args is no list')):
        document = yaml.safe_load(yaml.safe_dump(documents[0]))
        change(pod_of(document)['containers'][0])
        found = manifests.faults_of(document)
        tap.check(len(found) == 1 and found[0].endswith(expected),
                  f'a manifest is refused because {expected}', found)


def rendered(tap, folder):
    done = subprocess.run(['kubectl', 'kustomize', os.path.join(BASE, folder)],
                          capture_output=True, text=True, timeout=60, check=False)
    if not tap.check(done.returncode == 0, f'kubectl kustomize {folder} works', done.stderr):
        return []
    return load(done.stdout)


def too_old():
    """Why kubectl can't render them; empty: it can."""
    if not shutil.which('kubectl'):
        return 'no kubectl here'
    done = subprocess.run(['kubectl', 'version', '--client'], capture_output=True, text=True,
                          timeout=60, check=False)
    found = re.search(r'Kustomize Version: v(\d+)', done.stdout)
    return '' if found and int(found[1]) >= 5 else "this kubectl's kustomize is older than 5"


def check_rendered(tap):
    reason = too_old()
    for folder in ('node', 'namespace', 'boundary', 'overlays/zone-a', 'overlays/zones', 'observer'):
        if reason:
            tap.skip(f'kubectl kustomize {folder} works', reason)
            continue
        documents = rendered(tap, folder)
        faults = [fault for document in documents for fault in manifests.faults_of(document)]
        tap.check(documents and not faults, f'{folder} has only known fields', faults)
        maps = {document['metadata']['name'] for document in documents
                if document['kind'] == 'ConfigMap'}
        used = {volume['configMap']['name'] for document in documents if pod_of(document)
                for volume in pod_of(document).get('volumes', []) if 'configMap' in volume}
        tap.check(used == maps, f'{folder} brings the ConfigMaps that it mounts', (used, maps))
        if folder == 'overlays/zones':
            services = [document for document in documents if document['kind'] == 'Service']
            pods = [document['spec']['template']['metadata']['labels'] for document in documents
                    if document['kind'] == 'Deployment']
            hits = [sum(one['spec']['selector'].items() <= labels.items() for labels in pods)
                    for one in services]
            tap.check(hits == [1, 1], 'the Service of a zone finds the pods of that zone alone',
                      hits)


def check_condition(tap):
    """The script, with a kubectl that writes down what it is asked."""
    if not shutil.which('jq'):
        tap.skip('the condition of nodes follows from their pods', 'no jq here')
        return
    with tempfile.TemporaryDirectory() as folder:
        def file(name, text, mode=0o644):
            path = os.path.join(folder, name)
            with open(path, 'w', encoding='utf-8') as out:
                out.write(text)
            os.chmod(path, mode)
            return path

        file('kubectl', KUBECTL, 0o755)
        env = dict(os.environ, PATH=f'{folder}:{os.environ["PATH"]}', CALLS=file('calls', ''),
                   PODS=file('pods', PODS), ONCE='true', TAINT='true', TMPDIR=folder)
        done = subprocess.run(['sh', os.path.join(BASE, 'node/noon-condition')], env=env,
                              capture_output=True, text=True, timeout=60, check=False)
        with open(env['CALLS'], encoding='utf-8') as calls:
            said = calls.read()
        status = dict(re.findall(r'patch node (\w+) .*?"status":"(\w+)"', said, re.S))
        tap.check(done.returncode == 0 and status == {'one': 'True', 'two': 'False',
                                                      'three': 'False'},
                  'the condition of nodes follows from their pods', f'{done.stderr}\n{said}')
        tap.check('taint node one noon/clock-unsynchronised-' in said and
                  'taint node two noon/clock-unsynchronised=:NoSchedule' in said,
                  'and so does the taint', said)
        file('pods', 'nonsense')
        done = subprocess.run(['sh', os.path.join(BASE, 'node/noon-condition')], env=env,
                              capture_output=True, text=True, timeout=60, check=False)
        with open(env['CALLS'], encoding='utf-8') as calls:
            after = calls.read()[len(said):]
        tap.check('patch' not in after, 'from an answer that makes no sense nothing follows', after)


def main():
    if yaml is None:
        skip_all('no python3-yaml here')
    tap = Tap()
    documents = list(written())
    faults = [f'{path}: {fault}' for path, document in documents
              for fault in manifests.faults_of(document)]
    tap.check(len(documents) > 10 and not faults, 'the manifests have only known fields', faults)
    documents = [document for _, document in documents]
    check_rights(tap, documents, '')
    check_checker(tap, [document for document in documents if document['kind'] == 'DaemonSet'])
    check_rendered(tap)
    for path in sorted(glob.glob(os.path.join(BASE, '*', 'noon.conf'))):
        done = subprocess.run([sys.argv[1], 'check', path], capture_output=True, text=True,
                              check=False)
        tap.check(done.returncode == 0, f'{os.path.relpath(path, BASE)} holds as written',
                  done.stdout)
    check_condition(tap)
    tap.done()


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
