"""Events at the constant rate of the training days."""

from typing import Literal

import numpy as np
from scipy.stats import poisson

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.catalogue import Label, without_events
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.quantiles import LEVELS
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class PoissonOptions(Options):
    """There is nothing to choose."""

    baseline: Literal["poisson"] = "poisson"


@BASELINES.register(
    Info(
        "poisson",
        "nowcast",
        "constant rate of the events on the training days",
        "stationary Poisson process, e.g. Gardner and Knopoff 1974",
        "Apache-2.0",
        needs=("the events of a nowcast store",),
    )
)
class Poisson(Baseline):
    """Predicts the label of a catalogue without clusters; for counts also the Poisson quantiles."""

    Options = PoissonOptions
    seconds = 0.03

    def unusable(self, store: Store) -> str:
        """Why there is no rate."""
        return without_events(store)

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Count the events on the training days."""
        days = np.sort(time)
        day = np.floor(store.read("event_time"))
        found = np.minimum(np.searchsorted(days, day), len(days) - 1)
        self._rate = float((days[found] == day).sum() / len(days))

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """The label that this rate gives; near the ends of the studied period it holds fewer days."""
        label = Label.of(store, self.label)
        rate = np.full((len(time), label.back + label.ahead + 1), self._rate)
        mean = label.predict(time.astype(int), rate, -label.back)
        whole_numbers = not label.width
        self.quantiles = poisson.ppf(LEVELS, mean[:, None]) if whole_numbers else None
        return mean[:, None]
