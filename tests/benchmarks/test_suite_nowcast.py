import hashlib

import numpy as np
import pytest
from pydantic import ValidationError

from slipbench.benchmarks.decoders.random_forest import RandomForest
from slipbench.benchmarks.quantiles import quantiles_of
from slipbench.benchmarks.results import models_of, read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.splits import embargo_days
from slipbench.benchmarks.tuning import tuned
from slipbench.datasets.errors import InputError
from slipbench.trainers.encoders.vit import Vit

from .toy_suites import ENCODER, inputs_of, nowcast_suite, toy_nowcast


def of_models(path):
    return models_of(read_table([path])).reset_index(drop=True)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nowcast")
    return inputs_of(toy_nowcast(folder / "store"), folder / "cache")


@pytest.fixture(scope="module")
def table(inputs, tmp_path_factory):
    suite = nowcast_suite(seeds=[0, 1], labels=["two_sided", "causal"])
    suite.check()
    return of_models(run_suite(suite, inputs, tmp_path_factory.mktemp("out")))


def test_every_combination_is_one_finished_row(table):
    assert set(table["status"]) == {"ok"}
    # 3 splits x 2 seeds x 2 labels x (3 baselines + 2 decoders x 3 modalities)
    assert len(table) == table["cell"].nunique() == 3 * 2 * 2 * 9
    assert set(table["dataset"]) == {"toy_data"}
    assert set(table["units"]) == {"per day"}
    assert set(table["block_days"]) == {15.0}
    assert table.loc[table["split"] == "random", "leaky"].all()
    assert not table.loc[table["split"] != "random", "leaky"].any()
    assert table.loc[table["split"] == "blocked", "notes"].str.contains("embargo 27 d").all()


def test_rows_hold_the_labels_of_their_days_in_the_order_of_time(table, inputs):
    time = inputs.store.read("label_time")
    for row in table.itertuples():
        assert np.array_equal(row.time, time[row.sample])
        assert (np.diff(row.time) > 0).all()
        assert np.array_equal(row.y_true, inputs.store.read(f"label_{row.label}")[row.sample])
        assert len(row.y_pred) == len(row.y_true)
        assert np.isfinite(row.y_pred).all()


def test_all_models_of_a_split_and_seed_are_tested_on_the_same_days(table):
    for _, group in table.groupby(["split", "seed"]):
        assert len({tuple(s) for s in group["sample"]}) == 1


def test_blocked_training_days_stay_outside_the_embargo(table, inputs):
    row = table[table["split"] == "blocked"].iloc[0]
    gap = embargo_days(inputs.store.attrs)
    time = inputs.store.read("label_time")
    far = (time <= row["time"].min() - gap) | (time >= row["time"].max() + gap)
    assert row["n_train"] == far.sum()


def test_a_decoder_that_sees_the_signal_beats_the_mean(table):
    def error(model, modality):
        rows = table[
            (table["model"] == model) & (table["modality"] == modality) & (table["split"] == "random")
        ]
        return np.mean([np.mean((r.y_true - r.y_pred) ** 2) for r in rows.itertuples()])

    for modality in ("gnss", "ab", "both"):
        assert error("ridge", modality) < 0.5 * error("mean", "-")
    assert error("day_number", "-") < 0.05 * error("mean", "-")


def test_same_options_give_the_same_predictions(inputs, tmp_path):
    suite = {"splits": ["random"], "modalities": ["both"]}
    one, two = (of_models(run_suite(nowcast_suite(**suite), inputs, tmp_path / n)) for n in "ab")
    assert list(one["cell"]) == list(two["cell"])
    for a, b in zip(one["y_pred"], two["y_pred"], strict=True):
        assert np.array_equal(a, b)


def test_the_first_cell_tells_what_the_days_are(inputs, tmp_path):
    suite = nowcast_suite(modalities=["ab"], splits=["random"])
    table = read_table([run_suite(suite, inputs, tmp_path)])
    told = table[table["kind"] == "context"].set_index("quantity")
    assert told["cell"].nunique() == 1
    assert told.loc["bandwidth_days", "y_true"] == [inputs.store.attrs["bandwidth_days"]]
    assert np.array_equal(told.loc["label_two_sided", "y_true"], inputs.store.read("label_two_sided"))
    assert (tmp_path / "cells" / f"{told['cell'].iloc[0]}.parquet").exists()


def test_test_days_that_the_encoder_saw_are_told(inputs, tmp_path, monkeypatch):
    suite = nowcast_suite(
        modalities=["ab", "gnss"], splits=["chronological"], decoders=[{"decoder": "ridge"}]
    )
    plain = of_models(run_suite(suite, inputs, tmp_path / "plain"))
    assert not plain["notes"].str.contains("encoder saw").any()
    days = plain["time"].iloc[0]
    monkeypatch.setattr(Vit, "seen_before", property(lambda self: days[3]))
    told = of_models(run_suite(suite, inputs, tmp_path / "seen")).set_index("modality")["notes"]
    assert f"the encoder saw images of 3 of {len(days)} test days" in told["gnss"]
    assert "encoder saw" not in told["ab"]


def test_checksums_of_weights_are_tags(tmp_path):
    decoders = [{"decoder": "ridge"}, {"decoder": "tabpfn", "name": "ours", "weights": "tiny"}]
    assert set(nowcast_suite(decoders=decoders).tags()) == {"encoder_sha256"}
    suite = nowcast_suite(decoders=decoders, modalities=["ab"])
    assert suite.tags() == {}
    path = tmp_path / "weights.ckpt"
    path.write_bytes(b"weights")
    decoders[1] |= {"weights": "path", "weights_path": str(path)}
    tags = nowcast_suite(decoders=decoders, modalities=["ab"]).tags()
    assert tags == {"ours_sha256": hashlib.sha256(b"weights").hexdigest()}


def test_cell_ids_follow_what_decides_the_result(inputs):
    def ids(**changes):
        return {
            (c.model, c.modality): c.id
            for c in nowcast_suite(splits=["random"], **changes).cells(inputs)
            if c.kind != "context"
        }

    base = ids()
    assert base == ids(labels=["two_sided"], modalities=["both", "ab", "gnss"])
    other = ids(decoders=[{"decoder": "ridge", "alphas": 3}, {"decoder": "random_forest", "trees": 5}])
    assert {k for k in base if base[k] != other[k]} == {("ridge", m) for m in ("gnss", "ab", "both")}
    other = ids(encoder=ENCODER | {"seed": 9})
    assert {k for k in base if base[k] != other[k]} == {k for k in base if k[1] in ("gnss", "both")}
    other = ids(test_fraction=0.4)
    assert not set(base.values()) & set(other.values())


def test_days_without_b_are_left_out_and_said(tmp_path):
    store = toy_nowcast(tmp_path / "store", unknown=30)
    suite = nowcast_suite(modalities=["ab"], splits=["chronological"])
    table = of_models(run_suite(suite, inputs_of(store, tmp_path / "cache"), tmp_path / "out"))
    assert set(table["status"]) == {"ok"}
    assert table["notes"].str.contains("30 days without a, b or label left out").all()
    assert all(row.sample.min() >= 30 for row in table.itertuples())
    assert table["n_train"].iloc[0] == 113  # 162 known days less 30 % of them


def test_an_embargo_that_leaves_nothing_gives_skipped_rows_with_the_reason(tmp_path):
    store = toy_nowcast(tmp_path / "store", bandwidth=100.0)
    suite = nowcast_suite(modalities=["ab"], splits=["blocked"])
    table = of_models(run_suite(suite, inputs_of(store, tmp_path / "cache"), tmp_path / "out"))
    assert set(table["status"]) == {"skipped"}
    assert len(table) == 5
    assert table["reason"].str.contains("0 training days, 50 are needed; the embargo of 312 d").all()


def test_limits_of_a_decoder_give_skipped_rows(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(RandomForest, "limits", lambda self, n, d: f"{d} features" if d > 2 else None)
    suite = nowcast_suite(splits=["chronological"], baselines=[])
    table = of_models(run_suite(suite, inputs, tmp_path)).set_index(["model", "modality"])
    assert table.loc[("random_forest", "both"), "status"] == "skipped"
    assert table.loc[("random_forest", "both"), "reason"] == "6 features"
    assert table.loc[("random_forest", "ab"), "status"] == "ok"
    assert table.loc[("ridge", "both"), "status"] == "ok"


def test_cells_without_images_run_when_the_images_cannot_be_embedded(tmp_path, monkeypatch):
    store = toy_nowcast(tmp_path / "store", rows=128)

    def broken(*args):
        raise MemoryError("no room for the network")

    monkeypatch.setattr("slipbench.benchmarks.suites.nowcast.embed", broken)
    suite = nowcast_suite(splits=["random"])
    table = of_models(run_suite(suite, inputs_of(store, tmp_path / "cache"), tmp_path / "out"))
    failed = table[table["status"] == "failed"]
    assert set(failed["modality"]) == {"gnss", "both"}
    assert set(failed["reason"]) == {"MemoryError: no room for the network"}
    assert set(table.loc[table["modality"].isin(["ab", "-"]), "status"]) == {"ok"}


def test_counts_are_never_negative_and_have_their_own_reach_and_name(inputs, tmp_path):
    suite = nowcast_suite(
        splits=["chronological"],
        modalities=["ab"],
        labels=["next_window_count"],
        decoders=[{"decoder": "ridge"}],
    )
    table = of_models(run_suite(suite, inputs, tmp_path))
    assert set(table["status"]) == {"ok"}
    assert set(table["quantity"]) == {"events"}
    assert set(table["units"]) == {"1"}
    assert set(table["block_days"]) == {4.0}
    ridge = table[table["model"] == "ridge"].iloc[0]
    assert ridge["y_true"].min() == ridge["y_pred"].min() == 0.0  # the sine's negative half
    assert ridge["y_pred"].max() > 4


def test_a_predicted_distribution_gives_rows_of_quantiles(inputs, tmp_path):
    suite = nowcast_suite(
        splits=["random"], modalities=["ab"], labels=["two_sided"], decoders=[{"decoder": "gp"}], baselines=[]
    )
    table = of_models(run_suite(suite, inputs, tmp_path))
    assert len(table) == 20
    assert table["cell"].nunique() == 1
    quantiles, point = quantiles_of(table), table[table["quantity"] == "density"].iloc[0]
    assert quantiles.shape == (len(point["sample"]), 19)
    assert (np.abs(quantiles[:, 9] - point["y_pred"]) < 1e-12).all()  # the median of a normal distribution
    inside = (quantiles[:, 0] < point["y_true"]) & (point["y_true"] < quantiles[:, -1])
    assert inside.mean() > 0.7
    assert all(np.array_equal(s, point["sample"]) for s in table["sample"])


def test_tuning_changes_what_it_names_and_never_sees_a_test_label(inputs, tmp_path, monkeypatch):
    seen = []

    def spy(options, tune, seed, x, y, rows):
        seen.append((len(y), *map(len, rows)))
        return tuned(options, tune, seed, x, y, rows)

    monkeypatch.setattr("slipbench.benchmarks.suites.nowcast.tuned", spy)
    common = {"splits": ["chronological"], "modalities": ["ab"], "baselines": []}
    plain = nowcast_suite(**common)
    suite = nowcast_suite(**common, tune={"trials": 4})
    assert len({c.id for c in plain.cells(inputs)} & {c.id for c in suite.cells(inputs)}) == 1  # the context
    table = of_models(run_suite(suite, inputs, tmp_path))
    assert set(table["status"]) == {"ok"}
    assert table["notes"].str.contains("tuned in 4 trials: ").all()
    assert seen == [(n, n - round(n / 4), round(n / 4)) for n in table["n_train"]]


def test_missing_weights_are_told_before_the_run():
    suite = nowcast_suite(
        decoders=[{"decoder": "tabpfn", "weights": "path", "weights_path": "/nowhere.ckpt"}]
    )
    with pytest.raises(InputError, match="nowhere"):
        suite.check()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baselines": [{"baseline": "peak"}]}, "made for source suites, not for nowcast"),
        ({"decoders": [{"decoder": "ridge"}, {"decoder": "ridge"}]}, "two models are called 'ridge'"),
        ({"baselines": [{"baseline": "mean"}, {"baseline": "mean"}]}, "'mean' is listed twice"),
        ({"splits": ["weekly"]}, "chronological"),
        ({"components": 2}, "greater than or equal to 3"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_wrong_options_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        nowcast_suite(**changes)
