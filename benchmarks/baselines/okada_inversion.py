"""What a geodesist would do today: fit a rectangular fault to the co-seismic offsets."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import ndtr

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.limits.events import Observed, each, observed
from slipbench.benchmarks.limits.least_squares import minimise
from slipbench.benchmarks.limits.offsets import Offsets
from slipbench.benchmarks.limits.problem import Problem, noise_of, options_of, problem_of
from slipbench.benchmarks.limits.simple_offsets import simple_offsets
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store

_ROUGH = 8  # iterations of all starts, before the better half goes on


class OkadaInversionOptions(Options):
    """Options of the inversion."""

    baseline: Literal["okada_inversion"] = "okada_inversion"
    offsets: Literal["median", "mean", "gls"] = Field(
        "median",
        description="offset of a station: days after minus days before, or generalised least squares over "
        "the whole window with the true noise covariance in time and space",
    )
    days: int = Field(10, ge=2, description="days on either side of the event for median and mean, days")
    mw_high: float = Field(
        9.5,
        description="upper end of the search in Mw, where the store's own is lower: real events are larger",
    )
    starts: int = Field(24, ge=1, description="starting points of one event")
    iterations: int = Field(40, ge=1, description="most iterations of one start")
    workers: int = Field(1, ge=1, exclude=True, description="processes; the result does not depend on them")


@BASELINES.register(
    Info(
        "okada_inversion",
        "source",
        "multi-start least squares of a rectangular Okada fault on the co-seismic offsets",
        "Okada 1985, Marquardt 1963",
        "Apache-2.0",
        needs=("the array ts", "a source_synthetic store to take the ranges from"),
        limits="one uniform rectangle of the store's aspect ratio within the store's ranges; static offsets",
    )
)
class OkadaInversion(Baseline):
    """Best of many bounded Levenberg-Marquardt fits to the offsets of one event.

    Free are latitude, longitude, Mw, depth, strike, dip, rake and stress drop (which gives the size of the
    rectangle), within the ranges of the store's sampling and below the surface. That search box is all that
    it knows of the prior; the training rows are not used. Starts are the best of a library of random
    sources.
    """

    Options = OkadaInversionOptions
    learns = False

    def unusable(self, store: Store) -> str:
        """It needs positions, and for `gls` their noise."""
        if "ts" not in store.names:
            return "the store holds no 'ts'"
        made = store.manifest.origin.get("recipe") == "source_synthetic"
        return "" if made or self.options.offsets != "gls" else "the noise of real positions is not known"

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Take the ranges of the search from the store; nothing is learnt from the training rows."""
        self._made = options_of(store)

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Invert the events one by one."""
        o: OkadaInversionOptions = self.options
        problem = problem_of(store, self._made, seed=self.seed, mw_high=o.mw_high)
        if o.offsets == "gls":
            problem.noise = noise_of(store, self.data)
        problem.library  # noqa: B018 (made once, here, and not in every worker)
        work = InversionOf(problem, int(store.attrs["event_day"]), o)
        names = ("latitude", "longitude", "mw")
        return np.array([[f[name] for name in names] for f in each(work, observed(store, rows), o.workers)])


@dataclass(frozen=True)
class InversionOf:
    """`invert` of one event's positions; the offsets are taken as the options say."""

    problem: Problem
    event_day: int
    options: OkadaInversionOptions

    def __call__(self, event: Observed) -> dict[str, float]:
        """Take the offsets and invert them."""
        o = self.options
        if o.offsets == "gls":
            offsets = self.problem.estimator(event.series)
        else:
            offsets = simple_offsets(event.series, self.event_day, o.days, o.offsets)
        return invert(self.problem, offsets, o.starts, o.iterations)


def invert(problem: Problem, offsets: Offsets, starts: int, iterations: int) -> dict[str, float]:
    """Source of least weighted misfit.

    Parameters
    ----------
    problem : Problem
        Stations, ranges and library.
    offsets : Offsets
        Data of one event.
    starts, iterations : int
        Starting points, and most iterations of each.

    Returns
    -------
    dict of float
        The `physics.source.PARAMETERS`, and ``misfit``: half the sum of squared weighted residuals.
    """
    library, forward = problem.library, problem.at(offsets.stations)
    near = library.misfit(offsets)
    near[~np.isfinite(library.log_weight)] = np.inf
    first = ndtr(library.z[np.argsort(near)[:starts]])
    data = offsets.whitening(offsets.values[None])

    def residuals(u: np.ndarray, row: np.ndarray) -> np.ndarray:
        return offsets.whitening(forward(problem.prior.of_unit(u))) - data

    rough = minimise(residuals, first, 0.0, 1.0, min(_ROUGH, iterations))
    better = np.argsort(rough.cost)[: max(1, starts // 4)]
    fit = minimise(residuals, rough.x[better], 0.0, 1.0, iterations)
    best = fit.cost.argmin()
    source = problem.prior.of_unit(fit.x[best : best + 1])
    return {name: float(value[0]) for name, value in source.items()} | {"misfit": float(fit.cost[best])}
