"""Static offsets of made high-rate records, and the neighbour rule on made networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.preprocess.neighbours import NeighbourRule, neighbour_outliers
from slipbench.datasets.preprocess.static_offset import Windows, rupture_seconds, static_offsets


def record(rng, offset, length=400, before=60, noise=0.004):
    """Quiet, 90 s of shaking, then settled; one row per station of `offset` (m, 3)."""
    t = np.arange(length) - before
    shaking = np.exp(-(((t - 50) / 20.0) ** 2)) * np.sin(t)
    step = (t >= 40)[None, None] * offset[..., None]
    origin = rng.normal(0, 20, (*offset.shape, 1))  # arbitrary origin
    return origin + step + shaking + rng.normal(0, noise, (*offset.shape, length))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), before=st.integers(10, 100))
def test_offsets_come_back_whatever_the_origin(seed, before):
    rng = np.random.default_rng(seed)
    offset = rng.uniform(-4, 4, (5, 3))
    x = record(rng, offset, before=before)
    found = static_offsets(x, -before, 1.0, np.full(5, 100.0), 30.0, Windows())
    assert found.reason == [""] * 5
    np.testing.assert_allclose(found.enu_m, offset, atol=0.01)
    assert (found.peak_m > np.linalg.norm(offset, axis=1) - 0.03).all()


def test_a_few_wild_samples_change_nothing():
    rng = np.random.default_rng(1)
    offset = rng.uniform(-1, 1, (2, 3))
    x = record(rng, offset)
    x[:, :, [3, 20, 350, 390]] = 40.0
    found = static_offsets(x, -60, 1.0, np.full(2, 100.0), 30.0, Windows())
    np.testing.assert_allclose(found.enu_m, offset, atol=0.01)
    assert (found.peak_m > 15).all()  # but they are seen


def test_gaps_and_shaking_have_reasons():
    rng = np.random.default_rng(2)
    x = record(rng, np.zeros((5, 3)))
    x[0, 1, -40:] = np.nan  # 20 of 60 are left
    x[1, :, :60] = np.nan
    x[2, 2, -29:] = np.nan  # 31 of 60
    distance = np.array([100.0, 100, 100, 760, 740])
    found = static_offsets(x, -60, 1.0, distance, 30.0, Windows())
    assert found.reason[0] == "too few samples: 60 of 60 before, 20 of 60 after"
    assert found.reason[1] == "too few samples: 0 of 60 before, 60 of 60 after"
    assert found.reason[2] == ""
    assert found.reason[3].startswith("shaking until 283 s")  # the last window begins at 279 s
    assert found.reason[4] == ""
    assert np.isnan(found.enu_m).all(axis=1).tolist() == [True, True, False, False, False]
    assert (np.isnan(found.peak_m) == np.isnan(found.enu_m[:, 0])).all()


def test_a_record_without_time_before_the_earthquake():
    x = record(np.random.default_rng(3), np.zeros((2, 3)))
    found = static_offsets(x, 1.0, 1.0, np.full(2, 10.0), 30.0, Windows())
    assert all(r.startswith("too few samples: 0 of 0 before") for r in found.reason)


def test_durations_of_ruptures():
    # the Global CMT catalogue gives Tohoku 2011 (Mw 9.1) a half duration of 70 s, near the formula's 89 s
    assert rupture_seconds(9.1) == pytest.approx(2 * 1.05e-8 * (10**22.75 * 1e7) ** (1 / 3))
    assert 15 < rupture_seconds(7.3) < 30
    assert rupture_seconds(9.1) / rupture_seconds(7.1) == pytest.approx(10)


def network(rng, m=150):
    return rng.uniform(36, 41, m), rng.uniform(139.5, 142, m)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_wrong_stations_are_found_and_others_kept(seed):
    rng = np.random.default_rng(seed)
    lat, lon = network(rng)
    away = np.hypot(lat - 38.3, (lon - 143) * 0.78)
    field = np.stack([4000 * np.exp(-away), -1500 * np.exp(-away)], 1) + rng.normal(0, 15, (150, 2))
    wrong = rng.choice(150, 5, replace=False)
    value = field.copy()
    value[wrong] += rng.choice([-1, 1], (5, 2)) * 9000
    value[(wrong[0] + 1) % 150] = np.nan
    outlier, expected = neighbour_outliers(lat, lon, value, NeighbourRule(floor_mm=100.0), [False, False])
    found = outlier.any(axis=1)
    assert found[wrong[~np.isnan(value[wrong, 0])]].all()
    assert found.sum() <= 5 + 6
    assert not outlier[np.isnan(value[:, 0])].any()
    assert np.isnan(expected[np.isnan(value[:, 0])]).all()


def test_the_rule_does_not_depend_on_the_order():
    rng = np.random.default_rng(4)
    lat, lon = network(rng, 60)
    value = rng.normal(0, 200, (60, 2))
    outlier, expected = neighbour_outliers(
        lat, lon, value, NeighbourRule(threshold=2.0, floor_mm=1.0), [False, False]
    )
    order = rng.permutation(60)
    again, same = neighbour_outliers(
        lat[order], lon[order], value[order], NeighbourRule(threshold=2.0, floor_mm=1.0), [False, False]
    )
    np.testing.assert_array_equal(again, outlier[order])
    np.testing.assert_allclose(same, expected[order])
    assert 0 < outlier.any(axis=1).sum() < 60


def test_rough_quantities_have_a_wider_floor():
    value = np.zeros((20, 2))
    value[4] = 100.0
    outlier, expected = neighbour_outliers(
        *network(np.random.default_rng(5), 20), value, NeighbourRule(), [False, True]
    )
    assert np.argwhere(outlier).tolist() == [[4, 0]]
    np.testing.assert_array_equal(expected, 0)


def test_small_networks_have_no_outliers():
    value = np.array([[0.0], [0.0], [9e9]])
    outlier, expected = neighbour_outliers(np.arange(3.0), np.arange(3.0), value, NeighbourRule(), [True])
    assert not outlier.any()
    assert np.isnan(expected).all()
