"""A trained network as a safetensors file."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.checkpoint_file import read_raw
from slipbench.trainers.example import example
from slipbench.trainers.fit import fit
from slipbench.trainers.portable import write_portable
from slipbench.trainers.predict import predict

from .test_networks import EVERY, regression, settled
from .test_virtual import store
from .toy_source import toy_options


@pytest.fixture(scope="module")
def checkpoint(toy_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit(toy_options(epochs=1), toy_store, tmp_path_factory.mktemp("fit")).checkpoint


@pytest.fixture
def portable(checkpoint: Path, tmp_path: Path) -> Path:
    write_portable(read_raw(checkpoint), tmp_path / "network.safetensors")
    return tmp_path / "network.safetensors"


def test_it_predicts_what_the_checkpoint_predicts(
    portable: Path, checkpoint: Path, toy_store: Store, tmp_path: Path
) -> None:
    np.testing.assert_array_equal(predict(portable, toy_store).y_pred, predict(checkpoint, toy_store).y_pred)
    assert dict(load(portable).hparams) == dict(load(checkpoint).hparams)
    write_portable(read_raw(portable), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == portable.read_bytes()


def test_the_example_is_a_row_of_the_store_and_its_prediction(portable: Path, toy_store: Store) -> None:
    shown = example(portable, toy_store)
    row = toy_store.rows_of("validation")[:1]
    np.testing.assert_array_equal(shown.x, toy_store.read("img")[row])
    np.testing.assert_array_equal(shown.y, load(portable)(torch.from_numpy(shown.x)).detach().numpy())


class Code:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["pickle", "torch"])
def test_code_under_its_name_is_not_run(tmp_path: Path, kind: str) -> None:
    path, ran = tmp_path / "x.safetensors", tmp_path / "ran"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Code(ran)))
    else:
        torch.save({"state_dict": {}, "hyper_parameters": Code(ran)}, path)
    with pytest.raises(InputError, match="damaged, or of another format") as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert not ran.exists()


def test_a_damaged_one_is_told(portable: Path) -> None:
    portable.write_bytes(portable.read_bytes()[:-5])
    with pytest.raises(InputError, match="damaged"):
        load(portable)


@pytest.mark.parametrize("header", [None, {"slipbench": "{"}, {"slipbench": "[]"}, {"slipbench": "{}"}])
def test_one_that_does_not_say_what_it_is_is_told(tmp_path: Path, header: dict | None) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "x.safetensors", header)
    with pytest.raises(InputError, match="does not say which network"):
        load(tmp_path / "x.safetensors")


@EVERY
def test_every_network_travels(name: str, view_store: Store, tmp_path: Path) -> None:
    module, path = settled(name, view_store), tmp_path / "network.safetensors"
    write_portable({"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}, path)
    found = predict(path, view_store, "validation", batch_size=1)
    torch.testing.assert_close(load(path).state_dict(), module.state_dict(), rtol=0, atol=0)
    np.testing.assert_allclose(example(path, view_store).y, found.y_pred[:1], rtol=1e-6)


def test_the_example_of_a_virtual_store_is_made(tmp_path: Path) -> None:
    made, path = store(tmp_path / "store", n_samples=48, form="virtual"), tmp_path / "network.safetensors"
    module = regression("img", made)
    write_portable({"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}, path)
    shown = example(path, made)
    assert shown.x.shape == (1, 16, 9, 2)
    wanted = predict(path, made, "validation", batch_size=1).y_pred[:1]
    np.testing.assert_allclose(shown.y, wanted, rtol=1e-6)
