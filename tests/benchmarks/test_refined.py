"""The refinement: fitted noise, model error, and the posterior with them."""

import numpy as np
import pytest

from slipbench.benchmarks.baselines.posterior import Posterior, PosteriorOptions
from slipbench.benchmarks.baselines.refined import Refined, RefinedOptions
from slipbench.benchmarks.limits.fitted_noise import fitted_noise, model_of
from slipbench.benchmarks.limits.model_error import (
    SHARES,
    blurred,
    explained,
    log_determinant,
    surprising,
)
from slipbench.benchmarks.limits.offsets import Offsets, Whitening
from slipbench.benchmarks.limits.posterior import Event, modes
from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.parametric import ParametricNoise
from slipbench.datasets.physics.distance import ground_distance

from .limits_cases import pick, small_problem, sources
from .made_source import made_source

#: Noise unlike the defaults, so that the fit has something to find.
NOISE = {
    "east": {"white_mm": 2.0, "flicker_mm": 3.0, "random_walk_mm": 0.0},
    "north": {"white_mm": 1.2, "flicker_mm": 5.0, "random_walk_mm": 0.0},
    "common_mode": 0.3,
    "local": 0.5,
    "correlation_km": 120.0,
}
DATASET = {
    "recipe": "source_synthetic",
    "name": "few",
    "n_samples": 60,
    "n_stations": 40,
    "stations": "made",
    "representations": ["ts"],
    "rows_per_shard": 20,
    "seed": 8,
    "sampling": {"mw": {"low": 6.8, "high": 8.0}, "longitude": {"low": 139.5, "high": 143.0}},
    "parametric": NOISE,
}
GAPS = {"share_low": 0.4, "share_high": 0.5, "daily_share": 0.05}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return made_source(tmp_path_factory.mktemp("refined") / "store", DATASET)


@pytest.fixture(scope="module")
def gappy(tmp_path_factory):
    return made_source(tmp_path_factory.mktemp("refined") / "gaps", DATASET, gaps=GAPS)


def refined(store, rows, **options):
    train = store.rows_of("train")
    baseline = Refined(RefinedOptions.model_validate({"windows": 12} | options), 0)
    assert not baseline.unusable(store)
    baseline.fit(store, train, np.full(len(train), np.nan), store.read("target")[train])
    return baseline, baseline.predict(store, rows, np.full(len(rows), np.nan))


def km(store, rows, found):
    target = store.read("target")[rows]
    return ground_distance(found[:, 0], found[:, 1], target[:, 0], target[:, 1]) / 1e3


def test_the_noise_is_found_without_asking_how_the_store_was_made(store):
    """Deviations of offsets, which is all that the noise is used for, within a few percent."""
    rows = store.rows_of("train")[:12]
    found = model_of(store, fitted_noise(store, rows))
    truth = model_of(store, ParametricNoise.model_validate(NOISE))
    days = np.arange(100)
    contrast = np.where(days >= 50, 1 / 10, -1 / 10) * (np.abs(days - 49.5) < 10)
    filters = np.broadcast_to(contrast[:, None, None], (100, 2, 40)).copy()
    for mine, true in zip(found.covariance(filters), truth.covariance(filters), strict=True):
        np.testing.assert_allclose(np.sqrt(np.diag(mine)), np.sqrt(np.diag(true)), rtol=0.12)
        apart = [c / np.sqrt(np.outer(np.diag(c), np.diag(c))) for c in (mine, true)]
        assert np.abs(apart[0] - apart[1]).max() < 0.2


def test_a_fit_to_too_few_rows_is_refused(store):
    with pytest.raises(InputError, match="windows"):
        fitted_noise(store, store.rows_of("train")[:2])


@pytest.mark.parametrize("name", ["store", "gappy"])
def test_it_comes_as_near_as_the_posterior_under_the_exact_noise(request, name):
    there = request.getfixturevalue(name)
    rows = there.rows_of("test")
    baseline, found = refined(there, rows)
    exact = Posterior(PosteriorOptions(samples=len(rows), effective=300), 0)
    limit = exact.predict(there, rows, np.full(len(rows), np.nan))
    mine, best = km(there, rows, found), km(there, rows, limit)
    # event by event it is where the exact posterior is, to within a part of the error that both have
    apart = ground_distance(found[:, 0], found[:, 1], limit[:, 0], limit[:, 1]) / 1e3
    assert np.median(apart) < 0.5 * np.median(best)
    assert np.median(mine) < 1.3 * np.median(best) + 0.1
    assert "model error" not in baseline.notes
    told = {outcome.quantity: outcome for outcome in baseline.more}
    for name in ("calibration_position", "calibration_mw"):
        values = np.array(told[name].y_pred)
        assert values.shape == rows.shape
        assert ((values >= 0) & (values <= 1)).all()
        assert 0.2 < values.mean() < 0.8
    depth = told["depth"]
    assert np.array_equal(depth.y_true, there.read("source")[rows, 2] / 1e3)
    error = np.abs(np.array(depth.y_pred) - depth.y_true)
    assert np.median(error) < 10


def test_a_mechanism_outside_the_ranges_is_found_when_any_is_looked_for(tmp_path, store):
    """Sources of all mechanisms, by someone who has only seen thrusts."""
    other = made_source(
        tmp_path / "all", DATASET, sampling=DATASET["sampling"] | {"variant": "all"}, n_samples=20
    )
    rows = np.concatenate([other.rows_of(split) for split in ("train", "validation", "test")])[:5]
    rows.sort()
    errors = {}
    for mechanisms in ("store", "all"):
        baseline = Refined(RefinedOptions(windows=6, mechanisms=mechanisms), 0)
        train = store.rows_of("train")
        baseline.fit(store, train, np.full(len(train), np.nan), store.read("target")[train])
        errors[mechanisms] = np.median(km(other, rows, baseline.predict(other, rows, rows)))
    assert errors["all"] < 0.5 * errors["store"]


def test_events_do_not_depend_on_each_other_or_on_workers(store):
    rows = store.rows_of("test")[:3]
    together, alone = refined(store, rows)[1], refined(store, rows[1:2])[1]
    np.testing.assert_array_equal(together[1], alone[0])
    np.testing.assert_array_equal(refined(store, rows, workers=2)[1], together)


def of_source(problem, truth, share, rng):
    """Offsets with noise of 1 mm and an error of a share of the motion at every station."""
    moved = problem.forward(truth)[0]
    size = np.hypot(*moved)
    values = moved + rng.normal(0, 1, moved.shape) + share * size * rng.normal(0, 1, moved.shape)
    return Offsets(values, np.arange(moved.shape[1]), Whitening.independent(np.ones(moved.shape)))


def test_a_further_error_is_added_to_the_covariance():
    rng = np.random.default_rng(0)
    cov = [np.eye(6) + 0.3, 2 * np.eye(6) + 0.1]
    values = rng.normal(0, 10, (2, 6))
    found = blurred(Offsets(values, np.arange(6), Whitening.of(cov)), 0.1)
    for factor, c in zip(found.whitening.factors, cov, strict=True):
        wanted = c + 0.01 * np.diag((values**2).sum(axis=0))
        np.testing.assert_allclose(np.linalg.inv(factor.T @ factor), wanted, rtol=1e-6, atol=1e-6)
    half = -0.5 * sum(np.linalg.slogdet(np.linalg.inv(f.T @ f))[1] for f in found.whitening.factors)
    assert log_determinant(found.whitening) == pytest.approx(half)
    both = Offsets(values, np.arange(6), Whitening.of([np.eye(12)]))
    (factor,) = blurred(both, 0.1).whitening.factors
    wanted = np.eye(12) + 0.01 * np.diag(np.tile((values**2).sum(axis=0), 2))
    np.testing.assert_allclose(np.linalg.inv(factor.T @ factor), wanted, atol=1e-6)
    alone = Offsets(values, np.arange(6), Whitening.independent(np.full((2, 6), 0.5)))
    assert blurred(alone, 0.0) is alone


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_the_share_of_the_error_is_found(share):
    """Large events near the network, where a tenth of the signal is far above the noise."""
    problem = small_problem(60, mw={"low": 7.4, "high": 7.8}, longitude={"low": 140, "high": 142})
    rng = np.random.default_rng(5)
    for i in range(3):
        truth = pick(sources(3, 2, mw={"low": 7.4, "high": 7.8}, longitude={"low": 140, "high": 142}), i)
        offsets = of_source(problem, truth, share, rng)
        start = problem.library.z[np.argsort(problem.library.misfit(offsets))[:24]]
        found = modes(Event(problem.forward, problem.prior, offsets), start)
        assert surprising(found, offsets) == (share > 0)
        guess, used, fit = explained(problem, offsets, start)
        assert guess in SHARES
        assert 0.5 * share <= guess <= 2 * share
        assert not surprising(fit, used)
