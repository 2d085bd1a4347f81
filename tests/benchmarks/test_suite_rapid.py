"""The rapid suite on made records: cells, leave one out, metrics, report."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.metrics import metrics_of
from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, leave_one_out
from slipbench.benchmarks.rapid.frame import frames
from slipbench.benchmarks.rapid.records import read_records
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.suites.base import Inputs
from slipbench.benchmarks.task import AnySuite, suite_of
from slipbench.datasets.physics.pgd import SCALINGS

from .made_rapid import RISE, SPEED, made_store

MAGNITUDES = [6.4, 6.9, 7.4, 8.0, 8.6]
ESTIMATORS_USED = [
    {"estimator": "others", "name": "others"},
    {"estimator": "pgd_noise", "name": "noise"},
    {"estimator": "pgd", "name": "mean"},
    {"estimator": "pgd", "name": "median", "combine": "median", "screening": {"least_ratio": 5}},
    {"estimator": "pgd_fitted", "name": "fitted"},
    {"estimator": "pgd", "name": "nowhere", "screening": {"max_km": 1}},
]


def options(**change):
    base = {
        "suite": "rapid",
        "name": "made",
        "dataset": {"recipe": "rapid_real", "name": "made"},
        "estimators": ESTIMATORS_USED,
    }
    return TypeAdapter(AnySuite).validate_python(base | change)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return made_store(tmp_path_factory.mktemp("rapid"), MAGNITUDES)


@pytest.fixture(scope="module")
def records(store):
    return read_records(store)


@pytest.fixture(scope="module")
def table(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return read_table([run_suite(suite_of(options()), Inputs(store, {}, folder / "cache"), folder / "out")])


def made(name, **change):
    estimator = ESTIMATORS.get(name)
    return estimator(estimator.Options.model_validate({"name": "x"} | change))


def test_planted_magnitudes_are_found_when_the_wave_has_passed(records):
    found = leave_one_out(made("pgd"), records)
    np.testing.assert_allclose(found.mw[:, -1], MAGNITUDES, atol=0.03)
    assert (found.stations[:, -1] == 30).all()
    first = np.sort(records.hypocentral_km, axis=1)[:, 3] / SPEED  # four stations reached
    begins = np.isfinite(found.mw).argmax(axis=1)
    np.testing.assert_array_equal(begins, np.ceil(first))
    arrived = int(records.hypocentral_km.max() / SPEED + RISE) + 1
    np.testing.assert_allclose(
        found.mw[:, arrived:], np.array(MAGNITUDES)[:, None] + np.zeros(201 - arrived), atol=0.06
    )


def test_a_fit_on_the_others_finds_the_relation_that_made_them(records):
    found = leave_one_out(made("pgd_fitted"), records)
    ruhl = SCALINGS["ruhl2019"]
    for name, want in (("A", ruhl.a), ("B", ruhl.b), ("C", ruhl.c)):
        np.testing.assert_allclose(found.fitted[name], want, rtol=0.08)
    np.testing.assert_allclose(found.mw[:, -1], MAGNITUDES, atol=0.12)


@pytest.mark.parametrize("name", ["pgd_fitted", "others"])
def test_what_learns_does_not_know_the_magnitude_that_it_estimates(records, name):
    told = leave_one_out(made(name), records)
    lied = records.target.copy()
    lied[2, 2] = 5.0
    other = leave_one_out(made(name), type(records)(**(vars_of(records) | {"target": lied})))
    np.testing.assert_array_equal(other.mw[2], told.mw[2])
    assert not np.array_equal(other.mw[0, -1], told.mw[0, -1], equal_nan=True)


def vars_of(records):
    return {name: getattr(records, name) for name in records.__dataclass_fields__}


def test_too_few_earthquakes_do_not_determine_a_fit(records):
    same = records.take(np.array([0, 0]))
    with pytest.raises(ValueError, match="2 earthquakes with enough stations do not determine"):
        made("pgd_fitted").fit(same)


def test_cells_metrics_and_ranks(table):
    assert set(table["status"]) == {"ok"}
    board = leaderboard(table).set_index("model")
    names = [m.name for m in metrics_of("rapid")]
    assert names == ["final_mw_error", "seconds_to_mw", "final_mw_bias"]
    assert board.loc["mean", "final_mw_error"] < 0.06
    assert board.loc["mean", "rank"] < board.loc["others", "rank"] < board.loc["noise", "rank"]
    assert 50 < board.loc["mean", "seconds_to_mw"] < 190
    assert board.loc["noise", "final_mw_bias"] < -1
    # no estimate is no small error
    assert np.isinf(board.loc["nowhere", "final_mw_error"])
    assert np.isinf(board.loc["nowhere", "seconds_to_mw"])
    assert board.loc["nowhere", "rank"] == board["rank"].max()
    assert board.loc["fitted", "n_train"] == 4


def test_frames_hold_every_second_and_station(table, records):
    found = frames(table)
    assert found.models == [e["name"] for e in ESTIMATORS_USED]
    assert found.events["name"].tolist() == list(records.name)
    assert found.events["mw"].tolist() == MAGNITUDES
    one = found.curves[(found.curves["model"] == "mean") & (found.curves["event"] == 3)]
    np.testing.assert_array_equal(one["second"], records.seconds)
    np.testing.assert_array_equal(one["mw"], leave_one_out(made("pgd"), records).mw[3])
    assert len(found.stations) == 5 * 30
    assert (found.station_mw[found.station_mw["model"] == "mean"].groupby("event").size() == 30).all()
    assert set(found.fitted["quantity"]) == {"median Mw", "std Mw", "A", "B", "C"}


def test_the_report_names_all(store, table, tmp_path):
    files = suite_of(options()).report(table, tmp_path)
    names = [f.name for f in files]
    assert names[:2] == ["report.md", "curves.png"]
    assert "stations-mean.png" in names
    text = files[0].read_text()
    for words in (
        "| nowhere | none; 0",
        "first stable at 40 s near 6.4",
        "## Quality control",
        "| fitted | quake0",
    ):
        assert words in text
    assert all(f.stat().st_size > 20_000 for f in files[1:])


def test_a_failed_fit_is_a_row_with_its_reason(tmp_path):
    store = made_store(tmp_path, [7.0, 7.0], stations=12)
    given = options(estimators=[{"estimator": "pgd_fitted", "name": "fitted"}])
    path = run_suite(suite_of(given), Inputs(store, {}, tmp_path / "cache"), tmp_path / "out")
    table = read_table([path])
    row = table[table["model"] == "fitted"].iloc[0]
    assert row["status"] == "failed"
    assert "do not determine A, B and C" in row["reason"]
    (document,) = suite_of(given).report(table, tmp_path / "report")
    assert "No estimator gave a result" in document.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimators": []}, "at least 1"),
        ({"estimators": [ESTIMATORS_USED[0]] * 2}, "two estimators are called 'others'"),
        ({"estimators": [{"estimator": "pgd", "name": "x", "coefficients": "ruhl"}]}, "ruhl2019"),
        ({"estimators": [{"estimator": "pgd", "name": "x", "combine": "mode"}]}, "'mean', 'median'"),
        (
            {"estimators": [{"estimator": "pgd", "name": "x", "screening": {"wave_km_s": 0}}]},
            "greater than 0",
        ),
        ({"estimators": [{"estimator": "pdg", "name": "x"}]}, "pgd"),
        ({"stable_s": 0}, "greater than 0"),
        ({"dataset": {"recipe": "source_synthetic", "name": "x"}}, "holds no records"),
    ],
)
def test_impossible_options(change, message):
    with pytest.raises(ValidationError, match=message):
        options(**change)
