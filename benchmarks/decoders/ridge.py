"""Ridge regression on standardised features."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.base import NAME, Decoder, DecoderOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.registry import Info


class RidgeOptions(DecoderOptions):
    """Options of the decoder."""

    decoder: Literal["ridge"] = "ridge"
    name: str = Field("ridge", pattern=NAME, description="name of the decoder in the tables")
    alpha_low: float = Field(1e-3, gt=0, description="smallest penalty tried")
    alpha_high: float = Field(1e5, gt=0, description="largest penalty tried")
    alphas: int = Field(17, ge=1, description="number of penalties, evenly spaced in the logarithm")


@DECODERS.register(
    Info(
        name="ridge",
        task="any",
        summary="linear regression with an L2 penalty chosen by leave-one-out",
        reference="Hoerl and Kennard 1970; Golub et al. 1979",
        licence="BSD-3-Clause",
    )
)
class Ridge(Decoder):
    """Linear regression; median imputation, scaling and the penalty all come from the training rows.

    The penalty minimises the closed-form leave-one-out error. Where neighbouring training rows are nearly
    equal that error is optimistic and the penalty small: the choice is weak there, but never sees a test row.
    """

    Options = RidgeOptions
    seconds = 0.06
    options: RidgeOptions

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """One penalty in place of the choice by leave-one-out."""
        alpha = float(10 ** rng.uniform(-3, 5))
        return {"alpha_low": alpha, "alpha_high": alpha, "alphas": 1}

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        o = self.options
        self._model: Any = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            StandardScaler(),
            RidgeCV(alphas=np.geomspace(o.alpha_low, o.alpha_high, o.alphas)),
        )
        self._model.fit(X, y)

    def _predict(self, X: np.ndarray) -> np.ndarray:
        return self._model.predict(X)
