"""Residuals of daily positions: trajectories are gone, noise is left, and days and places are right."""

from datetime import date

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.preprocess.residuals import read_or_make_residuals, trajectory_residuals
from slipbench.datasets.readers.daily import DailySeries
from slipbench.datasets.readers.residuals import read_residuals
from slipbench.datasets.readers.stations import Stations

FIRST = int(np.datetime64("2011-12-30").astype(int))
LISTED = Stations(("A", "C"), np.array([35.0, 36.0]), np.array([135.0, 136.0]), np.zeros(2))


def positions(n=800):
    rng = np.random.default_rng(0)
    t = np.arange(n)[:, None, None] / 365.25
    noise = rng.normal(size=(n, 3, 3))
    motion = 100 + 30 * t + 5 * np.sin(2 * np.pi * t + np.arange(3)) + 2 * np.cos(4 * np.pi * t)
    return motion + noise, noise


def test_what_is_left_is_the_noise():
    enu, noise = positions()
    enu[100:110, 0] = np.nan
    enu[200, 1, 2] = np.nan  # a day without one component is no day
    enu[400:, 2] = np.nan  # too short
    r = trajectory_residuals(DailySeries(("A", "B", "C"), FIRST, enu), LISTED)
    assert r.code == ("A", "B", "C")
    np.testing.assert_array_equal(r.lat, [35.0, np.nan, 36.0])
    assert np.isnan(r.values[2]).all()
    assert np.isnan(r.values[1, :, 200]).all()
    assert np.isnan(r.values[0]).sum() == 30
    left = r.values[0] - noise[:, 0].T
    assert np.nanstd(left) < 0.15
    # 2012 has 366 days
    assert r.year[0] == pytest.approx(2011 + 363.5 / 365)
    assert r.year[2] == pytest.approx(2012 + 0.5 / 366)
    assert r.year[2 + 366] == pytest.approx(2013 + 0.5 / 365)


def table(tmp_path):
    enu, _ = positions()
    days = (FIRST + np.arange(len(enu))).astype("datetime64[D]")
    rows = [
        f"{code},{day},{e:.3f},{n:.3f},{u:.3f}"
        for k, code in enumerate("ABC")
        for day, (e, n, u) in zip(days, enu[:, k], strict=True)
    ]
    path, stations = tmp_path / "daily.csv", tmp_path / "stations.csv"
    path.write_text("\n".join(["station,date,e_mm,n_mm,u_mm", *rows]) + "\n")
    stations.write_text("code,lat,lon,h\nA,35,135,0\nC,36,136,0\n")
    return path, stations


def test_days_can_be_chosen_in_both_kinds_of_file(tmp_path):
    path, stations = table(tmp_path)
    whole = read_or_make_residuals(path, stations)
    assert whole.values.shape == (3, 3, 800)
    some = read_or_make_residuals(path, stations, date(2012, 2, 1), date(2013, 12, 31))
    assert some.values.shape == (3, 3, 700)  # from the 34th of 800 days
    assert some.year[0] == pytest.approx(2012 + 31.5 / 366)
    npz = tmp_path / "r.npz"
    x = np.rint(np.nan_to_num(whole.values[:, [1, 0, 2]]) * 100).astype(np.int16)
    np.savez(
        npz, xyz_0p01mm=x, decimal_year=whole.year, station=np.array(whole.code), lat=whole.lat, lon=whole.lon
    )
    cut = read_or_make_residuals(npz, None, date(2012, 2, 1), date(2013, 12, 31))
    np.testing.assert_array_equal(cut.year, some.year)
    np.testing.assert_allclose(cut.values, read_residuals(npz).values[:, :, 33:733])


def test_mistakes_are_told(tmp_path):
    path, stations = table(tmp_path)
    with pytest.raises(InputError, match="--stations FILE"):
        read_or_make_residuals(path)
    with pytest.raises(InputError, match="no day between"):
        read_or_make_residuals(path, stations, date(2020, 1, 1))
    with pytest.raises(InputError, match="no such file"):
        read_or_make_residuals(tmp_path / "none.csv", stations)
    (tmp_path / "r.npz").write_bytes(b"whatever")
    with pytest.raises(InputError, match="no --stations"):
        read_or_make_residuals(tmp_path / "r.npz", stations)
