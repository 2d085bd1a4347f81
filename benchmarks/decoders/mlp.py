"""Multi-layer perceptron."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.base import NAME, Decoder, DecoderOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.benchmarks.decoders.thinning import Reduction
from slipbench.datasets.registry import Info


class MLPOptions(DecoderOptions):
    """Options of the decoder."""

    decoder: Literal["mlp"] = "mlp"
    name: str = Field("mlp", pattern=NAME, description="name of the decoder in the tables")
    width: int = Field(64, ge=1, description="units of each of the two hidden layers")
    learning_rate: float = Field(1e-3, gt=0, description="first step size of Adam")
    penalty: float = Field(1e-3, ge=0, description="L2 penalty on the weights")
    epochs: int = Field(200, ge=1, description="most passes over the rows")
    patience: int = Field(20, ge=1, description="passes without a better validation error before it stops")
    validation: float = Field(0.15, gt=0, lt=1, description="share of the rows, the last ones, that decides")


@DECODERS.register(
    Info(
        name="mlp",
        task="any",
        summary="two hidden layers, stopped early on the last training rows",
        reference="Rumelhart et al. 1986; Kingma and Ba 2015",
        licence="BSD-3-Clause",
    )
)
class MLP(Decoder):
    """Perceptron of scikit-learn on standardised features.

    Rows of a smooth series that are drawn for validation have neighbours in training and would never say
    stop; the last block of time does. The weights of the best pass are kept.
    """

    Options = MLPOptions
    seconds = 0.7
    options: MLPOptions

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another width, step size and penalty."""
        return {
            "width": int(rng.choice([16, 32, 64, 128])),
            "learning_rate": float(10 ** rng.uniform(-3.5, -2)),
            "penalty": float(10 ** rng.uniform(-5, 1)),
        }

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        from sklearn.neural_network import MLPRegressor

        o = self.options
        self._reduction = Reduction.fit(X, X.shape[1])
        X = self._reduction(X)
        n = max(len(X) - max(round(o.validation * len(X)), 1), 1)
        held = slice(n, None) if n < len(X) else slice(None)
        model: Any = MLPRegressor(
            hidden_layer_sizes=(o.width, o.width),
            learning_rate_init=o.learning_rate,
            alpha=o.penalty,
            batch_size=min(64, n),
            random_state=self.seed,
        )
        best, waited = np.inf, 0
        for _ in range(o.epochs):
            model.partial_fit(X[:n], y[:n])
            error = float(np.mean((model.predict(X[held]) - y[held]) ** 2))
            waited += 1
            if error < best:
                best, waited = error, 0
                kept = [w.copy() for w in model.coefs_], [b.copy() for b in model.intercepts_]
            if waited >= o.patience:
                break
        model.coefs_, model.intercepts_ = kept
        self._model = model

    def _predict(self, X: np.ndarray) -> np.ndarray:
        return self._model.predict(self._reduction(X))
