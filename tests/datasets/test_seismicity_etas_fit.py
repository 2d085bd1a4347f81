import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from slipbench.datasets.seismicity.etas import Etas
from slipbench.datasets.seismicity.etas_fit import TemporalEtas, _Likelihood, fit_etas

TRUE = Etas()
#: The simulation's law has its mass, not its height, as parameter.
HEIGHT = TRUE.productivity * (TRUE.omori_p - 1) * TRUE.omori_c ** (TRUE.omori_p - 1)


@pytest.fixture(scope="module")
def catalogue():
    return TRUE.simulate(0, 2500, np.random.default_rng(1))


@pytest.fixture(scope="module")
def fitted(catalogue):
    return fit_etas(catalogue.time, catalogue.magnitude, 4.0, 500, 2500)


def test_the_parameters_of_a_made_catalogue_are_found(catalogue, fitted):
    assert fitted.background == pytest.approx(TRUE.background_per_day, rel=0.1)
    assert fitted.productivity == pytest.approx(HEIGHT, rel=0.2)
    assert fitted.alpha == pytest.approx(TRUE.alpha, abs=0.05)
    assert fitted.c == pytest.approx(TRUE.omori_c, rel=0.3)
    assert fitted.p == pytest.approx(TRUE.omori_p, abs=0.05)
    assert fitted.branching_ratio(np.inf) == pytest.approx(TRUE.branching_ratio, abs=0.1)
    likelihood = _Likelihood(catalogue.time, catalogue.magnitude - 4.0, 500, 2500)
    truth = np.array([np.log(1.5), np.log(HEIGHT), TRUE.alpha, np.log(TRUE.omori_c), np.log(0.2)])
    assert fitted.log_likelihood > -likelihood.negative(truth)[0]


def test_the_likelihood_is_that_of_the_formula_and_its_gradient_its_slope():
    rng = np.random.default_rng(3)
    time, size = np.sort(rng.uniform(0, 100, 60)), rng.exponential(0.4, 60)
    likelihood = _Likelihood(time, size, 20.0, 100.0)
    background, k, alpha, c, p = 0.3, 0.05, 0.9, 0.02, 1.15
    at = np.array([np.log(background), np.log(k), alpha, np.log(c), np.log(p - 1)])
    value, gradient = likelihood.negative(at)
    lag = time[:, None] - time
    law = np.where(lag > 0, np.maximum(lag, 0) + c, np.inf) ** -p
    rate = background + k * law @ 10 ** (alpha * size)
    total = background * 80
    for t, m in zip(time, size, strict=True):
        total += k * 10 ** (alpha * m) * quad(lambda s: (s + c) ** -p, max(20 - t, 0), 100 - t, limit=200)[0]
    assert -value == pytest.approx(np.log(rate[time >= 20]).sum() - total, abs=1e-2)
    for i in range(5):
        step = np.zeros(5)
        step[i] = 1e-5
        slope = (likelihood.negative(at + step)[0] - likelihood.negative(at - step)[0]) / 2e-5
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-4)


def test_later_events_change_neither_the_fit_nor_a_forecast(catalogue, fitted):
    time, magnitude = catalogue.time, catalogue.magnitude
    cut = 1500
    at = np.array([1400, cut])
    later = cut + np.maximum(time - cut, 0) ** 0.9
    other = (np.where(time < cut, time, later), np.where(time < cut, magnitude, 6.0))
    assert fit_etas(time, magnitude, 4.0, 500, cut) == fit_etas(*other, 4.0, 500, cut)
    np.testing.assert_array_equal(fitted.expected(time, magnitude, at, 20), fitted.expected(*other, at, 20))


def test_the_first_day_expects_the_integral_of_the_rate():
    model = TemporalEtas(0.5, 0.02, 0.8, 0.01, 1.2, 4.0, mean_weight=0.0)  # coming events trigger nothing
    time, magnitude = np.array([1.0, 2.5, 9.99]), np.array([4.0, 6.5, 5.0])
    found = model.expected(time, magnitude, np.array([2, 10]), 3)

    def mass(low, high):
        return ((low + 0.01) ** -0.2 - (high + 0.01) ** -0.2) / 0.2

    first = [0.5 + 0.02 * mass(1 + j, 2 + j) for j in range(3)]
    np.testing.assert_allclose(found[0], first, rtol=1e-4)
    weight = 10 ** (0.8 * (magnitude - 4))
    second = [
        0.5 + 0.02 * sum(w * mass(10 + j - t, 11 + j - t) for t, w in zip(time, weight, strict=True))
        for j in range(3)
    ]
    np.testing.assert_allclose(found[1], second, rtol=1e-4)


def test_expected_numbers_come_true_on_average():
    """A small alpha keeps the scatter of single catalogues small."""
    quiet = dataclasses.replace(TRUE, alpha=0.2, productivity=0.4, background_per_day=3.0)
    height = 0.4 * 0.2 * 0.01**0.2
    found, real = [], []
    for seed in range(3):
        c = quiet.simulate(0, 2500, np.random.default_rng(seed))
        mean_weight = np.mean(10 ** (0.2 * (c.magnitude - 4)))
        model = TemporalEtas(3.0, height, 0.2, 0.01, 1.2, 4.0, mean_weight)
        at = np.arange(1000, 2460, 10)
        found.append(model.expected(c.time, c.magnitude, at, 40))
        days = at[:, None] + np.arange(40)
        real.append(np.searchsorted(c.time, days + 1) - np.searchsorted(c.time, days))
    found, real = np.concatenate(found), np.concatenate(real)
    assert found.sum() == pytest.approx(real.sum(), rel=0.03)
    assert found[:, -1].sum() == pytest.approx(real[:, -1].sum(), rel=0.1)


def test_days_with_large_expectations_have_more_events(catalogue, fitted):
    at = np.arange(500, 2490, 5)
    found = fitted.expected(catalogue.time, catalogue.magnitude, at, 1)[:, 0]
    real = np.searchsorted(catalogue.time, at + 1) - np.searchsorted(catalogue.time, at)
    busy = found > np.quantile(found, 0.9)
    assert real[busy].mean() > 1.5 * real[~busy].mean()


def test_too_few_events_are_refused(catalogue):
    with pytest.raises(ValueError, match="events to fit ETAS to, 30 are needed"):
        fit_etas(catalogue.time, catalogue.magnitude, 4.0, 100, 101)
