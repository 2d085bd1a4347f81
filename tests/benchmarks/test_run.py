import numpy as np
import pytest

from slipbench.benchmarks.decoders.random_forest import RandomForest
from slipbench.benchmarks.decoders.ridge import Ridge
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import Executor, cell_path, reason_of, run_suite

from .toy_suites import inputs_of, nowcast_suite, toy_nowcast

SMALL = {"modalities": ["ab"], "splits": ["random"]}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return inputs_of(toy_nowcast(folder / "store", rows=128), folder / "cache")


def fits(monkeypatch, decoder, action):
    """Count the fits of a decoder and let `action` decide what each does."""
    counted, before = [], decoder._fit

    def counting(self, x, y):
        counted.append(1)
        action()
        return before(self, x, y)

    monkeypatch.setattr(decoder, "_fit", counting)
    return counted


def nothing():
    pass


def test_a_second_run_computes_nothing_and_gives_the_same_bytes(inputs, tmp_path, monkeypatch):
    counted = fits(monkeypatch, Ridge, nothing)
    first = run_suite(nowcast_suite(**SMALL), inputs, tmp_path).read_bytes()
    second = run_suite(nowcast_suite(**SMALL), inputs, tmp_path).read_bytes()
    assert len(counted) == 1
    assert first == second


def test_a_suite_that_is_done_hands_nothing_to_its_executor(inputs, tmp_path):
    first = run_suite(nowcast_suite(**SMALL), inputs, tmp_path).read_bytes()
    idle = Executor(1, lambda *given: pytest.fail("asked"))
    assert run_suite(nowcast_suite(**SMALL), inputs, tmp_path, executor=idle).read_bytes() == first


def test_a_failed_cell_is_a_row_and_is_tried_again(inputs, tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("the forest\nburnt down")

    suite = nowcast_suite(**SMALL)
    with monkeypatch.context() as patch:
        fits(patch, RandomForest, fail)
        table = read_table([run_suite(suite, inputs, tmp_path)])
    row = table[table["model"] == "random_forest"].iloc[0]
    assert row["status"] == "failed"
    assert row["reason"] == "RuntimeError: the forest burnt down"
    assert len(row["y_pred"]) == 0
    assert (table["status"] == "ok").sum() == len(table) - 1
    ridge = fits(monkeypatch, Ridge, nothing)
    again = read_table([run_suite(suite, inputs, tmp_path)])
    assert set(again["status"]) == {"ok"}
    assert not ridge
    assert list(again["cell"]) == list(table["cell"])


def test_an_interruption_passes_and_keeps_what_was_done(inputs, tmp_path, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    suite = nowcast_suite(**SMALL)
    cells = suite.cells(inputs)
    with monkeypatch.context() as patch:
        fits(patch, RandomForest, stop)
        with pytest.raises(KeyboardInterrupt):
            run_suite(suite, inputs, tmp_path)
    assert [cell_path(tmp_path, c).exists() for c in cells] == [c.model != "random_forest" for c in cells]
    ridge = fits(monkeypatch, Ridge, nothing)
    resumed = read_table([run_suite(suite, inputs, tmp_path)])
    assert not ridge
    whole = read_table([run_suite(suite, inputs, tmp_path / "whole")])
    for a, b in zip(resumed["y_pred"], whole["y_pred"], strict=True):
        assert np.array_equal(a, b, equal_nan=True)


def test_a_damaged_cell_file_is_computed_again(inputs, tmp_path):
    suite = nowcast_suite(**SMALL)
    run_suite(suite, inputs, tmp_path)
    damaged = cell_path(tmp_path, suite.cells(inputs)[0])
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert set(read_table([run_suite(suite, inputs, tmp_path)])["status"]) == {"ok"}


def test_progress_counts_to_the_end(inputs, tmp_path):
    told = []
    run_suite(nowcast_suite(**SMALL), inputs, tmp_path, lambda *a: told.append(a))
    assert told[1] == ("mean · two_sided · random · seed 0", 1, 6)
    assert told[-1] == ("done", 6, 6)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_the_code_version_of_the_caller_is_kept(inputs, tmp_path):
    table = read_table([run_suite(nowcast_suite(**SMALL), inputs, tmp_path, code_version="abc123")])
    assert set(table["code_version"]) == {"abc123"}


def test_reasons_are_one_short_line():
    assert reason_of(ValueError("a\n  b")) == "ValueError: a b"
    assert reason_of(MemoryError()) == "MemoryError"
    assert len(reason_of(ValueError("x" * 1000))) == 300
