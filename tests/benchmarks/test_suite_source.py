import numpy as np
import pytest
from pydantic import ValidationError

from slipbench.benchmarks.results import models_of, read_table
from slipbench.benchmarks.run import run_suite
from slipbench.trainers.fit import fit

from .toy_suites import inputs_of, source_suite, toy_source

NETWORK = {
    "name": "toy",
    "dataset": {"recipe": "source_synthetic", "name": "toy_data"},
    "model": {"model": "img", "width": 0.1, "dropout": 0.0},
    "epochs": 2,
    "batch_size": 32,
    "accelerator": "cpu",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return toy_source(tmp_path_factory.mktemp("source") / "store")


def test_a_trained_network_stands_beside_the_baselines(store, tmp_path):
    suite = source_suite(networks={"img": NETWORK}, seeds=[3])
    (name, options), *others = suite.trainers().items()
    assert not others
    assert options.seed == 3
    found = fit(options, store, tmp_path / "fit")
    table = read_table(
        [run_suite(suite, inputs_of(store, tmp_path, **{name: found.checkpoint}), tmp_path / "out")]
    )
    assert set(table["status"]) == {"ok"}
    described = table[table["kind"] == "context"]
    assert {"depth", "ground_distance", "distance", "missing"} < set(described["quantity"])
    table = models_of(table)
    assert list(table["model"]) == ["mean"] * 3 + ["peak"] * 3 + ["img"] * 3
    assert list(table["quantity"]) == ["latitude", "longitude", "mw"] * 3
    assert list(table["units"]) == ["deg", "deg", "1"] * 3
    assert set(table["block_days"]) == {0.0}
    target, test = store.read("target"), store.rows_of("test")
    for i, row in enumerate(table.itertuples()):
        assert np.array_equal(row.sample, test)
        np.testing.assert_allclose(row.y_true, target[test, i % 3])
        assert np.isnan(row.time).all()
    assert (table["n_train"] == len(store.rows_of("train"))).all()


def test_a_fit_that_failed_is_a_failed_row(store, tmp_path):
    suite = source_suite(networks={"img": NETWORK}, seeds=[0])
    inputs = inputs_of(store, tmp_path, **{"img-seed0": "loss became NaN in epoch 3"})
    table = read_table([run_suite(suite, inputs, tmp_path / "out")])
    row = table[table["model"] == "img"].iloc[0]
    assert (row["status"], row["reason"]) == ("failed", "loss became NaN in epoch 3")
    assert set(table.loc[table["model"] != "img", "status"]) == {"ok"}


def test_another_checkpoint_is_another_cell(store, tmp_path):
    suite = source_suite(networks={"img": NETWORK}, baselines=[])
    ids = set()
    for text in ("a", "b"):
        file = tmp_path / text
        file.write_text(text)
        cells = suite.cells(inputs_of(store, tmp_path, **{"img-seed0": file}))
        ids |= {c.id for c in cells if c.model == "img"}
    assert len(ids) == 2


def test_every_seed_is_a_fit_of_its_own():
    fits = source_suite(networks={"img": NETWORK}, seeds=[1, 5]).trainers()
    assert {k: v.seed for k, v in fits.items()} == {"img-seed1": 1, "img-seed5": 5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baselines": [{"baseline": "persistence"}]}, "made for nowcast suites, not for source"),
        ({"networks": {"mean": NETWORK}}, "names a network and a baseline"),
        ({"baselines": []}, "nothing to compare"),
    ],
)
def test_wrong_options_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        source_suite(**changes)


def test_a_network_that_was_trained_on_test_sources_is_marked(store, tmp_path):
    larger = NETWORK | {"dataset": NETWORK["dataset"] | {"n_samples": 30_000}}
    elsewhere = NETWORK | {"dataset": NETWORK["dataset"] | {"seed": 7}}
    suite = source_suite(networks={"own": NETWORK, "larger": larger, "elsewhere": elsewhere}, baselines=[])
    found = fit(suite.trainers()["own-seed0"], store, tmp_path / "fit").checkpoint
    inputs = inputs_of(store, tmp_path, **{f"{name}-seed0": found for name in ("own", "larger", "elsewhere")})
    table = models_of(read_table([run_suite(suite, inputs, tmp_path / "out")])).drop_duplicates("model")
    leaky = table.set_index("model")["notes"].str.contains("LEAKY")
    assert leaky.to_dict() == {"own": False, "larger": True, "elsewhere": False}
