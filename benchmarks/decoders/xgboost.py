"""Gradient boosting by XGBoost."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.base import NAME, Decoder, TreeOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.registry import Info


class XGBoostOptions(TreeOptions):
    """Options of the decoder."""

    decoder: Literal["xgboost"] = "xgboost"
    name: str = Field("xgboost", pattern=NAME, description="name of the decoder in the tables")
    learning_rate: float = Field(0.1, gt=0, le=1, description="weight of every new tree")
    depth: int = Field(6, ge=1, le=16, description="most splits from root to leaf")
    row_share: float = Field(0.8, gt=0, le=1, description="share of the rows seen by a tree")
    feature_share: float = Field(0.8, gt=0, le=1, description="share of the features seen by a tree")


@DECODERS.register(
    Info(
        name="xgboost",
        task="any",
        summary="gradient boosted trees, second order",
        reference="Chen and Guestrin 2016",
        licence="Apache-2.0",
    )
)
class XGBoost(Decoder):
    """XGBoost on histograms; it learns a default side for missing values."""

    Options = XGBoostOptions
    seconds = 3.9
    options: XGBoostOptions

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another learning rate and depth."""
        return {
            "learning_rate": float(10 ** rng.uniform(-2.5, -0.5)),
            "depth": int(rng.integers(2, 9)),
        }

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        import xgboost

        o = self.options
        self._model: Any = xgboost.train(
            {
                "tree_method": "hist",
                "eta": o.learning_rate,
                "max_depth": o.depth,
                "subsample": o.row_share,
                "colsample_bytree": o.feature_share,
                "nthread": o.threads,
                "seed": self.seed,
                "verbosity": 0,
            },
            xgboost.DMatrix(X, y, nthread=o.threads),
            num_boost_round=o.trees,
        )

    def _predict(self, X: np.ndarray) -> np.ndarray:
        import xgboost

        return self._model.predict(xgboost.DMatrix(X, nthread=self.options.threads))
