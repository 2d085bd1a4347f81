import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.preprocess.snapshot import FEATURES, UNIT_M, chosen, event_snapshots, snapshots

NAN = float("nan")
NAMES = [name for name, _ in FEATURES]
FIRST_S, STATIONS, TIMES = -20.0, 5, 80


def network(seed: int = 0) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Displacement (1, m, t, 3) of noise, and east, north, depth of the stations."""
    rng = np.random.default_rng(seed)
    places = (rng.uniform(-200, 200, (1, STATIONS)), rng.uniform(-200, 200, (1, STATIONS)), np.array([20.0]))
    return rng.normal(0, 0.01, (1, STATIONS, TIMES, 3)), places


def made(x: np.ndarray, places: tuple[np.ndarray, ...], *seconds: float, step_s: float = 1.0) -> np.ndarray:
    return snapshots(x, FIRST_S, step_s, *places, np.array([seconds]))[0]


@settings(deadline=None, max_examples=40)
@given(data=st.data(), second=st.integers(1, 58), seed=st.integers(0, 5))
def test_what_comes_later_changes_nothing(data: st.DataObject, second: int, seed: int) -> None:
    x, places = network(seed)
    later = x.copy()
    begin = int(second - FIRST_S) + 1
    values = st.sampled_from([NAN, float("inf"), 0.0, -1e6, 1e6, 3.0])
    for _ in range(data.draw(st.integers(1, 20))):
        at = data.draw(st.integers(begin, TIMES - 1))
        later[0, data.draw(st.integers(0, STATIONS - 1)), at, data.draw(st.integers(0, 2))] = data.draw(
            values
        )
    np.testing.assert_array_equal(made(x, places, second), made(later, places, second))


@settings(deadline=None, max_examples=20)
@given(second=st.integers(1, 58))
def test_a_second_alone_gives_the_row_of_all_seconds(second: int) -> None:
    x, places = network()
    np.testing.assert_array_equal(made(x, places, *range(1, 59))[second - 1], made(x, places, second)[0])


def test_the_last_sample_counts() -> None:
    x, places = network()
    moved = x.copy()
    moved[0, 2, int(30 - FIRST_S)] += 1.0
    before, after = made(x, places, 29, 30)[:, 2], made(moved, places, 29, 30)[:, 2]
    np.testing.assert_array_equal(before[0], after[0])
    assert after[1][NAMES.index("log10 of the peak displacement so far")] > 0


def test_features_have_the_values_that_their_names_say() -> None:
    x, (east, north, depth) = (
        np.zeros((1, 1, TIMES, 3)),
        (np.array([[30.0]]), np.array([[40.0]]), np.array([0.0])),
    )
    x += np.array([5.0, -2.0, 1.0])  # any origin
    x[0, 0, :20] += np.array([0.003, 0.0, 0.0]) * np.array([-1, 1] * 10)[:, None]
    growth = np.linspace(0.91, 1.0, 10)  # 10 ... 19 s after the origin time
    x[0, 0, 30:40] += np.array([0.0, 0.3, -0.4]) * growth[:, None]
    one, later = made(x, (east, north, depth), 19, 29)[:, 0]
    found, after = dict(zip(NAMES, one, strict=True)), dict(zip(NAMES, later, strict=True))
    assert found["asinh of the last 5 s, north"] == pytest.approx(np.arcsinh(0.294 / UNIT_M), rel=1e-5)
    assert found["asinh of the last 5 s, up"] == pytest.approx(-np.arcsinh(0.392 / UNIT_M), rel=1e-5)
    assert found["asinh of the last 30 s, north"] == pytest.approx(
        np.arcsinh(0.2865 * 10 / 20 / UNIT_M), rel=1e-5
    )
    assert found["log10 of the peak displacement so far"] == pytest.approx(np.log10(0.5), rel=1e-5)
    assert found["log10 of the peak so far of 5 s means"] == pytest.approx(np.log10(0.49), rel=1e-5)
    assert found["log10 of the scatter before the earthquake"] == pytest.approx(
        np.log10(1.4826 * 0.003), rel=1e-5
    )
    assert found["asinh of the time since that peak"] == 0
    assert after["asinh of the time since that peak"] == pytest.approx(np.arcsinh(1.0), rel=1e-5)
    assert after["asinh of the last 5 s, north"] == 0
    assert after["log10 of the peak displacement so far"] == found["log10 of the peak displacement so far"]
    assert found["asinh of the time since the S front"] == pytest.approx(
        np.arcsinh((19 - 50 / 3.5) / 10), rel=1e-5
    )
    assert found["log10 of the hypocentral distance"] == pytest.approx(np.log10(50), rel=1e-5)
    assert found["log10 of the time since the origin"] == pytest.approx(np.log10(19), rel=1e-5)


def test_stations_that_say_nothing_are_all_nan() -> None:
    x, places = network()
    x[0, 0] = NAN  # never there
    x[0, 1, :16] = NAN  # four quiet samples
    x[0, 2, 40:60, 1] = NAN  # one component gone for 20 s from 20 s on
    found = made(x, places, 19, 30, 45)
    there = np.isfinite(found).all(axis=-1)
    assert (there | np.isnan(found).all(axis=-1)).all()
    assert there.tolist() == [[False, False, k != 1, True, True] for k in range(3)]


def test_other_stations_change_nothing() -> None:
    x, places = network()
    alone = tuple(p[:, 3:4] for p in places[:2])
    np.testing.assert_array_equal(made(x, places, 40)[:, 3:4], made(x[:, 3:4], (*alone, places[2]), 40))


def test_half_a_second_or_five_make_the_same_of_a_ramp() -> None:
    def at(step_s: float) -> np.ndarray:
        time = np.arange(FIRST_S, 60, step_s)
        ramp = np.where(time > 0, np.minimum(time / 40, 1.0), 0.0)[None, None, :, None] * np.ones(3)
        places = (np.array([[50.0]]), np.array([[0.0]]), np.array([10.0]))
        return made(ramp, places, 55, step_s=step_s)[0, 0]

    np.testing.assert_allclose(at(0.5), at(1.0), atol=0.05)


@pytest.mark.parametrize("second", [0, 60, 1000])
def test_seconds_outside_are_refused(second: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        made(*network(), second)


def test_near_stations_first_then_evenly_far_away() -> None:
    away = np.arange(100.0)[::-1].copy()
    away[50] = NAN
    pick = chosen(away, 10)
    assert away[pick[:5]].tolist() == [0, 1, 2, 3, 4]
    assert len(set(pick)) == 10
    assert np.diff(away[pick]).min() > 0
    assert away[pick[-1]] > 85
    assert chosen(away[:3], 10).tolist() == [2, 1, 0]
    assert chosen(np.full(4, NAN), 10).tolist() == []


def test_an_event_on_the_globe_is_its_flat_network() -> None:
    rng = np.random.default_rng(3)
    lat, lon = 38 + rng.uniform(-1, 1, 12), 142 + rng.uniform(-1, 1, 12)
    lat[7] = lon[7] = NAN
    x = rng.normal(0, 0.01, (12, TIMES, 3))
    x[2, :18] = NAN
    seconds = np.array([10, 50])
    found = event_snapshots(x, FIRST_S, 1.0, lat, lon, np.array([38.0, 142.0, 30.0]), seconds, 64, 500.0)
    assert found.shape == (2, 10, len(FEATURES))
    east, north = (found[0, :, NAMES.index(f"{way} of the epicentre")] for way in ("east", "north"))
    kept = [k for k in range(12) if k not in (2, 7)]
    by_north = np.argsort(lat[kept])
    np.testing.assert_allclose(np.sort(north), 111.19 * (lat[kept][by_north] - 38), atol=1.0)
    assert (np.abs(np.sort(east) - np.sort(87.6 * (lon[kept] - 142))) < 3).all()
    assert (np.diff(found[0, :, NAMES.index("log10 of the hypocentral distance")]) >= 0).all()
    few = event_snapshots(x, FIRST_S, 1.0, lat, lon, np.array([38.0, 142.0, 30.0]), seconds, 64, 60.0)
    assert 0 < few.shape[1] < 10
    np.testing.assert_array_equal(few, found[:, : few.shape[1]])
