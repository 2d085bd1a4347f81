"""Predicted distributions in the results table and in the report."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.source.calibration import calibration_outcomes, calibration_table, inside
from slipbench.benchmarks.source.report import write_report
from slipbench.benchmarks.text_table import share
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit

from .toy_suites import inputs_of, source_suite

DATASET = {
    "recipe": "source_synthetic",
    "name": "few",
    "n_samples": 60,
    "n_stations": 20,
    "stations": "made",
    "representations": ["ts"],
    "rows_per_shard": 20,
    "gaps": {"share_low": 0.1, "share_high": 0.4},
}
NETWORK = {
    "name": "set",
    "dataset": DATASET,
    "model": {"model": "station_set", "width": 16, "latents": 6, "components": 3, "rounds": 1},
    "epochs": 2,
    "batch_size": 12,
    "accelerator": "cpu",
}


def test_regions_are_counted_as_they_are_meant():
    values = np.array([0.02, 0.3, 0.6, 0.97])
    assert inside("position", values, 0.5) == 2  # masses below the level
    assert inside("position", values, 0.95) == 3
    assert inside("mw", values, 0.5) == 2  # between a quarter and three quarters
    assert inside("mw", values, 0.95) == 3


def rows_of(values, name="position", model="ours"):
    outcome = calibration_outcomes(np.arange(len(values)), {name: values})[0]
    line = {"model": model, "kind": "network", "status": "ok", "quantity": outcome.quantity}
    return pd.DataFrame([line | {"y_pred": np.array(outcome.y_pred)}])


def test_the_table_tells_a_calibrated_model_from_one_that_is_too_sure():
    rng = np.random.default_rng(0)
    right, sure = rng.uniform(size=1000), rng.uniform(size=1000) ** 0.3
    text = calibration_table(pd.concat([rows_of(right), rows_of(sure, model="sure")]))
    lines = {line.split("|")[1].strip(): line.split("|") for line in text.splitlines() if "[" in line}
    found, low, high = (float(x.strip("[]%,")) for x in lines["ours"][5].split())
    assert low < 90 < high
    assert found == pytest.approx(100 * (right < 0.9).mean(), abs=0.06)
    assert float(lines["sure"][5].split()[0].rstrip("%")) < 75
    assert float(lines["sure"][7]) < 1e-6 < float(lines["ours"][7])
    assert calibration_table(rows_of(right).assign(quantity="mw")) == ""


def test_seeds_are_averaged_and_lend_no_samples():
    seeds = [np.full(40, 0.2), np.r_[np.full(20, 0.2), np.full(20, 0.99)]]
    line = calibration_table(pd.concat([rows_of(v) for v in seeds])).splitlines()[-1].split("|")
    assert line[3].strip() == "40"
    assert line[4].strip() == share(30, 40)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibration") / "store"
    build(SourceSynthetic(SourceSynthetic.Options.model_validate(DATASET), None).plan(), folder)
    return Store(folder)


def test_a_network_and_the_refinement_tell_their_distributions(store, tmp_path):
    suite = source_suite(
        dataset=DATASET,
        networks={"set": NETWORK},
        baselines=[{"baseline": "mean"}, {"baseline": "refined", "windows": 8, "samples": 6}],
    )
    ((name, options),) = suite.trainers().items()
    found = fit(options, store, tmp_path / "fit")
    inputs = inputs_of(store, tmp_path, **{name: found.checkpoint})
    table = read_table([run_suite(suite, inputs, tmp_path / "out")])
    models = table[table["kind"] != "context"]
    assert set(models["status"]) == {"ok"}
    for model, n in (("set", 12), ("refined", 6)):
        mine = models[models["model"] == model].set_index("quantity")
        assert {"latitude", "longitude", "mw", "calibration_position", "calibration_mw"} <= set(mine.index)
        for quantity in ("calibration_position", "calibration_mw"):
            values = np.array(mine.loc[quantity, "y_pred"])
            assert len(values) == n
            assert ((values >= 0) & (values <= 1)).all()
    assert "6 of 12 test samples" in models.loc[models["model"] == "refined", "notes"].iloc[0]
    board = leaderboard(table)
    assert set(board["model"]) == {"mean", "refined", "set"}
    (document, *_) = write_report(table, tmp_path / "report")
    text = document.read_text()
    assert "## Coverage, the test samples" in text
    assert "(calibration.png)" in text
    assert (tmp_path / "report" / "calibration.png").exists()
    assert "| refined | position | 6 |" in text


def test_the_refinement_looks_where_a_network_points(store, tmp_path):
    """Another network's weights make another cell; the answer hardly changes: the data decide."""
    plain = {"baseline": "refined", "windows": 8, "samples": 4}
    suite = source_suite(
        dataset=DATASET, networks={"set": NETWORK}, baselines=[plain | {"network": "set"}], seeds=[0]
    )
    ((name, options),) = suite.trainers().items()
    found = fit(options, store, tmp_path / "fit")
    inputs = inputs_of(store, tmp_path, **{name: found.checkpoint})
    table = read_table([run_suite(suite, inputs, tmp_path / "out")])
    mine = table[table["model"] == "refined"]
    assert set(mine["status"]) == {"ok"}
    again = source_suite(dataset=DATASET, networks={}, baselines=[plain])
    other = read_table([run_suite(again, inputs_of(store, tmp_path), tmp_path / "other")])
    other = other[other["model"] == "refined"]
    assert set(other["config_hash"]) != set(mine["config_hash"])
    one, two = (np.stack(t.head(3)["y_pred"].to_numpy()) for t in (mine, other))
    assert (one != two).any()
    strong = np.stack(other.head(3)["y_true"].to_numpy())[2] > 7
    np.testing.assert_allclose(one[:, strong], two[:, strong], atol=0.3)
    failed = inputs_of(store, tmp_path, **{name: "loss became NaN"})
    table = read_table([run_suite(suite, failed, tmp_path / "failed")])
    row = table[table["model"] == "refined"].iloc[0]
    assert (row["status"], row["reason"]) == ("failed", "network set: loss became NaN")


def test_a_network_that_is_not_there_is_refused():
    with pytest.raises(ValidationError, match="starts from 'nets', which is no network of the suite"):
        source_suite(networks={"set": NETWORK}, baselines=[{"baseline": "refined", "network": "nets"}])
