"""The real ionosphere maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.ionosphere import tec_at
from slipbench.datasets.readers.ionex import read_ionex


@pytest.mark.parametrize(
    ("name", "maps", "height", "rms"),
    [
        ("CKMG0020.22I.gz", 25, 350.0, False),
        ("CKMG0080.09I.gz", 13, 350.0, False),
        ("CKMG0090.21I.gz", 25, 350.0, False),
        ("jplg0010.17i.gz", 13, 450.0, True),
    ],
)
def test_real_maps(data_dir: Path, name: str, maps: int, height: float, rms: bool) -> None:
    found = read_ionex(data_dir / "ionosphere" / name)
    assert found.tec.shape == (maps, 71, 73)
    assert found.height_km == height
    assert (found.rms is not None) == rms
    assert (found.lat[0], found.lat[-1]) == (87.5, -87.5)
    assert 0 < found.tec.min() < found.tec.max() < 60  # four quiet days far from a solar maximum
    np.testing.assert_allclose(found.tec[..., 0], found.tec[..., -1])
    # the ionosphere follows the sun: half way between two maps, CODE's model agrees three times better with
    # maps that are turned with it; JPL's maps of every two hours neither gain nor lose
    k = np.arange(1, maps - 1)
    lat, lon = np.meshgrid(found.lat[8:-8:4], found.lon[:-1:4])
    wide = replace(found, time=found.time[::2], tec=found.tec[::2], rms=None)
    errors = {}
    for between in ("linear", "rotated"):
        missed = [tec_at(wide, t, lat, lon, between) - tec_at(found, t, lat, lon) for t in found.time[k[::2]]]
        errors[between] = np.abs(missed).mean()
    assert errors["rotated"] < (1.01 if rms else 0.4) * errors["linear"]
