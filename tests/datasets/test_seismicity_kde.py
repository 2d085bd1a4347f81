import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from slipbench.datasets.errors import InputError
from slipbench.datasets.seismicity import kde
from slipbench.datasets.seismicity.kde import daily_density, scott_bandwidth


@pytest.fixture
def time():
    rng = np.random.default_rng(0)
    return np.sort(np.concatenate([rng.uniform(0, 400, 150), rng.normal(180, 3, 80)]))


def test_equals_scipy_day_by_day(time):
    reference = gaussian_kde(time)  # Scott's rule is its default
    width = scott_bandwidth(time)
    assert width == pytest.approx(float(np.sqrt(reference.covariance[0, 0])))
    days = np.array([-30, 0, 1, 170, 180, 399, 450])
    expected = [reference.integrate_box_1d(d, d + 1) for d in days]
    np.testing.assert_allclose(daily_density(time, days, width), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("causal", [False, True])
def test_days_sum_to_one(time, causal):
    width = scott_bandwidth(time)
    days = np.arange(-2000, 3000)
    assert daily_density(time, days, width, causal).sum() == pytest.approx(1.0, abs=1e-12)
    assert daily_density(time, days, width, causal, n=10).sum() == pytest.approx(len(time) / 10)


def test_causal_kernel_is_the_folded_gaussian():
    days = np.arange(-5, 40)
    half = daily_density(np.array([0.0]), days, 6.0, causal=True)
    whole = daily_density(np.array([0.0]), days, 6.0)
    assert (half[days < 0] == 0).all()
    np.testing.assert_allclose(half[days >= 0], 2 * whole[days >= 0], rtol=1e-10, atol=1e-15)


@settings(max_examples=50, deadline=None)
@given(
    past=st.lists(st.floats(0, 100), min_size=1, max_size=20),
    future=st.lists(st.floats(0, 100, exclude_min=True), max_size=20),
    day=st.integers(0, 100),
    width=st.floats(0.5, 200),
)
def test_causal_never_sees_the_future(past, future, day, width):
    known = np.sort([t for t in past if t < day + 1] or [0.0])
    everything = np.concatenate([known, day + 1 + np.array(future)])
    days = np.array([day])
    np.testing.assert_array_equal(
        daily_density(everything, days, width, causal=True, n=7),
        daily_density(known, days, width, causal=True, n=7),
    )


def test_two_sided_does_see_the_future():
    days = np.array([10])
    before = daily_density(np.array([5.0]), days, 20.0, n=1)
    assert daily_density(np.array([5.0, 30.0]), days, 20.0, n=1)[0] > before[0] * 1.5


def test_blocks_and_order_of_days_do_not_matter(time, monkeypatch):
    days = np.array([7, 3, 300, 4, 3])
    whole = daily_density(time, days, 5.0)
    monkeypatch.setattr(kde, "_EVALUATIONS_PER_BLOCK", 1)
    np.testing.assert_allclose(daily_density(time, days, 5.0), whole, rtol=1e-12)
    assert whole[1] == whole[4]


@pytest.mark.parametrize("time", [[], [3.0], [3.0, 3.0]])
def test_no_bandwidth_without_spread(time):
    with pytest.raises(InputError, match="different times"):
        scott_bandwidth(np.array(time))
