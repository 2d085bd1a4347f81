"""The ranked tables in a terminal."""

from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from slipbench.benchmarks.leaderboard import leaderboard, number, sections
from slipbench.platform.cli.console import out

#: Metrics beyond these are in ``--json`` and on the page.
COLUMNS = 3


def show_leaderboard(table: pd.DataFrame) -> None:
    """Print a table for every suite, split and label of a results table, best first."""
    console = out()
    for head, part, metrics in sections(leaderboard(table)):
        title = " · ".join(head[k] for k in ("suite", "split", "label") if head[k] != "-")
        if part["leaky"].any():
            title += " (LEAKY split: neighbours of test rows are in training)"
        grid = Table(title=Text(title, style="bold"), title_justify="left")
        grid.add_column("#", justify="right")
        grid.add_column("model", no_wrap=True)
        for metric in metrics[:COLUMNS]:
            units = part[f"{metric.name}_units"].dropna()
            unit = f" ({units.iloc[0]})" if len(units) and units.iloc[0] != "1" else ""
            arrow = "↑" if metric.higher_is_better else "↓"
            grid.add_column(Text(f"{metric.title}{unit} {arrow} [95 %]"), justify="right")
        grid.add_column("seeds", justify="right")
        grid.add_column("remarks", overflow="fold")
        for row in part.to_dict("records"):
            rank = "–" if pd.isna(row["rank"]) else str(row["rank"])
            name = row["model"] if row["modality"] == "-" else f"{row['model']} · {row['modality']}"
            values = [_value(row, m.name) for m in metrics[:COLUMNS]]
            flags = "; ".join(f for f in row["flags"].split("; ") if f != "leaky split")
            cells = [rank, name, *values, str(row["seeds"]), flags]
            grid.add_row(*(Text(c) for c in cells), style="dim" if row["kind"] == "baseline" else "")
        console.print(grid)


def _value(row: dict[str, Any], name: str) -> str:
    value, low, high = (float(row.get(k, np.nan)) for k in (name, f"{name}_low", f"{name}_high"))
    spread = f" [{number(low)}, {number(high)}]" if np.isfinite(value) and np.isfinite(low) else ""
    return f"{number(value)}{spread}"
