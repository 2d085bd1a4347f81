"""What is timed on a device is Okada's displacement of all its sources."""

import numpy as np
import pytest
import torch

from slipbench.benchmarks.speed import okada as speed
from slipbench.datasets.physics import okada


def test_a_device_does_the_work_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "N_SOURCES", 6)
    rng = np.random.default_rng(0)
    sources, (east, north) = speed._sources(rng), rng.uniform(-3e5, 3e5, (2, 11))
    cpu = torch.device("cpu")
    made = speed._torch_call(sources, east, north, torch.float64, cpu)()
    assert isinstance(made, torch.Tensor)
    np.testing.assert_allclose(made, okada.displacement(sources, east, north), atol=1e-9)
    double, single = speed.on_device(sources, east, north, cpu, 3)
    assert (double.what, single.what) == (
        "Okada 18 x 11, torch cpu, float64",
        "Okada 18 x 11, torch cpu, float32",
    )
    for row in (double, single):
        assert row.value > 0
        assert 0 < row.ratio < 1  # writing the result alone is quicker
