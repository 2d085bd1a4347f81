"""Models on the same samples: how far from a limit that was worked out for a part of the test set."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipbench.benchmarks.intervals import interval, over_seeds, resamples, weights
from slipbench.benchmarks.metrics import Metric, Samples
from slipbench.benchmarks.scores import SEED, applies, metrics_for


@dataclass(frozen=True)
class Ratio:
    """A model's metric over the limit's on the limit's samples, with its interval; `n` samples."""

    value: float
    low: float
    high: float
    n: int


def ratio_to(
    limit: tuple[pd.DataFrame, Samples], cells: list[tuple[pd.DataFrame, Samples]], mw: float = -np.inf
) -> Ratio | None:
    """Ratio of the task's first metric; the same resamples of the same samples for both.

    Parameters
    ----------
    limit : tuple
        Rows and samples of the limit's cell.
    cells : list
        The same of a model's ``ok`` cells, one for each seed.
    mw : float
        Least true magnitude of the samples that count.

    Returns
    -------
    Ratio or None
        None where the model has not predicted all of those samples.
    """
    metric = metrics_for(limit[0])[0]
    wanted = np.asarray(limit[0].iloc[0]["sample"])
    if "mw" in limit[1].true:
        wanted = wanted[limit[1].true["mw"] >= mw]
    n = len(wanted)
    every = [_part(cell, wanted) for cell in [limit, *cells]]
    if not n or any(s is None or not applies(metric, s) for s in every):
        return None
    best, *others = (_values(metric, s, n) for s in every if s is not None)
    spread = over_seeds(np.array([s for _, s in others]), SEED) / best[1]
    low, high = interval(spread)
    return Ratio(float(np.mean([v for v, _ in others])) / best[0], low, high, n)


def _part(cell: tuple[pd.DataFrame, Samples], wanted: np.ndarray) -> Samples | None:
    """The wanted samples of a cell, in the wanted order."""
    frame, samples = cell
    known = np.asarray(frame.iloc[0]["sample"])
    order = np.argsort(known)
    at = np.searchsorted(known[order], wanted)
    if len(known) == 0 or (at == len(known)).any() or (known[order][at] != wanted).any():
        return None
    return samples.take(order[at])


def _values(metric: Metric, samples: Samples, n: int) -> tuple[float, np.ndarray]:
    index = resamples(n, 1, SEED)
    return metric.value(samples), metric.resampled(samples, index, weights(n, 1, SEED))
