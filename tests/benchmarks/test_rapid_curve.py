"""When a curve has arrived, and when it stands still."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from slipbench.benchmarks.rapid.curve import Stable, first_stable, stays_within

NAN = np.nan


def test_the_last_arrival_counts():
    seconds = np.arange(6.0)
    curve = np.array(
        [
            [7.0, 6.0, 7.0, 6.9, 7.1, 7.2],
            [NAN, NAN, 7.0, 7.0, 7.0, 7.0],
            [7.0, 7.0, 7.0, 7.0, 7.0, 6.0],
            [7.0, 7.0, NAN, 7.0, 7.0, 7.0],
            [NAN] * 6,
        ]
    )
    found = stays_within(curve, np.full(5, 7.0), 0.3, seconds)
    np.testing.assert_array_equal(found, [2, 2, np.inf, 3, np.inf])


@given(arrays.arrays(np.float64, (1, 12), elements=st.sampled_from([6.0, 6.9, 7.0, 7.2, NAN])))
def test_after_the_time_all_are_near_and_the_one_before_is_not(curve):
    (found,) = stays_within(curve, np.array([7.0]), 0.3, np.arange(12.0))
    near = np.abs(curve[0] - 7) <= 0.3
    if np.isinf(found):
        assert not near[-1]
    else:
        assert near[int(found) :].all()
        assert found == 0 or not near[int(found) - 1]


def test_stable_is_known_when_the_window_has_passed():
    seconds = np.arange(0.0, 30, 2.0)  # every 2 s: a window of 6 s has four estimates
    curve = np.full((3, 15), NAN)
    curve[0, 3:] = 6.0
    curve[0, 9:] = 7.0
    curve[1] = np.arange(15.0)
    curve[2, -3:] = 6.0  # too short
    time, value = first_stable(curve, seconds, Stable(0.1, 6.0))
    np.testing.assert_array_equal(time, [12, np.inf, np.inf])
    np.testing.assert_array_equal(value, [6.0, NAN, NAN])


def test_a_record_shorter_than_the_window_is_never_stable():
    time, value = first_stable(np.full((1, 5), 7.0), np.arange(5.0), Stable(0.1, 10.0))
    assert np.isinf(time[0])
    assert np.isnan(value[0])
