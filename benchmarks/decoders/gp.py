"""Gaussian process regression."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy.special import ndtri

from slipbench.benchmarks.decoders.base import NAME, Decoder, DecoderOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.benchmarks.decoders.thinning import Reduction, thinned
from slipbench.datasets.registry import Info


class GPOptions(DecoderOptions):
    """Options of the decoder."""

    decoder: Literal["gp"] = "gp"
    name: str = Field("gp", pattern=NAME, description="name of the decoder in the tables")
    rows: int = Field(800, ge=2, description="most rows; more are thinned to one in each block of time")
    features: int = Field(20, ge=1, description="most features; more are reduced to principal components")
    smoothness: Literal["rbf", "matern32"] = Field(
        "rbf", description="covariance of the function: infinitely often or once differentiable"
    )
    steps: int = Field(50, ge=1, description="most steps of the search for the kernel's parameters")


@DECODERS.register(
    Info(
        name="gp",
        task="any",
        summary="Gaussian process: variance times an isotropic covariance, plus white noise",
        reference="Rasmussen and Williams 2006",
        licence="BSD-3-Clause",
        limits="the cube of the rows; thinned beyond the option rows",
    )
)
class GP(Decoder):
    """Gaussian process of scikit-learn; predicts a normal distribution that includes the noise.

    The kernel is ``variance * k(|x - x'| / length) + noise``; all three come from the marginal likelihood of
    the training rows. Where neighbouring rows are nearly equal that takes their smoothness for knowledge, and
    the intervals become too narrow.
    """

    Options = GPOptions
    seconds = 2.6
    options: GPOptions

    def __init__(self, options: Any, seed: int) -> None:
        super().__init__(options, seed)
        self._note = ""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another smoothness and number of features."""
        return {
            "smoothness": str(rng.choice(["rbf", "matern32"])),
            "features": int(rng.choice([5, 10, 20, 40])),
        }

    @property
    def notes(self) -> str:
        """How many rows were left out."""
        return self._note

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

        o = self.options
        self._reduction = Reduction.fit(X, o.features)
        kept = thinned(len(X), o.rows, np.random.default_rng(self.seed))
        self._note = f"fitted to {len(kept)} of {len(X)} rows" if len(kept) < len(X) else ""
        shape = {"length_scale": 3.0, "length_scale_bounds": (1e-2, 1e3)}
        function = RBF(**shape) if o.smoothness == "rbf" else Matern(nu=1.5, **shape)
        kernel = ConstantKernel(1.0, (1e-4, 1e4)) * function + WhiteKernel(0.1, (1e-8, 10.0))
        self._model: Any = GaussianProcessRegressor(kernel, optimizer=self._search, random_state=self.seed)
        with warnings.catch_warnings(action="ignore"):  # parameters on their bounds, as for a constant target
            self._model.fit(self._reduction(X[kept]), y[kept])

    def _search(self, objective: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
        from scipy.optimize import minimize

        options = {"maxiter": self.options.steps}
        found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        return found.x, found.fun

    def _predict(self, X: np.ndarray) -> np.ndarray:
        return self._model.predict(self._reduction(X))

    def _predict_distribution(self, X: np.ndarray, levels: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        with warnings.catch_warnings(action="ignore"):  # variances that rounding makes negative become 0
            mean, deviation = self._model.predict(self._reduction(X), return_std=True)
        return mean, mean[:, None] + deviation[:, None] * ndtri(np.asarray(levels))
