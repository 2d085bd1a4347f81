"""A suite whose cells compute nothing, for what is left then."""

from types import SimpleNamespace

import numpy as np

from slipbench.benchmarks.results import Cell, CellResult, Outcome
from slipbench.benchmarks.suites.base import Inputs, Suite
from slipbench.datasets.hashing import config_hash
from slipbench.datasets.registry import Info
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard

#: Test rows of a cell, as many as the demo's nowcast cells have.
ROWS = 256


class EmptySuite(Suite):
    """Cells with made predictions of the nowcast's label.

    Parameters
    ----------
    n_cells : int
        How many.
    """

    info = Info("empty", "nowcast", "cells that compute nothing", "", "Apache-2.0")

    def __init__(self, n_cells: int) -> None:
        super().__init__(SimpleNamespace(name="empty", dataset=SimpleNamespace(name="empty")))
        self._n_cells = n_cells

    def cells(self, inputs: Inputs) -> list[Cell]:
        """As many as were asked for."""
        return [
            Cell("made", "decoder", "-", "two_sided", "random", n, False, config_hash([n]))
            for n in range(self._n_cells)
        ]

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Rows of random numbers."""
        true, pred = np.random.default_rng(cell.seed).normal(size=(2, ROWS)).tolist()
        rows = list(range(ROWS))
        outcome = Outcome("density", "1/day", rows, [float(day) for day in rows], true, pred)
        return CellResult([outcome], n_train=ROWS, fit_seconds=0.0, predict_seconds=0.0, block_days=8.0)


def empty_plan() -> Plan:
    """A store of one number, for suites that read none."""
    return Plan(
        recipe="empty",
        recipe_version=1,
        options={},
        seed=0,
        n_rows=1,
        rows_per_shard=1,
        arrays=(ArraySpec("split", (), "uint8", (), "1", "0 train"),),
        static=(),
        attrs={},
        sources=(),
        statistics=(),
        make=_empty_shard,
    )


def _empty_shard(shard: int, rows: range, rng: np.random.Generator) -> Shard:
    return Shard({"split": np.zeros(len(rows), np.uint8)})
