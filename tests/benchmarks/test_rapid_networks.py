"""Networks in the rapid suite: cells on made records and on virtual snapshots, causality, report."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.metrics import metrics_of
from slipbench.benchmarks.rapid.network import network_estimate, network_outcomes
from slipbench.benchmarks.rapid.records import read_records
from slipbench.benchmarks.rapid.snapshots import peak_outcomes
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.suites.base import Inputs
from slipbench.benchmarks.task import AnySuite, suite_of
from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.rapid_virtual import RapidVirtual
from slipbench.datasets.recipes.rapid_virtual_options import RapidVirtualOptions
from slipbench.datasets.store.reader import Store
from slipbench.trainers.apply import apply
from slipbench.trainers.fit import fit
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.predict import predict

from .made_rapid import made_store

MAGNITUDES = [6.6, 7.2, 7.8, 8.4]
VIRTUAL = {
    "recipe": "rapid_virtual",
    "name": "virtual",
    "seed": 2,
    "n_events": 80,
    "seconds_per_event": 4,
    "rows_per_shard": 64,
    "most_stations": 16,
    "last_s": 150,
    "split": {"train": 0.6, "validation": 0.2},
}
TRAINER = {
    "name": "net",
    "dataset": VIRTUAL,
    "model": {"model": "rapid_set", "width": 16, "latents": 4, "components": 2, "heads": 2},
    "epochs": 2,
}


def options(**change):
    base = {
        "suite": "rapid",
        "name": "made",
        "dataset": {"recipe": "rapid_real", "name": "made"},
        "estimators": [{"estimator": "pgd", "name": "pgd"}],
        "networks": {"net": TRAINER},
        "virtual": VIRTUAL,
    }
    return TypeAdapter(AnySuite).validate_python(base | change)


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Store:
    return made_store(tmp_path_factory.mktemp("real"), MAGNITUDES)


@pytest.fixture(scope="module")
def virtual(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("virtual") / "store"
    build(RapidVirtual(RapidVirtualOptions.model_validate(VIRTUAL), None).plan(), folder)
    return Store(folder)


@pytest.fixture(scope="module")
def checkpoint(virtual, tmp_path_factory) -> Path:
    return fit(TrainerOptions.model_validate(TRAINER), virtual, tmp_path_factory.mktemp("fit")).checkpoint


@pytest.fixture(scope="module")
def table(real, virtual, checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    suite = suite_of(options())
    assert list(suite.trainers()) == ["net-seed0"]
    inputs = Inputs(real, {"net-seed0": checkpoint}, folder / "cache", suite.tests() and {"virtual": virtual})
    return read_table([run_suite(suite, inputs, folder / "out")])


def estimate(checkpoint, records):
    return network_estimate(checkpoint, records, RapidVirtualOptions.model_validate(VIRTUAL), "rapid_set")


def test_cells_on_records_and_on_snapshots(table):
    assert set(table["status"]) == {"ok"}, table["reason"].unique()
    cells = table.drop_duplicates("cell")[["model", "kind", "label", "split"]].values.tolist()
    assert cells == [
        ["samples", "context", "-", "-"],
        ["pgd", "baseline", "-", "-"],
        ["net", "network", "-", "-"],
        ["pgd_snapshot", "baseline", "snapshot", "virtual"],
        ["net", "network", "snapshot", "virtual"],
    ]
    board = leaderboard(table).set_index(["label", "model"])
    real, made = board.loc[("-", "net")], board.loc[("snapshot", "net")]
    assert np.isfinite(real["final_mw_error"])
    assert {m.name for m in metrics_of("rapid", "snapshot")} >= {"beyond_03", "centroid_error"}
    assert 0 < made["beyond_03"] < 1
    assert made["beyond_03_low"] < made["beyond_03"] < made["beyond_03_high"]
    assert made["blocks"] == 16
    assert 0 < made["snapshot_coverage"] <= 1
    assert made["centroid_error"] > 0
    assert np.isnan(board.loc[("snapshot", "pgd_snapshot"), "centroid_error"])
    assert made["n_train"] == 192


def test_nothing_later_changes_an_estimate(real, checkpoint):
    records = read_records(real)
    told = estimate(checkpoint, records)
    at = int(np.flatnonzero(records.seconds == 70)[0])
    changed = np.array(records.displacement)
    changed[:, ::2, records.time > 70] = np.nan
    changed[:, 1::2, records.time > 70] += 30.0
    parts = {name: getattr(records, name) for name in records.__dataclass_fields__}
    lied = estimate(checkpoint, type(records)(**(parts | {"displacement": changed})))
    for name in ("low", "high", "east_km", "north_km"):
        one, other = getattr(told, name), getattr(lied, name)
        np.testing.assert_array_equal(one[:, : at + 1], other[:, : at + 1])
    np.testing.assert_array_equal(told.estimate.mw[:, : at + 1], lied.estimate.mw[:, : at + 1])
    assert not np.allclose(told.estimate.mw[:, at + 40], lied.estimate.mw[:, at + 40])


def test_an_estimate_stands_where_there_is_no_new_one(real, checkpoint):
    records = read_records(real)
    told = estimate(checkpoint, records)
    mw, seconds = told.estimate.mw, records.seconds
    assert np.isnan(mw[:, seconds < 3]).all()
    assert np.isfinite(mw[:, seconds >= 3]).all()
    last = np.flatnonzero(seconds == 150)[0]
    np.testing.assert_array_equal(mw[:, last + 1 :], np.repeat(mw[:, [last]], len(seconds) - last - 1, 1))
    assert (told.low < mw)[:, seconds >= 3].all()
    assert (mw < told.high)[:, seconds >= 3].all()
    assert (told.estimate.sigma[:, seconds >= 3] > 0).all()
    assert (told.estimate.stations[:, seconds >= 3] == 16).all()


def test_a_centroid_is_true_where_it_is_not_the_epicentre(real, checkpoint):
    records = read_records(real)
    moved = np.array(records.target)
    moved[0, 0] += 0.5
    parts = {name: getattr(records, name) for name in records.__dataclass_fields__}
    records = type(records)(**(parts | {"target": moved}))
    found = {o.quantity: o for o in network_outcomes(records, estimate(checkpoint, records))}
    event = np.array(found["curve_north_km"].sample)
    north = np.array(found["curve_north_km"].y_true)
    np.testing.assert_allclose(north[event == 0], 55.6, atol=0.1)
    assert np.isnan(north[event != 0]).all()


def test_rows_of_a_store_and_of_records_are_read_alike(virtual, checkpoint):
    found = predict(checkpoint, virtual)
    told = apply(checkpoint, virtual.read("snapshot", found.rows), (0.05, 0.95), "rapid_set")
    np.testing.assert_allclose(told.point, found.y_pred, rtol=1e-5, atol=1e-3)
    pit = found.calibration["mw"]
    below = (found.y_true[:, 2] < told.quantiles[:, 2, 0]) == (pit < 0.05)
    assert below.mean() > 0.99


def test_rows_of_another_kind_are_refused(checkpoint):
    with pytest.raises(InputError, match="trained on rows"):
        apply(checkpoint, np.zeros((2, 5, 3), np.float32), (0.5,))


def test_peaks_of_snapshots_tell_magnitudes(virtual):
    mw, second = peak_outcomes(virtual)
    told = np.isfinite(mw.y_pred)
    assert 0.2 < told.mean() < 1
    late = told & (np.array(second.y_true) > 60)
    assert np.median(np.abs(np.array(mw.y_pred) - np.array(mw.y_true))[late]) < 0.6


def test_the_report_tells_of_networks(table, tmp_path):
    files = suite_of(options()).report(table, tmp_path)
    assert "virtual.png" in [f.name for f in files]
    text = files[0].read_text()
    assert "## Virtual earthquakes" in text
    assert "| pgd_snapshot |" in text
    assert "## Coverage on the earthquakes" in text
    assert "net" in text.split("## Virtual")[0]


def test_a_failed_fit_is_a_row_with_its_reason(real, virtual, tmp_path):
    suite = suite_of(options())
    inputs = Inputs(real, {"net-seed0": "the loss is not finite"}, tmp_path / "c", {"virtual": virtual})
    table = read_table([run_suite(suite, inputs, tmp_path / "out")])
    failed = table[table["status"] == "failed"]
    assert set(failed["model"]) == {"net"}
    assert set(failed["reason"]) == {"the loss is not finite"}


@pytest.mark.parametrize(
    "change",
    [
        {"networks": {"pgd": TRAINER}},
        {"networks": {"pgd_snapshot": TRAINER}},
        {"virtual": {"recipe": "rapid_real", "name": "x"}},
    ],
)
def test_mistakes_are_told(change):
    with pytest.raises(ValidationError):
        options(**change)
