"""Random forest."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.base import NAME, Decoder, TreeOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.registry import Info


class RandomForestOptions(TreeOptions):
    """Options of the decoder."""

    decoder: Literal["random_forest"] = "random_forest"
    name: str = Field("random_forest", pattern=NAME, description="name of the decoder in the tables")
    features: float = Field(1 / 3, gt=0, le=1, description="share of the features tried at a split")
    leaf_rows: int = Field(1, ge=1, description="fewest rows in a leaf")


@DECODERS.register(
    Info(
        name="random_forest",
        task="any",
        summary="mean of trees grown on bootstrap samples",
        reference="Breiman 2001",
        licence="BSD-3-Clause",
    )
)
class RandomForest(Decoder):
    """Random forest of scikit-learn; missing values go down the side that fits better."""

    Options = RandomForestOptions
    seconds = 4.5
    options: RandomForestOptions

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another share of the features and size of the leaves."""
        return {
            "features": float(rng.uniform(0.1, 1.0)),
            "leaf_rows": int(rng.choice([1, 2, 5, 10, 20, 50])),
        }

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        from sklearn.ensemble import RandomForestRegressor

        o = self.options
        self._model: Any = RandomForestRegressor(
            n_estimators=o.trees,
            max_features=o.features,
            min_samples_leaf=o.leaf_rows,
            n_jobs=o.threads,
            random_state=self.seed,
        )
        self._model.fit(X, y)

    def _predict(self, X: np.ndarray) -> np.ndarray:
        # Threads finish in any order and add their trees to one sum: one thread keeps the last digit fixed.
        self._model.n_jobs = 1
        return self._model.predict(X)
