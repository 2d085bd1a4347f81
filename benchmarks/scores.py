"""Scores with 95 % intervals, computed from the rows of a results table and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipbench.benchmarks.intervals import (
    block_rows,
    group_weights,
    interval,
    over_seeds,
    resamples,
    weights,
)
from slipbench.benchmarks.metrics import LABEL, Metric, Samples, metrics_of
from slipbench.benchmarks.quantiles import is_quantile, quantiles_of
from slipbench.benchmarks.results import models_of

#: Columns that name a model's row of a leaderboard; the seeds are summarised.
MODEL = ["suite", "task", "dataset", "split", "label", "model", "kind", "modality"]
#: Of all resamples: models tested on the same samples are compared in pairs.
SEED = 2024


@dataclass(frozen=True)
class Score:
    """A metric of one model: the mean over its seeds with its interval."""

    metric: Metric
    units: str
    value: float
    low: float
    high: float


def samples_of(cell: pd.DataFrame, reference: pd.DataFrame | None = None) -> Samples:
    """Test values of one cell by quantity.

    Parameters
    ----------
    cell : DataFrame
        The cell's rows of the results table, all ``ok``.
    reference : DataFrame, optional
        Rows of the persistence cell of the same split, label and seed. Used where it predicts the very
        same samples.
    """
    true, pred, base = {}, {}, {}
    for row in points_of(cell).itertuples():
        q = str(row.quantity)
        true[q], pred[q] = np.asarray(row.y_true), np.asarray(row.y_pred)
        for other in () if reference is None else reference.itertuples():
            if other.quantity == q and np.array_equal(other.sample, row.sample):
                base[q] = np.asarray(other.y_pred)
    return Samples(true, pred, base, quantiles_of(cell))


def points_of(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of a results table but those of quantiles."""
    return table[~is_quantile(table["quantity"])]


def units_of(metric: Metric, cell: pd.DataFrame) -> str:
    """Unit of a metric, with the quantity's own one filled in."""
    points = points_of(cell)
    own = points.loc[(points["quantity"] == metric.quantity) | (metric.quantity == LABEL), "units"]
    unit = str(own.iloc[0]) if len(own) else "1"
    return "1" if unit == "1" and "{u}" in metric.units else metric.units.replace("{u}", unit)


def applies(metric: Metric, samples: Samples) -> bool:
    """Whether the cell holds what the metric judges."""
    if metric.quantity == LABEL:
        return bool(samples.true)
    needed = ("latitude", "longitude") if metric.quantity == "position" else (metric.quantity,)
    return all(q in samples.true for q in needed)


def persistence_of(table: pd.DataFrame) -> dict[tuple, pd.DataFrame]:
    """Rows of the finished persistence cells by (suite, split, label, seed)."""
    rows = table[(table["model"] == "persistence") & (table["status"] == "ok")]
    return {tuple(key): part for key, part in rows.groupby(["suite", "split", "label", "seed"])}


def finished_cells(table: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, Samples]]:
    """Every ``ok`` cell of a model in the order of the table: its rows and its samples."""
    table = models_of(table)
    reference = persistence_of(table)
    for _, cell in table[table["status"] == "ok"].groupby("cell", sort=False):
        first = cell.iloc[0]
        key = (first["suite"], first["split"], first["label"], first["seed"])
        yield cell, samples_of(cell, reference.get(key))


def cell_metrics(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Finite metrics of every ``ok`` cell: cell id to metric name to value; what a tracker logs."""
    found: dict[str, dict[str, float]] = {}
    for cell, samples in finished_cells(table):
        metrics = [m for m in metrics_for(cell) if applies(m, samples)]
        values = {m.name: m.value(samples) for m in metrics}
        found[str(cell["cell"].iloc[0])] = {k: v for k, v in values.items() if np.isfinite(v)}
    return found


def metrics_for(rows: pd.DataFrame) -> list[Metric]:
    """Metrics of rows (of a results table or a leaderboard) that share task and label."""
    return metrics_of(str(rows["task"].iloc[0]), str(rows["label"].iloc[0]))


def blocks_of(cell: pd.DataFrame) -> tuple[int, float]:
    """Test rows of a cell, and the blocks that the bootstrap draws from."""
    first = cell.iloc[0]
    n, groups = len(first["time"]), _groups(first)
    return n, len(np.unique(groups)) if len(groups) else n / _block_rows(first)


def _groups(first: pd.Series) -> np.ndarray:
    """Numbers of the groups of test rows; empty where time, or nothing, joins them."""
    return np.zeros(0, int) if first["block"] is None else np.asarray(first["block"], int)


def _block_rows(first: pd.Series) -> int:
    return block_rows(np.asarray(first["time"]), float(first["block_days"]))


def _resampled(metric: Metric, cell: pd.DataFrame, samples: Samples) -> np.ndarray:
    """A metric on every resample of a cell's test rows, shape (count,)."""
    first = cell.iloc[0]
    if len(groups := _groups(first)):
        return metric.resampled(samples, None, group_weights(groups, SEED))
    n, block = len(first["time"]), _block_rows(first)
    return metric.resampled(samples, resamples(n, block, SEED), weights(n, block, SEED))


def model_scores(cells: list[tuple[pd.DataFrame, Samples]]) -> list[Score]:
    """Scores of one model over its seeds.

    Equal test sets are resampled alike for every model and seed, so models are compared in pairs; the
    seeds themselves are resampled too, so the interval also holds what the choice of the seed changes.

    Parameters
    ----------
    cells : list
        The model's ``ok`` cells, one for each seed, with their samples.
    """
    scores = []
    first, samples = cells[0]
    fewest = min(blocks_of(cell)[1] for cell, _ in cells)
    for metric in metrics_for(first):
        if not applies(metric, samples):
            continue
        values, spread = [], []
        for cell, one in cells:
            values.append(metric.value(one))
            spread.append(_resampled(metric, cell, one))
        low, high = interval(over_seeds(np.array(spread), SEED), blocks=fewest)
        scores.append(Score(metric, units_of(metric, first), float(np.mean(values)), low, high))
    return scores
