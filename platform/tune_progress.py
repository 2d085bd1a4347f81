"""Progress of a search. Ray saves its callbacks to disk, so the one that shows it must not be in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ray.tune import Callback

_listeners: list[Callable[[], None]] = []


@contextmanager
def each_trial(listener: Callable[[], None]) -> Iterator[None]:
    """Call `listener` in this process after every trial that ends."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class TrialEnds(Callback):
    """Tells this process's listeners; holds nothing itself."""

    def on_trial_complete(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        """A trial ended or was stopped early."""
        for listener in _listeners:
            listener()

    def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        """A trial failed."""
        self.on_trial_complete(iteration, trials, trial, **info)
