"""Station lists and residual files: what is read, and the one-line messages for what cannot be."""

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.residuals import read_residuals
from slipbench.datasets.readers.stations import read_stations

GOOD = "code,lat,lon,h\nAIRA,31.8,130.6,314.65\nANH1,36.67,126.1,40.3\n"


def test_reads_stations(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text(GOOD)
    stations = read_stations(path)
    assert stations.code == ("AIRA", "ANH1")
    np.testing.assert_array_equal(stations.lat, [31.8, 36.67])
    np.testing.assert_array_equal(stations.lon, [130.6, 126.1])
    np.testing.assert_array_equal(stations.height, [314.65, 40.3])
    assert stations.take(np.array([1])).code == ("ANH1",)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "s.csv", "the file is empty"),
        ("code,lat,lon,h\n", "s.csv", "no station below the header"),
        ("code,lat,lon\nA,1,2\n", "s.csv:1", "columns code,lat,lon"),
        ("lat,lon,code,h\n1,2,A,3\n", "s.csv:1", "columns lat,lon,code,h"),
        (GOOD + "ANYN,36.98,126.8", "s.csv:4", "3 values"),
        (GOOD + "ANYN,36.98,126.8,1,2\n", "s.csv:4", "5 values"),
        (GOOD + "ANYN,north,126.8,1\n", "s.csv:4", "lat 'north'"),
        (GOOD + "ANYN,nan,126.8,1\n", "s.csv:4", "lat 'nan'"),
        (GOOD + "ANYN,36.9,,1\n", "s.csv:4", "lon ''"),
        (GOOD + "ANYN,96.9,126.8,1\n", "s.csv:4", "lat 96.9"),
        (GOOD + "ANYN,36.9,426.8,1\n", "s.csv:4", "lon 426.8"),
        (GOOD + "AIRA,36.9,126.8,1\n", "s.csv:4", "station 'AIRA' came before on line 2"),
        (GOOD + ",36.9,126.8,1\n", "s.csv:4", "no station code"),
    ],
)
def test_unusable_station_lists_name_the_line(tmp_path, text, where, what):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_stations(path)
    assert caught.value.where.endswith(where)
    assert caught.value.what == what
    assert "\n" not in str(caught.value)


def test_missing_and_binary_station_lists(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_stations(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81" * 20)
    with pytest.raises(InputError, match="not a text table"):
        read_stations(tmp_path / "b.csv")


def residual_arrays(m=3, t=5):
    return {
        "xyz_0p01mm": np.arange(m * 3 * t, dtype=np.int16).reshape(m, 3, t),
        "decimal_year": 2005 + np.arange(t) / 365.25,
        "station": np.array([f"S{k}" for k in range(m)]),
        "lat": np.array([44.0, 45.0, np.nan]),
        "lon": np.array([-122.0, -121.0, np.nan]),
    }


def test_residuals_become_east_north_up_mm(tmp_path):
    raw = residual_arrays()
    raw["xyz_0p01mm"][1, 0, 2] = -32768  # north of the second station
    np.savez(tmp_path / "r.npz", **raw)
    r = read_residuals(tmp_path / "r.npz")
    assert np.isnan(r.values[1, 1, 2])
    assert np.isnan(r.values).sum() == 1
    np.testing.assert_allclose(r.values[0, 0], raw["xyz_0p01mm"][0, 1] * 0.01, rtol=1e-6)  # east is second
    np.testing.assert_allclose(r.values[0, 1], raw["xyz_0p01mm"][0, 0] * 0.01, rtol=1e-6)
    np.testing.assert_allclose(r.values[0, 2], raw["xyz_0p01mm"][0, 2] * 0.01, rtol=1e-6)
    assert r.code == ("S0", "S1", "S2")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"lat": None}, "no array 'lat'"),
        ({"xyz_0p01mm": np.zeros((3, 3, 5))}, "float64"),
        ({"xyz_0p01mm": np.zeros((3, 3, 4), np.int16)}, r"\(3, 3, 4\)"),
        ({"lat": np.array([44.0, 145.0, 1.0])}, "out of range"),
        ({"lat": np.zeros(2)}, "not one position"),
        ({"decimal_year": np.zeros(5)}, "do not increase"),
        ({"decimal_year": np.array([2005, 2006, 2007, 2008, np.inf])}, "decimal_year: a time is not finite"),
        ({"decimal_year": np.array([2005, np.nan, 2007, 2008, 2009])}, "decimal_year: a time is not finite"),
    ],
)
def test_unusable_residuals(tmp_path, change, what):
    arrays = {k: v for k, v in (residual_arrays() | change).items() if v is not None}
    np.savez(tmp_path / "r.npz", **arrays)
    with pytest.raises(InputError, match=what):
        read_residuals(tmp_path / "r.npz")


def test_cut_residual_file(tmp_path):
    np.savez(tmp_path / "r.npz", **residual_arrays())
    whole = (tmp_path / "r.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name, what in (("cut.npz", "cut or damaged"), ("empty.npz", "the file is empty")):
        with pytest.raises(InputError, match=what):
            read_residuals(tmp_path / name)
