"""Do predicted distributions hold the truth as often as they say? From the results table alone."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import kstest

from slipbench.benchmarks.results import Outcome, models_of
from slipbench.benchmarks.text_table import markdown_table, share

#: Quantities of the results table that are uniform in 0 ... 1 where a distribution is right begin so.
PREFIX = "calibration_"
LEVELS = (0.5, 0.9, 0.95)
#: What the numbers are, by the rest of their name; the first are masses of the smallest region that holds the
#: truth, the others probabilities of a smaller value, whose central intervals are counted.
MASSES = ("position",)


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
    rows = models_of(table)
    rows = rows[(rows["status"] == "ok") & rows["quantity"].str.startswith(PREFIX)]
    head = ["model", "of", "samples", *(f"{level:.0%}" for level in LEVELS), "uniform (p)"]
    lines = []
    for (model, quantity), part in rows.groupby(["model", "quantity"], sort=False):
        name = str(quantity).removeprefix(PREFIX)
        seeds = [np.asarray(v) for v in part["y_pred"]]
        n = len(seeds[0])
        line = [str(model), name, str(n)]
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
