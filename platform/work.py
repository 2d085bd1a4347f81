"""A command at work, and who looks on: the terminal, logs, the status file, metrics."""

import logging
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from slipbench.datasets.hashing import config_hash


@dataclass(frozen=True)
class Work:
    """A command that runs.

    Parameters
    ----------
    command, subject : str
        What was asked for, such as ``bench`` and the name of the suite.
    config_hash : str
        Of its configuration; empty where it has none.
    run : str
        Names this attempt and no other.
    since : float
        Its start, seconds since 1970.
    """

    command: str
    subject: str = ""
    config_hash: str = ""
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    since: float = field(default_factory=time.time)

    @classmethod
    def of(cls, command: str, subject: str, options: Any = None) -> "Work":
        """The work on a configuration."""
        return cls(command, subject, "" if options is None else config_hash(options))


class Counted:
    """A counted stage of a command: how far it is, how fast it goes, and how long it may still take.

    Attributes
    ----------
    name, detail : str
        What is counted, and what is being done.
    done, total : int
        The count; ``total`` is -1 before the first one.
    began : float
        When this count began, in seconds of `time.monotonic`.
    """

    def __init__(self, name: str) -> None:
        self.name, self.detail = name, ""
        self.done, self.total, self.began = 0, -1, 0.0
        self._first, self._started, self._stopped = 0, time.monotonic(), 0.0

    def step(self, detail: str, done: int, total: int) -> None:
        """Take the next count; another total means that another thing is counted from here on."""
        if total != self.total:
            self.began, self._first = time.monotonic(), done
        self.detail, self.done, self.total = detail, done, total
        self._stopped = time.monotonic() if self.ended else 0.0

    @property
    def active(self) -> float:
        """Seconds from its first announcement until now, or until it ended."""
        return (self._stopped or time.monotonic()) - self._started

    @property
    def seconds(self) -> float:
        """Since the count began."""
        return time.monotonic() - self.began

    @property
    def rate(self) -> float:
        """Counts a second; 0 where nothing is known yet."""
        return (self.done - self._first) / self.seconds if self.seconds > 0 else 0.0

    @property
    def ended(self) -> bool:
        """Whether all is done."""
        return 0 <= self.total <= self.done

    @property
    def seconds_left(self) -> float | None:
        """About what is left, at the rate so far; None where nothing is known."""
        return (self.total - self.done) / self.rate if self.rate > 0 and not self.ended else None


class View:
    """Somebody who looks on; what it does not care for it leaves."""

    #: Where it can be found.
    where: str = ""

    def start(self) -> None:
        """The command starts.

        Raises
        ------
        InputError
            When nobody can look on from there.
        """

    def say(self, text: str) -> None:
        """One line for people."""

    def fail(self, kind: str, text: str) -> None:
        """One line about something that failed."""

    def step(self, stage: Counted) -> None:
        """A stage has been counted."""

    def event(self, record: logging.LogRecord) -> None:
        """A lower floor tells of one shard, epoch or cell: what, in attributes of the record."""

    def flush(self) -> None:
        """Called about once a second, in a thread of its own."""

    def end(self, state: str, reason: str) -> None:
        """The command has ended: ``done``, ``failed`` or ``stopped``, and why."""
