"""Ionosphere maps: what the reader gives back, what it refuses, and values between nodes and epochs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.ionex_text import ionex_text
from slipbench.datasets.ionosphere import tec_at
from slipbench.datasets.readers.ionex import Ionex, read_ionex

from .fuzz_readers import mutate
from .made_ionex import ionex_bytes, made_maps


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([-2, -1, 0]), st.sampled_from([1.0, 1.1]), st.booleans())
def test_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, seed: int, exponent: int, version: float, own: bool
) -> None:
    path = tmp_path_factory.mktemp("ionex") / "a.i"
    maps = made_maps(np.random.default_rng(seed), rms=bool(seed % 2))
    path.write_bytes(ionex_bytes(maps, exponent, version, own))
    found = read_ionex(path)
    rounding = 0.5 * 10.0**exponent + 1e-9
    for name in ("lat", "lon", "time"):
        assert np.array_equal(getattr(found, name), getattr(maps, name))
    assert found.height_km == maps.height_km
    assert np.array_equal(np.isnan(found.tec), np.isnan(maps.tec))
    np.testing.assert_allclose(found.tec, maps.tec, atol=rounding)
    assert (found.rms is None) == (maps.rms is None)
    if maps.rms is not None:
        np.testing.assert_allclose(found.rms, maps.rms, atol=rounding)


def test_what_an_ionex_file_cannot_hold() -> None:
    maps = made_maps(np.random.default_rng(0))
    with pytest.raises(ValueError, match="IONEX version 2"):
        ionex_text(maps, version=2.0)
    for value in (999.9, -1000.0, 1e5):  # the first is 9999 tenths, which means no value
        maps.tec[1, 1, 1] = value
        with pytest.raises(ValueError, match="does not fit with exponent -1"):
            ionex_text(maps)
    assert len(ionex_text(maps, exponent=2)) == len(ionex_text(maps, exponent=3))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"     1.0  ", b"     2.0  ", "version 2; expected ionosphere maps of version 1.0 or 1.1"),
        (b"     2    ", b"     3    ", "MAP DIMENSION 3; expected 2, a single layer"),
        (
            b"     3                                                      # OF",
            b"     4                                                      # OF",
            "3 TEC maps; expected the 4 of the header",
        ),
        (b"START OF TEC", b"START OF TAC", "START OF TEC MAP"),
        (b"    30.0-180.0", b"    20.0-180.0", "latitude 20.0; expected the header's latitudes"),
        (b"END OF FILE", b"", "expected START OF TEC MAP or END OF FILE"),
        (b"  2017     1     1     2", b"  2017     1     1     0", "not in the order of time"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    data = ionex_bytes(made_maps(np.random.default_rng(0)))
    assert old in data
    path = tmp_path / "a.i"
    path.write_bytes(data.replace(old, new))
    with pytest.raises(InputError) as error:
        read_ionex(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}: line ")
    assert "\n" not in str(error.value)


def test_damaged_files_give_maps_or_one_line(tmp_path: Path) -> None:
    path, read, lines = tmp_path / "a.i", 0, set()
    for seed in range(600):
        rng = np.random.default_rng([7, seed])
        path.write_bytes(mutate(rng, ionex_bytes(made_maps(rng, 2, 60.0, rms=True))))
        try:
            found = read_ionex(path)
        except InputError as error:
            lines.add(str(error).startswith(f"{path}") and "\n" not in str(error))
            continue
        read += 1
        assert found.tec.shape == (len(found.time), len(found.lat), len(found.lon))
    assert lines == {True}
    assert 20 < read < 580


def _field(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    return 20 + 0.1 * lat + 5 * np.cos(np.deg2rad(lon))


def _smooth(rotating: bool) -> Ionex:
    maps = made_maps(np.random.default_rng(1), n=3, step=30.0)
    lat, lon = np.meshgrid(maps.lat, maps.lon, indexing="ij")
    seconds = (maps.time - maps.time[0]).astype(float)
    shift = 360 / 86400 * seconds if rotating else 0 * seconds
    tec = np.stack([_field(lat, lon + s) for s in shift])
    return Ionex(maps.time, maps.lat, maps.lon, 450.0, tec)


def test_nodes_and_epochs_are_exact() -> None:
    maps = made_maps(np.random.default_rng(3))
    k, i, j = np.meshgrid(*(np.arange(n) for n in maps.tec.shape), indexing="ij")
    for between in ("linear", "rotated"):
        found = tec_at(maps, maps.time[k], maps.lat[i], maps.lon[j] + 720, between)
        assert np.array_equal(np.isnan(found), np.isnan(maps.tec))
        np.testing.assert_allclose(found, maps.tec, atol=1e-9)


@settings(deadline=None)
@given(st.floats(-60, 60), st.floats(-400, 400), st.floats(0, 14400))
def test_between_nodes_as_scipy(lat: float, lon: float, seconds: float) -> None:
    from scipy.interpolate import RegularGridInterpolator

    rng = np.random.default_rng(4)
    maps = made_maps(rng)
    tec = np.nan_to_num(maps.tec)
    maps = Ionex(maps.time, maps.lat, maps.lon, 450.0, tec)
    axes = ((maps.time - maps.time[0]).astype(float), maps.lat[::-1], maps.lon)
    wanted = RegularGridInterpolator(axes, tec[:, ::-1])
    when = np.round(seconds)
    around = (lon + 180) % 360 - 180
    found = tec_at(maps, maps.time[0] + np.timedelta64(int(when), "s"), np.array(lat), np.array(lon))
    assert float(found) == pytest.approx(float(wanted([[when, lat, around]])[0]), abs=1e-6)


def test_a_field_that_follows_the_sun_is_exact_where_it_is_followed() -> None:
    maps = _smooth(rotating=True)
    time = maps.time[0] + np.timedelta64(3600, "s")
    lat, lon = np.meshgrid(maps.lat, maps.lon[:-1], indexing="ij")
    # half way between two epochs these places are turned onto a node of either map
    place = lon - 15
    truth = _field(lat, place + 15)
    np.testing.assert_allclose(tec_at(maps, time, lat, place, "rotated"), truth, atol=1e-9)
    assert np.abs(tec_at(maps, time, lat, place) - truth).max() > 0.1


def test_what_lies_outside_is_refused() -> None:
    maps = _smooth(rotating=False)
    with pytest.raises(ValueError, match="a time outside"):
        tec_at(maps, maps.time[-1] + np.timedelta64(1, "s"), np.array(0.0), np.array(0.0))
    with pytest.raises(ValueError, match=r"a latitude outside -60 \.\.\. 60"):
        tec_at(maps, maps.time[0], np.array(61.0), np.array(0.0))
