"""The suite of electron content: judgement, cells, report and documents, on small made maps."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.results import Outcome, read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.suites.base import Inputs, Suite
from slipbench.benchmarks.task import suite_of
from slipbench.benchmarks.tec.__main__ import main
from slipbench.benchmarks.tec.context import between_errors
from slipbench.benchmarks.tec.judge import P_PLANTED, Truth, judge, relative_sizes, size_names
from slipbench.benchmarks.tec.options import TecOptions
from slipbench.benchmarks.tec.series import SiteSeries, site_series
from slipbench.benchmarks.weighted import peirce_skill
from slipbench.datasets.ionex_text import ionex_text
from slipbench.datasets.ionosphere import tec_at
from slipbench.datasets.recipes.tec_simulated import maps_of
from slipbench.datasets.store.reader import Store
from tests.datasets.made_tec import SMALL, tec_store
from tests.datasets.reader_samples import SAMPLES


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    large = {
        "size": {"low": 20, "high": 30},
        "radius_km": {"low": 1900, "high": 2100},
        "hours": {"low": 10, "high": 20},
    }
    return tec_store(tmp_path_factory.mktemp("tec") / "store", **large)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "sw.txt").write_bytes(SAMPLES["space_weather"].make(np.random.default_rng(0), 120))
    (folder / "day.23i").write_text(ionex_text(maps_of(store, slice(3, 4))))
    return folder


def suite(**changes: Any) -> Suite:
    options = {"suite": "tec", "name": "small", "dataset": SMALL, "window": 30, "offset_hours": 2.0}
    return suite_of(TecOptions(**(options | changes)))


MEASURED = {"space_weather": "sw.txt", "maps": ["day.23i"], "start": "2009-03-01", "end": "2009-04-10",
            "event": "2009-04-05T10:00:00"}  # fmt: skip


@pytest.fixture(scope="module")
def table(store: Store, data: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    inputs = Inputs(store, {}, tmp_path_factory.mktemp("cache"), data=data)
    return read_table([run_suite(suite(measured=MEASURED), inputs, tmp_path_factory.mktemp("out"))])


def test_series_are_the_content_between_the_maps(store: Store) -> None:
    series = site_series(store, "linear", 2.0)
    maps = maps_of(store)
    assert series.tec.shape == (5, 70 * 6)
    assert np.isnan(series.tec[:, -1]).all()
    assert np.isfinite(series.tec[:, :-1]).all()
    half = (tec_at(maps, maps.time[7], *_place(store, 2)) + tec_at(maps, maps.time[8], *_place(store, 2))) / 2
    assert series.tec[2, 7] == pytest.approx(float(half), abs=1e-4)
    assert series.day.tolist() == store.read("time").tolist()


def _place(store: Store, site: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.array(store.read(f"site_{axis}")[site]) for axis in ("lat", "lon"))  # type: ignore[return-value]


def _judged(marks: np.ndarray, truth: Truth) -> dict[str, Outcome]:
    days = marks.shape[1] // 4
    series = SiteSeries(1000 + np.arange(4 * days) / 4, 4, np.full(marks.shape, 20.0))
    return {outcome.quantity: outcome for outcome in judge(series, marks, truth, 10)}


def test_hits_and_false_anomalies_are_counted_by_their_definition() -> None:
    marks = np.zeros((2, 4 * 30))
    marks[:, :40] = np.nan
    day = {"a": 15, "b": 20, "c": 25}
    truth = Truth(
        site=np.array([0, 0, 0, 1]),
        event_day=1000.0 + np.array([16, 22, 26, 18]),
        start=1000.0 + np.array([15.2, 20.2, 25.2, 17.2]),
        end=1000.0 + np.array([15.6, 20.6, 25.6, 17.6]),
        size=np.array([3.0, -6.0, 3.0, 0.0]),
        lead_days=3,
    )
    marks[0, 4 * day["a"] + 1] = 1.0  # inside, right sign: a hit
    marks[0, 4 * day["b"] + 1] = 1.0  # inside, wrong sign: neither a hit nor a false anomaly
    marks[0, 4 * day["c"] : 4 * day["c"] + 4] = np.nan  # not tested: missed
    marks[1, 4 * 17 + 1] = 2.0  # nothing is planted there
    marks[1, 4 * 12 : 4 * 12 + 3] = -1.0
    found = _judged(marks, truth)
    planted, values, days = (found[name] for name in ("planted", "quiet_values", "quiet_days"))
    assert (sum(planted.y_true), sum(planted.y_pred)) == (3, 1)
    assert (planted.time[0], len(planted.time)) == (1010, 20)
    assert planted.y_pred[5] == 1
    assert (sum(values.y_true), sum(values.y_pred)) == (4 * (2 * 20 - 3), 4)
    assert (sum(days.y_true), sum(days.y_pred)) == (2 * 20 - 3, 2)
    sizes = {name: (sum(found[name].y_true), sum(found[name].y_pred)) for name in size_names()}
    assert sizes["size_0.1_0.2"] == (2, 1)
    assert sizes["size_0.2_0.4"] == (1, 0)
    assert (found[P_PLANTED].sample, len(found["p_sites_without"].y_pred)) == ([0], 1)


def test_sizes_are_shares_of_the_content_before() -> None:
    tec = np.tile([10.0, 40.0, 20.0, 5.0], 20)[None]
    series = SiteSeries(np.arange(80) / 4, 4, tec)
    truth = Truth(
        *(np.array([0, 0, 0]), np.full(3, 19.0), np.array([15.2, 16.2, 17.3])),
        *(np.array([15.6, 16.3, 17.4]), np.array([-3.0, 8.0, 0.0]), 3),
    )
    np.testing.assert_allclose(relative_sizes(series, truth, 10), [3 / 30, 8 / 40, np.nan])


def test_the_skill() -> None:
    hits, there = np.array([1.0, 0, 2]), np.array([2.0, 1, 3])
    false, quiet = np.array([1.0, 1, 0]), np.array([10.0, 10, 20])
    assert peirce_skill(hits, there, false, quiet, np.ones(3)) == pytest.approx(3 / 6 - 2 / 40)
    weights = np.array([[1.0, 0, 0], [0, 0, 2], [0, 0, 0]])
    np.testing.assert_allclose(peirce_skill(hits, there, false, quiet, weights), [0.5 - 0.1, 2 / 3, np.nan])


def test_every_cell_is_done_and_scored(table: pd.DataFrame, store: Store) -> None:
    assert table.drop_duplicates("cell")["status"].tolist() == ["ok"] * 19
    board = leaderboard(table)
    assert len(board) == 16
    assert board["tec_skill"].between(-1, 1).all()
    best = board[(board["split"] == "all_days") & (board["modality"] == "linear")]
    assert (best["hit_rate"] > 0.5).all()  # 20 TECU and more are not missed
    assert (best["false_per_100"] < 12).all()
    for name in ("tec_skill", "hit_rate", "false_per_100", "false_days"):
        assert (board[f"{name}_low"] <= board[name] + 1e-9).all()
    of = board.set_index(["split", "model", "modality"])["false_days"]
    assert of["unexplained_days", "mad", "linear"] != of["all_days", "mad", "linear"]
    planted = table[table["quantity"] == "planted"]["y_true"].iloc[0]
    assert sum(planted) == (store.read("anomaly_size") != 0).sum()


def test_options_decide_which_cells_are_new(store: Store, tmp_path: Path) -> None:
    def hashes(**changes: Any) -> dict[tuple, str]:
        cells = suite(**changes).cells(Inputs(store, {}, tmp_path))
        return {(c.model, c.modality, c.split): c.config_hash for c in cells}

    plain = hashes()
    for changes in ({"window": 20}, {"offset_hours": 0.0}):
        assert not set(plain.values()) & set(hashes(**changes).values())
    few = hashes(rules=["mad"], between=["linear"])
    assert set(few.values()) < set(plain.values())
    assert len(few) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": ["median"]}, "unknown rule 'median'"),
        ({"measured": {"start": "2023-08-06", "event": "2023-08-05T00:00:00"}}, "start < event"),
    ],
)
def test_impossible_options(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        suite(**changes)


def test_the_report_and_the_document(table: pd.DataFrame, tmp_path: Path) -> None:
    files = suite().report(table, tmp_path / "report")
    text = files[0].read_text()
    assert {f.name for f in files[1:]} == {"sizes.png", "series.png", "map.png", "indices.png", "files.png"}
    assert all(f.stat().st_size > 10_000 for f in files[1:])
    assert text.count("**Caution.**") == 3
    assert "false anomalies** are to be expected" in text
    assert "before 3 events: **p = " in text
    assert "cannot be checked here" in text
    assert "on its UTC day and the 4 before" in text
    docs = tmp_path / "docs"
    for name in ("results", "pictures"):
        (docs / name).mkdir(parents=True)
    table.to_parquet(tmp_path / "results.parquet")
    main(tmp_path / "results.parquet", docs)
    page = (docs / "results" / "tec.md").read_text()
    pictures = sorted(p.name for p in (docs / "pictures").iterdir())
    assert pictures == sorted(f"tec_{f.name}" for f in files[1:])
    assert all(f"](../pictures/{name})" in page for name in pictures)


def test_a_report_of_rules_alone(table: pd.DataFrame, tmp_path: Path) -> None:
    models = table[table["model"].isin(["zscore", "mad"])]
    text = suite().report(models, tmp_path)[0].read_text()
    assert "No quartile rule was run." in text
    assert "Measured" not in text


def test_errors_between_maps_of_a_field_that_follows_the_sun(store: Store) -> None:
    maps = maps_of(store, slice(0, 2))
    shift = np.arange(len(maps.time)) * 60  # degrees in four hours
    lon = np.deg2rad(maps.lon[None, None, :] + shift[:, None, None])
    tec = np.broadcast_to(20 + 5 * np.cos(lon), (len(shift), len(maps.lat), len(maps.lon)))
    linear, rotated = between_errors({"sun": maps.__class__(maps.time, maps.lat, maps.lon, 450.0, tec)})
    assert rotated.y_true[0] < 1e-9
    assert linear.y_true[0] > 1
