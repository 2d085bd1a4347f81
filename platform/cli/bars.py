"""Progress as bars with rate and remaining time, in a terminal."""

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
from slipbench.platform.work import Counted, View


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:.2g}/s" if speed < 10 else f"{speed:.0f}/s")


class Bars(View):
    """A bar for each stage; lines stand above them."""

    def __init__(self) -> None:
        self._console = err()
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        #: Stage to its bar and the beginning of its count.
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def start(self) -> None:
        """Show them."""
        self._bars.start()

    def say(self, text: str) -> None:
        """Print one line."""
        self._console.print(text)

    def fail(self, kind: str, text: str) -> None:
        """Print one line."""
        self._console.print(text)

    def step(self, stage: Counted) -> None:
        """Move the stage's bar."""
        if stage.name not in self._tasks:
            self._tasks[stage.name] = self._bars.add_task(stage.name, total=None), -1.0
        task, began = self._tasks[stage.name]
        if stage.began != began:
            self._bars.reset(task, total=stage.total, completed=stage.done)
            self._tasks[stage.name] = task, stage.began
        self._bars.update(task, description=f"{stage.name}  {stage.detail}"[:60], completed=stage.done)

    def end(self, state: str, reason: str) -> None:
        """Leave them as they are."""
        self._bars.stop()
