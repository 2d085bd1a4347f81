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


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def listen() -> None:
    """Turn SIGINT and SIGTERM into `Stopped` in the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
