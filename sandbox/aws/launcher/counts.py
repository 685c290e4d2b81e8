"""What the functions did, for those who watch a run."""

import threading
from collections import defaultdict


def _none():
    return {
        "runs": 0,
        "failures": 0,
        "retries": 0,
        "kept": 0,
        "lost": 0,
        "unwrittenLogs": 0,
        "skippedDeliveries": 0,
    }


class Counts:
    """Numbers by function ARN, see FunctionCounts in types.ts."""

    def __init__(self):
        self.lock, self.by_function = threading.Lock(), defaultdict(_none)

    def ran(self, arn, error=None):
        self._add(arn, runs=1, failures=1 if error else 0, lastError=error)

    def retried(self, arn):
        self._add(arn, retries=1)

    def kept(self, arn):
        self._add(arn, kept=1)

    def lost(self, arn, reason):
        self._add(arn, lost=1, lastDenial=reason)

    def log_denied(self, arn, reason):
        self._add(arn, unwrittenLogs=1, lastDenial=reason)

    def delivery_skipped(self, arn, reason):
        self._add(arn, skippedDeliveries=1, lastDenial=reason)

    def snapshot(self):
        with self.lock:
            return {arn: dict(numbers) for arn, numbers in self.by_function.items()}

    def _add(self, arn, **changes):
        with self.lock:
            numbers = self.by_function[arn]
            for name, change in changes.items():
                if isinstance(change, int):
                    numbers[name] += change
                elif change is not None:
                    numbers[name] = change


COUNTS = Counts()
