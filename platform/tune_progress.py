"""Progress of a search. Ray saves its callbacks to disk, so the one that shows it must not be in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ray.tune import Callback

from slipbench.platform.ray_session import raise_if_lost
from slipbench.platform.stop import raise_if_asked

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

    def on_step_begin(self, iteration: int, trials: list, **info: Any) -> None:
        """The search looks at its trials, ten times a second."""
        raise_if_asked()
        raise_if_lost()

    def on_trial_complete(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        """A trial ended or was stopped early."""
        for listener in _listeners:
            listener()

    def on_trial_error(self, iteration: int, trials: list, trial: Any, **info: Any) -> None:
        """A trial failed."""
        self.on_trial_complete(iteration, trials, trial, **info)
