"""Predicted quantiles: into the results table and back, and their scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from scipy.stats import norm

from slipbench.benchmarks.quantiles import (
    LEVELS,
    NAMES,
    crps,
    inside,
    is_quantile,
    pinball,
    quantile_outcomes,
    quantiles_of,
)
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell

HEADER = {"suite": "s", "task": "nowcast", "dataset": "d", "dataset_hash": "0" * 64, "code_version": "1"}
POINT = Outcome("density", "per day", [3, 1], [17000.0, 17001.0], [1.0, 2.0], [1.5, 2.5])


def gaussian_crps(z):
    """Closed form for a standard Gaussian (Gneiting and Raftery 2007, eq. 21)."""
    return z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)


def test_levels_and_names_are_the_agreed_ones():
    assert len(LEVELS) == len(NAMES) == 19
    assert (LEVELS[0], LEVELS[1], LEVELS[9], LEVELS[-1]) == (0.05, 0.1, 0.5, 0.95)
    assert (NAMES[0], NAMES[1], NAMES[-1]) == ("quantile_0.05", "quantile_0.10", "quantile_0.95")
    assert is_quantile(["density", *NAMES]).tolist() == [False] + [True] * 19


def test_quantiles_come_back_from_the_table_and_crossing_ones_are_sorted(tmp_path):
    values = np.arange(38.0).reshape(2, 19)
    values[0, [3, 4]] = values[0, [4, 3]]
    cell = Cell("pfn", "decoder", "both", "causal", "blocked", 0, False, "h")
    write_cell(tmp_path / "a", HEADER, cell, CellResult([POINT, *quantile_outcomes(POINT, values)]))
    write_cell(tmp_path / "b", HEADER, cell, CellResult([POINT]))
    table = read_table([tmp_path / "a"])
    np.testing.assert_array_equal(quantiles_of(table), np.arange(38.0).reshape(2, 19))
    assert np.isnan(np.concatenate(table["y_true"][1:].tolist())).all()
    assert all(list(v) == [3, 1] for v in table["sample"])
    assert set(table["units"]) == {"per day"}
    assert quantiles_of(read_table([tmp_path / "b"])) is None
    with pytest.raises(ValueError, match=r"without quantile_0\.15"):
        quantiles_of(table.drop(index=3))


@pytest.mark.parametrize("shape", [(2, 18), (3, 19), (19,)])
def test_quantiles_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="at 19 levels"):
        quantile_outcomes(POINT, np.zeros(shape))


def test_quantiles_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        quantile_outcomes(POINT, np.full((2, 19), np.inf))


def test_many_levels_give_the_closed_form_of_a_gaussian():
    z = np.linspace(-3, 3, 25)
    levels = (np.arange(20_000) + 0.5) / 20_000
    found = crps(z, np.tile(norm.ppf(levels), (len(z), 1)), levels)
    np.testing.assert_allclose(found, gaussian_crps(z), atol=2e-4)


def test_the_closed_form_is_the_integral_that_defines_the_score():
    for z in (-1.3, 0.0, 2.1):
        below = mp.quad(lambda x: mp.ncdf(x) ** 2, [-mp.inf, z])
        above = mp.quad(lambda x: (1 - mp.ncdf(x)) ** 2, [z, mp.inf])
        assert float(below + above) == pytest.approx(gaussian_crps(z), rel=1e-9)


def test_the_agreed_levels_are_a_few_per_cent_off_the_closed_form():
    z = norm.ppf((np.arange(4000) + 0.5) / 4000)
    found = crps(z, np.tile(norm.ppf(LEVELS), (len(z), 1))).mean()
    # the pinball loss of a true quantile of a Gaussian is its density there
    assert found == pytest.approx(2 * norm.pdf(norm.ppf(LEVELS)).mean(), rel=1e-4)
    assert found * np.sqrt(np.pi) == pytest.approx(1.05, abs=0.005)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_point_scores_its_absolute_error_and_sorting_never_harms(seed):
    rng = np.random.default_rng(seed)
    true, point = rng.normal(size=(2, 7))
    one = np.repeat(point[:, None], 19, axis=1)
    np.testing.assert_allclose(crps(true, one), np.abs(true - point))
    crossed = rng.normal(size=(7, 19))
    assert (crps(true, np.sort(crossed, axis=1)) <= crps(true, crossed) + 1e-12).all()


def test_pinball_weighs_the_two_sides_by_the_level():
    losses = pinball(np.array([1.0, -1.0]), np.zeros((2, 2)), (0.25, 0.5))
    np.testing.assert_allclose(losses, [[0.25, 0.5], [0.75, 0.5]])


def test_central_intervals_hold_their_share():
    truth = norm.ppf((np.arange(1000) + 0.5) / 1000)
    quantiles = np.tile(norm.ppf(LEVELS), (1000, 1))
    assert inside(truth, quantiles, 0.9).mean() == pytest.approx(0.9, abs=0.002)
    assert inside(truth, quantiles, 0.5).mean() == pytest.approx(0.5, abs=0.002)
    with pytest.raises(ValueError, match="not in tuple"):
        inside(truth, quantiles, 0.95)
