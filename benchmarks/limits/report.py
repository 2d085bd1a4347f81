"""Studies of the limit as Markdown."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from slipbench.benchmarks.intervals import interval, resamples
from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.limits.summary import REGIONS

#: Classes of magnitude: lower and upper end.
CLASSES = ((5.8, 6.5), (6.5, 7.5), (7.5, 8.5), (5.8, 8.5))
_SEED = 2024
_LEVELS = (0.5, 0.9, 0.95)
#: Column of the study, and how people read it.
_ERRORS = {
    "crb": "Cramér-Rao bound",
    "crb_prior": "with the prior's information",
    "median": "posterior, medians",
    "mean": "posterior, means",
    "gls_inversion": "inversion, least-squares offsets",
    "mean_inversion": "inversion, means of 10 days",
    "median_inversion": "inversion, medians of 10 days",
}


def errors(frame: pd.DataFrame) -> str:
    """Errors by magnitude class, with bootstrap 95 % intervals, of a `study.study`.

    Medians over the events, as the tables of the networks have them, and means, which are what no estimator
    can have smaller than the posterior's medians.
    """
    head = ["Mw", "events", *_ERRORS.values()]
    parts = []
    for title, end, reduce in (
        ("Position, km, median over the events", "km", np.median),
        ("Position, km, mean over the events", "km", np.mean),
        ("Magnitude, median over the events", "mw", np.median),
        ("Magnitude, mean over the events", "mw", np.mean),
    ):
        lines = []
        for low, high in CLASSES:
            part = frame[(frame["mw"] >= low) & (frame["mw"] < high)]
            columns = [("error" if end == "mw" and k in ("median", "mean") else end) for k in _ERRORS]
            values = [part[f"{k}_{c}"].to_numpy() for k, c in zip(_ERRORS, columns, strict=True)]
            lines.append([f"{low:g}–{high:g}", str(len(part)), *(_reduced(v, reduce) for v in values)])
        parts.append(f"**{title}**\n\n{_table(head, lines)}")
    return "\n\n".join(parts)


def sampling(frame: pd.DataFrame, enough: float) -> str:
    """How well and how fast the posteriors of a study were sampled."""
    ess, seconds = frame["ess"], frame["seconds"]
    low = frame[ess < enough]
    again = int((frame["attempts"] > 1).sum())
    text = (
        f"Effective samples: median {ess.median():.0f}, 5 % quantile {ess.quantile(0.05):.0f}, least "
        f"{ess.min():.0f}; largest weight {frame['largest'].max():.3f}. {again} of {len(frame)} events were "
        f"tried again, {len(low)} stay below {enough:.0f}. Evaluations: median "
        f"{frame['evaluations'].median():,.0f}. Seconds an event: median {seconds.median():.2f}, mean "
        f"{seconds.mean():.2f}, most {seconds.max():.1f}."
    )
    if len(low):
        which = ", ".join(f"{mw:.2f} ({n:.0f})" for mw, n in zip(low["mw"], low["ess"], strict=True))
        text += f" Mw (effective samples) of those: {which}."
    ways = [c.removesuffix("_seconds") for c in frame if c.endswith("_inversion_seconds")]
    for way in ways:
        text += f" {_ERRORS[way].capitalize()}: {frame[f'{way}_seconds'].iloc[0]:.2f} s an event."
    return text


def coverage(frame: pd.DataFrame) -> str:
    """How often credible regions hold the truth, with exact binomial 95 % intervals."""
    head = ["region", "events", *(f"{level:.0%}" for level in _LEVELS)]
    lines = []
    for region in REGIONS:
        row = [region, str(len(frame))]
        for level in _LEVELS:
            inside = binomtest(int((frame[region] < level).sum()), len(frame))
            ends = inside.proportion_ci(0.95)
            row.append(f"{inside.statistic:.1%} [{ends.low:.1%}, {ends.high:.1%}]")
        lines.append(row)
    return _table(head, lines)


def _reduced(values: np.ndarray, reduce: Callable[..., Any]) -> str:
    if not len(values):
        return "–"
    if not np.isfinite(value := float(reduce(values))):
        return "∞"
    low, high = interval(reduce(values[resamples(len(values), 1, _SEED)], axis=1))
    return f"{number(value)} [{number(low)}, {number(high)}]"


def _table(head: list[str], lines: list[list[str]]) -> str:
    align = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, align, *lines])
