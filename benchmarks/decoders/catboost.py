"""Gradient boosting by CatBoost."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.base import NAME, Decoder, TreeOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.registry import Info


class CatBoostOptions(TreeOptions):
    """Options of the decoder."""

    decoder: Literal["catboost"] = "catboost"
    name: str = Field("catboost", pattern=NAME, description="name of the decoder in the tables")
    learning_rate: float = Field(0.1, gt=0, le=1, description="weight of every new tree")
    depth: int = Field(6, ge=1, le=12, description="splits from root to leaf; trees are symmetric")


@DECODERS.register(
    Info(
        name="catboost",
        task="any",
        summary="ordered boosting of symmetric trees",
        reference="Prokhorenkova et al. 2018",
        licence="Apache-2.0",
    )
)
class CatBoost(Decoder):
    """CatBoost; a missing value counts as smaller than every other."""

    Options = CatBoostOptions
    seconds = 5.0
    options: CatBoostOptions

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another learning rate and depth."""
        return {
            "learning_rate": float(10 ** rng.uniform(-2.5, -0.5)),
            "depth": int(rng.integers(3, 9)),
        }

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        import catboost

        o = self.options
        self._model: Any = catboost.CatBoostRegressor(
            iterations=o.trees,
            learning_rate=o.learning_rate,
            depth=o.depth,
            thread_count=o.threads,
            random_seed=self.seed,
            allow_const_label=True,
            allow_writing_files=False,
            logging_level="Silent",
        )
        self._model.fit(X, y)

    def _predict(self, X: np.ndarray) -> np.ndarray:
        return self._model.predict(X, thread_count=self.options.threads)
