"""The ranked tables in a terminal."""

import pandas as pd
from rich.table import Table
from rich.text import Text

from slipbench.benchmarks.text_table import text_tables
from slipbench.platform.cli.console import out


def show_leaderboard(table: pd.DataFrame) -> None:
    """Print a table for every suite, split and label of a results table, best first."""
    for one in text_tables(table):
        grid = Table(title=Text(one.title, style="bold"), title_justify="left")
        last = len(one.header) - 1
        for place, name in enumerate(one.header):
            right = place not in (1, last)
            grid.add_column(
                Text(name),
                justify="right" if right else "left",
                no_wrap=place == 1,
                overflow="fold" if place == last else "ellipsis",
            )
        for row, baseline in zip(one.rows, one.baseline, strict=True):
            grid.add_row(*(Text(c) for c in row), style="dim" if baseline else "")
        out().print(grid)
