"""Which network of a suite is registered: the best one among those that were judged fairly."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.platform.best_network import best_network
from slipbench.platform.stages import Fitted
from slipbench.trainers.record import Fit

HEADER = {"suite": "toy", "task": "source", "dataset": "d", "dataset_hash": "h", "code_version": "1"}


def fitted(name: str, seed: int) -> Fitted:
    fit = Fit(Path(f"{name}{seed}"), "s", 1, 1, 0.1, 1.0, 1, 1.0)
    return Fitted(SimpleNamespace(seed=seed), Path(), fit, None)  # type: ignore[arg-type]


def result(error: float, **more) -> CellResult:
    """Predictions that are `error` degrees too far north."""
    n = np.arange(20.0)
    outcomes = [
        Outcome(name, "degree", list(range(20)), [np.nan] * 20, list(n / 10), list(n / 10 + shift))
        for name, shift in (("latitude", error), ("longitude", 0.0), ("mw", 0.0))
    ]
    return CellResult(outcomes, **more)


def table(folder: Path, *cells: tuple[Cell, CellResult]) -> pd.DataFrame:
    paths = [folder / f"{number}.parquet" for number in range(len(cells))]
    for path, (cell, found) in zip(paths, cells, strict=True):
        write_cell(path, HEADER, cell, found)
    return read_table(paths)


A = Cell("a", "network", "img", "-", "-", 0, False, "x")
MEAN = Cell("mean", "baseline", "-", "-", "-", 0, False, "x")
FITS = {f"{name}-seed{seed}": fitted(name, seed) for name in "ab" for seed in (0, 1)}


def chosen(found: pd.DataFrame, fits: dict[str, Fitted] = FITS) -> tuple[str, int, int] | None:
    best = best_network(found, fits)
    return best and (best.cell["model"], int(best.cell["seed"]), best.rivals)


def test_the_smallest_error_over_networks_and_seeds(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        (A, result(2.0)),
        (replace(A, seed=1), result(1.5)),
        (replace(A, model="b"), result(0.5)),
        (replace(A, model="b", seed=1), result(1.0)),
        (MEAN, result(0.1)),
    )
    best = best_network(found, FITS)
    assert best is not None
    assert chosen(found) == ("b", 0, 4)
    assert best.fitted is FITS["b-seed0"]
    assert best.scores[0].metric.name == "position_error"
    assert best.scores[0].value == pytest.approx(55.6, abs=0.1)  # half a degree of latitude, km
    assert best.scores[0].low <= best.scores[0].value <= best.scores[0].high


def test_what_is_unfair_or_not_there_does_not_count(tmp_path: Path) -> None:
    b = replace(A, model="b")
    found = table(
        tmp_path,
        (replace(b, leaky=True), result(0.1)),
        (replace(b, seed=1), result(0.2, notes="trained on d; LEAKY: some of its sources are tests")),
        (replace(A, seed=1), result(0.3, status="failed", reason="why")),
        (replace(A, model="unknown"), result(0.4)),
        (A, result(2.0)),
    )
    assert chosen(found) == ("a", 0, 1)
    gone = {name: replace(fit, fit=None) for name, fit in FITS.items()}
    assert chosen(found, gone) is None
    assert chosen(table(tmp_path, (MEAN, result(0.1)))) is None


def test_the_first_section_decides(tmp_path: Path) -> None:
    elsewhere = replace(A, model="b", split="elsewhere")
    found = table(tmp_path, (A, result(2.0)), (replace(elsewhere, model="b"), result(0.1)))
    assert chosen(found) == ("a", 0, 1)
    assert chosen(found[found["split"] != "-"]) == ("b", 0, 1)
