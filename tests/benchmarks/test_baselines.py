import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipbench.benchmarks.baselines.day_number import DayNumber, DayNumberOptions
from slipbench.benchmarks.baselines.mean import Mean, MeanOptions
from slipbench.benchmarks.baselines.peak import Peak, PeakOptions, peak_features
from slipbench.benchmarks.baselines.persistence import Persistence, PersistenceOptions
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store

from .toy_suites import toy_source

NO_STORE = None  # what these baselines must not need


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return toy_source(tmp_path_factory.mktemp("baselines") / "store", 320)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """A store of source_synthetic: what the inversion and the limit need."""
    options = {"recipe": "source_synthetic", "name": "few", "n_samples": 10, "n_stations": 12}
    options |= {"stations": "made", "representations": ["ts"], "rows_per_shard": 10}
    folder = tmp_path_factory.mktemp("baselines") / "synthetic"
    build(SourceSynthetic(SourceSynthetic.Options.model_validate(options), None).plan(), folder)
    return Store(folder)


NEED_EVENTS = ("etas", "poisson")


@pytest.mark.parametrize("name", [n for n in BASELINES.names() if n not in NEED_EVENTS])
def test_every_baseline_says_what_it_is_and_repeats_itself(name, sources, synthetic):
    part, info = BASELINES.get(name), BASELINES.info(name)
    assert info.task in ("source", "nowcast", "any")
    assert info.summary
    assert info.reference
    assert info.licence
    options = part.Options()
    assert options.baseline == name
    store = synthetic if part(options, 3).unusable(sources) else sources
    assert not part(options, 3).unusable(store)
    train, test, y = store.rows_of("train"), store.rows_of("test"), store.read("target")
    found = []
    for _ in range(2):
        baseline = part(options, 3)
        baseline.fit(store, train, train.astype(float), y[train])
        found.append(baseline.predict(store, test, test.astype(float)))
    assert found[0].shape == y[test].shape
    assert np.isfinite(found[0]).all()
    assert np.array_equal(*found)


def test_mean_is_the_training_mean():
    y = np.array([[1.0, 10.0], [3.0, 30.0]])
    mean = Mean(MeanOptions(), 0)
    mean.fit(NO_STORE, np.arange(2), np.arange(2.0), y)
    assert np.array_equal(mean.predict(NO_STORE, np.arange(3), np.arange(3.0)), np.tile([2.0, 20.0], (3, 1)))


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True),
    st.lists(st.integers(-5, 65), min_size=1, max_size=30),
)
def test_persistence_is_the_latest_earlier_label_or_the_first_one(known, asked):
    known_days, asked_days = np.array(known, float), np.array(asked, float)
    y = (known_days**2)[:, None]
    baseline = Persistence(PersistenceOptions(), 0)
    baseline.fit(NO_STORE, np.arange(len(known)), known_days, y)
    found = baseline.predict(NO_STORE, np.arange(len(asked)), asked_days)[:, 0]
    for day, value in zip(asked, found, strict=True):
        earlier = [k for k in known if k < day]
        assert value == (max(earlier) if earlier else min(known)) ** 2


def test_day_number_knows_neighbours_and_nothing_of_the_future():
    time = np.arange(400.0)
    y = np.sin(time / 30)[:, None]
    baseline = DayNumber(DayNumberOptions(), 0)
    baseline.fit(NO_STORE, np.arange(200), time[:400:2], y[::2])
    between = baseline.predict(NO_STORE, np.arange(200), time[1::2])
    assert np.mean((between - y[1::2]) ** 2) < 0.01 * y.var()
    baseline.fit(NO_STORE, np.arange(200), time[:200], y[:200])
    later = baseline.predict(NO_STORE, np.arange(200), time[200:])
    assert np.ptp(later) == 0  # beyond its training days a forest is constant


def test_peak_features_find_pixel_direction_and_size():
    images = np.zeros((2, 4, 5, 2))
    images[0, 2, 3] = [3.0, -4.0]
    images[1, 0, 1] = [0.0, 10.0]
    found = peak_features(images)
    np.testing.assert_allclose(found[:, :5], [[2, 3, 0.6, -0.8, np.log10(5)], [0, 1, 0, 1, 1]])
    np.testing.assert_allclose(found[:, 5], np.log10(np.array([5, 10]) / np.sqrt(20)))
    assert np.isfinite(peak_features(np.zeros((1, 4, 5, 2)))).all()
    assert np.isfinite(peak_features(np.full((1, 4, 5, 2), np.nan))).all()


def test_peak_beats_the_mean_where_the_peak_tells_the_source(sources):
    train, test, y = sources.rows_of("train"), sources.rows_of("test"), sources.read("target")
    nan = np.full(len(y), np.nan)
    peak = Peak(PeakOptions(), 0)
    peak.fit(sources, train, nan[train], y[train])
    squared = ((peak.predict(sources, test, nan[test]) - y[test]) ** 2).mean(axis=0)
    assert (squared < 0.1 * y[test].var(axis=0)).all()
