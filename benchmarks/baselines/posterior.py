"""The limit: the best estimate that the positions of all stations allow, whoever makes it."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.limits.events import observed, posteriors
from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.problem import noise_of, options_of, problem_of
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class PosteriorOptions(Options):
    """Options of the limit."""

    baseline: Literal["posterior"] = "posterior"
    samples: int = Field(200, ge=1, description="test samples that are worked out: the first ones, at random")
    estimate: Literal["median", "mean"] = Field(
        "median",
        description="what is reported: the geometric median of the place and the median of Mw, which have "
        "the least expected distance, or the means",
    )
    effective: float = Field(
        1000.0,
        ge=50,
        description="effective sample size of an event; smaller ones are tried again and counted",
    )
    workers: int = Field(1, ge=1, exclude=True, description="processes; the result does not depend on them")


@BASELINES.register(
    Info(
        "posterior",
        "source",
        "limit: posterior under the exact prior and noise covariance, by importance sampling",
        "Cappé et al. 2008; Okada 1985",
        "Apache-2.0",
        needs=("the array ts of a source_synthetic store",),
        limits="static offsets; for surrogate noise its second moments alone",
    )
)
class Posterior(Baseline):
    """Knows how the store was made: ranges and policies of its sources, and the covariance of its noise.

    No estimator has a smaller expected error. Networks that come near it have learnt all there is.
    """

    Options = PosteriorOptions
    learns, limit = False, True

    def unusable(self, store: Store) -> str:
        """Why there is no limit for a store."""
        if "ts" not in store.names:
            return "the store holds no 'ts'"
        if store.manifest.origin.get("recipe") != "source_synthetic":
            return "the prior of real earthquakes is not known"
        return "post-seismic motion has no exact likelihood here" if options_of(store).post_seismic else ""

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Nothing is learnt from the training rows."""

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Sample the posterior of every row; `notes` says how well that went."""
        problem = problem_of(store, seed=self.seed)
        problem.noise = noise_of(store, self.data)
        o: PosteriorOptions = self.options
        effort = Effort(enough=o.effective)
        found = list(posteriors(problem, observed(store, rows), effort, self.seed, o.workers))
        ess = np.array([f["ess"] for f in found])
        few = int((ess < o.effective).sum())
        self.notes = f"effective samples {ess.min():.0f} or more, median {np.median(ess):.0f}"
        if few:
            self.notes += f"; {few} of {len(ess)} posteriors below {o.effective:.0f} effective samples"
        names = [f"{o.estimate}_{name}" for name in ("latitude", "longitude", "mw")]
        return np.array([[f[name] for name in names] for f in found])
