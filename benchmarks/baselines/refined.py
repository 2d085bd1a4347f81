"""Ours: the posterior of a rectangular fault in fitted noise, with an error for what is no rectangle."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field
from scipy.special import ndtri

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.limits.events import Observed, each, observed
from slipbench.benchmarks.limits.fitted_noise import fitted_noise, model_of
from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.least_squares import Fit
from slipbench.benchmarks.limits.model_error import SHARES, blurred, explained, surprising
from slipbench.benchmarks.limits.offsets import Offsets
from slipbench.benchmarks.limits.posterior import Event, Posterior, modes, posterior_of, starts
from slipbench.benchmarks.limits.prior import DIMENSIONS
from slipbench.benchmarks.limits.problem import Library, Problem, library_of, options_of, problem_of
from slipbench.benchmarks.limits.summary import masses, point_estimates, weighted_median
from slipbench.benchmarks.results import Outcome
from slipbench.benchmarks.source.calibration import calibration_outcomes
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store

_STREAM = 13
#: Sources of an event's own library, the share of them that lies anywhere, and how near to the ends of the
#: ranges the others come.
_FOCUSED, _ANYWHERE, _EDGE = 3072, 0.25, 1e-4
#: Targets, and what else is told of an event: quantity and unit.
_TARGETS = ("latitude", "longitude", "mw")
_MORE = {"depth": "km", "strike": "degree", "dip": "degree", "rake": "degree"}
_ANGLES = ("strike", "dip", "rake")


class RefinedOptions(Options):
    """Options of the refinement."""

    baseline: Literal["refined"] = "refined"
    samples: int | None = Field(
        None, ge=1, description="test samples that are worked out: the first ones, at random; null: all"
    )
    windows: int = Field(
        24, ge=3, description="training rows to whose days before the event the noise is fitted"
    )
    mw_high: float = Field(
        9.5, description="upper end of Mw, where the training store's own is lower: real events are larger"
    )
    mechanisms: Literal["store", "all"] = Field(
        "store",
        description="mechanisms that are looked for: the training store's, or any, as of real ones",
    )
    network: str | None = Field(
        None,
        description="network of the suite whose predicted distribution says where to look for sources; null: "
        "anywhere within the ranges",
    )
    model_error: bool = Field(
        True, description="allow a share of the signal as further error where no source explains the offsets"
    )
    draws: int = Field(1500, ge=200, description="draws of one round of the sampling")
    effective: float = Field(
        300.0,
        ge=50,
        description="effective sample size of an event; smaller ones are tried again and counted",
    )
    workers: int = Field(1, ge=1, exclude=True, description="processes; the result does not depend on them")


@BASELINES.register(
    Info(
        "refined",
        "source",
        "posterior of a rectangular Okada fault under fitted noise and a model error, by importance sampling",
        "Okada 1985; Cappé et al. 2008; Minson et al. 2013",
        "Apache-2.0",
        needs=("the array ts", "a source_synthetic store to train on"),
        limits="one uniform rectangle of the crack's size; static offsets",
    )
)
class Refined(Baseline):
    """What a network cannot do: hold every candidate against the data, in the noise that they have.

    It uses what a training set tells anyone, and nothing that only its maker knows: the ranges of the sources
    (with Mw extended upwards), the noise of the days before the events, fitted by maximum likelihood, and no
    level of the positions. Offsets are generalised least squares; missing days and stations are left out of
    them. Where the best source misses the offsets by more than that noise, a share of the signal is added as
    an error (`limits.model_error`); on made events it is not. Reported are the geometric median of the place
    and the median of Mw, besides them the median depth, the mechanism of the best source, and where in its
    posterior the truth was found.
    """

    Options = RefinedOptions

    def unusable(self, store: Store) -> str:
        """It needs positions."""
        return "" if "ts" in store.names else "the store holds no 'ts'"

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Fit the noise, and take the ranges of the sources from the store."""
        made = options_of(store)
        if self.options.mechanisms == "all":
            sampling = made.sampling.model_copy(update={"variant": "all"})
            made = made.model_copy(update={"sampling": sampling})
        self._made = made
        self._noise = fitted_noise(store, rows[: self.options.windows])

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Sample the posterior of every event; `notes` and `more` tell about them."""
        o: RefinedOptions = self.options
        problem = problem_of(store, self._made, seed=self.seed, mw_high=o.mw_high)
        problem.noise, problem.free_level = model_of(store, self._noise), True
        effort = Effort(draws=o.draws, enough=o.effective, most=10 * o.draws)
        known = store.read("target").astype(np.float64)
        focus = self._focus(store, rows) if self.checkpoint else None
        if focus is None:
            problem.library  # noqa: B018 (made once, here, and not in every worker)
        work = RefinedOf(problem, effort, self.seed, o.model_error, known, focus)
        found = list(each(work, observed(store, rows), o.workers))
        columns = {name: np.array([f[name] for f in found]) for name in found[0]}
        self.notes = _notes(columns, o.effective)
        self.more = [
            *calibration_outcomes(rows, {k: columns[f"calibration_{k}"] for k in ("position", "mw")}),
            *(_more(name, unit, rows, columns) for name, unit in _MORE.items()),
        ]
        return np.column_stack([columns[name] for name in _TARGETS])

    def _focus(self, store: Store, rows: np.ndarray) -> dict[int, np.ndarray]:
        """By row, draws of what the network predicts."""
        # here, not above: reading a configuration must not load torch
        from slipbench.trainers.predict import predict

        assert self.checkpoint is not None
        drawn = predict(self.checkpoint, store, draws=round(_FOCUSED * (1 - _ANYWHERE)))
        assert drawn.samples is not None
        return dict(zip(rows.tolist(), drawn.samples[np.searchsorted(drawn.rows, rows)], strict=True))


@dataclass(frozen=True)
class RefinedOf:
    """Estimates of one event, by name.

    Parameters
    ----------
    problem : Problem
        Stations, prior and fitted noise.
    effort : Effort
        Of the sampling.
    seed : int
        Root of the random streams; each event has its own, keyed by its row.
    model_error : bool
        Whether a share of the signal may be added as an error.
    known : ndarray, shape (rows of the store, 3)
        True targets: for the calibration alone.
    focus : mapping of ndarray or None
        By row, latitudes, longitudes and Mw (n, 3) that a network holds for likely.
    """

    problem: Problem
    effort: Effort
    seed: int
    model_error: bool
    known: np.ndarray
    focus: Mapping[int, np.ndarray] | None = None

    def __call__(self, event: Observed) -> dict[str, float]:
        """Sample its posterior."""
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, _STREAM, event.row]))
        library = self._library(event.row, rng)
        share, offsets, found = self._modes(self.problem.offsets(event.series), library, rng)
        posterior = posterior_of(self.problem, offsets, self.effort, rng, found, library)
        best = self.problem.prior.of_normal(found.x[[found.cost.argmin()]])
        told = {name: float(best[name][0]) for name in _ANGLES}
        told |= dict(zip(_TARGETS, point_estimates(posterior)[0].tolist(), strict=True))
        told["depth"] = weighted_median(posterior.sources["depth"], posterior.draws.weight) / 1e3
        told |= {f"true_{name}": _true(event, name) for name in _MORE}
        told |= _calibration(posterior, dict(zip(_TARGETS, self.known[event.row].tolist(), strict=True)))
        return told | {"share": share, "ess": posterior.draws.effective}

    def _library(self, row: int, rng: np.random.Generator) -> Library:
        """Where to look for sources: where a network thinks, and a part of them anywhere."""
        if self.focus is None:
            return self.problem.library
        z, prior = rng.standard_normal((_FOCUSED, DIMENSIONS)), self.problem.prior
        low, high = prior.ranges[:3].T
        inside = np.clip((self.focus[row] - low) / (high - low), _EDGE, 1 - _EDGE)
        z[: len(inside), :3] = ndtri(inside)
        return library_of(self.problem.forward, prior, z)

    def _modes(
        self, offsets: Offsets, library: Library, rng: np.random.Generator
    ) -> tuple[float, Offsets, Fit]:
        """Share of the signal that is taken for error, the offsets with it, and the modes."""
        found = modes(self._event(offsets), _near(offsets, library, rng))
        if not self.model_error or not surprising(found, offsets):
            return 0.0, offsets, found
        wide = _near(blurred(offsets, SHARES[0]), library, rng)
        return explained(self.problem, offsets, np.concatenate([found.x, wide]))

    def _event(self, offsets: Offsets) -> Event:
        return Event(self.problem.at(offsets.stations), self.problem.prior, offsets)


def _near(offsets: Offsets, library: Library, rng: np.random.Generator) -> np.ndarray:
    return library.z[starts(library.log_weight - library.misfit(offsets), rng)]


def _true(event: Observed, name: str) -> float:
    value = (event.truth or {}).get(name, float("nan"))
    return value / 1e3 if name == "depth" else value


def _calibration(posterior: Posterior, truth: dict[str, float]) -> dict[str, float]:
    """See `source.calibration`."""
    below = posterior.sources["mw"] < truth["mw"]
    return {
        "calibration_position": masses(posterior, truth)["position"],
        "calibration_mw": float(posterior.draws.weight[below].sum()),
    }


def _more(name: str, unit: str, rows: np.ndarray, columns: dict[str, np.ndarray]) -> Outcome:
    none = np.full(len(rows), np.nan).tolist()
    return Outcome(name, unit, rows.tolist(), none, columns[f"true_{name}"].tolist(), columns[name].tolist())


def _notes(columns: dict[str, np.ndarray], enough: float) -> str:
    n, few, blurry = len(columns["ess"]), int((columns["ess"] < enough).sum()), columns["share"] > 0
    notes = [f"effective samples {columns['ess'].min():.0f} or more, median {np.median(columns['ess']):.0f}"]
    if few:
        notes.append(f"{few} of {n} posteriors below {enough:.0f} effective samples")
    if blurry.any():
        shares = columns["share"][blurry]
        notes.append(f"model error in {blurry.sum()} of {n} events, {shares.min():g} to {shares.max():g}")
    return "; ".join(notes)
