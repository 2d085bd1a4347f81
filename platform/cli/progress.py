"""Progress of long stages: bars with rate and remaining time in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from slipbench.platform.cli.console import err
from slipbench.platform.stop import raise_if_asked

PLAIN_SECONDS = 5.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:.2g}/s" if speed < 10 else f"{speed:.0f}/s")


class Reporter:
    """Shows any number of counted stages; a context manager.

    Without a terminal a stage prints a line when it ends and, while it runs, at most one every few
    seconds.
    """

    def __init__(self) -> None:
        self._console = err()
        self._bars: Progress | None = None
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
        """Print one line, above the bars."""
        self._console.print(text)

    def stage(self, name: str) -> Callable[[str, int, int], None]:
        """Callback ``(detail, done, total)`` of one stage; the detail may change while it runs."""
        show = self._bar(name) if self._bars else self._lines(name)

        def step(detail: str, done: int, total: int) -> None:
            raise_if_asked()
            show(detail, done, total)

        return step

    def counter(self, name: str) -> Callable[[int, int], None]:
        """Callback ``(done, total)`` of one stage."""
        stage = self.stage(name)
        return lambda done, total: stage("", done, total)

    def _bar(self, name: str) -> Callable[[str, int, int], None]:
        bars = self._bars
        assert bars is not None
        task = bars.add_task(name, total=None)
        size = [-1]

        def show(detail: str, done: int, total: int) -> None:
            if total != size[0]:  # another thing is counted from here on, so the rate starts anew
                bars.reset(task, total=total, completed=done)
                size[0] = total
            bars.update(task, description=f"{name}  {detail}"[:60], completed=done)

        return show

    def _lines(self, name: str) -> Callable[[str, int, int], None]:
        size, start, first, last = -1, 0.0, 0, 0.0
        ended = False

        def show(detail: str, done: int, total: int) -> None:
            nonlocal size, start, first, last, ended
            now = time.monotonic()
            if total != size:
                size, start, first, last, ended = total, now, done, now, False
            if ended or (done < total and now - last < PLAIN_SECONDS):
                return
            last, ended = now, done >= total
            seconds = now - start
            rate = (done - first) / seconds if seconds > 0 else 0.0
            left = f", about {(total - done) / rate:.0f} s left" if rate and not ended else ""
            pace = f" ({rate:.2g}/s{left})" if rate and seconds > 1 else ""
            self.say(f"{name}: {done} of {total}{pace}{f', now {detail}' if detail and not ended else ''}")

        return show
