"""Ctrl-C and SIGTERM: the run ends at once, its worker processes with it, and cleans up on the way out."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """The user, or the system, wants the program to end; `code` is its exit code."""

    def __init__(self, number: int) -> None:
        self.code = 128 + number
        super().__init__(self.code)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn the signals into `Stopped` while the program runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    """End the workers and raise; once is enough, so that nothing disturbs the cleaning up."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    processes = sys.modules.get("multiprocessing.process")
    for worker in processes.active_children() if processes is not None else ():
        worker.kill()
    raise Stopped(number)
