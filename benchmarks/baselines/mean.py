"""The training mean, whatever the input."""

from typing import Literal

import numpy as np

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class MeanOptions(Options):
    """There is nothing to choose."""

    baseline: Literal["mean"] = "mean"


@BASELINES.register(
    Info("mean", "any", "mean of the training targets", "zero of R² by definition", "Apache-2.0")
)
class Mean(Baseline):
    """Predicts the mean of the training targets for every row."""

    Options = MeanOptions
    seconds = 0.001

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Keep the mean."""
        self._mean = y.mean(axis=0)

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Repeat it."""
        return np.tile(self._mean, (len(rows), 1))
