"""The spline in tension beside GMT's ``blockmedian | surface -T0.25 -C1e-5``."""

import numpy as np
import pytest

from slipbench.benchmarks.speed.gmt import gmt_grid, have_gmt
from slipbench.benchmarks.speed.parity import WAYS, compare, okada_fields
from slipbench.datasets.gridding.spline import Grid

pytestmark = pytest.mark.skipif(not have_gmt(), reason="needs the command gmt (apt-get install gmt)")


@pytest.mark.parametrize("way", WAYS)
def test_okada_fields_agree_everywhere(way):
    for field in okada_fields(2, 300, 1, Grid()):
        found = compare(field, Grid(), way)
        assert found.largest["all"] < 0.05, field.name  # percent of the range
        assert found.rms["all"] < 0.005, field.name


def test_the_larger_region_is_what_gmt_solves_on():
    """With the wrong margin the edges differ by far more, so the agreement is no accident."""
    field = okada_fields(1, 300, 0, Grid())[0]
    default = gmt_grid(field.lat, field.lon, field.values, Grid())
    exact = compare(field, Grid(), "-Qr").ours
    assert np.abs(exact - default).max() > 0.01 * np.ptp(default)
