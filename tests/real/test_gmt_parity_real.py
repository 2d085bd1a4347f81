"""Observed Tohoku offsets gridded by us and by GMT."""

import pytest

from slipbench.benchmarks.speed.gmt import have_gmt
from slipbench.benchmarks.speed.parity import WAYS, compare, tohoku_fields
from slipbench.datasets.gridding.spline import Grid

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not have_gmt(), reason="needs the command gmt (apt-get install gmt)"),
]


@pytest.mark.parametrize("way", WAYS)
def test_tohoku_offsets_agree_with_gmt(data_dir, way):
    for field in tohoku_fields(data_dir, Grid()):
        assert len(field.values) > 250
        found = compare(field, Grid(), way)
        assert found.largest["all"] < 0.15, field.name  # percent of the range
        assert found.rms["all"] < 0.03, field.name
