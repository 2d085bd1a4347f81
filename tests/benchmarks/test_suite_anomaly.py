"""The anomaly suite on made records whose quiet parts are quiet and whose waves are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

from slipbench.benchmarks.anomaly.alarms import alarms, first_alarm, threshold_for
from slipbench.benchmarks.anomaly.as_published import first_anomalies
from slipbench.benchmarks.anomaly.before_origin import MARKS, before
from slipbench.benchmarks.anomaly.false_alarms import poisson_rate
from slipbench.benchmarks.anomaly.frame import detections, records
from slipbench.benchmarks.anomaly.outcomes import Judged, judge, outcomes
from slipbench.benchmarks.anomaly.protocol import Protocol
from slipbench.benchmarks.anomaly.records import Records, read_records
from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.suites.base import Inputs
from slipbench.benchmarks.task import AnySuite, suite_of
from slipbench.datasets.anomaly.detectors.base import DETECTORS
from slipbench.datasets.physics.arrivals import earliest_p, first_s
from slipbench.datasets.store.reader import Store
from tests.benchmarks.made_records import STATIONS, made_records

NAMES = ["quartile_rule", "frequency", "sta_lta", "cusum"]
PROTOCOL = Protocol(background=45, window=30, hold=10)


def suite(**changes: Any) -> Any:
    options = {
        "suite": "anomaly",
        "name": "toy",
        "dataset": {"recipe": "rapid_real", "name": "made"},
        "detectors": [{"detector": n} for n in NAMES[:2]],
        "baselines": [{"detector": n} for n in NAMES[2:]],
    }
    return suite_of(TypeAdapter(AnySuite).validate_python(options | changes))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return made_records(tmp_path_factory.mktemp("records") / "store")


@pytest.fixture(scope="module")
def table(store: Store, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("suite")
    return read_table([run_suite(suite(), Inputs(store, {}, folder / "cache"), folder / "out")])


@pytest.fixture(scope="module")
def every(store: Store) -> list[Records]:
    return list(read_records(store, PROTOCOL))


def test_padding_is_no_record_and_windows_keep_clear_of_the_waves(every: list[Records]) -> None:
    assert [r.name for r in every] == ["big", "small", "short"]
    assert [r.usable for r in every] == [True, True, False]
    for r in every[:2]:
        assert len(r) == STATIONS - 1
        p, s = earliest_p(r.km), first_s(r.km)
        for k in range(1, len(r)):
            quiet, shaken = (r.seconds[w[k]] for w in (r.quiet_window, r.shaken_window))
            assert len(quiet) == len(shaken) == PROTOCOL.window
            assert p[k] - 1 <= quiet[-1] < p[k]
            assert s[k] <= shaken[0] < s[k] + 1
            arriving = r.seconds[r.arriving[k]]
            assert (arriving[0] >= p[k], arriving[-1] == shaken[-1]) == (True, True)
            assert r.seconds[r.quiet[k]][0] == r.seconds[0] + PROTOCOL.background
        assert r.quiet_window.sum(axis=1).min() >= 0.8 * PROTOCOL.window
        missing = ~r.known[0]
        assert missing.any()
        assert not (r.quiet[0] & missing).any()


def test_every_cell_is_computed_and_the_metrics_are_those_of_the_records(table: pd.DataFrame) -> None:
    assert set(table["status"]) == {"ok"}
    board = leaderboard(table).set_index("model")
    assert set(board.index) == set(NAMES)
    assert set(board["kind"]) == {"detector", "baseline"}
    assert set(board["blocks"]) == {2.0}
    assert board["flags"].str.contains("short: too little before the waves").all()
    for model, frame in detections(table).items():
        row = board.loc[model]
        assert row["false_alarms"] == pytest.approx(
            frame["false_alarms"].sum() / frame["false_alarms_true"].sum()
        )
        assert row["auc"] > 0.75
        assert row["auc_low"] <= row["auc"] <= row["auc_high"]
        big = frame[frame["event"] == "big"]
        assert np.isfinite(big["detection_at_rate"]).mean() > 0.8, model
        delay = (big["detection_at_rate"] - big["s"]).median()
        assert 0 <= delay < 12, model


def test_detections_are_never_before_the_waves_unless_false(table: pd.DataFrame) -> None:
    for frame in detections(table).values():
        seen = frame[np.isfinite(frame["detection"])]
        assert (seen["detection"] >= seen["p"]).all()
        assert (frame["quiet_marks"] <= frame["quiet_marks_true"]).all()


def test_the_rate_on_other_stations_is_kept_here(table: pd.DataFrame) -> None:
    for model, frame in detections(table).items():
        rate = frame["false_alarms_at_rate"].sum() / frame["false_alarms_at_rate_true"].sum()
        assert rate < 5, model
        published = frame["false_alarms"].sum() / frame["false_alarms_true"].sum()
        if model in ("quartile_rule", "frequency"):
            assert published > 10


def test_cleaning_that_looks_ahead_costs_its_time(store: Store, table: pd.DataFrame, tmp_path: Path) -> None:
    raw = suite(dataset={"recipe": "rapid_real", "name": "made", "spikes": None}, baselines=[])
    again = read_table([run_suite(raw, Inputs(store, {}, tmp_path), tmp_path / "out")])
    late, soon = (detections(t)["frequency"]["detection"] for t in (table, again))
    assert np.isfinite(soon).any()
    np.testing.assert_allclose(late, soon + 1)


def test_a_shaken_window_decides_no_threshold(every: list[Records]) -> None:
    part = DETECTORS.get("sta_lta")
    detector = part(part.Options())
    judged = [judge(detector, r) for r in every if r.usable]
    plain = {o.quantity: o for o in outcomes(detector, judged)}
    shaken = [np.where(j.records.arriving[:, None], 1e9, j.components) for j in judged]
    moved = [Judged(j.records, x) for j, x in zip(judged, shaken, strict=True)]
    changed = {o.quantity: o for o in outcomes(detector, moved)}
    for name in ("false_alarms_at_rate", "false_alarms_transferred", "quiet"):
        np.testing.assert_array_equal(plain[name].y_pred, changed[name].y_pred)
    assert plain["shaken"].y_pred != changed["shaken"].y_pred


def test_the_documents_bounds_know_the_future(every: list[Records]) -> None:
    first = first_anomalies(every[0])
    assert np.isnan(first[0]).any() == (~every[0].known[0] & (every[0].seconds >= -20)).any()
    from slipbench.datasets.anomaly.quartiles import bounds

    r = every[0]
    inside = (r.seconds >= -20) & (r.seconds <= 80)
    x = r.velocity[5, 1, inside]
    low, high = bounds(x)
    late = r.seconds[inside][((x < low) | (x > high)) & (r.seconds[inside] >= 0)]
    assert first[5, 1] == late[0]


def test_marks_before_the_origin_end_at_the_origin(table: pd.DataFrame) -> None:
    row = table[(table["model"] == "frequency") & (table["quantity"] == MARKS)].iloc[0]
    question = before(row)
    assert question is not None
    assert len(question.events) == len(records(table))
    assert question.events[-1] == len(question.flags)
    assert question.before == 10
    at = np.array(question.events) - 1
    assert set(np.asarray(row["y_true"])[at]) == {-1.0}


def test_the_report_says_everything(table: pd.DataFrame, tmp_path: Path) -> None:
    files = suite().report(table, tmp_path)
    text = files[0].read_text()
    for words in ("## False alarms", "## ROC", "## Detection", "## Document 002", "**Caution.**", "p = "):
        assert words in text
    assert {f.name for f in files[1:]} == {"roc.png", "distance.png", "record-large.png", "record-small.png"}
    assert all(f.stat().st_size > 10_000 for f in files[1:])
    assert "nan" not in text


def test_alarms_by_hand() -> None:
    above = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1], bool)
    np.testing.assert_array_equal(np.flatnonzero(alarms(above, 3)), [1, 9])
    np.testing.assert_array_equal(np.flatnonzero(alarms(above, 2)), [1, 5, 9])
    where = np.array([[0, 0, 0, 1, 1, 1, 1, 1, 1, 0], [0] * 10, [0, 0, 0, 0, 0, 0, 1, 1, 0, 0]], bool)
    found = first_alarm(np.tile(alarms(above, 2), (3, 1)), where, np.arange(10.0))
    np.testing.assert_array_equal(found, [5, np.nan, np.inf])


def test_the_threshold_gives_the_rate() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3600))
    quiet = np.ones(x.shape, bool)
    threshold = threshold_for([x], [quiet], 50.0, 10, 4.0)
    found = alarms(x > threshold, 10).sum() / 50
    assert 3.2 < found <= 4.0
    assert np.isnan(threshold_for([x], [quiet], 0.2, 10, 4.0))


def test_poisson_intervals() -> None:
    assert poisson_rate(0, 2.0) == pytest.approx((0, 0, 3.6889 / 2), abs=1e-4)
    assert poisson_rate(10, 1.0) == pytest.approx((10, 4.7954, 18.3904), abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"background": 20}, "needs 31 epochs of background, more than 20"),
        ({"baselines": [{"detector": "cusum", "name": "frequency"}]}, "'frequency' names two detectors"),
        ({"detectors": []}, "at least 1"),
    ],
)
def test_impossible_options(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        suite(**changes)
