"""Rules with bounds, the same hour of the days before, maps, and the days that space weather explains."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.anomaly.caution import long_run_rate
from slipbench.datasets.anomaly.quartiles import bounds, sliding_bounds
from slipbench.datasets.anomaly.rules import REACH_SD, RULES
from slipbench.datasets.anomaly.tec import (
    anomaly_maps,
    beyond,
    explained_days,
    index_anomalies,
    same_hour_bounds,
)
from slipbench.datasets.space_indices import indices_of


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), st.integers(0, 5))
def test_the_rivals_are_mean_and_median(values: list[float], missing: int) -> None:
    x = np.random.default_rng(missing).permutation(np.r_[values, np.full(missing, np.nan)])
    mean, sd = np.mean(values), np.std(values, ddof=1)
    np.testing.assert_allclose(
        RULES["zscore"](x), (mean - 2.698 * sd, mean + 2.698 * sd), atol=0.1, rtol=1e-4
    )
    middle = np.median(values)
    mad = 1.482602 * np.median(np.abs(np.array(values) - middle))
    wanted = (middle - REACH_SD * mad, middle + REACH_SD * mad)
    np.testing.assert_allclose(RULES["mad"](x), wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_marks_as_many_normal_values(name: str) -> None:
    x = np.random.default_rng(1).standard_normal((200, 2000))
    low, high = RULES[name](x)
    share = ((x < low[:, None]) | (x > high[:, None])).mean()
    assert share == pytest.approx(long_run_rate(), rel=0.1)
    assert np.isnan(RULES[name](np.array([[np.nan, np.nan], [1.0, np.nan]]))).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.sampled_from(sorted(RULES)))
def test_the_background_is_the_same_hour_of_the_days_before(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    per_day, days, window = 4, 12, 5
    tec = rng.normal(size=(3, days * per_day))
    tec[rng.random(tec.shape) < 0.1] = np.nan
    low, high = same_hour_bounds(tec, per_day, window, RULES[name])
    assert np.isnan(low[:, : window * per_day]).all()
    for at in range(window * per_day, tec.shape[1]):
        before = tec[:, at - window * per_day : at : per_day]
        assert before.shape[1] == window
        np.testing.assert_allclose((low[:, at], high[:, at]), RULES[name](before))


def test_a_planted_anomaly_has_its_size_and_sign_on_map_and_series() -> None:
    rng = np.random.default_rng(2)
    maps = rng.normal(20, 0.5, (31, 12, 5, 6))
    maps[30, 4, 2, 3] = 30.0
    maps[30, 7, 1, 0] = 5.0
    maps[30, 0, 0, 0] = np.nan
    found = anomaly_maps(maps)
    assert found[4, 2, 3] == pytest.approx(30.0 - bounds(maps[:30, 4, 2, 3])[1])
    assert 7 < found[4, 2, 3] < 9.5
    assert -15 < found[7, 1, 0] < -12
    assert np.isnan(found[0, 0, 0])
    assert (found == 0).mean() > 0.9
    series = maps[:, :, 2, 3].ravel()
    along = beyond(series, *same_hour_bounds(series, 12))
    np.testing.assert_allclose(along[-12:], found[:, 2, 3])


def test_between_the_bounds_is_none_and_unknown_is_unknown() -> None:
    x = np.array([1.0, 3.0, 5.0, np.nan, 2.0])
    low, high = np.array([2.0, 2, 2, 2, np.nan]), np.array([4.0, 4, 4, 4, 4])
    np.testing.assert_array_equal(beyond(x, low, high), [-1, 0, 1, np.nan, np.nan])


def test_days_that_space_weather_explains() -> None:
    quiet = np.random.default_rng(3).normal(8, 1, 50)
    storm = quiet.copy()
    storm[40] = 90.0
    found = index_anomalies({"ap": storm, "f107": np.full(50, 150.0)}, 30)
    assert found["ap"][40] > 75
    assert np.isnan(found["ap"][:30]).all()
    none = np.flatnonzero(explained_days(index_anomalies({"ap": quiet}, 30)))
    for after in (0, 1, 2):
        days = np.flatnonzero(explained_days(found, after))
        assert set(range(40, 41 + after)) <= set(days)
        assert set(days) <= {d + k for d in {*none, 40} for k in range(after + 1)}


def test_the_rule_of_a_series_may_be_another_one() -> None:
    x = np.random.default_rng(4).normal(size=60)
    low, high = sliding_bounds(x, 20, RULES["zscore"])
    np.testing.assert_allclose((low[33], high[33]), RULES["zscore"](x[13:33]))


def test_indices_of_days() -> None:
    table = pd.DataFrame(
        {
            "day": [10, 11, 13],
            "f107": [100.0, 101, 103],
            "f107_qualifier": [0.0, 4, 0],
            "ap": [1, 2, 3],
            "sunspots": [7.0, 8, 9],
        }
    )
    found = indices_of(table, np.arange(9, 14))
    np.testing.assert_array_equal(found.f107, [np.nan, 100, np.nan, np.nan, 103])
    np.testing.assert_array_equal(found.ap, [np.nan, 1, 2, np.nan, 3])
    assert list(found.series) == ["f107", "ap", "sunspots"]
