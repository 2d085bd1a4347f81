import numpy as np
import pytest
from scipy.stats import norm

from slipbench.benchmarks.limits.cramer_rao import (
    bounds,
    fisher,
    inverse,
    median_distance,
    targets_slope,
)
from slipbench.benchmarks.limits.offsets import Whitening
from slipbench.benchmarks.limits.summary import on_map

from .limits_cases import DAYS, pick, small_problem, sources


def test_a_linear_problem_has_the_known_bound_and_least_squares_attains_it():
    rng = np.random.default_rng(0)
    matrix, truth = rng.normal(size=(3, 30)), rng.normal(size=(1, 3))
    found = inverse(fisher(lambda x: x @ matrix, truth))[0]
    np.testing.assert_allclose(found, np.linalg.inv(matrix @ matrix.T), rtol=1e-8)
    data = truth @ matrix + rng.standard_normal((20_000, 30))
    estimates = np.linalg.lstsq(matrix.T, data.T, rcond=None)[0]
    np.testing.assert_allclose(np.cov(estimates), found, atol=0.05 * found.max())


def test_fisher_information_is_the_mean_square_of_the_score():
    """On offsets of a fault: scores of random data, from differences of the log likelihood alone."""
    problem = small_problem(8)
    prior, n, step = problem.prior, 20_000, 1e-4
    whitening = problem.estimator(np.zeros((8, DAYS, 2))).whitening
    z = prior.normal(pick(sources(40, 2, mw={"low": 7.0, "high": 7.5}), 3))

    def expected(x):
        return whitening(problem.forward(prior.of_normal(x)))

    found = fisher(expected, z)[0]
    data = expected(z) + np.random.default_rng(0).standard_normal((n, 16))
    score = np.empty((n, 8))
    for k in range(8):
        ends = [expected(z + sign * step * np.eye(8)[k]) for sign in (1, -1)]
        likelihood = [-((data - end) ** 2).sum(axis=1) / 2 for end in ends]
        score[:, k] = (likelihood[0] - likelihood[1]) / (2 * step)
    scale = np.sqrt(np.outer(np.diag(found), np.diag(found)))
    np.testing.assert_allclose(score.T @ score / n / scale, found / scale, atol=5 * np.sqrt(2 / n))


def test_singular_information_bounds_nothing():
    matrix = np.array([[[1.0, 1.0], [1.0, 1.0]], [[4.0, 0.0], [0.0, 1.0]]])
    found = inverse(matrix)
    assert np.isinf(found[0]).all()
    np.testing.assert_allclose(found[1], np.diag([0.25, 1.0]))


def test_with_the_prior_it_is_the_error_of_the_posterior_mean_in_the_normal_linear_case():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(2, 5))
    information = fisher(lambda x: x @ matrix, np.zeros((1, 2))) + np.eye(2)
    x = rng.standard_normal((50_000, 2))
    data = x @ matrix + rng.standard_normal((50_000, 5))
    mean = data @ matrix.T @ np.linalg.inv(matrix @ matrix.T + np.eye(2))
    np.testing.assert_allclose((x - mean).T @ (x - mean) / len(x), inverse(information)[0], atol=0.01)


def test_slopes_are_derivatives():
    problem = small_problem(4)
    z = np.random.default_rng(0).normal(size=(6, 8))
    step = 1e-6
    ends = [problem.prior.of_normal(z + sign * step * np.r_[1, 1, 1, np.zeros(5)]) for sign in (1, -1)]
    at = problem.prior.of_normal(z)
    found = targets_slope(problem.prior, z)
    for i in range(6):
        centre = at["latitude"][i], at["longitude"][i]
        north, east = zip(*(on_map(e["latitude"][i], e["longitude"][i], *centre) for e in ends), strict=True)
        want = (north[0] - north[1], east[0] - east[1], ends[0]["mw"][i] - ends[1]["mw"][i])
        np.testing.assert_allclose(found[i], np.array(want) / (2 * step), rtol=1e-5)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 1000.0])
def test_median_distance(ratio):
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    covariance = turn @ np.diag([4.0, 4.0 / ratio**2]) @ turn.T
    drawn = np.random.default_rng(0).multivariate_normal([0, 0], covariance, 400_000)
    found = median_distance(np.array([covariance, np.full((2, 2), np.inf)]))
    assert found[0] == pytest.approx(np.median(np.hypot(*drawn.T)), rel=0.01)
    assert np.isinf(found[1])
    if ratio == 1.0:
        assert found[0] == pytest.approx(2 * np.sqrt(2 * np.log(2)), rel=1e-6)
    if ratio == 1000.0:
        assert found[0] == pytest.approx(2 * norm.ppf(0.75), rel=1e-3)


def test_the_prior_only_helps():
    problem = small_problem(12)
    whitening = problem.estimator(np.zeros((12, DAYS, 2))).whitening
    found = sources(40, 1)
    plain, helped = (bounds(problem.forward, problem.prior, whitening, found, w) for w in (False, True))
    assert (helped.position_km <= plain.position_km * (1 + 1e-9)).all()
    assert (helped.mw <= plain.mw * (1 + 1e-9)).all()
    assert (helped.position_km < 600).all()
    tenth = Whitening(tuple(10 * f for f in whitening.factors))
    sharp = bounds(problem.forward, problem.prior, tenth, found)
    np.testing.assert_allclose(sharp.position_km, plain.position_km / 10, rtol=1e-6)
