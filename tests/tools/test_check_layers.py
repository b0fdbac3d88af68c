#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/check-layers must see each kind of fault in a small bad tree, and nothing in a good one.

usage: test_check_layers.py PATH-OF-CHECK-LAYERS      prints TAP
"""
import os
import re
import subprocess
import sys
import tempfile

SPDX = '/* SPDX-License-Identifier: BSD-2-Clause */\n'


def header(path, body=''):
    guard = re.sub(r'[^A-Z0-9]', '_', path.upper())
    return f'{SPDX}#ifndef {guard}\n#define {guard}\n{body}\n#endif\n'


GOOD = {
    'base/units.h': header('base/units.h', 'struct mono_time {\n    long ns;\n};\n'
                           'static inline long ns(struct mono_time t)\n{\n    return t.ns;\n}'),
    'core/estimate/sample.h': header('core/estimate/sample.h', '#include "base/units.h"'),
    'core/client/exchange.c': SPDX + '#include <string.h>\n#include "base/units.h"\n'
                              '#include "core/estimate/sample.h"\n'
                              'enum { TABLE_SIZE = 2 };\n'
                              'static const char *const names[TABLE_SIZE] = {"a;b", "{"};\n'
                              'static const struct { int a; } rows[] = {{1}, {2}};\n'
                              'int exchange(const char *(*name)(int));\n'
                              '/* malloc(1) and printf("x") in a comment; int global; */\n'
                              'int exchange(const char *(*name)(int))\n{\n'
                              '    static const int limit = 3;\n'
                              '    struct pair { int free; } p = {limit};\n'
                              '    return (int)strlen(name(p.free)) + rows[0].a + (names[0] == 0);\n'
                              '}\n',
    'daemon/main.c': SPDX + '#include <stdlib.h>\nstatic int signalled;\n'
                     'int main(void)\n{\n    return signalled;\n}\n',
    'sim/main.c': SPDX + '#include <stdlib.h>\nint main(void)\n{\n    free(malloc(1));\n'
                  '    return 0;\n}\n',
}


def c(code):
    return SPDX + code + '\n'


def lines(count):
    return 'int f(void)\n{\n' + '    (void)0;\n' * (count - 3) + '}\n'


# What is wrong, in a sentence; the files that replace or join the good ones; the complaint expected.
BAD = [
    ('base that includes wire is refused',
     {'base/a.c': c('#include "wire/a.h"'), 'wire/a.h': header('wire/a.h')},
     'src/base/a.c:2: base may not include wire/a.h'),
    ('a core folder takes no module of its neighbour',
     {'core/client/a.c': c('#include "core/clock/discipline.h"'),
      'core/clock/discipline.h': header('core/clock/discipline.h')},
     'src/core/client/a.c:2: core/client may not include core/clock/discipline.h'),
    ('only node includes node',
     {'core/clock/a.c': c('#include "core/node/node.h"'),
      'core/node/node.h': header('core/node/node.h')},
     'core/clock may not include core/node/node.h'),
    ('the simulator never sees sys',
     {'sim/a.c': c('#include "sys/clock.h"'), 'sys/clock.h': header('sys/clock.h')},
     'sim may not include sys/clock.h'),
    ('sys includes nothing of wire',
     {'sys/a.c': c('#include "wire/a.h"'), 'wire/a.h': header('wire/a.h')},
     'sys may not include wire/a.h'),
    ('the command line takes nothing of core/node',
     {'cli/a.c': c('#include "core/node/node.h"'),
      'core/node/node.h': header('core/node/node.h')},
     'cli may not include core/node/node.h'),
    ('a header without its folder is refused',
     {'base/a.c': c('#include "units.h"')}, '"units.h": give the path from src/'),
    ('a folder that nobody planned is refused',
     {'misc/a.c': c('int a(void);')}, 'no rule for folder misc'),
    ('an operating system header in pure code is refused',
     {'wire/a.c': c('#include <unistd.h>')}, 'src/wire/a.c:2: <unistd.h> in pure code'),
    ('text output in core is refused by its header',
     {'core/node/a.c': c('#include <stdio.h>')}, '<stdio.h> in pure code'),
    ('TLS outside the helper is refused',
     {'daemon/a.c': c('#include <openssl/ssl.h>')}, '<openssl/ssl.h> belongs into helper'),
    ('kernel headers outside sys are refused',
     {'daemon/a.c': c('#include <linux/rtc.h>')}, '<linux/rtc.h> belongs into sys'),
    ('the heap in core is refused',
     {'core/node/a.c': c('void *f(void)\n{\n    return malloc(3);\n}')},
     'src/core/node/a.c:4: malloc(): core memory is owned by the caller'),
    ('the clock in config is refused',
     {'config/a.c': c('long f(void)\n{\n    return time(0);\n}')}, 'time(): the present time'),
    ('randomness in crypto is refused',
     {'crypto/a.c': c('int f(void)\n{\n    return rand();\n}')}, 'rand(): random bits'),
    ('the simulated world may not print',
     {'sim/world.c': c('void f(void)\n{\n    printf("x");\n}')}, 'printf(): the core answers'),
    ('exp of libm in core is refused',
     {'core/estimate/a.c': c('double f(double x)\n{\n    return exp(x);\n}')},
     'exp(): libm differs'),
    ('strcpy is refused even in the daemon',
     {'daemon/a.c': c('void f(char *a)\n{\n    strcpy(a, "x");\n}')}, 'strcpy(): use a bounded'),
    ('atoi is refused everywhere',
     {'cli/a.c': c('int f(char *a)\n{\n    return atoi(a);\n}')}, 'atoi(): overflow'),
    ('a mutable variable of a file is found',
     {'sys/a.c': c('\n\nstatic int count;')}, 'src/sys/a.c:4: mutable variable: static int count'),
    ('a mutable table of constant strings is found',
     {'cli/a.c': c('static const char *names[] = {"a"};')},
     'mutable variable: static const char *names[]'),
    ('a mutable static of a function is found',
     {'wire/a.c': c('int f(void)\n{\n    static int calls = 0;\n    return ++calls;\n}')},
     'src/wire/a.c:4: mutable variable: static int calls'),
    ('a mutable pointer to a function is found',
     {'sys/a.c': c('static int (*handler)(int);')}, 'mutable variable: static int (*handler)(int)'),
    ('a mutable structure with its type is found',
     {'daemon/a.c': c('static struct state {\n    int a;\n} state = {1};')},
     'src/daemon/a.c:2: mutable variable: static struct state state'),
    ('modules that include each other are a cycle',
     {'wire/a.h': header('wire/a.h', '#include "wire/b.h"'), 'wire/a.c': c('#include "wire/a.h"'),
      'wire/b.h': header('wire/b.h'), 'wire/b.c': c('#include "wire/a.h"')},
     'src/wire/a:1: include cycle with wire/b'),
    ('a cycle through a header of both is found',
     {'wire/a.h': header('wire/a.h', '#include "wire/types.h"'),
      'wire/a.c': c('#include "wire/a.h"'), 'wire/b.c': c('#include "wire/a.h"'),
      'wire/b.h': header('wire/b.h'),
      'wire/types.h': header('wire/types.h', '#include "wire/b.h"')},
     'src/wire/a:1: include cycle with wire/b'),
    ('a function of 71 lines is too long',
     {'base/a.c': c(lines(71))}, 'src/base/a.c:2: f() has 71 lines'),
    ('six parameters are too many',
     {'base/a.c': c('int f(int a, int b, int c, int d, int e, int g)\n{\n    return 0;\n}')},
     'f() has 6 parameters'),
    ('a file of 801 lines is too long',
     {'base/a.c': c('\n' * 800)}, 'longer than 800 lines'),
    ('a file without licence is found', {'base/a.c': 'int a(void);\n'}, 'the SPDX line comes first'),
    ('a header without guard is found', {'base/a.h': c('int a(void);')}, 'guard BASE_A_H is missing'),
    ('_GNU_SOURCE outside sys is found', {'daemon/a.c': c('#define _GNU_SOURCE')}, 'only in sys'),
]


def run(checker, files):
    """The checker's exit code and output for a tree of these files."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = os.path.join(root, 'src', name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
        done = subprocess.run([checker, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def main(checker):
    print(f'1..{len(BAD) + 3}')
    number = 0

    def report(good, sentence, output):
        nonlocal number
        number += 1
        print(f'{"ok" if good else "not ok"} {number} - {sentence}')
        if not good:
            print(*(f'# {line}' for line in output.splitlines()), sep='\n')

    code, output = run(checker, GOOD)
    report(code == 0, 'a good tree passes', output)
    code, output = run(checker, {**GOOD, 'base/a.c': c(lines(70))})
    report(code == 0, 'a function of 70 lines passes', output)
    code, output = run(checker, {**GOOD, 'sys/udp.h': header('sys/udp.h'),
                                 'sys/udp.c': c('#include "sys/udp_batch.h"'),
                                 'sys/udp_batch.c': c('#include "sys/udp_batch.h"'),
                                 'sys/udp_batch.h': header('sys/udp_batch.h',
                                                           '#include "sys/udp.h"')})
    report(code == 0, 'a module and a part of it are one module', output)
    for sentence, files, complaint in BAD:
        code, output = run(checker, {**GOOD, **files})
        report(code == 1 and complaint in output and output.count('\n') == 1, sentence, output)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
