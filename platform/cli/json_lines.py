"""Structured logs: one JSON object a line on stderr, from the command and from the libraries it uses."""

import io
import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from slipbench.platform.cli.lines import Lines
from slipbench.platform.settings import hidden
from slipbench.platform.work import Counted, Work

_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def json_line(level: str, message: str, **more: Any) -> None:
    """Write one line: ``time`` (UTC), ``level``, ``message`` and what else is known, without passwords."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    whole = {"time": now, "level": level, "message": message} | {k: v for k, v in more.items() if v != ""}
    text = json.dumps({k: hidden(v) if isinstance(v, str) else v for k, v in whole.items()}, default=str)
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def more_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a log record carries beside its message."""
    found = {k: v for k, v in vars(record).items() if k not in _OWN}
    if record.exc_info:
        found["exception"] = "".join(traceback.format_exception(*record.exc_info))
    return found


class Foreign(logging.Handler):
    """Warnings and errors that libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        json_line(record.levelname.lower(), record.getMessage(), logger=record.name, **more_of(record))


class JsonText(io.StringIO):
    """A text file whose lines become JSON lines, for what prints notes."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = ""

    def write(self, text: str) -> int:
        """Take text; whole lines of it are written."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(None, map(str.rstrip, lines)):
            json_line("info", line)
        return len(text)


class JsonLines(Lines):
    """Progress, notes and events of a command as JSON lines."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = {
            "run": work.run,
            "command": work.command,
            "subject": work.subject,
            "config_hash": work.config_hash,
        }
        self._foreign = Foreign(logging.WARNING)

    def start(self) -> None:
        """Say so, and take over what libraries log."""
        logging.getLogger().addHandler(self._foreign)
        logging.captureWarnings(True)
        self._line("info", "started")

    def say(self, text: str) -> None:
        """One line."""
        self._line("info", text)

    def fail(self, kind: str, text: str) -> None:
        """One line."""
        self._line("warning", text, kind=kind, status="failed")

    def event(self, record: logging.LogRecord) -> None:
        """One line with all that is known of the shard, epoch or cell."""
        self._line(record.levelname.lower(), record.getMessage(), **more_of(record))

    def count(self, stage: Counted, text: str) -> None:
        """One line with the numbers of the stage."""
        left = stage.seconds_left
        numbers = {"done": stage.done, "total": stage.total, "per_second": float(f"{stage.rate:.4g}")}
        numbers |= {} if left is None else {"seconds_left": round(left, 1)}
        self._line("info", text, stage=stage.name, detail=stage.detail, **numbers)

    def end(self, state: str, reason: str) -> None:
        """Say how it ended; the error itself is told by who catches it."""
        self._line("info" if state == "done" else "error", state, reason=reason)
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(self._foreign)

    def _line(self, level: str, message: str, **more: Any) -> None:
        json_line(level, message, **self._work, **more)
