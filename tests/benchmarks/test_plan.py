import pytest

from slipbench.benchmarks.decoders.ridge import Ridge
from slipbench.benchmarks.plan import plan_line

from .toy_suites import inputs_of, nowcast_suite, toy_nowcast


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    return inputs_of(toy_nowcast(folder / "store", rows=128), folder / "cache")


def test_time_is_the_sum_over_the_cells_that_are_left(inputs, monkeypatch):
    suite = nowcast_suite(
        splits=["random"], modalities=["ab"], seeds=[0, 1], baselines=[{"baseline": "mean"}]
    )
    monkeypatch.setattr(type(suite), "seconds", lambda self, cell: 100.0 if cell.model == "ridge" else None)
    cells = suite.cells(inputs)
    line = plan_line(suite, cells, cells[:-1], 2)
    assert line == (
        "2 baseline, 4 decoder; 6 of 7 cells to compute; about 2 min on 2 cores; 3 of unknown length"
    )
    assert plan_line(suite, cells, [], 1) == "2 baseline, 4 decoder; 0 of 7 cells to compute"


def test_tuning_is_counted(inputs, monkeypatch):
    monkeypatch.setattr(Ridge, "seconds", 3.0)
    plain, tuned = nowcast_suite(), nowcast_suite(tune={"trials": 4})
    (cell,) = {c.model: c for c in plain.cells(inputs) if c.model == "ridge"}.values()
    assert plain.seconds(cell) == 3.0
    assert tuned.seconds(cell) == 15.0
