"""Studies of the limit as Markdown."""

import numpy as np
import pandas as pd

from slipbench.benchmarks.limits.summary import REGIONS
from slipbench.benchmarks.source.calibration import LEVELS
from slipbench.benchmarks.source.magnitudes import CLASSES
from slipbench.benchmarks.text_table import markdown_table, reduced, share

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
            lines.append([f"{low:g}–{high:g}", str(len(part)), *(reduced(v, reduce) for v in values)])
        parts.append(f"**{title}**\n\n{markdown_table(head, lines)}")
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
    head = ["region", "events", *(f"{level:.0%}" for level in LEVELS)]
    lines = []
    for region in REGIONS:
        row = [region, str(len(frame))]
        for level in LEVELS:
            row.append(share(int((frame[region] < level).sum()), len(frame)))
        lines.append(row)
    return markdown_table(head, lines)
