"""The spline in torch beside NumPy's."""

import numpy as np
import pytest
import torch

from slipbench.datasets.gridding.spline import Grid, SplineGridder
from slipbench.datasets.gridding.spline_torch import SplineTorch


def network(n, seed=3):
    grid, rng = Grid(), np.random.default_rng(seed)
    lat = rng.uniform(grid.latitude[0], grid.latitude[-1], n)
    return lat, rng.uniform(grid.longitude[0], grid.longitude[-1], n)


@pytest.fixture(scope="module", params=["median", "mean"])
def gridder(request):
    return SplineGridder(Grid(block=request.param)).fit(*network(150))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
@pytest.mark.parametrize("lead", [(), (3,), (4, 2, 5)])
def test_equals_numpy(gridder, dtype, tolerance, lead):
    values = np.random.default_rng(0).normal(0, 30, (*lead, 150))
    expected = gridder.transform(values)
    got = SplineTorch(gridder, dtype)(torch.tensor(values, dtype=dtype))
    assert got.dtype == dtype
    assert got.shape == (*lead, 76, 36)
    assert (got[..., ~torch.from_numpy(gridder.land_)] == 0).all()
    np.testing.assert_allclose(got.double(), expected, rtol=0, atol=tolerance * np.ptp(values))


def test_gradients_are_those_of_finite_differences(gridder):
    module = SplineTorch(gridder, torch.float64)
    values = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 150))).requires_grad_()
    weight = torch.from_numpy(np.random.default_rng(2).normal(size=(76 * 36, 3)))
    assert torch.autograd.gradcheck(lambda v: module(v).flatten(-2) @ weight, values)


def test_moves_as_a_module(gridder):
    module = SplineTorch(gridder).to(torch.float64)
    assert module.matrix.dtype == torch.float64
    assert not module.state_dict()  # made from the gridder, not kept in checkpoints
    assert module.to("meta")(torch.empty(2, 150, device="meta", dtype=torch.float64)).shape == (2, 76, 36)


def with_gaps(share, shape, seed=0):
    """Sets of stations shared by the fields of a sample, a field without any, one complete."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 30, shape)
    values[np.broadcast_to(rng.random((shape[0], 1, shape[2])) < share, shape)] = np.nan
    values[1, 0], values[2, 1] = np.nan, rng.normal(size=shape[2])
    return values


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize("share", [0.02, 0.2, 0.7, 0.97])
def test_missing_stations_as_in_numpy(gridder, dtype, tolerance, share):
    values = with_gaps(share, (12, 3, 150))
    expected = gridder.transform(values)
    got = SplineTorch(gridder, dtype, gaps=True)(torch.tensor(values, dtype=dtype)).double().numpy()
    assert (np.isnan(got) == np.isnan(expected)).all()
    assert np.isnan(got[1, 0]).any()
    span = np.ptp(np.nan_to_num(expected), axis=(-2, -1), keepdims=True)
    assert (np.abs(np.nan_to_num(got - expected)) <= tolerance * span).all()


@pytest.mark.parametrize("kept", [[4], [4, 9], [4, 9, 17]])
def test_few_stations_left_as_in_numpy(gridder, kept):
    values = np.full((1, 150), np.nan)
    values[0, kept] = np.arange(len(kept)) + 1.0
    got = SplineTorch(gridder, torch.float64, gaps=True)(torch.tensor(values))
    np.testing.assert_allclose(got, gridder.transform(values), rtol=0, atol=1e-10)


def test_sets_do_not_depend_on_each_other(gridder, monkeypatch):
    values = torch.tensor(with_gaps(0.2, (9, 2, 150)))
    module = SplineTorch(gridder, torch.float64, gaps=True)
    whole = module(values)
    monkeypatch.setattr("slipbench.datasets.gridding.spline_torch._SETS", 2)
    monkeypatch.setattr("slipbench.datasets.gridding.spline_torch._FIELDS", 3)
    torch.testing.assert_close(module(values), whole, rtol=0, atol=1e-10, equal_nan=True)


def test_without_gaps_a_missing_station_is_never_unnoticed(gridder):
    values = torch.from_numpy(with_gaps(0.0, (4, 2, 150)))
    values[3, 1, 5] = torch.nan
    out = SplineTorch(gridder, torch.float64)(values)
    land = torch.from_numpy(gridder.land_)
    assert out[3, 1][land].isnan().all()
    assert out[1, 0][land].isnan().all()
    assert (out[3, 1][~land] == 0).all()
    assert out[0].isfinite().all()


def test_gradients_with_gaps(gridder):
    module = SplineTorch(gridder, torch.float64, gaps=True)
    values = torch.from_numpy(with_gaps(0.2, (3, 2, 150)))
    missing = values.isnan()
    weight = torch.from_numpy(np.random.default_rng(2).normal(size=(76 * 36, 2)))

    def loss(v):
        return (module(v.masked_fill(missing, torch.nan)).nan_to_num().flatten(-2) @ weight).sum()

    given = values.nan_to_num().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(given), given)
    assert (gradient[missing] == 0).all()
    away = torch.from_numpy(np.random.default_rng(3).normal(size=values.shape))
    step = 1e-6
    slope = (loss(given + step * away) - loss(given - step * away)) / (2 * step)
    torch.testing.assert_close(slope, (gradient * away).sum(), rtol=1e-6, atol=1e-6)


def test_casting_keeps_the_precision_of_positions(gridder):
    values = with_gaps(0.2, (3, 2, 150))
    module = SplineTorch(gridder, torch.float32, gaps=True)
    expected = module(torch.tensor(values, dtype=torch.float32))
    cast = SplineTorch(gridder, torch.float64, gaps=True).float()
    assert cast.gaps.near.dtype == torch.float64
    got = cast(torch.tensor(values, dtype=torch.float32))
    torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("lead", [(), (5,), (2, 3)])
def test_images_have_the_components_last(gridder, lead):
    values = torch.from_numpy(np.random.default_rng(4).normal(size=(*lead, 2, 150)))
    module = SplineTorch(gridder, torch.float64)
    assert torch.equal(module.images(values), module(values).movedim(-3, -1))
    assert module.images(values[..., :1, :]).shape == (*lead, 76, 36, 1)
