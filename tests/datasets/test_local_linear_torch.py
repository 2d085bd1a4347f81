"""Local linear regression in torch beside NumPy's."""

import numpy as np
import pytest
import torch

from slipbench.datasets.gridding.local_linear import LocalLinear, grid_nodes
from slipbench.datasets.gridding.local_linear_torch import LocalLinearTorch

N = 40


@pytest.fixture(scope="module")
def gridder():
    rng = np.random.default_rng(1)
    sites = rng.uniform(31, 43, N), rng.uniform(130, 144, N)
    return LocalLinear(8 * 0.48 * 111_194.9).fit(*sites, grid_nodes(22, 46, 14), grid_nodes(123, 148, 11))


def days():
    rng = np.random.default_rng(2)
    values = rng.normal(0, 10, (20, N, 3))
    values[rng.random((20, N)) < 0.3] = np.nan
    values[2] = rng.normal(size=(N, 3))  # all there
    values[3, :, 1] = np.nan  # none
    values[4, 1:], values[4, 0] = np.nan, 7.0  # one
    values[5, 2:] = np.nan  # two are a line
    values[5, :2] = [[1, 2, 3], [4, 5, 6]]
    values[6] = np.where(np.isfinite(values[7]), values[6], np.nan)  # nearly the set of day 7
    values[8, 0, 2] = np.inf
    return values


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
def test_equals_numpy(gridder, dtype, tolerance):
    values = days()
    expected, expected_fallbacks = gridder.transform(values)
    got, fallbacks = LocalLinearTorch(gridder, dtype)(torch.tensor(values, dtype=dtype))
    assert got.dtype == dtype
    np.testing.assert_array_equal(fallbacks, expected_fallbacks)
    assert got[3].isnan().all()
    assert fallbacks[4] == fallbacks[5] == 14 * 11
    keep = np.arange(20) != 3
    span = np.ptp(expected[keep], axis=(1, 2, 3), keepdims=True) + 1
    assert (np.abs(got.double().numpy() - expected)[keep] <= tolerance * span).all()


def test_days_do_not_touch_each_other(gridder):
    module, values = LocalLinearTorch(gridder, torch.float64), torch.tensor(days())
    whole, _ = module(values)
    for day in range(20):
        torch.testing.assert_close(module(values[day : day + 1])[0][0], whole[day], equal_nan=True)


def test_gradients_are_those_of_finite_differences(gridder):
    module = LocalLinearTorch(gridder, torch.float64)
    missing = torch.from_numpy(np.random.default_rng(5).random((2, N)) < 0.3)
    weight = torch.from_numpy(np.random.default_rng(6).normal(size=(14 * 11 * 2, 3)))
    values = torch.from_numpy(np.random.default_rng(7).normal(size=(2, N, 2))).requires_grad_()

    def grid(v):
        return module(v.masked_fill(missing[..., None], torch.nan))[0].flatten(1) @ weight

    assert torch.autograd.gradcheck(grid, values)
    (gradient,) = torch.autograd.grad(grid(values).sum(), values)
    assert (gradient[missing] == 0).all()


def test_casting_keeps_the_precision_of_positions(gridder):
    module = LocalLinearTorch(gridder, torch.float32).half()
    assert module.exact.dtype == torch.float64
    assert module.weights.dtype == torch.float32
    assert not module.state_dict()
