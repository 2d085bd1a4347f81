import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from slipbench.benchmarks.holm import holm


def test_numbers_worked_by_hand():
    # sorted: 0.01 x 4, 0.02 x 3, 0.03 x 2 (no less than the one before), 0.2 x 1
    np.testing.assert_allclose(holm([0.03, 0.01, 0.2, 0.02]), [0.06, 0.04, 0.2, 0.06])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1.0, 1.0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_it_agrees_with_statsmodels(p):
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def test_tests_that_were_not_made_do_not_count():
    np.testing.assert_allclose(holm([np.nan, 0.01, 0.04]), [np.nan, 0.02, 0.04])
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).shape == (0,)


def test_any_false_rejection_is_as_rare_as_promised():
    p = np.random.default_rng(0).uniform(size=(4000, 12))
    assert np.mean([(holm(row) <= 0.05).any() for row in p]) == pytest.approx(0.05, abs=0.01)
