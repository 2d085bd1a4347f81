"""Errors by magnitude and the report's table 1, on the samples that all models predict."""

import numpy as np
import pytest

from slipbench.benchmarks.intervals import interval, over_seeds, resamples
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.benchmarks.scores import SEED
from slipbench.benchmarks.source.magnitudes import CLASSES, LARGE, common, limit_ratios, magnitudes_table
from slipbench.benchmarks.source.report import write_report
from slipbench.benchmarks.source.samples import samples
from slipbench.benchmarks.text_table import reduced, share

HEADER = {"suite": "s", "task": "source", "dataset": "d", "dataset_hash": "0" * 64, "code_version": "1"}
N, FEW = 120, np.arange(10, 90)
KM_PER_DEGREE = 111.195


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(3)
    return {"latitude": np.full(N, 38.0), "longitude": np.full(N, 142.0), "mw": rng.uniform(5.8, 8.5, N)}


@pytest.fixture(scope="module")
def errors():
    rng = np.random.default_rng(4)
    return {"posterior": [rng.exponential(5, N)], "set": [rng.exponential(20, N), rng.exponential(20, N)]}


@pytest.fixture(scope="module")
def table(tmp_path_factory, truth, errors):
    folder = tmp_path_factory.mktemp("table")
    none = [float("nan")] * N

    def write(name, kind, seed, outcomes):
        cell = Cell(name, kind, "-", "-", "-", seed, False, "h")
        write_cell(folder / f"{name}{seed}.parquet", HEADER, cell, CellResult(outcomes, predict_seconds=1.0))

    every = list(range(N))
    about = {"depth": 20.0, "ground_distance": 1.0, "distance": 1.0, "missing": 0.0}
    write("samples", "context", 0, [Outcome(q, "1", every, none, [v] * N, none) for q, v in about.items()])
    for model, seeds in errors.items():
        rows = FEW if model == "posterior" else np.arange(N)
        for seed, km in enumerate(seeds):
            guess = truth | {"latitude": truth["latitude"] + km / KM_PER_DEGREE, "mw": truth["mw"] + 0.1}
            outcomes = [
                Outcome(q, "1", rows.tolist(), none[: len(rows)], v[rows].tolist(), guess[q][rows].tolist())
                for q, v in truth.items()
            ]
            write(model, "limit" if model == "posterior" else "network", seed, outcomes)
    return read_table(sorted(folder.glob("*.parquet")))


def test_only_samples_that_every_model_predicts_are_compared(table):
    found = common(samples(table, "-"))
    assert found.groupby(["model", "seed"]).size().to_dict() == {
        ("posterior", 0): len(FEW),
        ("set", 0): len(FEW),
        ("set", 1): len(FEW),
    }
    assert set(found["sample"]) == set(FEW)


def test_medians_of_a_class_are_means_over_the_seeds(table, truth, errors):
    text = magnitudes_table(samples(table, "-"), limit_ratios(table))
    head, _, *rows = [line for line in text.splitlines() if line.startswith("|")][:4]
    cells = {row.split(" | ")[0].strip("| "): row.split(" | ")[1:] for row in rows}
    for k, (low, high) in enumerate(CLASSES):
        inside = FEW[(truth["mw"][FEW] >= low) & (truth["mw"][FEW] < high)]
        assert f"{low:g}–{high:g} (n={len(inside)})" in head
        for model, seeds in errors.items():
            expected = np.mean([np.median(km[inside]) for km in seeds])
            assert float(cells[model][k].split()[0]) == pytest.approx(expected, rel=0.006)


def test_ratios_to_the_limit(table, truth, errors):
    every, large = limit_ratios(table)["set"]
    for ratio, rows in ((every, FEW), (large, FEW[truth["mw"][FEW] >= LARGE])):
        medians = [np.median(km[rows]) for km in errors["set"]]
        assert ratio.value == pytest.approx(
            np.mean(medians) / np.median(errors["posterior"][0][rows]), rel=1e-4
        )
        assert ratio.low < ratio.value < ratio.high
        assert ratio.n == len(rows)
    assert limit_ratios(table[table["kind"] != "limit"]) == {}


def test_the_limit_stands_in_table_1(table, tmp_path):
    text = write_report(table, tmp_path)[0].read_text()
    first = text.split("## Errors by magnitude")[0]
    assert "| posterior (limit) |" in first
    assert f"| {len(FEW)} |" in first
    assert "× limit, Mw ≥ 6.5" in text


def test_a_reduction_resamples_seeds_and_samples():
    values = np.random.default_rng(5).exponential(10, (3, 50))
    text = reduced(values, np.median)
    again = np.array([np.median(v[resamples(50, 1, SEED)], axis=1) for v in values])
    low, high = interval(over_seeds(again, SEED))
    value, *ends = (float(w.strip("[],")) for w in text.split())
    assert value == pytest.approx(np.median(values, axis=1).mean(), rel=0.006)
    assert ends == pytest.approx([low, high], rel=0.006)
    assert reduced(values[0], np.mean).split()[0] == f"{values[0].mean():#.3g}"
    assert reduced(np.empty(0), np.median) == "–"
    assert reduced(np.array([1.0, np.inf]), np.mean) == "∞"


def test_a_share_has_an_exact_interval():
    # Clopper and Pearson 1934: 0 of 10 ends at 1 - 0.025 ** 0.1
    assert share(0, 10) == f"0.0% [0.0%, {1 - 0.025**0.1:.1%}]"
