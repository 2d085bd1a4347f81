"""Fits on two devices: two processes on the CPU, joined by gloo."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.multiprocessing as mp
from torch import nn

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers.batch_norm import SharedBatchNorm2d, share_batch_norm
from slipbench.trainers.fit import fit
from slipbench.trainers.hash import fit_hash

from .test_networks import small
from .toy_source import toy_options

two_cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")


@two_cores
@pytest.mark.parametrize("name", ["ts", "img"])
def test_two_processes_give_the_losses_of_one(name: str, view_store: Store, tmp_path: Path) -> None:
    # batches of 13 rows and shares of 6 and 7: the ranks' means must be weighted to give the batch's
    # in float64 and for two epochs, because an untrained network with batch normalisation blows up rounding:
    # that of float32 within a few steps, that of float64 a thousandfold an epoch, also in one process
    values: dict[str, Any] = {"model": small(name), "epochs": 2, "batch_size": 13, "precision": "64-true"}
    told: list[tuple[int, int, str]] = []
    one = fit(toy_options(**values), view_store, tmp_path / "one")
    two = fit(
        toy_options(**values, devices=2), view_store, tmp_path / "two", progress=lambda *a: told.append(a)
    )
    assert [e["epoch"] for e in two.history] == [1, 2]
    for loss in ("train_loss", "validation_loss"):
        found, wanted = ([e[loss] for e in run.history] for run in (two, one))
        assert found == pytest.approx(wanted, rel=1e-6), loss
    weights = [torch.load(run.checkpoint, weights_only=True)["state_dict"] for run in (two, one)]
    assert weights[0].keys() == weights[1].keys()
    for key, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][key], rtol=1e-4, atol=1e-6, msg=key)
    assert two.parameters == one.parameters
    assert [done for done, _, _ in told] == [0, 1, 2, 2]
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == ["best.ckpt", "fit.json"]
    assert "MASTER_PORT" not in os.environ


@two_cores
def test_an_error_in_a_process_is_the_same_one_line(view_store: Store, tmp_path: Path) -> None:
    options = toy_options(model=small("ts"), devices=2, learning_rate=1e30, epochs=2)
    with pytest.raises(InputError, match=r"the loss is .* after epoch 1; expected a finite number; lower"):
        fit(options, view_store, tmp_path)


def test_more_devices_than_there_are(view_store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"devices: 4096; expected at most the \d+ .* here; lower it"):
        fit(toy_options(devices=4096), view_store, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@two_cores
def test_callbacks_are_for_one_device(view_store: Store, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="for one device"):
        fit(toy_options(devices=2), view_store, tmp_path / "out", logger=object())


def test_devices_are_part_of_the_hash() -> None:
    assert fit_hash(toy_options(devices=2), "d") != fit_hash(toy_options(), "d")


def _rank(rank: int, file: str, x: torch.Tensor, y: torch.Tensor, out: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    layer = _layer()
    share_batch_norm(layer)
    mine = slice(0, 3) if rank == 0 else slice(3, 8)
    share = x[mine].clone().requires_grad_()
    # what DDP makes of losses that are weighted by the size of the share
    loss = (layer(share) - y[mine]).square().sum() / y.numel() * 2
    loss.backward()
    gradients = [p.grad / 2 for p in layer.parameters() if p.grad is not None]
    for gradient in gradients:
        torch.distributed.all_reduce(gradient)
    inputs = [torch.zeros(3, 4, 5, 6), torch.zeros(5, 4, 5, 6)]
    inputs[rank] = share.grad / 2  # type: ignore[operator]
    for k in (0, 1):
        torch.distributed.broadcast(inputs[k], k)
    if rank == 0:
        torch.save([torch.cat(inputs), *gradients, *layer.buffers()], out)


def _layer() -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(4)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, 1, 2, -1]))
        layer.bias.copy_(torch.arange(4.0))
    return layer


@two_cores
def test_shared_batch_norm_is_that_of_the_whole_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x, y = 3 + 2 * torch.randn(8, 4, 5, 6), torch.randn(8, 4, 5, 6)
    mp.spawn(_rank, (str(tmp_path / "meet"), x, y, str(tmp_path / "out.pt")), nprocs=2)
    layer = _layer()
    whole = x.clone().requires_grad_()
    (layer(whole) - y).square().mean().backward()
    wanted = [whole.grad, layer.weight.grad, layer.bias.grad, *layer.buffers()]
    for found, value in zip(torch.load(tmp_path / "out.pt"), wanted, strict=True):
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-6)


def test_alone_it_is_batch_norm() -> None:
    x = torch.randn(4, 4, 3, 3)
    plain, shared = _layer(), nn.Sequential(_layer())
    share_batch_norm(shared)
    assert type(shared[0]) is SharedBatchNorm2d
    assert torch.equal(plain(x), shared(x))
    assert torch.equal(plain.running_mean, shared[0].running_mean)  # type: ignore[arg-type]
