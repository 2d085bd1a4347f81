"""One store's inverse problem: stations, noise and prior, and a library of sources to start from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slipbench.benchmarks.limits.forward import Forward
from slipbench.benchmarks.limits.noise import NoiseModel, ParametricModel, SurrogateModel
from slipbench.benchmarks.limits.offsets import OffsetEstimator, Offsets, Whitening
from slipbench.benchmarks.limits.prior import DIMENSIONS, Prior
from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.source import Range
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.recipes.source_maker import SourceMaker, SurrogateDays
from slipbench.datasets.recipes.source_options import (
    EVENT_DAY,
    FRAMES,
    IMAGE_DAYS,
    WINDOW_DAYS,
    SourceSyntheticOptions,
)
from slipbench.datasets.store.reader import Store

#: Days of the window that each representation holds, at the stations: gridding can only lose more.
SEEN: dict[str, Sequence[int]] = {
    "ts": range(WINDOW_DAYS),
    "its": range(EVENT_DAY - FRAMES // 2, EVENT_DAY + FRAMES // 2 + 1),
    "img": IMAGE_DAYS,
}
#: Sources of the library; their offsets at 300 stations take 40 MB in float32.
LIBRARY = 16_384
_LIBRARY_STREAM = 7


@dataclass
class Library:
    """Draws of the coordinates and their offsets, shared by all events.

    Parameters
    ----------
    z : ndarray, shape (n, 8)
        Standard normal coordinates.
    offsets : ndarray of float32, shape (n, c, m)
        At all stations, mm.
    log_weight : ndarray, shape (n,)
        `Prior.log_weight`.
    """

    z: np.ndarray
    offsets: np.ndarray
    log_weight: np.ndarray
    _white: tuple[Whitening, np.ndarray, np.ndarray] | None = None

    def misfit(self, offsets: Offsets) -> np.ndarray:
        """Half the squared whitened distance (n,) of every source from the data, with float32's digits."""
        if self._white is None or self._white[0] is not offsets.whitening:
            every = len(offsets.stations) == self.offsets.shape[2]
            white = offsets.whitening(self.offsets if every else self.offsets[:, :, offsets.stations])
            self._white = (offsets.whitening, white, np.einsum("np,np->n", white, white, dtype=np.float64))
        data = offsets.whitening(offsets.values[None])[0]
        _, white, square = self._white
        return (square + data @ data) / 2 - white @ data.astype(np.float32)


def library_of(forward: Forward, prior: Prior, z: np.ndarray) -> Library:
    """Library of the sources with standard normal coordinates `z` (n, 8)."""
    sources = prior.of_normal(z)
    offsets = np.empty((len(z), 2, len(forward.lat)), np.float32)
    for first in range(0, len(z), 1024):
        part = slice(first, first + 1024)
        offsets[part] = forward({k: v[part] for k, v in sources.items()})
    return Library(z, offsets, prior.log_weight(sources))


@dataclass
class Problem:
    """What is known before an event: where the stations are, how sources are drawn, how positions scatter.

    Parameters
    ----------
    forward : Forward
        Offsets at the network.
    prior : Prior
        Of the sources.
    noise : NoiseModel or None
        Of the positions; None where only a method that needs none is to be used.
    seed : int
        Of the library.
    sees : {"ts", "its", "img"}
        What the posterior is given of the positions, see `SEEN`.
    free_level : bool
        Whether the level of the positions before the event is unknown, see `offsets.step_filter`.
    """

    forward: Forward
    prior: Prior
    noise: NoiseModel | None = None
    seed: int = 0
    sees: str = "ts"
    free_level: bool = False

    def __post_init__(self) -> None:
        self._library: Library | None = None
        self._estimator: OffsetEstimator | None = None

    @property
    def library(self) -> Library:
        """Random sources, made at the first use."""
        if self._library is None:
            rng = np.random.default_rng(np.random.SeedSequence([self.seed, _LIBRARY_STREAM]))
            z = rng.standard_normal((LIBRARY, DIMENSIONS))
            self._library = library_of(self.forward, self.prior, z)
        return self._library

    @property
    def estimator(self) -> OffsetEstimator:
        """Generalised least-squares offsets under the noise."""
        if self._estimator is None:
            if self.noise is None:
                raise ValueError("the noise is not known")
            # a difference of two days does not hold the level
            free = self.free_level or self.sees == "img"
            self._estimator = OffsetEstimator(self.noise, EVENT_DAY, free_level=free)
        return self._estimator

    def offsets(self, series: np.ndarray) -> Offsets:
        """Offsets from what is seen of positions (m, d, c) in mm; NaN where missing."""
        shown = np.full_like(series, np.nan)
        days = list(SEEN[self.sees])
        shown[:, days] = series[:, days]
        return self.estimator(shown)

    def at(self, stations: np.ndarray) -> Forward:
        """The forward model at some stations."""
        f = self.forward
        return replace(f, lat=f.lat[stations], lon=f.lon[stations])


def options_of(store: Store) -> SourceSyntheticOptions:
    """Options that a store of synthetic sources was made with.

    Raises
    ------
    InputError
        When the store was made by something else.
    """
    options = recipe_of_store(store.folder, None).options
    if not isinstance(options, SourceSyntheticOptions):
        raise InputError(
            store.folder,
            f"made by recipe '{store.manifest.origin['recipe']}'",
            "a store of source_synthetic",
            "leave the inversion and the limit out",
        )
    return options


def problem_of(
    store: Store, made: SourceSyntheticOptions | None = None, seed: int = 0, mw_high: float | None = None
) -> Problem:
    """Stations of a store and prior of its sources, without its noise.

    Parameters
    ----------
    store : Store
        Whose stations are meant.
    made : SourceSyntheticOptions, optional
        Options of another store that the prior is taken from.
    seed : int
        Of the library.
    mw_high : float, optional
        Raises the upper end of Mw.
    """
    options = made or options_of(store)
    sampling = options.sampling
    if mw_high is not None and mw_high > sampling.mw.high:
        sampling = sampling.model_copy(update={"mw": Range(low=sampling.mw.low, high=mw_high)})
    forward = Forward(store.read("station_lat"), store.read("station_lon"), options.poisson)
    return Problem(forward, Prior(sampling), seed=seed)


def noise_of(store: Store, data: Path | None) -> NoiseModel:
    """Covariance of the noise that a store was made with.

    Parameters
    ----------
    store : Store
        Sealed store with the array ``ts``.
    data : Path or None
        Folder of real data; surrogates are made again from the residuals in it.

    Raises
    ------
    InputError
        When the residuals are not those that the store was made from.
    """
    options = options_of(store)
    if options.noise == "parametric":
        lat, lon = store.read("station_lat"), store.read("station_lon")
        return ParametricModel(lat, lon, WINDOW_DAYS, options.parametric)
    plan = recipe_of_store(store.folder, data).plan()
    if plan.dataset_hash != store.dataset_hash:
        raise InputError(
            store.folder,
            "was made from other residuals than the data folder holds",
            "the residuals of its build",
            "set SLIPBENCH_DATA to the data folder of the build",
        )
    assert isinstance(plan.make, SourceMaker)
    assert isinstance(plan.make.noise, SurrogateDays)
    return SurrogateModel(plan.make.noise.noise, np.arange(options.n_stations))
