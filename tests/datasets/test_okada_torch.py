"""Okada in torch: the compiled kernel's values, and gradients that are right and never NaN."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from slipbench.datasets.physics import okada
from slipbench.datasets.physics.okada_torch import displacement

from .okada_oracle import cases, exact, sources

ORACLE = list(cases())
NAMES = ("east", "north", "depth", "strike", "dip", "rake", "length", "width", "slip", "opening")


def as_tensors(s, dtype=torch.float64):
    return SimpleNamespace(**{name: torch.tensor(value, dtype=dtype) for name, value in vars(s).items()})


def all_at_once():
    """The 660 sources of the oracle as one batch, each with its own stations."""
    each = [sources(case) for case, _ in ORACLE]
    together = okada.Sources(*(np.concatenate([getattr(s, name) for s in each]) for name in NAMES))
    stations = np.repeat(np.stack([stations for _, stations in ORACLE]), 3, axis=0)
    return together, np.moveaxis(stations, -1, 0)


def test_agrees_with_the_kernel_and_with_50_digits():
    s, (east, north) = all_at_once()
    got = displacement(as_tensors(s), torch.tensor(east), torch.tensor(north)).numpy()
    want = np.concatenate([exact(*case) for case in ORACLE])
    peak = np.abs(want).max(axis=(1, 2), keepdims=True)
    assert np.abs((got - want) / peak).max() <= 1e-10
    assert np.abs((got - okada.displacement(s, east, north)) / peak).max() <= 1e-10


def test_gradients_are_never_nan_on_the_degenerate_cases():
    s, at = all_at_once()
    s, at = as_tensors(s), torch.tensor(at).requires_grad_()
    for name in NAMES:
        getattr(s, name).requires_grad_()
    displacement(s, *at).sum().backward()
    assert torch.isfinite(at.grad).all()
    for name in NAMES:
        assert torch.isfinite(getattr(s, name).grad).all(), name


@pytest.mark.parametrize("dip", [None, 0.5, 30.0, 89.5])
def test_gradients_equal_finite_differences(dip):
    rng = np.random.default_rng(4)
    n, m = 3, 4
    low = [-3, -3, 6, 0, 5, -180, 2, 1, 0.5, 0.1]
    high = [3, 3, 12, 360, 85, 180, 9, 7, 2, 1]
    values = rng.uniform(low, high, (n, 10)).T
    if dip is not None:
        values[4] = dip
    east, north = rng.normal(0, 12, (2, m))

    def of(east, north, *fields):
        return displacement(SimpleNamespace(**dict(zip(NAMES, fields, strict=True))), east, north)

    inputs = [torch.tensor(v, requires_grad=True) for v in (east, north, *values)]
    assert torch.autograd.gradcheck(of, inputs, eps=1e-6, atol=1e-7, rtol=1e-5)


def test_batches_and_float32():
    rng = np.random.default_rng(5)
    shape = (2, 3)
    fields = {name: torch.zeros(shape, dtype=torch.float64) for name in NAMES}
    fields |= {"depth": torch.tensor(rng.uniform(20e3, 40e3, shape)), "dip": fields["dip"] + 35.0}
    fields |= {"length": fields["dip"] + 2e4, "width": fields["dip"] + 1e4, "slip": fields["dip"] + 1}
    s = SimpleNamespace(**fields)
    east, north = torch.tensor(rng.normal(0, 5e4, (2, *shape, 7)))
    double = displacement(s, east, north)
    assert double.shape == (*shape, 7, 3)
    flat = okada.Sources(*(getattr(s, name).reshape(6).numpy() for name in NAMES))
    want = okada.displacement(flat, east.reshape(6, 7).numpy(), north.reshape(6, 7).numpy())
    np.testing.assert_allclose(double.reshape(6, 7, 3).numpy(), want, atol=1e-10 * np.abs(want).max())
    single = displacement(s, east.float(), north.float())
    assert single.dtype == torch.float32
    assert (single - double).abs().max() < 1e-4 * double.abs().max()


def test_a_fault_above_the_surface_is_refused():
    case, stations = ORACLE[0]
    s = as_tensors(sources((0.1, 60.0, 9.0, *case[3:])))
    s.width = s.width * 0 + 9.0
    with pytest.raises(ValueError, match="above the surface"):
        displacement(s, *torch.tensor(stations.T))
