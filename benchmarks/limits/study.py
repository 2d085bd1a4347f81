"""The limit, its bounds and the inversions on test rows of a store, event by event."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.baselines.okada_inversion import OkadaInversion, OkadaInversionOptions
from slipbench.benchmarks.limits.cramer_rao import bounds
from slipbench.benchmarks.limits.events import observed, posteriors
from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.problem import noise_of, problem_of
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.store.reader import Store

#: Inversions by the way in which they take the offsets.
INVERSIONS = ("median", "mean", "gls")


def study(
    store: Store,
    rows: np.ndarray,
    data: Path | None,
    effort: Effort,
    seed: int = 0,
    workers: int = 1,
    sees: str = "ts",
    progress: Callable[[int], None] = lambda done: None,
) -> pd.DataFrame:
    """One row an event.

    Parameters
    ----------
    store : Store
        Of source_synthetic, with ``ts`` and ``source``.
    rows : ndarray of int
        Ascending rows.
    data : Path or None
        Folder of real data, for surrogate noise.
    effort : Effort
        Of the sampling.
    seed, workers : int
        Root of the random streams; processes of the sampling.
    sees : str
        What posterior and bounds are given: a key of `problem.SEEN`. The inversions always have the window.
    progress : callable
        Called with the number of posteriors that are done.

    Returns
    -------
    DataFrame
        `summary.describe` and ``seconds`` of the posterior; ``crb_km``, ``crb_mw`` and the same with
        ``_prior`` (`cramer_rao.bounds`); ``<way>_inversion_km``, ``_mw`` and ``_seconds`` of each of the
        `INVERSIONS`.
    """
    problem = problem_of(store, seed=seed)
    problem.noise, problem.sees = noise_of(store, data), sees
    found = []
    for one in posteriors(problem, observed(store, rows), effort, seed, workers):
        found.append(one)
        progress(len(found))
    frame = pd.DataFrame(found)
    limits = []
    with one_blas_thread():
        for event in observed(store, rows):
            offsets = problem.offsets(event.series)
            assert event.truth is not None
            source = {k: np.array([v]) for k, v in event.truth.items()}
            at = problem.at(offsets.stations)
            plain, helped = (bounds(at, problem.prior, offsets.whitening, source, p) for p in (False, True))
            limits.append((plain.position_km[0], plain.mw[0], helped.position_km[0], helped.mw[0]))
    names = ["crb_km", "crb_mw", "crb_prior_km", "crb_prior_mw"]
    frame = frame.join(pd.DataFrame(limits, columns=names))
    for way in INVERSIONS:
        frame = frame.join(_inverted(store, rows, data, way, seed))
    return frame


def _inverted(store: Store, rows: np.ndarray, data: Path | None, way: str, seed: int) -> pd.DataFrame:
    target, nothing = store.read("target")[rows], np.full(len(rows), np.nan)
    baseline = OkadaInversion(OkadaInversionOptions.model_validate({"offsets": way}), seed)
    baseline.data = data
    baseline.fit(store, rows, nothing, target)
    began = time.perf_counter()
    found = baseline.predict(store, rows, nothing)
    seconds = (time.perf_counter() - began) / len(rows)
    away = ground_distance(found[:, 0], found[:, 1], target[:, 0], target[:, 1]) / 1e3
    columns = {"km": away, "mw": np.abs(found[:, 2] - target[:, 2]), "seconds": seconds}
    return pd.DataFrame({f"{way}_inversion_{name}": values for name, values in columns.items()})
