import numpy as np
import pytest
from scipy.stats import binomtest, chi2, kstest, multivariate_t, norm

from slipbench.benchmarks.limits.coverage import cases
from slipbench.benchmarks.limits.importance import Draws, Effort, sample
from slipbench.benchmarks.limits.mixture import FREEDOM, Mixture, fit_mixture
from slipbench.benchmarks.limits.offsets import Offsets
from slipbench.benchmarks.limits.posterior import Event, Posterior, posterior_of
from slipbench.benchmarks.limits.summary import (
    REGIONS,
    geometric_median,
    masses,
    point_estimates,
    weighted_median,
)

from .limits_cases import DAYS, pick, small_problem, sources


def test_mixture_density_and_draws_agree():
    rng = np.random.default_rng(0)
    scale = np.linalg.cholesky([[[2.0, 1.0], [1.0, 1.0]], [[0.1, 0.0], [0.0, 3.0]]])
    mixture = Mixture(np.array([0.3, 0.7]), np.array([[0.0, 5.0], [1.0, -1.0]]), scale)
    x = rng.normal(0, 3, (50, 2))
    want = sum(
        share * multivariate_t(mean, s @ s.T, FREEDOM).pdf(x)
        for share, mean, s in zip(mixture.share, mixture.mean, scale, strict=True)
    )
    np.testing.assert_allclose(np.exp(mixture.log_density(x)), want, rtol=1e-9)
    drawn = mixture.draw(100_000, rng)
    np.testing.assert_allclose(drawn.mean(axis=0), mixture.share @ mixture.mean, atol=0.03)
    # each draw's own density integrates to 1 against another density that covers it
    other = Mixture(np.ones(1), np.zeros((1, 2)), 6 * np.eye(2)[None])
    weight = np.exp(mixture.log_density(y := other.draw(100_000, rng)) - other.log_density(y))
    assert weight.mean() == pytest.approx(1, abs=0.03)


def test_a_mixture_finds_separate_clusters():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(-4, 0.5, (600, 2)), rng.normal(3, 1.0, (600, 2))])
    weight = np.r_[np.full(600, 3.0), np.ones(600)]
    found = fit_mixture(x, weight / weight.sum(), 6, rng)
    left = found.mean[:, 0] < 0
    assert found.share[left].sum() == pytest.approx(0.75, abs=0.02)
    assert (np.abs(found.mean[left] + 4) < 1.5).all()


def banana(x):
    """A curved, two-sided target with known moments; prior standard normal in x[0]."""
    return -(x[:, 0] ** 2) / 2 - (x[:, 1] - x[:, 0] ** 2) ** 2 / (2 * 0.01) + np.log(10 / (2 * np.pi))


def test_importance_sampling_of_a_curved_target():
    start = Mixture(np.ones(1), np.full((1, 2), 4.0), 0.3 * np.eye(2)[None])
    prior = Mixture(np.ones(1), np.zeros((1, 2)), 5 * np.eye(2)[None])
    effort = Effort(draws=2000, enough=3000, most=40_000)
    found = sample(banana, prior, start, effort, np.random.default_rng(0))
    assert found.effective >= 3000
    assert found.log_evidence == pytest.approx(0, abs=0.08)
    moments = found.weight @ np.column_stack([found.x, found.x[:, 0] ** 2])
    np.testing.assert_allclose(moments, [0, 1, 1], atol=5 * np.sqrt(2 / 3000))
    assert found.weight[np.abs(found.x[:, 0]) > 2].sum() == pytest.approx(2 * norm.sf(2), abs=0.015)


def test_posterior_of_two_parameters_is_that_of_a_grid():
    """Latitude and longitude of a fault whose other parameters are known, against brute force."""
    problem = small_problem(12)
    truth = pick(sources(50, 4, mw={"low": 6.6, "high": 6.9}), 11)
    model = problem.estimator(np.zeros((12, DAYS, 2)))
    clean = problem.forward(truth)[0]
    noise = model.whitening.colour(np.random.default_rng(1).standard_normal((1, 24)), 2)[0]
    event = Event(problem.forward, problem.prior, Offsets(clean + noise, model.stations, model.whitening))
    at = problem.prior.normal(truth)

    def target(x):
        z = np.repeat(at, len(x), axis=0)
        z[:, :2] = x
        return event.log_target(z)

    prior = Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None], np.inf)
    found = sample(target, prior, prior, Effort(draws=3000, enough=10_000), np.random.default_rng(2))
    assert found.effective > 10_000
    mean = found.weight @ found.x
    apart = found.x - mean
    covariance = (apart * found.weight[:, None]).T @ apart
    reach = 7 * np.sqrt(np.diag(covariance))
    axes = [np.linspace(m - r, m + r, 241) for m, r in zip(mean, reach, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    density = target(grid)
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    exact = weight @ grid
    rest = grid - exact
    spread = (rest * weight[:, None]).T @ rest
    deviation = np.sqrt(np.diag(spread))
    assert (np.abs(mean - exact) < 5 * deviation / np.sqrt(found.effective)).all()
    scale = np.outer(deviation, deviation)
    np.testing.assert_allclose(covariance / scale, spread / scale, atol=0.06)
    cell = np.prod([a[1] - a[0] for a in axes])
    evidence = np.log(np.exp(density - density.max()).sum() * cell) + density.max()
    assert found.log_evidence == pytest.approx(evidence, abs=0.05)
    assert (weight[(np.abs(rest) > 6 * deviation).any(axis=1)]).sum() < 1e-3  # the grid holds it all


def test_without_signal_the_posterior_is_the_prior():
    problem = small_problem(6)
    model = problem.estimator(np.zeros((6, DAYS, 2)))
    blind = type(model.whitening)(tuple(1e-9 * f for f in model.whitening.factors))
    nothing = Offsets(np.zeros((2, 6)), model.stations, blind)
    found = posterior_of(problem, nothing, Effort(), np.random.default_rng(0))
    box = found.sources["latitude"], found.sources["longitude"], found.sources["mw"]
    for values, low, high in zip(box, (35, 139, 5.8), (41, 146, 8.5), strict=True):
        mean, square = found.draws.weight @ values, found.draws.weight @ values**2
        error = (high - low) / np.sqrt(12 * found.draws.effective)
        assert mean == pytest.approx((low + high) / 2, abs=5 * error)
        assert np.sqrt(square - mean**2) == pytest.approx((high - low) / np.sqrt(12), rel=0.06)
    median, _ = point_estimates(found)
    np.testing.assert_allclose(median, [38, 142.5, 7.15], atol=0.4)


def test_medians():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.2, 0.6])) == 2.0
    # of three places at the corners of an equilateral triangle: its middle; a place of half the weight wins
    corner = np.deg2rad(np.array([90, 210, 330]))
    lat, lon = 38 + 0.1 * np.sin(corner), 141 + 0.1 * np.cos(corner) / np.cos(np.deg2rad(38))
    found = geometric_median(lat, lon, np.full(3, 1 / 3))
    np.testing.assert_allclose(found, [38, 141], atol=1e-4)
    heavy = geometric_median(lat, lon, np.array([0.6, 0.2, 0.2]))
    np.testing.assert_allclose(heavy, [lat[0], lon[0]], atol=1e-3)


def test_the_same_seed_gives_the_same_posterior():
    problem = small_problem(10)
    model = problem.estimator(np.zeros((10, DAYS, 2)))
    offsets = Offsets(problem.forward(pick(sources(3, 8), 0))[0], model.stations, model.whitening)
    first, second = (posterior_of(problem, offsets, Effort(), np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first.draws.x, second.draws.x)
    assert np.array_equal(first.draws.weight, second.draws.weight)


def test_credible_regions_cover():
    """Fast: 60 events at 20 stations; docs/results/limit.md has the full test."""
    found = cases(small_problem(20), 60, Effort(draws=1000, enough=300), seed=1)
    assert (found["ess"] >= 300).mean() > 0.95
    for region in REGIONS:
        inside = int((found[region] < 0.9).sum())
        assert binomtest(inside, len(found), 0.9).pvalue > 1e-3, (region, inside)
        assert kstest(found[region], "uniform").pvalue > 1e-3, region


def test_the_coverage_test_can_fail():
    """Noise of daily positions three times as large as it is taken for must be noticed."""
    problem = small_problem(20)

    def draw(rng):
        return 3 * problem.noise.draw(rng)

    found = cases(problem, 20, Effort(draws=1000, enough=300), seed=1, draw=draw)
    assert binomtest(int((found["position"] < 0.9).sum()), len(found), 0.9).pvalue < 1e-3


def _weighted(log_weight):
    rng = np.random.default_rng(3)
    n = len(log_weight)
    sources = {
        "latitude": rng.normal(38, 0.1, n),
        "longitude": rng.normal(142, 0.1, n),
        "mw": rng.normal(7, 0.05, n),
        "depth": rng.normal(2e4, 2e3, n),
    }
    return Posterior(Draws(rng.standard_normal((n, 3)), log_weight, 1, n, 0.0), sources)


def test_masses_are_the_squared_distance_of_a_normal_distribution():
    posterior = _weighted(np.zeros(200_000))
    truth = {"latitude": 38.0, "longitude": 142.0, "mw": 7 + 0.05 * 1.5, "depth": 2e4}
    assert masses(posterior, truth)["Mw"] == pytest.approx(chi2(1).cdf(1.5**2), abs=0.01)


def test_a_posterior_of_one_draw_has_masses():
    one = np.full(50, -1e6)
    one[7] = 0.0
    truth = {"latitude": 38.5, "longitude": 142.0, "mw": 7.2, "depth": 2e4}
    found = masses(_weighted(one), truth)
    assert found
    assert all(0 <= value <= 1 for value in found.values())
