"""Progress of long stages: bars with rate and remaining time in a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from slipbench.platform.cli.console import err

PLAIN_SECONDS = 5.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:.2g}/s" if speed < 10 else f"{speed:.0f}/s")


class Reporter:
    """Reports any number of counted stages; call it as ``reporter(text, done, total)``.

    A context manager. Stages are told apart by their text. Without a terminal a stage prints a line
    when it ends and, while it runs, at most one every few seconds.
    """

    def __init__(self) -> None:
        self._console = err()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, tuple[float, int]] = {}
        self._printed: dict[str, float] = {}
        if sys.stderr.isatty():
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                _Rate(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )

    def __enter__(self) -> "Reporter":
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def say(self, text: str) -> None:
        """Print one line above the bars."""
        (self._bars.console if self._bars else self._console).print(text, soft_wrap=True)

    def __call__(self, text: str, done: int, total: int) -> None:
        """Tell that `done` of `total` parts of the stage `text` are finished."""
        if self._bars:
            if text not in self._tasks:
                self._tasks[text] = self._bars.add_task(text, total=total)
            self._bars.update(self._tasks[text], completed=done, total=total)
        else:
            self._plain(text, done, total)

    def _plain(self, text: str, done: int, total: int) -> None:
        now = time.monotonic()
        start, first = self._started.setdefault(text, (now, done))
        last = self._printed.setdefault(text, now)
        if done < total and now - last < PLAIN_SECONDS:
            return
        if self._printed.get(f"{text} ended"):
            return
        self._printed[text] = now
        if done >= total:
            self._printed[f"{text} ended"] = now
        seconds = max(now - start, 1e-9)
        rate = (done - first) / seconds
        left = f", about {(total - done) / rate:.0f} s left" if rate and done < total else ""
        pace = f" ({rate:.2g}/s{left})" if rate and seconds > 1 else ""
        self.say(f"{text}: {done} of {total}{pace}")
