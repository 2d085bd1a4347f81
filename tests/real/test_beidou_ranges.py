"""BeiDou's broadcast orbits and clocks against ranges measured at ESBC, for want of precise BeiDou orbits."""

from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.positioning.broadcast import broadcast_orbits, nearest, usable
from slipbench.datasets.positioning.frames import to_enu
from slipbench.datasets.positioning.gps_time import seconds
from slipbench.datasets.positioning.rinex_nav import read_navigation
from slipbench.datasets.positioning.rinex_obs import unpack_observations
from slipbench.datasets.positioning.series import LIGHT

pytestmark = pytest.mark.real
B1I, B3I, SPIN = 1561.098e6, 1268.52e6, 7.2921150e-5
#: What the group delay of B1I against B3I does to the combination that is free of the ionosphere.
GAIN = B1I**2 / (B1I**2 - B3I**2)


def beidou_ranges(path: Path, every: int) -> tuple[np.ndarray, ...]:
    """Times, satellites, ranges and the gain of the group delay; C2I alone where there is no C6I."""
    rows, number, keep = [], 0, False
    for line in path.read_text().splitlines():
        if line.startswith(">"):
            keep, number = number % every == 0, number + 1
            day, clock = "-".join(line[2:12].split()), ":".join(line[13:21].split())
            when = np.datetime64(f"{day}T{clock}", "ns")
        elif keep and line.startswith("C") and line[3:17].strip():
            p1, both = float(line[3:17]), line[19:33].strip()
            p = GAIN * p1 + (1 - GAIN) * float(both) if both else p1
            rows.append((when, line[:3], p, GAIN if both else 1.0))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def test_ranges_are_met_within_metres(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "ppp"
    header = unpack_observations(folder / "ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz", tmp_path / "obs")
    ephemerides = read_navigation(folder / "ESBC00DNK_R_20201770000_01D_MN.rnx.gz")
    when, name, measured, gain = beidou_ranges(tmp_path / "obs", 60)
    kepler = usable(ephemerides.kepler)
    satellite, clock = np.full((len(when), 3), np.nan), np.full(len(when), np.nan)
    for k, (t, s) in enumerate(zip(when, name, strict=True)):
        sent = np.array([t]) - seconds(measured[k] / LIGHT)
        one, pick = broadcast_orbits(ephemerides, np.array([s]), sent), nearest(kepler, np.array([s]), sent)
        assert one.velocity_m_s is not None
        (x, y, z), turn = one.position_m[0, 0], SPIN * measured[k] / LIGHT
        satellite[k] = x + turn * y, y - turn * x, z
        relativity = -2 * (one.position_m[0, 0] * one.velocity_m_s[0, 0]).sum() / LIGHT**2
        clock[k] = one.clock_s[0, 0] + relativity - kepler["tgd"][pick[0, 0]] * gain[k]
    sight = satellite - header.position_m
    distance = np.linalg.norm(sight, axis=1)
    up = to_enu(sight, header.position_m)[:, 2] / distance
    left = measured - distance + LIGHT * clock - 2.3 / np.maximum(up, 0.1)
    good = np.isfinite(left) & (up > np.sin(np.deg2rad(15))) & (gain > 1)
    for t in np.unique(when):
        if (good & (when == t)).any():
            left[when == t] -= np.median(left[good & (when == t)])
    assert good.sum() > 200
    assert len(np.unique(name[good])) > 15
    assert np.sqrt(np.mean(left[good] ** 2)) < 3.0
    # the geostationary C05, low above the horizon, on one frequency: the ionosphere is inside
    geostationary = (name == "C05") & np.isfinite(left)
    assert geostationary.sum() > 10
    assert np.abs(left[geostationary]).max() < 15.0
