"""The small file by which ``slipbench status`` sees a running command, and what became of it."""

import json
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from slipbench.datasets.atomic import atomic_file
from slipbench.datasets.process import this_process
from slipbench.platform.work import Counted, View, Work

#: Files of ended commands that are kept.
KEPT = 100
#: A file that says nothing new is written again after so many seconds: who cannot see the process sees that.
HEARTBEAT_SECONDS = 10.0
#: Stages that a file tells of, the newest ones.
_STAGES = 20


def folder_of_status(home: Path) -> Path:
    """Where the files of a home are."""
    return home / "status"


class Live(View):
    """Writes what the command does at most once a second, each time as a whole, from its first stage on.

    A command that is refused before leaves nothing. Where nothing can be written, nothing is, and the command
    goes on.

    Parameters
    ----------
    home : Path
        ``SLIPBENCH_HOME``.
    work : Work
        The command.
    """

    def __init__(self, home: Path, work: Work) -> None:
        began = time.strftime("%Y%m%dT%H%M%S", time.gmtime(work.since))
        self._folder = folder_of_status(home)
        self._path = self._folder / f"{began}-{work.run}.json"
        self._head = {
            "run": work.run,
            "command": work.command,
            "subject": work.subject,
            "config_hash": work.config_hash,
            "since": work.since,
            "process": this_process(),
        }
        self._stages: dict[str, dict[str, Any]] = {}
        self._said, self._failures = "", 0
        self._begun, self._changed, self._written = False, False, 0.0

    def say(self, text: str) -> None:
        """Keep the last line."""
        self._said, self._changed = text, True

    def fail(self, kind: str, text: str) -> None:
        """Count it."""
        self._failures += 1
        self.say(text)

    def event(self, record: logging.LogRecord) -> None:
        """Count failed cells and trials."""
        if getattr(record, "status", "") == "failed":
            self._failures, self._changed = self._failures + 1, True

    def step(self, stage: Counted) -> None:
        """Keep the count. The newest stage stands last."""
        left = stage.seconds_left
        now = {
            "stage": stage.name,
            "detail": stage.detail,
            "done": stage.done,
            "total": stage.total,
            "since": time.time() - stage.seconds,
            "per_second": stage.rate,
            "seconds_left": left,
            "ended": stage.ended,
        }
        # a new dictionary each time: another thread may be reading the one before
        self._stages = {k: v for k, v in self._stages.items() if k != stage.name} | {stage.name: now}
        self._changed = True
        if not self._begun:
            self._begun = True
            self._write("running")
            self._tidy()

    def _tidy(self) -> None:
        """Old files go, and what commands that were killed left half written."""
        with suppress(OSError):
            for old in sorted(self._folder.glob("*.json"))[:-KEPT]:
                old.unlink()
            for cut in self._folder.glob(".*.partial"):
                if time.time() - cut.stat().st_mtime > 3600:
                    cut.unlink()

    def flush(self) -> None:
        """Write what is new."""
        if not self._begun:
            return
        if self._changed or time.time() - self._written >= HEARTBEAT_SECONDS:
            self._write("running")

    def end(self, state: str, reason: str) -> None:
        """Write the last file."""
        if self._begun:
            self._write(state, reason)

    def _write(self, state: str, reason: str = "") -> None:
        self._changed, self._written = False, time.time()
        whole = {
            **self._head,
            "state": state,
            "reason": reason,
            "heard": self._written,
            "failures": self._failures,
            "said": self._said,
            "stages": list(self._stages.values())[-_STAGES:],
        }
        with suppress(OSError), atomic_file(self._path, sync=False) as file:
            file.write(json.dumps(whole).encode())
