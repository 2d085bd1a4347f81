"""Ctrl-C and SIGTERM end a command in order: contexts close, locks are freed, one line is printed."""

import signal
from types import FrameType
from typing import NoReturn


class Stopped(BaseException):
    """The user or the system asked the process to end. Not an Exception, so nothing swallows it."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)

    @property
    def exit_code(self) -> int:
        """128 plus the signal's number, as shells report it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


_asked: list[int] = []


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    _asked.append(number)
    raise Stopped(number)


def listen() -> None:
    """Turn SIGINT and SIGTERM into `Stopped` in the main thread."""
    _asked.clear()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def raise_if_asked() -> None:
    """Raise `Stopped` when a signal came but its exception was lost.

    Compiled code (Ray's, a gradient booster's) turns what a signal handler raises inside it into an error of
    its own, and work would go on.
    """
    if _asked:
        raise Stopped(_asked[0])
