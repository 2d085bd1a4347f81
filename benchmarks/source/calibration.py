"""Do predicted distributions hold the truth as often as they say? From the results table alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom, kstest

from slipbench.benchmarks.results import Outcome, models_of
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.text_table import markdown_table, share

#: Quantities of the results table that are uniform in 0 ... 1 where a distribution is right begin so.
PREFIX = "calibration_"
LEVELS = (0.5, 0.9, 0.95)
#: What the numbers are, by the rest of their name; the first are masses of the smallest region that holds the
#: truth, the others probabilities of a smaller value, whose central intervals are counted.
MASSES = ("position",)
_LABELS = {"position": "place", "mw": "Mw"}


def calibration_outcomes(rows: np.ndarray, values: Mapping[str, np.ndarray]) -> list[Outcome]:
    """Rows of the results table that keep such numbers.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Test rows.
    values : mapping of ndarray, shape (n,)
        ``position``: mass of the region that reaches to the true place; ``mw``: probability of a smaller Mw.
    """
    sample, none = np.asarray(rows).tolist(), np.full(len(rows), np.nan).tolist()
    return [
        Outcome(f"{PREFIX}{name}", "1", sample, none, none, np.asarray(v, np.float64).tolist())
        for name, v in values.items()
    ]


def inside(name: str, values: np.ndarray, level: float) -> int:
    """How many truths lie in the region of mass `level`."""
    if name in MASSES:
        return int((values < level).sum())
    return int((np.abs(values - 0.5) < level / 2).sum())


def calibration_table(table: pd.DataFrame) -> str:
    """Coverage with exact binomial 95 % intervals, means over seeds; empty without predicted distributions.

    Parameters
    ----------
    table : DataFrame
        Rows of one split of the results table.
    """
    head = ["model", "of", "samples", *(f"{level:.0%}" for level in LEVELS), "uniform (p)"]
    lines = []
    for model, name, seeds in _calibrations(table):
        n = len(seeds[0])
        line = [model, name, str(n)]
        for level in LEVELS:
            hits = np.mean([inside(name, values, level) for values in seeds])
            line.append(share(round(float(hits)), n))
        p = np.median([kstest(values, "uniform").pvalue for values in seeds])
        lines.append([*line, f"{p:.2g}"])
    if not lines:
        return ""
    about = (
        "Share of the truths inside the predicted regions of 50, 90 and 95 %: the smallest or ellipsoidal "
        "region of the place, the central interval of Mw. The last column is Kolmogorov and Smirnov's test "
        "of uniform masses. Means over the seeds (median of the tests); the intervals are those of one seed."
    )
    return f"{about}\n\n{markdown_table(head, lines)}"


def draw_calibration(table: pd.DataFrame, path: Path) -> Path:
    """Histograms of the numbers (PIT; Dawid 1984), which are flat where the distributions are right.

    A row of panels for each model, all its seeds together. The band holds 95 % of the bars of a right model
    with one seed.
    """
    found = list(_calibrations(table))
    models, names = (list(dict.fromkeys(one[k] for one in found)) for k in (0, 1))
    figure, axes = canvas(len(models), len(names), 3.4, 2.2)
    for model, name, seeds in found:
        ax, n = axes[models.index(model), names.index(name)], len(seeds[0])
        bins = min(10, max(2, n // 20))
        values = np.concatenate(seeds)
        ax.hist(values, bins=bins, range=(0, 1), density=True, color="#0072B2", alpha=0.7)
        low, high = binom.ppf([0.025, 0.975], n, 1 / bins) * bins / n
        ax.axhspan(low, high, color="#999999", alpha=0.35, lw=0)
        ax.axhline(1, color="#333333", lw=0.8)
        grid_of(ax)
        ax.set_title(f"{model}, {_LABELS.get(name, name)} (n={n})", fontsize=10)
        ax.set(xlim=(0, 1), xlabel="mass of the region" if name in MASSES else "probability of less")
    for ax in axes[:, 0]:
        ax.set_ylabel("density")
    return save(figure, path)


def _calibrations(table: pd.DataFrame) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """Model, what its numbers are of, and the numbers of every seed."""
    rows = models_of(table)
    rows = rows[(rows["status"] == "ok") & rows["quantity"].str.startswith(PREFIX)]
    for (model, quantity), part in rows.groupby(["model", "quantity"], sort=False):
        name = str(quantity).removeprefix(PREFIX)
        yield str(model), name, [np.asarray(v) for v in part["y_pred"]]
