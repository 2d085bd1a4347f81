"""The leaderboard as text: what terminals and Markdown documents show of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from slipbench.benchmarks.intervals import interval, over_seeds, resamples
from slipbench.benchmarks.leaderboard import beside_best, leaderboard, number, sections
from slipbench.benchmarks.scores import SEED

#: Metrics beyond these are in the leaderboard's data and on the page.
COLUMNS = 3


@dataclass(frozen=True)
class TextTable:
    """One ranked table: title, column names, rows of text, and which rows are baselines."""

    title: str
    header: list[str]
    rows: list[list[str]]
    baseline: list[bool]


def text_tables(table: pd.DataFrame, board: pd.DataFrame | None = None) -> Iterator[TextTable]:
    """A text table for every suite, split and label of a results table, best model first.

    `board` is its leaderboard, if it is there already.
    """
    for head, part, metrics in sections(leaderboard(table) if board is None else board):
        title = " · ".join(head[k] for k in ("suite", "split", "label") if head[k] != "-")
        if part["leaky"].any():
            title += " (LEAKY split: neighbours of test rows are in training)"
        shown = metrics[:COLUMNS]
        header = ["#", "model"]
        for metric in shown:
            units = part[f"{metric.name}_units"].dropna()
            unit = f" ({units.iloc[0]})" if len(units) and units.iloc[0] != "1" else ""
            header.append(" ".join(filter(None, [f"{metric.title}{unit}", metric.arrow, "[95 %]"])))
        limited = "limit_ratio" in part and part["limit_ratio"].notna().any()
        if limited:
            header.append("× limit ↓ [95 %]")
        compared = "best_p" in part and part["best_p"].notna().any()
        if compared:
            header.append("p to best")
        rows = []
        for row in part.to_dict("records"):
            rank = "–" if pd.isna(row["rank"]) else str(row["rank"])
            name = row["model"] if row["modality"] == "-" else f"{row['model']} · {row['modality']}"
            flags = "; ".join(f for f in row["flags"].split("; ") if f != "leaky split")
            values = [_value(row, m.name) for m in shown]
            if limited:
                values.append(_value(row, "limit_ratio"))
            if compared:
                values.append(beside_best(row))
            rows.append([rank, name, *values, str(row["seeds"]), flags])
        yield TextTable(title, [*header, "seeds", "remarks"], rows, (part["kind"] == "baseline").tolist())


def markdown(table: pd.DataFrame, board: pd.DataFrame | None = None) -> str:
    """All tables of a results table as Markdown; `board` as in `text_tables`."""
    return "\n".join(
        f"### {one.title}\n\n{markdown_table(one.header, one.rows, left=(1, len(one.header) - 1))}\n"
        for one in text_tables(table, board)
    )


def markdown_table(header: list[str], rows: list[list[str]], left: Sequence[int] = (0,)) -> str:
    """A Markdown table; the columns numbered in `left` are aligned to the left, all others to the right."""
    align = ["---" if i in left else "---:" for i in range(len(header))]
    lines = [header, align, *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines)


def reduced(values: np.ndarray, reduce: Callable[..., Any]) -> str:
    """A reduction such as `numpy.median` with its bootstrap 95 % interval, as text; the mean over seeds.

    Parameters
    ----------
    values : ndarray, shape (n,) or (seeds, n)
        Values of the same n samples, of every seed where there are several.
    reduce : callable
        Called with an array and ``axis``.
    """
    values = np.atleast_2d(values)
    n = values.shape[1]
    if not n:
        return "–"
    if not np.isfinite(value := float(np.mean(reduce(values, axis=1)))):
        return "∞"
    again = np.array([reduce(seed[resamples(n, 1, SEED)], axis=1) for seed in values])
    low, high = interval(over_seeds(again, SEED))
    return f"{number(value)} [{number(low)}, {number(high)}]"


def share(hits: int, n: int) -> str:
    """A share with its exact binomial 95 % interval, as text."""
    ends = binomtest(hits, n).proportion_ci(0.95)
    return f"{hits / n:.1%} [{ends.low:.1%}, {ends.high:.1%}]"


def _value(row: dict[str, Any], name: str) -> str:
    value, low, high = (float(row.get(k, np.nan)) for k in (name, f"{name}_low", f"{name}_high"))
    spread = f" [{number(low)}, {number(high)}]" if np.isfinite(value) and np.isfinite(low) else ""
    return f"{number(value)}{spread}"
