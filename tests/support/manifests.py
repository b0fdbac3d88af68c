# SPDX-License-Identifier: BSD-2-Clause
"""manifests.py - the fields that noon's Kubernetes manifests may have, and of what kind they are.

Kubernetes ignores a field that it does not know, so that a slip of the pen in a securityContext is
no error there.  A field that is not listed here, of another kind, or missing where it is needed is.
"""

TEXT, NUMBER, FLAG, ANY = str, int, bool, object
SIZE = (str, int)


class Map(dict):
    """Any keys, all values of one kind."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind


LABELS = Map(TEXT)
META = {'!name': TEXT, 'namespace': TEXT, 'labels': LABELS, 'annotations': LABELS}
SELECTOR = {'matchLabels': LABELS}
EXEC = {'!exec': {'!command': [TEXT]}, 'periodSeconds': NUMBER, 'timeoutSeconds': NUMBER,
        'failureThreshold': NUMBER}
CONTAINER = {
    '!name': TEXT, '!image': TEXT, 'args': [TEXT], 'command': [TEXT],
    'env': [{'!name': TEXT, '!value': TEXT}],
    'ports': [{'!name': TEXT, '!containerPort': NUMBER, '!protocol': TEXT}],
    'securityContext': {'allowPrivilegeEscalation': FLAG, 'readOnlyRootFilesystem': FLAG,
                        'capabilities': {'drop': [TEXT], 'add': [TEXT]}},
    'resources': {'requests': Map(SIZE), 'limits': Map(SIZE)},
    'startupProbe': EXEC, 'livenessProbe': EXEC, 'readinessProbe': EXEC,
    'lifecycle': {'preStop': {'exec': {'command': [TEXT]}}},
    'volumeMounts': [{'!name': TEXT, '!mountPath': TEXT, 'readOnly': FLAG}]}
POD = {
    '!containers': [CONTAINER], 'serviceAccountName': TEXT, 'automountServiceAccountToken': FLAG,
    'priorityClassName': TEXT, 'terminationGracePeriodSeconds': NUMBER,
    'tolerations': [{'operator': TEXT}], 'nodeSelector': LABELS,
    'topologySpreadConstraints': [{'!maxSkew': NUMBER, '!topologyKey': TEXT,
                                   '!whenUnsatisfiable': TEXT, 'labelSelector': SELECTOR}],
    'securityContext': {'runAsNonRoot': FLAG, 'runAsUser': NUMBER, 'runAsGroup': NUMBER,
                        'fsGroup': NUMBER, 'seccompProfile': {'!type': TEXT}},
    'volumes': [{'!name': TEXT, 'configMap': {'!name': TEXT},
                 'emptyDir': {'medium': TEXT, 'sizeLimit': SIZE}}]}
TEMPLATE = {'!metadata': {'!labels': LABELS}, '!spec': POD}
ROLLING = {'!type': TEXT, 'rollingUpdate': {'maxUnavailable': SIZE, 'maxSurge': SIZE}}
RULES = [{'!apiGroups': [TEXT], '!resources': [TEXT], '!verbs': [TEXT]}]
BINDING = {'!roleRef': {'!apiGroup': TEXT, '!kind': TEXT, '!name': TEXT},
           '!subjects': [{'!kind': TEXT, '!name': TEXT, '!namespace': TEXT}]}
PORTS = [{'!ports': [{'!protocol': TEXT, '!port': NUMBER}]}]

# By apiVersion and kind: what is there besides these and metadata.
KINDS = {
    'v1 Namespace': {},
    'v1 ConfigMap': {'!data': LABELS},
    'v1 ServiceAccount': {},
    'v1 Pod': {'!spec': POD},
    'v1 Service': {'!spec': {'!selector': LABELS,
                             '!ports': [{'!name': TEXT, '!port': NUMBER, '!targetPort': SIZE,
                                         '!protocol': TEXT}]}},
    'apps/v1 DaemonSet': {'!spec': {'!selector': SELECTOR, 'updateStrategy': ROLLING,
                                    '!template': TEMPLATE}},
    'apps/v1 Deployment': {'!spec': {'!selector': SELECTOR, 'strategy': ROLLING,
                                     'replicas': NUMBER, '!template': TEMPLATE}},
    'policy/v1 PodDisruptionBudget': {'!spec': {'maxUnavailable': SIZE, '!selector': SELECTOR}},
    'networking.k8s.io/v1 NetworkPolicy': {
        '!spec': {'!podSelector': SELECTOR, '!policyTypes': [TEXT], 'ingress': PORTS,
                  'egress': PORTS}},
    'rbac.authorization.k8s.io/v1 Role': {'!rules': RULES},
    'rbac.authorization.k8s.io/v1 ClusterRole': {'!rules': RULES},
    'rbac.authorization.k8s.io/v1 RoleBinding': BINDING,
    'rbac.authorization.k8s.io/v1 ClusterRoleBinding': BINDING}


def faults(value, shape, where):
    """What is wrong with a value, as sentences."""
    if isinstance(shape, Map):
        if not isinstance(value, dict):
            return [f'{where} is no map']
        return [fault for key in value for fault in faults(value[key], shape.kind,
                                                           f'{where}.{key}')]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f'{where} is no object']
        known = {key.lstrip('!'): kind for key, kind in shape.items()}
        found = [f'{where}.{key} is unknown' for key in value if key not in known]
        found += [f'{where}.{key[1:]} is missing' for key in shape
                  if key[0] == '!' and key[1:] not in value]
        return found + [fault for key in value if key in known
                        for fault in faults(value[key], known[key], f'{where}.{key}')]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f'{where} is no list']
        return [fault for i, one in enumerate(value)
                for fault in faults(one, shape[0], f'{where}[{i}]')]
    good = isinstance(value, shape) and (shape is FLAG or not isinstance(value, bool))
    return [] if good else [f'{where} is {value!r}']


def faults_of(document):
    """What is wrong with a whole manifest."""
    kind = f'{document.get("apiVersion")} {document.get("kind")}'
    if kind not in KINDS:
        return [f'{kind} is unknown']
    shape = {'!apiVersion': TEXT, '!kind': TEXT, '!metadata': META} | KINDS[kind]
    return faults(document, shape, document.get('metadata', {}).get('name', kind))


def unrestricted(pod):
    """Why Pod Security's level "restricted" refuses a pod of ours; empty: it does not."""
    whole = pod.get('securityContext', {})
    found = [] if whole.get('runAsNonRoot') is True else ['runAsNonRoot']
    if whole.get('seccompProfile', {}).get('type') != 'RuntimeDefault':
        found.append('seccompProfile')
    for key in ('hostNetwork', 'hostPID', 'hostIPC'):
        found += [key] if pod.get(key) else []
    for container in pod['containers']:
        own = container.get('securityContext', {})
        caps = own.get('capabilities', {})
        if own.get('allowPrivilegeEscalation') is not False:
            found.append('allowPrivilegeEscalation')
        if caps.get('drop') != ['ALL'] or set(caps.get('add', [])) - {'NET_BIND_SERVICE'}:
            found.append('capabilities')
        found += ['hostPort'] if any('hostPort' in port for port in container.get('ports', [])) else []
    return found
