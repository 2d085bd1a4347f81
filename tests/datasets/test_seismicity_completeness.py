import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.seismicity.bvalue import b_value
from slipbench.datasets.seismicity.completeness import LEAST_EVENTS, goodness_of_fit, maximum_curvature


def catalogue(mc, n, rng, b=1.0):
    """Rounded magnitudes, complete from `mc`, half of each step lost for every step below it."""
    m = np.round(mc - 1.05 + rng.exponential(np.log10(np.e) / b, n), 1)
    lost = np.rint((mc - m) / 0.1)
    return m[rng.random(n) < 0.5 ** np.maximum(lost, 0)]


@pytest.mark.parametrize("mc", [2.0, 3.4, 4.5])
def test_the_threshold_is_found(mc):
    m = catalogue(mc, 200_000, np.random.default_rng(0))
    found = goodness_of_fit(m, level=95)
    assert found.mc == pytest.approx(mc, abs=0.11)
    assert found.mc >= maximum_curvature(m) - 0.11
    at = np.flatnonzero(np.isclose(found.thresholds, mc))[0]
    assert found.fit[at] > 97
    assert found.fit[0] < 80


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(60, 600), level=st.sampled_from([80.0, 90.0, 95.0]))
def test_all_candidates_equal_brute_force(seed, n, level):
    m = np.round(np.random.default_rng(seed).exponential(0.45, n) + 3.0, 1)
    found = goodness_of_fit(m, level=level)
    assert found.thresholds[0] == pytest.approx(m.min())
    for mc, fit, b in zip(found.thresholds, found.fit, found.b, strict=True):
        assert (m >= mc - 0.01).sum() >= LEAST_EVENTS
        assert b == pytest.approx(b_value(m, mc, 0.1, "utsu"), rel=1e-9)
        bins = np.round(np.arange(np.rint(mc * 10), np.rint(m.max() * 10) + 1) / 10, 1)
        seen = np.array([(m >= x - 0.01).sum() for x in bins])
        line = seen[0] * 10 ** (-b * (bins - mc))
        assert fit == pytest.approx(100 - 100 * np.abs(seen - line).sum() / seen.sum(), abs=1e-6)
    good = found.thresholds[found.fit >= level]
    assert found.mc == (good[0] if len(good) else None)


def test_no_straight_line_means_no_threshold():
    # Evenly spread magnitudes are no Gutenberg-Richter catalogue at any threshold that leaves enough.
    found = goodness_of_fit(np.repeat(np.arange(30, 60) / 10, 20), level=95)
    assert found.mc is None
    assert found.fit.max() < 95


def test_too_few_events_are_refused():
    with pytest.raises(InputError, match="49 events"):
        goodness_of_fit(np.full(49, 3.0))
    with pytest.raises(InputError, match="no events"):
        goodness_of_fit(np.array([]))
