import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.fit import fit
from slipbench.trainers.models.registry import Network
from slipbench.trainers.predict import predict

from .toy_source import TARGETS, toy_options, toy_source


@pytest.fixture(scope="module")
def checkpoint(toy_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit(toy_options(epochs=2), toy_store, tmp_path_factory.mktemp("fit")).checkpoint


def changed(checkpoint: Path, folder: Path, **values: Any) -> Path:
    """A copy of a checkpoint with other hyperparameters."""
    raw = torch.load(checkpoint, weights_only=True)
    raw["hyper_parameters"] |= values
    torch.save(raw, folder / "changed.ckpt")
    return folder / "changed.ckpt"


def test_a_checkpoint_stands_alone(checkpoint: Path, toy_store: Store) -> None:
    module = load(checkpoint, expect="img")
    assert not module.training
    assert module.hparams["dataset_hash"] == toy_store.dataset_hash
    assert module.hparams["targets"] == TARGETS
    assert module.hparams["model"] == {"model": "img", "width": 0.1, "dropout": 0.3}
    train = toy_store.read("img")[toy_store.rows_of("train")].astype(float)
    np.testing.assert_allclose(module.input_mean.numpy(), train.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(module.input_std.numpy(), train.std(axis=(0, 1, 2)), rtol=1e-6)


def test_outputs_zero_and_one_are_the_ends_of_the_ranges(checkpoint: Path) -> None:
    module = load(checkpoint)
    for value, end in ((0.0, "low"), (1.0, "high"), (0.5, None)):
        module.network = Network(None, (12, 8, 2), 3)
        module.network.forward = lambda x, value=value: torch.full((len(x), 3), value)
        wanted = [t[end] if end else (t["low"] + t["high"]) / 2 for t in TARGETS]
        np.testing.assert_allclose(module(torch.zeros(1, 12, 8, 2)).numpy(), [wanted], rtol=1e-12)


def test_predictions_are_in_physical_units_and_in_store_order(checkpoint: Path, toy_store: Store) -> None:
    found = predict(checkpoint, toy_store, "test", batch_size=5)
    assert found.rows.tolist() == toy_store.rows_of("test").tolist()
    assert (found.names, found.units) == (["latitude", "longitude", "mw"], ["deg", "deg", "1"])
    np.testing.assert_array_equal(found.y_true, toy_store.read("target")[found.rows])
    assert found.y_pred.dtype == np.float64
    by_hand = load(checkpoint)(torch.from_numpy(toy_store.read("img")[found.rows])).detach().numpy()
    np.testing.assert_allclose(found.y_pred, by_hand, rtol=1e-5)


def test_a_trained_network_predicts_better_than_the_mean(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 320)
    options = toy_options(epochs=12, learning_rate=1e-2, model={"model": "img", "width": 0.1, "dropout": 0})
    found = predict(fit(options, store, tmp_path / "fit").checkpoint, store)
    error = ((found.y_pred - found.y_true) ** 2).mean(axis=0)
    spread = ((found.y_true - found.y_true.mean(axis=0)) ** 2).mean(axis=0)
    assert (error < spread)[:2].all()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.ckpt")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK but no archive"])
def test_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(InputError, match=r"not a checkpoint|damaged"):
        load(tmp_path / "x.ckpt")


def test_an_archive_that_is_no_checkpoint(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.ckpt", "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(InputError, match="damaged"):
        load(tmp_path / "x.ckpt")


def test_weights_without_a_network(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "x.ckpt")
    with pytest.raises(InputError, match="holds no trained network"):
        load(tmp_path / "x.ckpt")


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_damaged_file(checkpoint: Path, tmp_path: Path, damage: str) -> None:
    data = bytearray(checkpoint.read_bytes())
    if damage == "cut":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 1
    (tmp_path / "x.ckpt").write_bytes(data)
    with pytest.raises(InputError, match="the file is damaged"):
        load(tmp_path / "x.ckpt")


class Code:
    """Runs a command when it is unpickled the careless way."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"state_dict": {}, "hyper_parameters": Code(tmp_path / "ran")}, buffer)
    (tmp_path / "x.ckpt").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="more than plain data"):
        load(tmp_path / "x.ckpt")
    assert not (tmp_path / "ran").exists()


def test_unknown_network(checkpoint: Path, tmp_path: Path) -> None:
    path = changed(checkpoint, tmp_path, model={"model": "imh", "width": 0.1})
    with pytest.raises(InputError, match=r"unknown network 'imh'.*img"):
        load(path)


def test_another_network_than_expected(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown network 'itz'; .*did you mean 'its'"):
        load(checkpoint, expect="itz")
    with pytest.raises(InputError, match="holds network 'img'; expected network 'its'"):
        load(checkpoint, expect="its")
    path = changed(checkpoint, tmp_path, model={"model": "its"})
    with pytest.raises(InputError, match="holds network 'its'; expected network 'img'"):
        load(path, expect="img")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": {"model": "img", "width": 0.7}}, "weights do not fit network 'img'"),
        ({"model": {"model": "img", "widht": 0.1}}, "weights do not fit network 'img'"),
        ({"surplus": 1}, "weights do not fit network 'img'"),
        ({"network_version": 0}, "version 0 of network 'img'; expected version 2"),
        ({"model": None}, "names no network"),
    ],
)
def test_hyperparameters_that_do_not_fit(
    checkpoint: Path, tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(changed(checkpoint, tmp_path, **values))


def test_a_store_of_another_kind(checkpoint: Path, tmp_path: Path) -> None:
    store = toy_source(tmp_path / "ts", 24, name="ts")
    with pytest.raises(InputError, match=r"no array 'img'.*network 'img' reads"):
        predict(checkpoint, store)
    renamed = [{**t, "name": t["name"].upper()} for t in TARGETS]
    store = toy_source(tmp_path / "renamed", 24, targets=renamed)
    with pytest.raises(InputError, match=r"targets LATITUDE \(deg\).*latitude \(deg\)"):
        predict(checkpoint, store)
    path = changed(checkpoint, tmp_path, shape=(76, 36, 2))
    with pytest.raises(InputError, match="rows of 'img' 12 × 8 × 2; expected 76 × 36 × 2"):
        predict(path, toy_source(tmp_path / "small", 24))


def test_a_store_without_statistics_is_tested_with_those_of_the_training(
    checkpoint: Path, tmp_path: Path
) -> None:
    store, bare = (toy_source(tmp_path / str(k), 24, statistics=s) for k, s in enumerate((("img",), ())))
    assert bare.attrs["statistics"] == {}
    np.testing.assert_array_equal(predict(checkpoint, bare).y_pred, predict(checkpoint, store).y_pred)
    with pytest.raises(InputError, match=r"no statistics of 'img'.*for testing only"):
        fit(toy_options(), bare, tmp_path / "fit")


def test_splits_that_cannot_be_predicted(checkpoint: Path, tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 8)
    with pytest.raises(InputError, match="no test rows"):
        predict(checkpoint, store)
    with pytest.raises(InputError, match="did you mean 'test'"):
        predict(checkpoint, store, split="tset")
