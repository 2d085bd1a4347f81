"""Is a model worse than the best one of its table? Paired differences of their losses, in blocks of days.

The test is Student's on the differences of blocks, which stand for independent observations (Ibragimov and
Müller 2010 show that it holds its level with few blocks of unequal variance). Alternatives were left out:
percentiles of a block bootstrap are too narrow with few blocks, and flipping the signs of the seven blocks
that ten years hold has no p value below 1/64, so Holm's correction over a table could never reject.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from slipbench.benchmarks.intervals import block_rows
from slipbench.benchmarks.metrics import Metric, Samples

#: Rate of any false "worse" in a table.
ALPHA = 0.05
Cells = list[tuple[pd.DataFrame, Samples]]


@dataclass(frozen=True)
class Difference:
    """Mean loss of a model minus the best one's on shared samples, its two-sided p value, and the blocks."""

    value: float
    p: float
    blocks: int


def difference(best: Cells, other: Cells, metric: Metric) -> Difference | None:
    """Compare two models on the samples of the seeds that both have.

    Test sets of several seeds share days, so a block holds a stretch of days with all of its seeds.

    Parameters
    ----------
    best, other : list
        The models' ``ok`` cells with their samples.
    metric : Metric
        Its first statistic is the loss.

    Returns
    -------
    Difference or None
        None without shared samples; NaN for p with fewer than two blocks.
    """
    mine = {int(cell["seed"].iloc[0]): (cell, samples) for cell, samples in best}
    parts = []
    for cell, samples in other:
        known = mine.get(int(cell["seed"].iloc[0]))
        if known is not None:
            parts.append(_differences(known, (cell, samples), metric))
    if not parts or not sum(len(d) for d, _ in parts):
        return None
    losses, units = (np.concatenate(column) for column in zip(*parts, strict=True))
    return block_test(losses, units, float(other[0][0]["block_days"].iloc[0]))


def block_test(losses: np.ndarray, units: np.ndarray, block_days: float) -> Difference:
    """Student's test of a mean of zero on blocks that may hold unequal numbers of values.

    Parameters
    ----------
    losses : ndarray, shape (n,)
        Differences.
    units : ndarray, shape (n,)
        Days; or with a `block_days` of 0 numbers of the independent samples that the values belong to.
    block_days : float
        Length over which days depend on each other.
    """
    days, at = np.unique(units, return_inverse=True)
    rows = block_rows(days, block_days)
    blocks = max(len(days) // rows, 1)
    block = np.minimum(at // rows, blocks - 1)
    value = float(losses.mean())
    # residuals of a ratio of two sums, since blocks may differ in size
    rest = np.bincount(block, losses - value, blocks)
    spread = np.sqrt(blocks / (blocks - 1) * (rest**2).sum()) / len(losses) if blocks > 1 else np.nan
    if spread == 0:
        return Difference(value, 1.0 if value == 0 else 0.0, blocks)
    return Difference(value, float(2 * student.sf(abs(value) / spread, max(blocks - 1, 1))), blocks)


def _differences(
    best: tuple[pd.DataFrame, Samples], other: tuple[pd.DataFrame, Samples], metric: Metric
) -> tuple[np.ndarray, np.ndarray]:
    """Differences of the losses on the shared samples, and the days (or numbers) of those."""
    rows = [cell.iloc[0] for cell, _ in (best, other)]
    shared, i, j = np.intersect1d(rows[0]["sample"], rows[1]["sample"], return_indices=True)
    losses = metric.columns(other[1])[0][j] - metric.columns(best[1])[0][i]
    return losses, np.asarray(rows[0]["time"])[i] if rows[0]["block_days"] > 0 else shared
