"""Progress as lines, where there is no terminal: one when a stage ends, and now and then before."""

import time

from slipbench.platform.cli.console import err
from slipbench.platform.work import Counted, View

PLAIN_SECONDS = 5.0


class Lines(View):
    """A stage has a line when it ends and, while it runs, at most one every few seconds."""

    def __init__(self) -> None:
        self._console = err()
        #: Stage to the beginning of its count and the time of its last line; infinity after the end.
        self._told: dict[str, tuple[float, float]] = {}

    def say(self, text: str) -> None:
        """Print one line."""
        self._console.print(text)

    def fail(self, kind: str, text: str) -> None:
        """Print one line."""
        self._console.print(text)

    def step(self, stage: Counted) -> None:
        """Print a line when it is time."""
        now = time.monotonic()
        began, last = self._told.get(stage.name, (-1.0, 0.0))
        if stage.began != began:
            began = last = stage.began
            self._told[stage.name] = began, last
        if last == float("inf") or (not stage.ended and now - last < PLAIN_SECONDS):
            return
        self._told[stage.name] = began, float("inf") if stage.ended else now
        left = stage.seconds_left
        pace = f", about {left:.0f} s left" if left is not None else ""
        pace = f" ({stage.rate:.2g}/s{pace})" if stage.rate and stage.seconds > 1 else ""
        detail = f", now {stage.detail}" if stage.detail and not stage.ended else ""
        self.count(stage, f"{stage.name}: {stage.done} of {stage.total}{pace}{detail}")

    def count(self, stage: Counted, text: str) -> None:
        """Print the line of a stage."""
        self._console.print(text)
