import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from slipbench.datasets.errors import InputError
from slipbench.trainers.checkpoint import load
from slipbench.trainers.fit import fit
from slipbench.trainers.models.ts import Ts, TsOptions, fill_gaps
from slipbench.trainers.predict import predict

from .toy_source import toy_options, toy_source
from .toy_views import STATIONS, toy_views

NAN = float("nan")


@pytest.fixture(scope="module")
def full() -> Ts:
    torch.manual_seed(0)
    return Ts(TsOptions(), (30, 100, 2), 3).eval()


def coordinates(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.rand(2, n, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    return 35 + 6 * drawn[0], 137 + 5 * drawn[1]


def test_three_blocks_of_three_with_growing_maps_and_pooling(full: Ts) -> None:
    kinds = [type(m).__name__ for m in full.blocks]
    assert kinds == (["Conv2d", "ReLU"] * 3 + ["MaxPool2d"]) * 3
    convolutions = [m for m in full.blocks if isinstance(m, nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [8] * 3 + [16] * 3 + [32] * 3
    assert {m.kernel_size for m in convolutions} == {(1, 5)}
    x = torch.randn(2, 2, 30, 100)
    lengths = []
    for layer in full.blocks:
        x = layer(x)
        lengths.append(x.shape[-1])
    assert [lengths[6], lengths[13], lengths[20]] == [25, 7, 2]
    assert x.shape[1:3] == (32, 30)


def test_parameters_are_counted_by_hand(full: Ts) -> None:
    maps = [2, 8, 8, 8, 16, 16, 16, 32, 32, 32]
    convolutions = sum(5 * a * b + b for a, b in itertools.pairwise(maps))
    dense = (32 + 2) * 128 + 128 + 128 * 128 + 128 + 128 * 3 + 3
    assert sum(p.numel() for p in full.parameters()) == convolutions + dense == 38_267


def test_weights_start_orthogonal_and_biases_at_zero(full: Ts) -> None:
    for layer in full.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            flat = layer.weight.detach().flatten(1)
            flat = flat if flat.shape[0] <= flat.shape[1] else flat.T
            torch.testing.assert_close(flat @ flat.T, torch.eye(len(flat)), atol=1e-5, rtol=0)
            assert layer.bias is not None
            assert not layer.bias.any()


def test_stations_may_come_in_any_order_and_number(full: Ts) -> None:
    x, (lat, lon) = torch.randn(2, 30, 100, 2), coordinates(30)
    order = torch.randperm(30)
    with torch.inference_mode():
        torch.testing.assert_close(full(x, lat, lon), full(x[:, order], lat[order], lon[order]))
        assert full(x[:, :7], lat[:7], lon[:7]).shape == (2, 3)


def test_where_a_station_is_matters(full: Ts) -> None:
    x, (lat, lon) = torch.randn(2, 30, 100, 2), coordinates(30)
    with torch.inference_mode():
        assert not torch.allclose(full(x, lat, lon), full(x, lat.flip(0), lon))


def test_a_missing_station_is_as_if_it_were_not_there(full: Ts) -> None:
    x, (lat, lon) = torch.randn(3, 30, 100, 2), coordinates(30)
    gone = x.clone()
    gone[:, 20:] = NAN
    half = x.clone()
    half[:, 20:, :50] = NAN  # nothing before the event
    with torch.inference_mode():
        wanted = full(x[:, :20], lat[:20], lon[:20])
        torch.testing.assert_close(full(gone, lat, lon), wanted)
        torch.testing.assert_close(full(half, lat, lon), wanted)


def test_without_any_station_the_answer_is_finite_and_the_same_for_all(full: Ts) -> None:
    x, where = torch.full((2, 30, 100, 2), NAN), coordinates(30)
    with torch.inference_mode():
        found = full(x, *where)
    assert found.isfinite().all()
    torch.testing.assert_close(found[0], found[1])


def test_gaps_are_filled_with_the_mean_of_their_half() -> None:
    x = torch.randn(2, 4, 10, 2, dtype=torch.float64)
    x[..., 5:, :] += 100
    hurt = x.clone()
    hurt[0, 1, 2, 0] = NAN  # one component missing makes the day missing
    hurt[0, 1, 8:] = NAN
    hurt[1, 3, 5:] = NAN
    filled, weight = fill_gaps(hurt)
    assert filled.isfinite().all()
    kept = [0, 1, 3, 4]
    torch.testing.assert_close(filled[0, 1, 2], x[0, 1, kept].mean(0))
    torch.testing.assert_close(filled[0, 1, 8:], x[0, 1, 5:8].mean(0).expand(2, 2))
    torch.testing.assert_close(filled[0, 1, kept], x[0, 1, kept])
    torch.testing.assert_close(filled[0, 0], x[0, 0])
    assert weight[..., 0].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    same, ones = fill_gaps(x)
    assert torch.equal(same, x)
    assert ones.all()


def test_coordinates_keep_the_range_of_the_training_stations() -> None:
    network = Ts(TsOptions(), (3, 20, 2), 3)
    network.learn_static(torch.tensor([36.0, 38, 40]), torch.tensor([139.0, 139, 139]))
    assert network.low.tolist() == [36, 139]
    assert network.range.tolist() == [4, 1]  # a network on one meridian is not divided by zero
    assert {"low", "range"} <= network.state_dict().keys()


def test_dropout_acts_in_training_only(full: Ts) -> None:
    drop = full.head[0]
    assert isinstance(drop, nn.Dropout)
    assert drop.p == 0.5
    assert drop(torch.ones(9)).min() == 1


def test_trained_on_one_network_it_predicts_on_another(tmp_path: Path) -> None:
    here, there = toy_views(tmp_path / "here", 320), toy_views(tmp_path / "there", 64, stations=11, seed=6)
    options = toy_options(model={"model": "ts", "width": 1, "dropout": 0}, epochs=40, learning_rate=3e-3)
    done = fit(options, here, tmp_path / "fit")
    module = load(done.checkpoint)
    np.testing.assert_allclose(module.network.low.numpy(), [36, 138])
    np.testing.assert_allclose(module.network.range.numpy(), [4, 3])
    assert not [k for k in module.state_dict() if "static" in k]
    for store in (here, there):
        found = predict(done.checkpoint, store)
        error = ((found.y_pred - found.y_true) ** 2).mean(axis=0)
        spread = ((found.y_true - found.y_true.mean(axis=0)) ** 2).mean(axis=0)
        assert (error < 0.2 * spread).all()


def test_a_store_without_coordinates_or_with_other_days_is_refused(tmp_path: Path) -> None:
    bare = toy_source(tmp_path / "bare", 24, name="ts")
    with pytest.raises(InputError, match=r"no array 'station_lat' .*network 'ts' reads"):
        fit(toy_options(model={"model": "ts"}), bare, tmp_path / "out")
    done = fit(
        toy_options(model={"model": "ts", "width": 0.1}, epochs=1), toy_views(tmp_path / "v"), tmp_path / "f"
    )
    raw = torch.load(done.checkpoint, weights_only=True)
    raw["hyper_parameters"]["shape"] = (STATIONS + 3, 21, 2)
    torch.save(raw, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match=r"rows of 'ts' \* × 20 × 2; expected \* × 21 × 2"):
        predict(tmp_path / "other.ckpt", toy_views(tmp_path / "w"))
