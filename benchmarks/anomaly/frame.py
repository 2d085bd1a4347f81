"""The records of a results table as frames."""

import numpy as np
import pandas as pd

from slipbench.benchmarks.results import models_of

_PLACES = ("hypocentral_km", "mw", "p", "s")


def context_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that describe the records, by their quantity."""
    return table[(table["kind"] == "context") & (table["status"] == "ok")].set_index("quantity")


def records(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each record: ``event`` and what `context.context` says of it, by quantity."""
    rows = context_rows(table)
    n = len(rows.loc["mw", "sample"])
    whole = rows[[len(v) == n for v in rows["sample"]]]
    frame = pd.DataFrame({q: np.asarray(v, float) for q, v in whole["y_pred"].items()})
    for quantity in frame.filter(like="excess_"):
        frame[f"{quantity}_of"] = np.asarray(whole.loc[quantity, "y_true"], float)
    return frame.assign(event=list(rows.loc["mw", "name"]))


def detections(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """For each finished detector one row for each record: every quantity, and ``<quantity>_true``.

    Places and arrivals are beside them (see `records`).
    """
    places = records(table)[["event", *_PLACES]]
    found = {}
    done = models_of(table)
    for model, part in done[done["status"] == "ok"].groupby("model", sort=False):
        whole = part[[len(v) == len(places) for v in part["sample"]]]
        columns = {}
        for row in whole.itertuples():
            columns[str(row.quantity)] = np.asarray(row.y_pred, float)
            columns[f"{row.quantity}_true"] = np.asarray(row.y_true, float)
        found[str(model)] = pd.concat([places, pd.DataFrame(columns)], axis=1)
    return found
