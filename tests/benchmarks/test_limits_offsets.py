import numpy as np
import pytest

from slipbench.benchmarks.limits.noise import SurrogateModel
from slipbench.benchmarks.limits.offsets import OffsetEstimator, Whitening, step_filter
from slipbench.benchmarks.limits.simple_offsets import simple_offsets
from slipbench.datasets.noise.parametric import (
    ParametricNoise,
    parametric_sampler,
    space_correlation,
    time_covariance,
)
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.recipes.source_options import COMPONENTS

from .limits_cases import DAYS, small_problem

DAY = 50


def windows(problem, n, seed):
    """Parametric noise (n, m, d, c) as a store has it."""
    f = problem.forward
    drawn = parametric_sampler(f.lat, f.lon, DAYS, range(DAYS), COMPONENTS, ParametricNoise())
    return drawn.draw(n, np.random.default_rng(seed)).swapaxes(1, 2)


def test_the_estimate_is_sufficient():
    """Differences of the whole window's log likelihood between sources are those of the estimate's."""
    problem = small_problem(6)
    estimator = OffsetEstimator(problem.noise, DAY)
    rng = np.random.default_rng(0)
    step = (np.arange(DAYS) >= DAY).astype(float)
    series = windows(problem, 1, 1)[0] + step[:, None] * rng.normal(0, 5, (6, 1, 2))
    o = ParametricNoise()
    space = space_correlation(problem.forward.lat, problem.forward.lon, o)
    full = [np.kron(time_covariance(getattr(o, c), DAYS, o.history_days), space) for c in COMPONENTS]
    found = estimator(series)
    whole, short = [], []
    for offset in rng.normal(0, 5, (5, 2, 6)):
        rest = [(series[..., k].T - np.outer(step, offset[k])).ravel() for k in range(2)]
        whole.append(-sum(r @ np.linalg.solve(c, r) for r, c in zip(rest, full, strict=True)) / 2)
        short.append(-(found.whitening((offset - found.values)[None]) ** 2).sum() / 2)
    np.testing.assert_allclose(np.diff(short), np.diff(whole), rtol=1e-7)


@pytest.mark.parametrize("free_level", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_estimates_are_unbiased_with_the_stated_covariance(free_level, gaps):
    problem = small_problem(8)
    estimator = OffsetEstimator(problem.noise, DAY, free_level)
    series = windows(problem, 4000, 2)
    truth = np.random.default_rng(5).normal(0, 10, (8, 2))
    series[:, :, DAY:] += truth[:, None]
    if free_level:
        series += 1000.0
    if gaps:
        series[:, 2, 30:60] = np.nan
        series[:, 5, 10:49, 0] = np.nan
        series[:, 7] = np.nan
    found = [estimator(s) for s in series]
    kept = 7 if gaps else 8
    assert np.array_equal(found[0].stations, np.arange(kept))
    white = found[0].whitening(np.stack([f.values for f in found]) - truth[:kept].T)
    assert np.abs(white.mean(axis=0)).max() < 4.5 / np.sqrt(4000)
    covariance = white.T @ white / 4000
    assert np.abs(covariance - np.eye(2 * kept)).max() < 5 * np.sqrt(2 / 4000)


@pytest.mark.parametrize("sees", ["img", "its"])
def test_what_images_hold_of_the_positions(sees):
    """An image is a difference of two days; a series of images also holds the level."""
    problem = small_problem(6)
    problem.sees = sees
    series = windows(problem, 1, 4)[0]
    found = problem.offsets(series)
    if sees == "img":
        np.testing.assert_allclose(found.values, (series[:, DAY + 1] - series[:, DAY - 1]).T)
    changed = series.copy()
    changed[:, [0, 30, 70, 99]] += 50
    np.testing.assert_array_equal(problem.offsets(changed).values, found.values)
    whole = small_problem(6).offsets(series)
    worse = [
        np.linalg.norm(w) / np.linalg.norm(f)
        for w, f in zip(whole.whitening.factors, found.whitening.factors, strict=True)
    ]
    assert min(worse) > (2 if sees == "img" else 1)


def test_colour_undoes_whitening():
    rng = np.random.default_rng(0)
    for parts in ([np.cov(rng.normal(size=(4, 9))) for _ in range(2)], [np.cov(rng.normal(size=(8, 20)))]):
        whitening = Whitening.of(parts)
        white = rng.standard_normal((5, 8))
        np.testing.assert_allclose(whitening(whitening.colour(white, 2)), white, atol=1e-9)
        single = whitening(whitening.colour(white, 2).astype(np.float32))
        assert single.dtype == np.float32


def test_moments_of_surrogates():
    """Closed-form moments against drawn surrogates, for filters of two kinds."""
    rng = np.random.default_rng(3)
    shape = np.cumsum(rng.normal(size=(5, 40, 6)), axis=1) @ rng.normal(size=(6, 6)) + rng.normal(
        size=(5, 1, 6)
    )
    noise = SurrogateNoise.fit(shape)
    model = SurrogateModel(noise, np.arange(3))
    filters = rng.normal(size=(40, 2, 3))
    (want,) = model.covariance(filters)
    drawn = noise.draw(40_000, rng).reshape(-1, 40, 3, 2)
    values = np.einsum("ndmc,dcm->ncm", drawn, filters).reshape(len(drawn), -1)
    scale = np.sqrt(np.diag(want))
    np.testing.assert_allclose(
        values.T @ values / len(values) / np.outer(scale, scale), want / np.outer(scale, scale), atol=0.03
    )
    for c in range(2):
        lag = np.einsum("ndm,nem->de", drawn[..., c], drawn[..., c]) / (len(drawn) * 3)
        np.testing.assert_allclose(model.time(c), lag, atol=0.03 * lag.max())
    (part,) = model.take(np.array([0, 2])).covariance(filters[..., [0, 2]])
    np.testing.assert_allclose(part, want[np.ix_([0, 2, 3, 5], [0, 2, 3, 5])])


def test_a_step_needs_days_on_both_sides_where_the_level_is_free():
    after, eye = np.ones(5), np.eye(5)
    assert step_filter(eye, after, True) is None
    np.testing.assert_allclose(step_filter(eye, after, False), 0.2)
    assert step_filter(eye, np.zeros(5), False) is None


@pytest.mark.parametrize("statistic", ["median", "mean"])
def test_simple_offsets(statistic):
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 30, (400, 2))
    series = rng.normal(500, 2.0, (400, DAYS, 2))
    series[:, DAY:] += truth[:, None]
    series[3, 40:49] = np.nan
    series[4, DAY - 7, :] = 1e5  # an outlier within the days used
    found = simple_offsets(series, DAY, 10, statistic)
    assert np.array_equal(found.stations, np.delete(np.arange(400), 3))
    rest = found.whitening((found.values - truth[found.stations].T)[None]).reshape(2, -1)
    assert (abs(rest[:, 3]) > 1000).all() if statistic == "mean" else (abs(rest[:, 3]) < 5).all()
    assert np.delete(rest, 3, axis=1).std() == pytest.approx(1, abs=0.08)


def test_no_usable_station_is_an_error():
    problem = small_problem(4)
    empty = np.full((4, DAYS, 2), np.nan)
    with pytest.raises(ValueError, match="no station"):
        OffsetEstimator(problem.noise, DAY)(empty)
    with pytest.raises(ValueError, match="no station"):
        simple_offsets(empty, DAY, 10, "median")
