"""Test samples of a source suite as a tidy frame, from its results table."""

from itertools import pairwise

import numpy as np
import pandas as pd

from slipbench.benchmarks.metrics import Samples, great_circle_km
from slipbench.benchmarks.scores import finished_cells

#: Quantities of `context.context` that every sample has.
CONTEXT = ("depth", "ground_distance", "distance", "missing")
MAGNITUDES = (5.8, 6.3, 6.8, 7.3, 7.8, 8.3)


def context_of(table: pd.DataFrame, split: str) -> dict[str, pd.Series]:
    """Rows of the results table that describe a split's samples, by quantity."""
    rows = table[(table["kind"] == "context") & (table["split"] == split) & (table["status"] == "ok")]
    return {str(row["quantity"]): row for _, row in rows.iterrows()}


def samples(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """One row for each model, seed and test sample of a split.

    Returns
    -------
    DataFrame
        ``model``, ``kind``, ``modality``, ``seed``, ``sample``, ``name`` (of a real event), ``latitude``,
        ``longitude``, ``mw``, the same with ``_predicted``, ``position_error`` (km, on the great circle),
        ``residual`` (true minus predicted Mw), ``east_error`` and ``north_error`` (predicted minus true, km),
        and the columns `CONTEXT`.
    """
    known = context_of(table, split)
    parts = []
    for cell, found in finished_cells(table[table["split"] == split]):
        if {"latitude", "longitude", "mw"} <= set(found.true):
            parts.append(_part(cell, found, known))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _part(cell: pd.DataFrame, found: Samples, known: dict[str, pd.Series]) -> pd.DataFrame:
    first = cell.iloc[0]
    sample = np.asarray(first["sample"])
    part = pd.DataFrame({"sample": sample})
    for name in ("model", "kind", "modality", "seed"):
        part[name] = first[name]
    for quantity in ("latitude", "longitude", "mw"):
        part[quantity] = found.true[quantity]
        part[f"{quantity}_predicted"] = found.pred[quantity]
    place = [part[k].to_numpy() for k in ("latitude", "longitude")]
    guess = [part[f"{k}_predicted"].to_numpy() for k in ("latitude", "longitude")]
    part["position_error"] = great_circle_km(*place, *guess)
    part["residual"] = part["mw"] - part["mw_predicted"]
    part["north_error"] = great_circle_km(place[0], place[1], guess[0], place[1])
    part["north_error"] *= np.sign(guess[0] - place[0])
    part["east_error"] = great_circle_km(place[0], place[1], place[0], guess[1])
    part["east_error"] *= np.sign(guess[1] - place[1])
    for quantity in CONTEXT:
        row = known[quantity]
        at = np.searchsorted(row["sample"], sample)
        part[quantity] = np.asarray(row["y_true"])[at]
        if len(row["name"]):
            part["name"] = np.asarray(row["name"])[at]
    return part


def magnitude_classes() -> list[tuple[float, float, str]]:
    """Lower end, upper end and label of the magnitude classes of Costantino et al. (2023), figure 6."""
    edges = (*MAGNITUDES, np.inf)
    return [
        (low, high, f"Mw {low:g}–{high:g}" if np.isfinite(high) else f"Mw ≥ {low:g}")
        for low, high in pairwise(edges)
    ]
