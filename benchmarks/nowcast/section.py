"""One split and label of a nowcast suite: what the parts of the report read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.metrics import Metric, Samples
from slipbench.benchmarks.scores import finished_cells, metrics_for, points_of


@dataclass(frozen=True)
class Section:
    """What the report says of one split and label is made of this.

    Attributes
    ----------
    split, label : str
        As in the results table.
    leaky : bool
        Whether the split lets neighbours of test days into training.
    table : DataFrame
        Its rows of the results table.
    board : DataFrame
        Its rows of the leaderboard that hold a result, by rank.
    """

    split: str
    label: str
    leaky: bool
    table: pd.DataFrame
    board: pd.DataFrame

    @property
    def title(self) -> str:
        """Split and label in words."""
        return f"{self.split}{' (LEAKY)' if self.leaky else ''}, {self.label}"

    @property
    def metric(self) -> Metric:
        """The metric that ranks."""
        return metrics_for(self.board)[0]

    def row(self, **wanted: str) -> dict[str, Any] | None:
        """The best row of the leaderboard with these values; None where there is none."""
        here = self.board
        for name, value in wanted.items():
            here = here[here[name] == value]
        return None if not len(here) else here.sort_values("rank", kind="stable").iloc[0].to_dict()

    def cells(self, row: dict[str, Any]) -> list[tuple[pd.DataFrame, Samples]]:
        """The finished cells of a row of the leaderboard with their samples."""
        mine = (self.table["model"] == row["model"]) & (self.table["modality"] == row["modality"])
        return list(finished_cells(self.table[mine]))

    def test_days(self) -> np.ndarray:
        """Days that any cell was tested on, ascending."""
        rows = points_of(self.table[self.table["status"] == "ok"])
        return np.unique(np.concatenate([np.asarray(v) for v in rows["time"]]))


def sections_of(table: pd.DataFrame, board: pd.DataFrame) -> list[Section]:
    """The splits and labels that have results, in the order of the table."""
    found = []
    for (split, label), part in board[board["seeds"] > 0].groupby(["split", "label"], sort=False):
        here = table[(table["split"] == split) & (table["label"] == label)]
        found.append(Section(str(split), str(label), bool(part["leaky"].any()), here, part))
    return found


def name_of(row: dict[str, Any]) -> str:
    """A model and what it sees."""
    return str(row["model"]) if row["modality"] == "-" else f"{row['model']} ({row['modality']})"


def scored(row: dict[str, Any], name: str) -> str:
    """A metric of a row of the leaderboard with its interval."""
    return f"{number(row[name])} [{number(row[f'{name}_low'])}, {number(row[f'{name}_high'])}]"
