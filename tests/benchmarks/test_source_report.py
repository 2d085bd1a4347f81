from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.scores import cell_metrics
from slipbench.benchmarks.source.context import KM_PER_DEGREE, context
from slipbench.benchmarks.source.events import events_of
from slipbench.benchmarks.source.gaps import errors_by_gap
from slipbench.benchmarks.source.report import write_report
from slipbench.benchmarks.source.samples import samples
from slipbench.benchmarks.source.thresholds import FEWEST, LIMIT_KM, WINDOW, threshold, thresholds
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.physics.source import PARAMETERS

from .toy_suites import inputs_of, source_suite, toy_source

DATASET = {"recipe": "source_synthetic", "name": "toy_more"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """A suite with its own test rows, a test set with gaps and one of two named events."""
    folder = tmp_path_factory.mktemp("report")
    store = toy_source(folder / "own", 5120)
    tests = {
        "gaps": toy_source(folder / "gaps", 512, gaps=0.6),
        "real": toy_source(folder / "real", 64, events=("tohoku2011", "miyagi2011")),
    }
    suite = source_suite(tests=dict.fromkeys(tests, DATASET))
    return read_table([run_suite(suite, inputs_of(store, folder, tests), folder / "out")])


def test_every_test_set_is_a_section_with_the_hash_of_its_own_store(table: pd.DataFrame) -> None:
    assert set(table["status"]) == {"ok"}
    assert list(dict.fromkeys(table["split"])) == ["-", "gaps", "real"]
    assert table.groupby("split")["dataset_hash"].nunique().eq(1).all()
    assert table["dataset_hash"].nunique() == 3
    board = leaderboard(table)
    assert set(board["model"]) == {"mean", "peak"}
    assert (board.groupby("split")["rank"].max() == 2).all()
    context_cells = set(table.loc[table["kind"] == "context", "cell"])
    assert context_cells
    assert not context_cells & set(cell_metrics(table))


def test_the_nearest_station_is_one_that_has_data(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 64, gaps=0.9)
    rows = store.rows_of("test")
    found = {o.quantity: np.array(o.y_true) for o in context(store, rows)}
    lat, lon, present = store.read("station_lat"), store.read("station_lon"), store.read("present")
    for i, row in enumerate(rows):
        here = present[row].astype(bool)
        y, x, _ = store.read("target")[row]
        degrees = ground_distance(y, x, lat[here], lon[here]).min() / 1e3 / KM_PER_DEGREE
        depth = store.read("source")[row, [n for n, _ in PARAMETERS].index("depth")] / 1e3
        assert found["ground_distance"][i] == pytest.approx(degrees)
        assert found["depth"][i] == pytest.approx(depth)
        assert found["distance"][i] == pytest.approx(np.hypot(degrees, depth / KM_PER_DEGREE))
        assert found["missing"][i] == pytest.approx(1 - here.mean())
    assert found["missing"].max() > 0.3


def test_samples_carry_errors_and_what_they_are(table: pd.DataFrame) -> None:
    found = samples(table, "-")
    assert set(found["model"]) == {"mean", "peak"}
    np.testing.assert_allclose(found["residual"], found["mw"] - found["mw_predicted"])
    flat = np.hypot(found["east_error"], found["north_error"])
    near = found["position_error"] < 300
    assert near.any()
    np.testing.assert_allclose(flat[near], found["position_error"][near], rtol=0.02)
    assert (np.sign(found["north_error"]) == np.sign(found["latitude_predicted"] - found["latitude"])).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(6.2, 8.0), st.integers(5, 800))
def test_a_threshold_is_the_first_window_after_the_last_that_fails(seed: int, edge: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    mw = rng.uniform(5.8, 8.5, n)
    error = np.where(mw < edge, 1.5, 0.7) * LIMIT_KM * rng.lognormal(0, 0.4, n)
    verdicts = []
    for tenth in range(58, 86):
        inside = (mw >= tenth / 10) & (mw < tenth / 10 + WINDOW)
        if inside.sum() >= FEWEST:
            verdicts.append((tenth / 10, np.median(error[inside]) <= LIMIT_KM))
    failed = [k for k, (_, good) in enumerate(verdicts) if not good]
    after = verdicts[failed[-1] + 1 if failed else 0 :]
    expected = after[0][0] if after else np.nan
    np.testing.assert_allclose(threshold(mw, error), expected)
    order = rng.permutation(n)
    np.testing.assert_equal(threshold(mw[order], error[order]), threshold(mw, error))


def test_a_sharp_threshold_is_found_to_half_a_window() -> None:
    mw = np.linspace(5.8, 8.5, 1000)
    for edge in (6.2, 6.77, 7.95):
        found = threshold(mw, np.where(mw < edge, 3 * LIMIT_KM, 0.3 * LIMIT_KM))
        assert edge - WINDOW / 2 - 0.01 <= found <= edge - WINDOW / 2 + 0.11


def test_no_threshold_where_the_largest_events_are_placed_badly() -> None:
    mw = np.linspace(5.8, 8.5, 300)
    assert np.isnan(threshold(mw, np.full(300, 2 * LIMIT_KM)))
    assert np.isnan(threshold(mw, np.where(mw > 8, 2 * LIMIT_KM, 0.0)))
    assert threshold(mw, np.zeros(300)) == pytest.approx(5.8)
    assert np.isnan(threshold(np.empty(0), np.empty(0)))


def test_intervals_hold_the_threshold(table: pd.DataFrame) -> None:
    found = samples(table, "-")
    every = thresholds(found[found["model"] == "peak"])
    assert len(every) == 9
    assert sum(t.n for t in every) == found["sample"].nunique()
    finite = [t for t in every if np.isfinite(t.mw)]
    assert len(finite) >= 3
    for t in finite:
        assert t.low <= t.mw <= t.high


def test_an_interval_narrows_with_the_samples_around_the_threshold_that_is_true() -> None:
    edge, few, many, wide = 6.8, 120, 2000, []
    far, deep = np.meshgrid([0.2, 1.0, 4.0], [10.0, 40.0, 80.0], indexing="ij")
    n = np.array([few] * 8 + [many])  # of each class, in the order of the table
    rng = np.random.default_rng(6)
    mw = rng.uniform(5.8, 8.5, n.sum())
    error = np.where(mw < edge, 3, 0.3) * LIMIT_KM * rng.lognormal(0, 0.2, n.sum())
    made = {"mw": mw, "position_error": error, "sample": np.arange(n.sum()), "seed": 0}
    places = {"ground_distance": far.ravel().repeat(n), "depth": deep.ravel().repeat(n)}
    for t, size in zip(thresholds(pd.DataFrame(made | places)), n, strict=True):
        assert t.n == size
        assert t.low <= edge - WINDOW / 2 + 0.11
        assert t.high >= edge - WINDOW / 2 - 0.01
        wide.append(t.high - t.low)
    assert wide[-1] < 0.15 < np.mean(wide[:-1])
    assert max(wide) < 1


def test_errors_by_gap_are_medians_of_their_class(table: pd.DataFrame) -> None:
    found = samples(table, "gaps")
    rows = {(r.model, round(r.missing, 9)): r for r in errors_by_gap(found).itertuples()}
    edges, several = [-1, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 1.1], 0
    for model in ("mean", "peak"):
        mine = [r for r in found.itertuples() if r.model == model]
        for low, high in pairwise(edges):
            if not (here := [r for r in mine if low <= r.missing < high]):
                continue
            several += len({r.missing for r in here}) > 1
            row = rows.pop((model, round(fmean(r.missing for r in here), 9)))
            assert row.n == len(here)
            assert row.position_error == pytest.approx(median(r.position_error for r in here))
            assert row.magnitude_error == pytest.approx(median(abs(r.mw - r.mw_predicted) for r in here))
    assert several > 0
    assert not rows


def test_events_are_medians_over_their_realisations(table: pd.DataFrame) -> None:
    found = samples(table, "real")
    events = events_of(found)
    assert set(events["name"]) == {"tohoku2011", "miyagi2011"}
    one = found[(found["name"] == "tohoku2011") & (found["model"] == "peak")]
    row = events[(events["name"] == "tohoku2011") & (events["model"] == "peak")].iloc[0]
    assert row["n"] == len(one) == 32
    assert row["position_error"] == pytest.approx(one["position_error"].median())


def test_the_report_says_what_the_table_holds(table: pd.DataFrame, tmp_path: Path) -> None:
    document, *figures = write_report(table, tmp_path)
    text = document.read_text()
    for words in ("## Errors, the test samples", "Magnitude thresholds", "Missing stations, test set gaps",
                  "Events of test set real", "tohoku2011"):  # fmt: skip
        assert words in text
    assert {f.stem for f in figures} >= {"gaps-gaps", "maps", "distance", "residuals"}
    for figure in figures:
        assert figure.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert f"({figure.name})" in text
    again, *_ = write_report(table, tmp_path / "again")
    assert again.read_bytes() == document.read_bytes()


def test_a_class_without_samples_has_no_threshold() -> None:
    n, rng = 300, np.random.default_rng(0)
    near = pd.DataFrame({"sample": np.arange(n), "mw": rng.uniform(5.8, 8.5, n), "ground_distance": 0.2})
    seeds = [near.assign(seed=s, depth=20.0, position_error=rng.lognormal(3, 1, n)) for s in (0, 1)]
    one, *others = thresholds(pd.concat(seeds))
    assert one.n == n
    assert all(t.n == 0 and np.isnan(t.mw) for t in others)
    both = pd.concat(seeds)
    np.testing.assert_equal(one.mw, threshold(both["mw"].to_numpy(), both["position_error"].to_numpy()))
