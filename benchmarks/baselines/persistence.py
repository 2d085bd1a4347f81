"""The last training label before the day that is asked for."""

from typing import Literal

import numpy as np

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class PersistenceOptions(Options):
    """There is nothing to choose."""

    baseline: Literal["persistence"] = "persistence"


@BASELINES.register(
    Info(
        "persistence",
        "nowcast",
        "last training label before the test day",
        "forecast verification, e.g. Murphy 1992",
        "Apache-2.0",
        limits="a two-sided label is not really known on its own day: its kernel looks ahead",
    )
)
class Persistence(Baseline):
    """Predicts the latest training label that lies strictly before the asked day.

    Days before every training day get the first training label: the only choice left, and one that
    looks ahead. It happens when the blocked split puts its test block first.
    """

    Options = PersistenceOptions
    seconds = 0.001

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Keep the labels in the order of their days."""
        order = np.argsort(time, kind="stable")
        self._time, self._y = time[order], y[order]

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Look the latest one up."""
        return self._y[np.maximum(np.searchsorted(self._time, time, side="left") - 1, 0)]
