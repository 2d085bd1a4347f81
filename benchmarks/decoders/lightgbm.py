"""Gradient boosting by LightGBM."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.base import NAME, Decoder, TreeOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.registry import Info


class LightGBMOptions(TreeOptions):
    """Options of the decoder."""

    decoder: Literal["lightgbm"] = "lightgbm"
    name: str = Field("lightgbm", pattern=NAME, description="name of the decoder in the tables")
    learning_rate: float = Field(0.1, gt=0, le=1, description="weight of every new tree")
    leaves: int = Field(31, ge=2, description="most leaves of a tree")
    leaf_rows: int = Field(20, ge=1, description="fewest rows in a leaf")
    row_share: float = Field(0.8, gt=0, le=1, description="share of the rows seen by a tree")
    feature_share: float = Field(0.8, gt=0, le=1, description="share of the features seen by a tree")


@DECODERS.register(
    Info(
        name="lightgbm",
        task="any",
        summary="gradient boosted trees, grown leaf by leaf",
        reference="Ke et al. 2017",
        licence="MIT",
    )
)
class LightGBM(Decoder):
    """LightGBM through its own interface; missing values go down the side that fits better."""

    Options = LightGBMOptions
    seconds = 1.7
    options: LightGBMOptions

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another learning rate and size of the trees."""
        return {
            "learning_rate": float(10 ** rng.uniform(-2.5, -0.5)),
            "leaves": int(rng.choice([7, 15, 31, 63])),
            "leaf_rows": int(rng.choice([5, 20, 50, 100])),
        }

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        import lightgbm

        o = self.options
        parameters = {
            "objective": "regression",
            "learning_rate": o.learning_rate,
            "num_leaves": o.leaves,
            "min_data_in_leaf": o.leaf_rows,
            "bagging_fraction": o.row_share,
            "bagging_freq": 1,
            "feature_fraction": o.feature_share,
            "num_threads": o.threads,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,  # otherwise a timing decides, and with it the order of the sums
            "verbosity": -1,
        }
        rows = lightgbm.Dataset(X, y, params=parameters)
        self._model: Any = lightgbm.train(parameters, rows, num_boost_round=o.trees)

    def _predict(self, X: np.ndarray) -> np.ndarray:
        return self._model.predict(X, num_threads=self.options.threads)
