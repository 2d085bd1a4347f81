import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.seismicity.bvalue import a_value, b_value, moving_ab
from slipbench.datasets.seismicity.completeness import maximum_curvature


def gutenberg_richter(n, b, mc, rng):
    return mc + rng.exponential(np.log10(np.e) / b, n)


@pytest.mark.parametrize("b", [0.7, 1.0, 1.6])
def test_b_of_continuous_magnitudes(b):
    m = gutenberg_richter(40_000, b, 3.0, np.random.default_rng(0))
    assert b_value(m, 3.0) == pytest.approx(b, rel=4 / np.sqrt(40_000))
    assert b_value(m, 3.5) == pytest.approx(b, rel=4 / np.sqrt((m >= 3.5).sum()))


def test_utsu_removes_the_bias_of_rounding():
    m = np.round(gutenberg_richter(200_000, 1.0, 2.95, np.random.default_rng(1)), 1)
    assert b_value(m, 3.0, 0.1, "utsu") == pytest.approx(1.0, rel=0.01)
    # The bias of the published form: the mean excess of rounded magnitudes is 1 / (exp(beta step) - 1) steps.
    assert b_value(m, 3.0) == pytest.approx(np.log10(np.e) / (0.1 / (np.exp(0.1 * np.log(10)) - 1)), rel=0.01)


def test_a_is_the_relation_at_magnitude_zero():
    assert a_value(100, 1.0, 3.0) == pytest.approx(5.0)
    assert 10 ** (a_value(100, 0.9, 4.5) - 0.9 * 4.5) == pytest.approx(100)


@pytest.mark.parametrize("m", [np.array([]), np.array([2.0, 2.5]), np.array([3.0, 3.0])])
def test_b_is_missing_where_nothing_exceeds_mc(m):
    assert np.isnan(b_value(m, 3.0))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 300),
    window=st.integers(1, 40),
    min_events=st.integers(2, 12),
    correction=st.sampled_from(["aki", "utsu"]),
)
def test_moving_windows_equal_brute_force(seed, n, window, min_events, correction):
    rng = np.random.default_rng(seed)
    time, m = rng.uniform(-20, 120, n), np.round(rng.exponential(0.4, n) + 3.8, 1)
    days = np.arange(0, 100, 7)
    got = moving_ab(time, m, days, window, 4.0, min_events, 0.1, correction)
    for i, d in enumerate(days):
        inside = (time >= d + 1 - window) & (time < d + 1) & (m >= 4.0)
        assert got.count[i] == inside.sum()
        b = b_value(m[inside], 4.0, 0.1, correction) if inside.sum() >= min_events else np.nan
        np.testing.assert_allclose(got.b[i], b, rtol=1e-9)
        np.testing.assert_allclose(got.a[i], np.log10(max(inside.sum(), 1)) + b * 4.0, rtol=1e-9)


def test_fifty_events_are_enough_and_forty_nine_are_not():
    m = gutenberg_richter(50, 1.0, 4.0, np.random.default_rng(2))
    time = np.linspace(0, 9.99, 50)
    assert np.isfinite(moving_ab(time, m, np.array([9]), 10, 4.0).b).all()
    few = moving_ab(time[:49], m[:49], np.array([9]), 10, 4.0)
    assert np.isnan(few.a).all()
    assert np.isnan(few.b).all()
    assert few.count[0] == 49


def test_maximum_curvature_finds_where_detection_ends():
    rng = np.random.default_rng(3)
    m = gutenberg_richter(50_000, 1.0, 2.0, rng)
    seen = m[rng.random(len(m)) < np.clip((m - 2.0) / 1.5, 0, 1) ** 4]
    assert maximum_curvature(np.round(seen, 1)) == pytest.approx(3.5, abs=0.15)
    assert maximum_curvature(np.array([4.5, 4.5, 4.6]), 0.1, 0.2) == 4.7


def test_maximum_curvature_of_nothing():
    with pytest.raises(InputError, match="no events"):
        maximum_curvature(np.array([]))
