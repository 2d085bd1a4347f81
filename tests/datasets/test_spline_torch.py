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
