"""Cells of a suite as Ray tasks, on a Ray of this process."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipbench.benchmarks.results import Cell, CellResult, read_table
from slipbench.benchmarks.run import Executor, run_suite
from slipbench.benchmarks.suites.base import Inputs, Needs
from slipbench.benchmarks.suites.nowcast import Nowcast
from slipbench.datasets.errors import InputError
from slipbench.platform.cluster import join
from slipbench.platform.config.cluster import Ray
from tests.benchmarks.toy_suites import inputs_of, nowcast_suite, toy_nowcast

pytestmark = [pytest.mark.service, pytest.mark.timeout(280)]
SMALL: dict[str, Any] = {"modalities": ["ab"], "splits": ["random", "chronological"]}


class Deadly(Nowcast):
    """Its worker is killed at a cell: at the first try, or at every one."""

    def __init__(self, options: Any, told: Path, always: bool) -> None:
        super().__init__(options)
        self._told, self._always = told, always

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        if cell.model == "ridge" and cell.split == "random" and (self._always or not self._told.exists()):
            self._told.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(cell, inputs)


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with join(Ray(address="here")) as found:
        from ray import cloudpickle  # Ray keeps the authentication that its first import finds

        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        yield found.executor()
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("cells")
    return inputs_of(toy_nowcast(folder / "store", rows=128), folder / "cache")


@pytest.fixture(scope="module")
def alone(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return read_table([run_suite(nowcast_suite(**SMALL), inputs, tmp_path_factory.mktemp("alone"))])


def _same(found: Any, wanted: Any) -> None:
    assert list(found["cell"]) == list(wanted["cell"])
    assert set(found["status"]) == {"ok"}
    for a, b in zip(found["y_pred"], wanted["y_pred"], strict=True):
        assert np.array_equal(a, b, equal_nan=True)


def test_the_table_of_one_process_and_nothing_twice(
    executor: Executor, inputs: Inputs, alone: Any, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    suite = nowcast_suite(**SMALL)
    path = run_suite(suite, inputs, tmp_path, lambda *news: told.append(news), executor=executor)
    _same(read_table([path]), alone)
    assert len(told) == len(suite.cells(inputs)) + 1
    gone = sorted((tmp_path / "cells").iterdir())[0]
    gone.unlink()
    told.clear()
    run_suite(suite, inputs, tmp_path, lambda *news: told.append(news), executor=executor)
    assert len(told) == 2
    _same(read_table([path]), alone)


def test_a_killed_worker_costs_nothing_but_its_cell(
    executor: Executor, inputs: Inputs, alone: Any, tmp_path: Path
) -> None:
    options = nowcast_suite(**SMALL).options
    once = Deadly(options, tmp_path / "told", always=False)
    _same(read_table([run_suite(once, inputs, tmp_path / "once", executor=executor)]), alone)
    always = Deadly(options, tmp_path / "told", always=True)
    table = read_table([run_suite(always, inputs, tmp_path / "always", executor=executor)])
    failed = table[table["status"] == "failed"]
    assert list(zip(failed["model"], failed["split"], strict=True)) == [("ridge", "random")]
    assert failed["reason"].str.contains("WorkerCrashedError").all()
    assert list(table["cell"].unique()) == list(alone["cell"].unique())
    again = read_table([run_suite(nowcast_suite(**SMALL), inputs, tmp_path / "always", executor=executor)])
    _same(again, alone)


def test_a_cell_that_no_node_can_hold_is_refused(executor: Executor, inputs: Inputs, tmp_path: Path) -> None:
    suite = nowcast_suite(**SMALL, decoders=[{"decoder": "ridge", "cpus": 4096}])
    with pytest.raises(
        InputError,
        match=r"cells of ridge: 4096 CPUs; expected at most what one node of the Ray cluster has, \d+ CPUs",
    ):
        run_suite(suite, inputs, tmp_path, executor=executor)
    assert not list(tmp_path.rglob("*.parquet"))


def test_cells_that_take_as_much_follow_each_other(executor: Executor, inputs: Inputs) -> None:
    decoders = [{"decoder": "ridge"}, {"decoder": "random_forest", "trees": 5, "threads": 2}]
    suite = nowcast_suite(**SMALL, decoders=decoders)
    cells = suite.cells(inputs)
    begun: list[Cell] = []
    results = dict(executor.results(suite, inputs, cells, begun.append))
    assert set(results) == set(cells)
    takes = [suite.needs(cell).cpus for cell in begun]
    assert takes == sorted(takes, reverse=True) != [suite.needs(cell).cpus for cell in cells]


def test_what_a_cell_takes_is_no_part_of_its_identity(inputs: Inputs) -> None:
    decoders = [{"decoder": "ridge", "gpus": 0.25}, {"decoder": "random_forest", "trees": 5, "threads": 3}]
    plain, other = nowcast_suite(**SMALL), nowcast_suite(**SMALL, decoders=decoders)
    cells = {c.model: c for c in other.cells(inputs)}
    assert other.needs(cells["ridge"]) == Needs(1, 0.25)
    assert other.needs(cells["random_forest"]) == Needs(3, 0)
    assert other.needs(cells["mean"]) == other.needs(cells["samples"]) == Needs()
    ids = {c.id for c in plain.cells(inputs) if c.model == "ridge"}
    assert ids == {c.id for c in other.cells(inputs) if c.model == "ridge"}
