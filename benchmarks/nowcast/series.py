"""Labels, lengths and events of a nowcast suite, from its results table alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipbench.benchmarks.nowcast.context import EVENT, EVENTS, LABEL
from slipbench.benchmarks.results import models_of
from slipbench.benchmarks.scores import points_of


@dataclass(frozen=True)
class Series:
    """A label on the days that are known, ascending: days since 1970-01-01 UTC and values."""

    days: np.ndarray
    level: np.ndarray


def label_series(table: pd.DataFrame, label: str) -> Series:
    """A label as the context tells it; without one, as far as the test days of all cells do.

    Raises
    ------
    ValueError
        When neither knows the label.
    """
    rows = _context(table)
    rows = rows[rows["quantity"] == f"{LABEL}{label}"]
    if not len(rows):
        rows = points_of(models_of(table))
        rows = rows[(rows["label"] == label) & (rows["status"] == "ok")]
    if not len(rows):
        raise ValueError(f"no values of the label {label}")
    days, values = (np.concatenate([np.asarray(v) for v in rows[k]]) for k in ("time", "y_true"))
    days, first = np.unique(days, return_index=True)
    return Series(days, values[first])


def lengths(table: pd.DataFrame) -> dict[str, float]:
    """Lengths in days that the context tells (`context.LENGTHS` and the embargo); empty without one."""
    rows = _context(table)
    return {
        str(r.quantity): float(r.y_true[0]) for r in rows.itertuples() if str(r.quantity).endswith("_days")
    }


def events(table: pd.DataFrame) -> pd.DataFrame:
    """The catalogue: ``time`` (days since 1970-01-01 UTC) and `context.EVENTS`; no rows without one."""
    rows = _context(table).drop_duplicates("quantity").set_index("quantity")
    if f"{EVENT}magnitude" not in rows.index:
        return pd.DataFrame(columns=["time", *EVENTS], dtype=float)
    columns = {name: np.asarray(rows.loc[f"{EVENT}{name}", "y_true"]) for name in EVENTS}
    return pd.DataFrame({"time": np.asarray(rows.loc[f"{EVENT}magnitude", "time"])} | columns)


def _context(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["kind"] == "context") & (table["status"] == "ok")]
