"""A random forest that sees the day number and nothing else: what a split gives away for nothing."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class DayNumberOptions(Options):
    """Options of the forest."""

    baseline: Literal["day_number"] = "day_number"
    trees: int = Field(50, ge=1, description="trees of the forest")


@BASELINES.register(
    Info(
        "day_number",
        "nowcast",
        "random forest on the day number alone",
        "Breiman 2001",
        "BSD-3-Clause",
    )
)
class DayNumber(Baseline):
    """Shows leakage: it knows no physics, so any skill it has comes from neighbours in time."""

    Options = DayNumberOptions
    seconds = 0.2

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Fit the forest on (day, target)."""
        from sklearn.ensemble import RandomForestRegressor

        self._shape = y.shape[1:]
        self._forest = RandomForestRegressor(self.options.trees, random_state=self.seed)
        self._forest.fit(time[:, None], y.squeeze(axis=1) if y.shape[1] == 1 else y)

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Ask the forest."""
        return self._forest.predict(time[:, None]).reshape(len(time), *self._shape)
