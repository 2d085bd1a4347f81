import numpy as np
import pytest

from slipbench.benchmarks.intervals import block_rows, interval, over_seeds, resamples, weights


def coverage(series, block):
    """Share of series whose interval of the mean holds 0, the true mean."""
    n = series.shape[1]
    held = 0
    for i, one in enumerate(series):
        low, high = interval(weights(n, block, i % 4, 400) @ one)
        held += low <= 0 <= high
    return held / len(series)


def autoregressive(count, n, phi, rng):
    """AR(1) with unit innovations, started in its stationary law."""
    series = np.empty((count, n))
    series[:, 0] = rng.standard_normal(count) / np.sqrt(1 - phi**2)
    for t in range(1, n):
        series[:, t] = phi * series[:, t - 1] + rng.standard_normal(count)
    return series


def test_coverage_of_independent_samples_is_nominal():
    rng = np.random.default_rng(1)
    assert 0.925 < coverage(rng.standard_normal((1200, 100)), 1) < 0.97
    skewed = rng.exponential(size=(1200, 200)) - 1
    assert 0.915 < coverage(skewed, 1) < 0.97


def test_blocks_hold_what_single_days_do_not():
    series = autoregressive(500, 1000, 0.9, np.random.default_rng(2))
    single, blocks = coverage(series, 1), coverage(series, 60)
    assert single < 0.5  # theory: 2 Phi(1.96 sqrt(0.1 / 1.9)) - 1 = 0.35
    assert blocks > 0.88


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_scores_that_follow_each_other_are_covered_as_often_as_promised(phi):
    """AR(1) scores of 1000 days; blocks of six correlation times, as long as blocks of the code ever get.

    2000 series have a binomial error of 0.5 points. At a lag of six correlation times 0.2 % of the
    correlation is left; the variance between blocks still lacks 1/6 of a correlation time's share.
    """
    n, count = 1000, 500
    scale = 0.0 if phi == 0 else -6 / np.log(phi)
    block = block_rows(np.arange(float(n)), scale)
    held, plain = [], []
    for seed in range(4):
        series = autoregressive(count, n, phi, np.random.default_rng(100 + seed))
        spread = weights(n, block, seed) @ series.T
        for values in spread.T:
            low, high = interval(values, blocks=n / block)
            held.append(low <= 0 <= high)
            low, high = interval(values)
            plain.append(low <= 0 <= high)
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(plain) <= np.mean(held)


def test_few_blocks_widen_an_interval_as_student_does():
    values = np.random.default_rng(0).normal(size=200_000)
    low, high = interval(values, blocks=10)
    wide = 2.262 * np.sqrt(10 / 9)  # Student's 97.5 % with nine degrees of freedom
    assert (low, high) == (pytest.approx(-wide, abs=0.05), pytest.approx(wide, abs=0.05))
    assert interval(values, blocks=1e6) == pytest.approx(interval(values), abs=1e-3)
    assert interval(values[:1000], blocks=4) == pytest.approx(
        (values[:1000].min(), values[:1000].max()), abs=0.5
    )


def test_resamples_are_circular_blocks_and_repeatable():
    index = resamples(50, 7, 3, 20)
    assert index.shape == (20, 50)
    steps = np.diff(index, axis=1) % 50
    inside = np.arange(1, 50) % 7 != 0
    assert (steps[:, inside] == 1).all()
    assert index.min() >= 0
    assert index.max() < 50
    resamples.cache_clear()
    assert np.array_equal(index, resamples(50, 7, 3, 20))
    assert not np.array_equal(index, resamples(50, 7, 4, 20))


def test_weights_give_the_means_of_the_resamples():
    values = np.random.default_rng(0).normal(size=40)
    np.testing.assert_allclose(weights(40, 5, 1, 30) @ values, values[resamples(40, 5, 1, 30)].mean(axis=1))


def test_block_length_follows_time_and_is_bounded():
    days = np.arange(1000.0)
    assert block_rows(days, 0) == 1
    assert block_rows(days, 90) == 90
    assert block_rows(days, 900) == 250
    assert block_rows(days, 1) == 10  # never below n^(1/3)
    every_third = days[::3]
    assert block_rows(every_third, 90) == 30
    assert block_rows(np.array([5.0]), 90) == 1


def test_seeds_widen_the_interval_only_when_they_differ():
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(1, 1000))
    same = interval(over_seeds(np.repeat(spread, 3, axis=0), 0))
    assert same == pytest.approx(interval(spread[0]), rel=0.15)
    low, high = interval(over_seeds(spread * 0.01 + np.array([[0.0], [5.0], [10.0]]), 0))
    assert low < 2
    assert high > 8


def test_interval_of_nothing_is_nan():
    assert np.isnan(interval(np.full(5, np.nan))).all()


def test_what_never_happens_counts():
    values = np.concatenate([np.linspace(0, 1, 90), np.full(10, np.inf)])
    low, high = interval(values)
    assert (low, high) == (pytest.approx(0.0225, abs=0.02), np.inf)
    assert interval(np.full(5, np.inf)) == (np.inf, np.inf)
    assert interval(np.append(values[:90], np.nan)) == pytest.approx(interval(values[:90]))
