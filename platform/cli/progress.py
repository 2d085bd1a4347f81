"""What a long command does, told once and shown to all who look on: terminal, logs, status file, metrics."""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from slipbench.platform.cli import watching
from slipbench.platform.cli.bars import Bars
from slipbench.platform.cli.json_lines import JsonLines
from slipbench.platform.cli.lines import Lines
from slipbench.platform.live import Live
from slipbench.platform.settings import Settings
from slipbench.platform.stop import Stopped, raise_if_asked
from slipbench.platform.work import Counted, View, Work

#: Seconds between two looks of the views that write files.
PULSE_SECONDS = 1.0
#: Logger of all floors below the command line.
_FLOORS = logging.getLogger("slipbench")


class Reporter:
    """Tells the views of a command about its lines and counted stages; a context manager.

    Parameters
    ----------
    command, subject : str
        What was asked for, such as ``bench`` and the name of the suite.
    options : object, optional
        The configuration, whose hash is told.
    place : Settings, optional
        Home in whose status the command stands; none where there is no home.
    """

    def __init__(
        self, command: str, subject: str = "", options: Any = None, place: Settings | None = None
    ) -> None:
        self._work = Work.of(command, subject, options)
        # what may be refused comes first, so that nothing has begun then
        self._views: list[View] = [*_metrics(self._work), *([Live(place.home, self._work)] if place else ())]
        self._views.append(_shown(self._work))
        self._relay = _Relay(self._views)
        self._over = threading.Event()
        self._pulse = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Reporter":
        for view in self._views:
            view.start()
        self._level, self._propagate = _FLOORS.level, _FLOORS.propagate
        _FLOORS.addHandler(self._relay)
        _FLOORS.setLevel(logging.INFO)
        _FLOORS.propagate = False
        self._pulse.start()
        if watching.NOW.metrics:
            self.say(f"metrics: {self._views[0].where}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._pulse.join(PULSE_SECONDS)
        _FLOORS.removeHandler(self._relay)
        _FLOORS.setLevel(self._level)
        _FLOORS.propagate = self._propagate
        state = "done" if error is None else "stopped" if isinstance(error, Stopped) else "failed"
        reason = " ".join(str(error).split())[:300] if error else ""
        for view in self._views:
            view.end(state, reason)

    def _beat(self) -> None:
        while not self._over.wait(PULSE_SECONDS):
            for view in self._views:
                view.flush()

    def say(self, text: str) -> None:
        """Tell one line."""
        for view in self._views:
            view.say(text)

    def fail(self, kind: str, text: str) -> None:
        """Tell one line about something that failed; it is counted by kind, such as ``train``."""
        for view in self._views:
            view.fail(kind, text)

    def stage(self, name: str) -> Callable[[str, int, int], None]:
        """Callback ``(detail, done, total)`` of one stage; the detail may change while it runs."""
        stage = Counted(name)

        def step(detail: str, done: int, total: int) -> None:
            raise_if_asked()
            stage.step(detail, done, total)
            for view in self._views:
                view.step(stage)

        return step

    def counter(self, name: str) -> Callable[[int, int], None]:
        """Callback ``(done, total)`` of one stage."""
        stage = self.stage(name)
        return lambda done, total: stage("", done, total)


def _metrics(work: Work) -> list[View]:
    """The view of a monitoring system, where one is asked for."""
    if not watching.NOW.metrics:
        return []
    from slipbench.platform.metrics import Metrics

    return [Metrics(watching.NOW.metrics, work)]


def _shown(work: Work) -> View:
    """The view of who started the command."""
    if watching.NOW.json:
        return JsonLines(work)
    return Bars() if sys.stderr.isatty() else Lines()


class _Relay(logging.Handler):
    """Hands what the floors below log to the views."""

    def __init__(self, views: list[View]) -> None:
        super().__init__()
        self._views = views

    def emit(self, record: logging.LogRecord) -> None:
        for view in self._views:
            view.event(record)
