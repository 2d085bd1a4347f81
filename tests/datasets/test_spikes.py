"""Single epochs that are off: found, and told from waves, steps and noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.preprocess.spikes import SpikeRule, spikes

QUIET = np.arange(200) < 60


def series(seed=0, stations=3):
    return np.random.default_rng(seed).normal(0, 0.003, (stations, 3, 200))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 198), st.integers(0, 2), st.sampled_from([-0.3, 0.08, 5.0]))
def test_a_planted_epoch_is_found_and_no_other(seed, at, component, size):
    enu = series(seed)
    enu[1, component, at] += size
    found = spikes(enu, QUIET, SpikeRule())
    assert np.argwhere(found).tolist() == [[1, at]]


@pytest.mark.parametrize("kind", ["step", "crest", "shaking", "noise"])
def test_what_the_ground_does_is_kept(kind):
    enu, t = series(), np.arange(200)
    if kind == "step":
        enu[:, :, 100:] += 1.0
    elif kind == "crest":
        enu[:, :, 100:103] += np.array([0.5, 1.0, 0.5])
    elif kind == "shaking":
        enu += 0.5 * np.sin(2 * np.pi * t / 2.5) * np.exp(-(((t - 120) / 20) ** 2))
    assert not spikes(enu, QUIET, SpikeRule()).any()


def test_the_usual_distance_of_a_station_sets_its_limit():
    enu = series()
    enu[0] *= 20  # 6 cm of noise: 10 cm are nothing
    enu[:, 0, 100] += 0.1
    found = spikes(enu, QUIET, SpikeRule())
    assert np.argwhere(found).tolist() == [[1, 100], [2, 100]]


def test_epochs_beside_a_gap_are_not_judged():
    enu = series()
    enu[0, 0, 100] += 1.0
    enu[0, :, 101] = np.nan
    assert not spikes(enu, QUIET, SpikeRule()).any()


def test_an_epoch_is_judged_from_those_up_to_the_next_one():
    enu = series()
    enu[0, 0, 100] += 1.0
    whole = spikes(enu, QUIET, SpikeRule())
    changed = enu.copy()
    changed[:, :, 102:] = 7.0
    np.testing.assert_array_equal(spikes(changed, QUIET, SpikeRule())[:, :101], whole[:, :101])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_short_a_series_has_none(n):
    assert not spikes(np.zeros((2, 3, n)), np.ones(n, bool), SpikeRule()).any()
