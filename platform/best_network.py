"""The best trained network of a suite, judged by the suite's own results table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipbench.benchmarks.leaderboard import SECTION
from slipbench.benchmarks.metrics import Samples
from slipbench.benchmarks.scores import Score, applies, finished_cells, metrics_for, model_scores
from slipbench.benchmarks.suites.fits import fit_name
from slipbench.platform.stages import Fitted


@dataclass(frozen=True)
class Best:
    """A trained network and what it was chosen by.

    Parameters
    ----------
    fitted : Fitted
        The network.
    cell : Series
        Row of the results table that it was judged by.
    scores : list of Score
        Of that cell, with intervals; the first decided.
    rivals : int
        Networks that were compared, seeds counted, itself included.
    """

    fitted: Fitted
    cell: pd.Series
    scores: list[Score]
    rivals: int


@dataclass(frozen=True)
class _Judged:
    rank: float
    fitted: Fitted
    cell: pd.DataFrame
    samples: Samples


def best_network(table: pd.DataFrame, fits: Mapping[str, Fitted]) -> Best | None:
    """The network with the best first metric, in the first section that is not leaky and has networks.

    A section is what a leaderboard ranks together (suite, split, label). What learnt from test samples
    does not count.

    Parameters
    ----------
    table : DataFrame
        A suite's results table.
    fits : mapping
        Name of each of the suite's trainers to its fit.
    """
    fair = (table["kind"] == "network") & ~table["leaky"] & ~table["notes"].str.contains("LEAKY")
    ids = set(table.loc[fair, "cell"])
    sections: dict[tuple, list[_Judged]] = {}
    for cell, samples in finished_cells(table):
        first = cell.iloc[0]
        fitted = fits.get(fit_name(str(first["model"]), int(first["seed"])))
        if first["cell"] not in ids or fitted is None or fitted.fit is None:
            continue
        metric = metrics_for(cell)[0]
        value = metric.value(samples) if applies(metric, samples) else np.nan
        if np.isfinite(value):
            rank = value if metric.higher_is_better else -value
            key = tuple(first[k] for k in SECTION)
            sections.setdefault(key, []).append(_Judged(rank, fitted, cell, samples))
    if not sections:
        return None
    judged = next(iter(sections.values()))
    best = max(judged, key=lambda one: one.rank)
    return Best(best.fitted, best.cell.iloc[0], model_scores([(best.cell, best.samples)]), len(judged))
