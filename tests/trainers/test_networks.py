"""What every registered network must do; a new one is tested by being registered."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from slipbench.datasets.store.reader import Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.data import content
from slipbench.trainers.fit import fit
from slipbench.trainers.fresh import fresh_module
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.module import Regression
from slipbench.trainers.predict import predict

from .toy_source import toy_options

#: Options that make a network small; one that is not named here is built as it is.
SMALL: dict[str, dict[str, Any]] = {
    "img": {"width": 0.1},
    "its": {"width": 0.1, "units": 8},
    "rapid_set": {"width": 32},
    "station_set": {"width": 32, "latents": 8, "components": 4},
    "ts": {"width": 0.5},
}
#: Losses that only memory can reach, of networks whose loss is not a squared error: densities of 400.
REMEMBERED = {"rapid_set": -6.0, "station_set": -6.0}
EVERY = pytest.mark.parametrize("name", MODELS.names())


def small(name: str, **values: Any) -> dict[str, Any]:
    """Plain options of a small network without dropout."""
    fields = MODELS.get(name).Options.model_fields
    still = {"dropout": 0.0} if "dropout" in fields else {}
    return {"model": name} | SMALL.get(name, {}) | still | values


def regression(name: str, store: Store, seed: int = 0, **values: Any) -> Regression:
    """A fresh module for a store."""
    torch.manual_seed(seed)
    options = MODELS.get(name).Options(**small(name, **values))
    return fresh_module(options, store, content(store, name))


def settled(name: str, store: Store, **values: Any) -> Regression:
    """In evaluation mode, its running statistics those of 16 rows: with fresh ones all outputs are alike."""
    module = regression(name, store, **values).train()
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        module.outputs(inputs(name, store, 16))
    return module.eval()


def inputs(name: str, store: Store, n: int) -> Tensor:
    return torch.from_numpy(store.read(MODELS.get(name).array, slice(0, n)))


def assert_alike(found: Tensor, wanted: Tensor, rows: Tensor) -> None:
    """Equal within 1 % of what tells `rows` apart: float32 rounds a little in fifty normalised layers."""
    assert ((found - wanted).abs() < 0.01 * rows.std(0)).all()


@EVERY
def test_shapes_and_kinds(name: str, view_store: Store) -> None:
    module = settled(name, view_store)
    x = inputs(name, view_store, 5)
    with torch.inference_mode():
        outputs, physical = module.outputs(x), module(x)
    assert (len(outputs), outputs.dtype) == (5, torch.float32)
    assert (physical.shape, physical.dtype) == ((5, 3), torch.float64)
    assert physical.isfinite().all()
    assert (module.network.point(outputs).std(0) > 1e-4).all()
    info = MODELS.info(name)
    assert info.summary
    assert info.reference


@EVERY
def test_a_row_does_not_depend_on_its_batch(name: str, view_store: Store) -> None:
    module = settled(name, view_store)
    x = inputs(name, view_store, 6)
    with torch.inference_mode():
        whole, alone = module.outputs(x), module.outputs(x[2:3])
    assert_alike(alone, whole[2:3], whole)


@EVERY
def test_missing_values_change_their_own_row_only(name: str, view_store: Store) -> None:
    module = settled(name, view_store)
    x = inputs(name, view_store, 4)
    hurt = x.clone()
    hurt[1, ..., 0, 0] = float("nan")
    with torch.inference_mode():
        whole, after = module.outputs(x), module.outputs(hurt)
    others = [0, 2, 3]
    assert_alike(after[others], whole[others], whole)
    assert bool(after[1].isfinite().all()) == MODELS.get(name).takes_gaps
    assert bool(after[1].isnan().all()) != MODELS.get(name).takes_gaps


@EVERY
def test_the_seed_decides_the_weights(name: str, view_store: Store) -> None:
    same, again, other = (regression(name, view_store, seed=s).state_dict() for s in (0, 0, 1))
    assert all(torch.equal(same[k], again[k]) for k in same)
    assert any(not torch.equal(same[k], other[k]) for k in same)


@EVERY
def test_weights_travel_through_a_file(name: str, view_store: Store, tmp_path: Path) -> None:
    module = settled(name, view_store)
    x = inputs(name, view_store, 6)
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    other = regression(name, view_store, seed=1)
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    with torch.inference_mode():
        assert torch.equal(other.eval()(x), module(x))


@EVERY
def test_every_parameter_learns(name: str, view_store: Store) -> None:
    module = regression(name, view_store).train()
    y = torch.from_numpy(view_store.read("target", slice(0, 16)))
    module.loss(inputs(name, view_store, 16), y).backward()
    for key, parameter in module.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
    idle = [k for k, p in module.named_parameters() if not p.grad.any()]  # type: ignore[union-attr]
    assert not idle


@EVERY
def test_it_overfits_32_samples(name: str, view_store: Store) -> None:
    module = regression(name, view_store).train()
    x = inputs(name, view_store, 32)
    y = torch.rand(32, 3, generator=torch.Generator().manual_seed(3))  # nothing but memory can fit this
    optimizer = torch.optim.Adam(module.parameters(), lr=3e-3)
    for _ in range(1500):
        loss = module.network.loss(module.outputs(x), y)
        if loss.item() < REMEMBERED.get(name, 0.02 * y.var().item()):
            return
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    pytest.fail(f"{loss.item():.3g} after 1500 steps; the variance is {y.var().item():.3g}")


@EVERY
def test_a_fit_is_kept_and_predicts(name: str, view_store: Store, tmp_path: Path) -> None:
    options = toy_options(model=small(name), epochs=2)
    done = fit(options, view_store, tmp_path / "one")
    again = fit(options, view_store, tmp_path / "two")
    assert done.sha256 == again.sha256
    module = load(done.checkpoint, expect=name)
    assert done.parameters == sum(p.numel() for p in module.parameters())
    found = predict(done.checkpoint, view_store, "test")
    assert np.isfinite(found.y_pred).all()
    module.place(content(view_store, name).static)
    rows = torch.from_numpy(view_store.read(MODELS.get(name).array)[found.rows])
    with torch.inference_mode():
        np.testing.assert_allclose(module(rows).numpy(), found.y_pred, rtol=1e-5)
