"""Errors by magnitude, of all models on the samples that every one of them predicts."""

from functools import reduce

import numpy as np
import pandas as pd

from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.paired import Ratio, ratio_to
from slipbench.benchmarks.scores import finished_cells
from slipbench.benchmarks.text_table import markdown_table, reduced

#: Classes of magnitude: lower and upper end.
CLASSES = ((5.8, 6.5), (6.5, 7.5), (7.5, 8.5), (5.8, 8.5))
#: Ratios to the limit are also given of larger events alone: below, static displacement says little.
LARGE = 6.5


def common(samples: pd.DataFrame) -> pd.DataFrame:
    """The rows of the samples that every model predicts with every seed.

    Parameters
    ----------
    samples : DataFrame
        Rows of `samples.samples`.
    """
    sets = [set(part) for _, part in samples.groupby(["model", "seed"])["sample"]]
    return samples[samples["sample"].isin(reduce(set.intersection, sets))]


def magnitudes_table(samples: pd.DataFrame, ratios: dict[str, tuple[Ratio, Ratio]]) -> str:
    """Markdown: median errors of place and magnitude with 95 % intervals, a row for each model.

    Parameters
    ----------
    samples : DataFrame
        Rows of `samples.samples`; the models stand in their order.
    ratios : dict
        What `limit_ratios` found; empty where the test set has no limit.
    """
    shared = common(samples)
    shared = shared.assign(magnitude_error=shared["residual"].abs())
    parts = []
    for title, column in (("Position error (km)", "position_error"), ("abs(ΔMw)", "magnitude_error")):
        found = shared.pivot_table(column, index=["model", "seed"], columns="sample")
        mw = shared.groupby("sample")["mw"].first()[found.columns].to_numpy()
        inside = [(mw >= low) & (mw < high) for low, high in CLASSES]
        head = [
            "model",
            *(f"{low:g}–{high:g} (n={n.sum()})" for (low, high), n in zip(CLASSES, inside, strict=True)),
        ]
        limited = bool(ratios) and column == "position_error"
        head += ["× limit, median", f"× limit, Mw ≥ {LARGE:g}"] if limited else []
        rows = []
        for model in dict.fromkeys(samples["model"]):
            values = found.loc[[model]].to_numpy()
            rows.append([model, *(reduced(values[:, n], np.median) for n in inside)])
            if limited:
                rows[-1] += [_ratio(r) for r in ratios.get(model, (None, None))]
        parts.append(f"{title}:\n\n{markdown_table(head, rows)}")
    return "\n\n".join(parts)


def limit_ratios(table: pd.DataFrame) -> dict[str, tuple[Ratio, Ratio]]:
    """Median position error over the limit's on the limit's samples, by model: of all, and from `LARGE` on.

    Parameters
    ----------
    table : DataFrame
        Rows of one split of the results table.
    """
    cells: dict[str, list] = {}
    limit = None
    for cell in finished_cells(table):
        first = cell[0].iloc[0]
        if first["kind"] == "limit":
            limit = cell
        else:
            cells.setdefault(str(first["model"]), []).append(cell)
    if limit is None:
        return {}
    pairs = {model: (ratio_to(limit, own), ratio_to(limit, own, LARGE)) for model, own in cells.items()}
    return {model: (every, large) for model, (every, large) in pairs.items() if every and large}


def _ratio(ratio: Ratio | None) -> str:
    return f"{number(ratio.value)} [{number(ratio.low)}, {number(ratio.high)}]" if ratio else "–"
