# SPDX-License-Identifier: BSD-2-Clause
"""tap.py - results of a Python test in the Test Anything Protocol."""
import sys


class Tap:
    """Counts checks; done() prints the plan.  A sentence says what holds."""

    def __init__(self):
        self.number = 0

    def check(self, good, sentence, detail=''):
        """One result; `detail` is shown when it is bad.  Returns `good`."""
        self.number += 1
        print(f'{"ok" if good else "not ok"} {self.number} - {sentence}')
        if not good:
            self.note(detail)
        sys.stdout.flush()
        return good

    def skip(self, sentence, reason):
        self.number += 1
        print(f'ok {self.number} - {sentence} # SKIP {reason}', flush=True)

    @staticmethod
    def note(text):
        print(*(f'# {line}' for line in str(text).splitlines()), sep='\n', flush=True)

    def done(self):
        print(f'1..{self.number}', flush=True)


def skip_all(reason):
    """Ends a test that cannot run here."""
    print(f'1..0 # SKIP {reason}')
    sys.exit(0)
