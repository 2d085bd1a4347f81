import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.benchmarks.baselines.okada_inversion import OkadaInversion, OkadaInversionOptions, invert
from slipbench.benchmarks.limits.least_squares import minimise
from slipbench.benchmarks.limits.offsets import Offsets, Whitening
from slipbench.benchmarks.limits.prior import NAMES
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store

from .limits_cases import pick, small_problem, sources

PROBLEM = small_problem(60)
SIGMA_MM = 0.7


@given(st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_noise_free_offsets_give_the_source_back(seed):
    """Wherever the offsets are large enough for rounding not to hide the source."""
    truth = pick(sources(30, seed, mw={"low": 6.3, "high": 8.5}), seed % 30)
    offsets = PROBLEM.forward(truth)[0]
    whitening = Whitening.independent(np.full(offsets.shape, SIGMA_MM))
    found = invert(PROBLEM, Offsets(offsets, np.arange(60), whitening), starts=24, iterations=60)
    away = ground_distance(
        *(np.array(found[k]) for k in ("latitude", "longitude")), truth["latitude"], truth["longitude"]
    )
    assert found["misfit"] < 1e-10
    assert away[0] < 1.0  # metres
    for name in NAMES[2:]:
        assert found[name] == pytest.approx(truth[name][0], rel=1e-3), name


def test_a_station_that_is_missing_is_left_out():
    truth = pick(sources(30, 1, mw={"low": 7.5, "high": 8.0}), 4)
    kept = np.arange(0, 60, 2)
    offsets = PROBLEM.forward(truth)[0][:, kept]
    whitening = Whitening.independent(np.full(offsets.shape, SIGMA_MM))
    found = invert(PROBLEM, Offsets(offsets, kept, whitening), starts=24, iterations=60)
    assert found["misfit"] < 1e-10
    assert found["latitude"] == pytest.approx(truth["latitude"][0], abs=1e-6)


def test_bounded_least_squares():
    """A minimum inside, one behind a bound, and Rosenbrock's valley from several starts."""

    def residuals(x, row):
        inside, outside = x[:, 0] - 0.3, x[:, 1] - 1.7 + 0.1 * x[:, 0]
        return np.stack([10 * inside, outside], axis=1)

    start = np.array([[0.9, 0.1], [0.0, 1.0], [0.5, 0.5]])
    found = minimise(residuals, start, 0.0, 1.0, 50)
    want = 0.3 + 0.1 * (0.7 - 0.03) / (100 + 0.01)  # the second coordinate is held at 1
    np.testing.assert_allclose(found.x, np.tile([want, 1.0], (3, 1)), atol=1e-6)
    assert found.converged.all()

    def valley(x, row):
        return np.stack([10 * (x[:, 1] - x[:, 0] ** 2), 1 - x[:, 0]], axis=1)

    start = np.random.default_rng(0).uniform(-2, 2, (20, 2))
    np.testing.assert_allclose(minimise(valley, start, -3.0, 3.0, 200).x, 1.0, atol=1e-5)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    options = {"recipe": "source_synthetic", "name": "few", "n_samples": 40, "n_stations": 30, "seed": 5}
    options |= {"stations": "made", "representations": ["ts"], "rows_per_shard": 20}
    options |= {"sampling": {"mw": {"low": 7.5, "high": 8.5}}}
    options |= {"gaps": {"share_low": 0.2, "share_high": 0.5, "daily_share": 0.05}}
    folder = tmp_path_factory.mktemp("inversion") / "store"
    build(SourceSynthetic(SourceSynthetic.Options.model_validate(options), None).plan(), folder)
    return Store(folder)


@pytest.mark.parametrize("offsets", ["median", "mean", "gls"])
def test_inversion_of_series_with_gaps(store, offsets):
    train, test = store.rows_of("train"), store.rows_of("test")
    target = store.read("target")
    baseline = OkadaInversion(OkadaInversionOptions(offsets=offsets), 0)
    assert not baseline.unusable(store)
    baseline.fit(store, train, np.full(len(train), np.nan), target[train])
    found = baseline.predict(store, test, np.full(len(test), np.nan))
    away = ground_distance(found[:, 0], found[:, 1], target[test, 0], target[test, 1]) / 1e3
    assert np.median(away) < 20
    assert np.median(np.abs(found[:, 2] - target[test, 2])) < 0.1
    alone = baseline.predict(store, test[3:4], np.full(1, np.nan))  # no event depends on the others
    np.testing.assert_array_equal(alone[0], found[3])
