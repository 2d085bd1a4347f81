import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.seismicity.bpositive import b_positive, moving_b_positive
from slipbench.datasets.seismicity.bvalue import b_value
from slipbench.datasets.seismicity.catalogue import MAGNITUDE_TOLERANCE


def exponential(n, b, rng):
    return 3.0 + rng.exponential(np.log10(np.e) / b, n)


@pytest.mark.parametrize("b", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("step", [0.0, 0.1])
def test_b_of_a_complete_catalogue(b, step):
    m = exponential(80_000, b, np.random.default_rng(0))
    m = np.round(m / step) * step if step else m
    # Half of the differences are positive: the estimate scatters by b / sqrt(40,000).
    assert b_positive(m, step) == pytest.approx(b, rel=4 / np.sqrt(40_000))


def test_a_threshold_that_comes_and_goes_does_not_matter():
    rng = np.random.default_rng(1)
    m = exponential(200_000, 1.0, rng)
    hidden = 3.0 + 1.0 * (np.arange(len(m)) % 1000 < 500)  # half of the time only M >= 4 is seen
    seen = m[m >= hidden]
    assert b_positive(seen) == pytest.approx(1.0, rel=0.03)
    assert b_value(seen, 3.0) < 0.9  # the ordinary estimate is fooled


def test_a_hand_made_case():
    # Differences 0.3, -0.2, 0.1, 0.0, 0.5: with step 0.1 three count, mean excess over 0.1 is 0.2.
    m = np.array([4.0, 4.3, 4.1, 4.2, 4.2, 4.7])
    assert b_positive(m, 0.1) == pytest.approx(np.log(1 + 0.1 / 0.2) / 0.1 / np.log(10))
    # Continuous: the same three differences, mean 0.3.
    assert b_positive(m) == pytest.approx(np.log10(np.e) / 0.3)


@pytest.mark.parametrize("m", [[], [4.0], [5.0, 4.0], [4.0, 4.1]])
def test_b_is_missing_where_nothing_rises_beyond_a_step(m):
    assert np.isnan(b_positive(np.array(m), 0.1))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 200),
    window=st.integers(1, 40),
    step=st.sampled_from([0.0, 0.1]),
    least=st.integers(1, 8),
)
def test_moving_windows_equal_brute_force(seed, n, window, step, least):
    rng = np.random.default_rng(seed)
    time, m = rng.uniform(-20, 120, n), rng.exponential(0.4, n) + 3.8
    m = np.round(m, 1) if step else m
    days = np.arange(0, 100, 7)
    got = moving_b_positive(time, m, days, window, step, least)
    order = np.argsort(time)
    for i, d in enumerate(days):
        inside = m[order][(time[order] >= d + 1 - window) & (time[order] < d + 1)]
        rise = np.diff(inside)
        count = (rise >= step - MAGNITUDE_TOLERANCE).sum() if step else (rise > 0).sum()
        assert got.count[i] == count
        if count >= least:
            np.testing.assert_allclose(got.b[i], b_positive(inside, step), rtol=1e-8)
        else:
            assert np.isnan(got.b[i])


def test_seismostats_agrees():
    estimators = pytest.importorskip("seismostats.analysis.bvalue")
    m = np.round(exponential(3000, 1.1, np.random.default_rng(5)), 1)
    theirs = estimators.BPositiveBValueEstimator()
    times = np.datetime64("2020-01-01T00:00") + np.arange(len(m)).astype("timedelta64[m]")
    theirs.calculate(m, times=times, mc=3.0, delta_m=0.1)
    assert b_positive(m, 0.1) == pytest.approx(theirs.b_value, rel=1e-6)
    utsu = estimators.UtsuBValueEstimator()
    utsu.calculate(m, mc=3.5, delta_m=0.1)
    assert b_value(m, 3.5, 0.1, "utsu") == pytest.approx(utsu.b_value, rel=1e-6)
