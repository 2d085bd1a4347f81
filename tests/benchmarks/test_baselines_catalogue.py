"""Baselines that read the events: the constant rate and ETAS."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from slipbench.benchmarks.baselines.catalogue import Label
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.splits import SPLITTERS
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.nowcast import Nowcast
from slipbench.datasets.recipes.nowcast_options import NowcastOptions
from slipbench.datasets.store.reader import Store

from .toy_suites import toy_source

LABELS = ("two_sided", "causal", "next_window_count")


def made(folder, lead: int) -> Store:
    options = NowcastOptions(
        recipe="nowcast",
        name="small",
        source="simulated",
        start="2015-01-01",
        end="2015-10-31",
        grid_size=3,
        window_days=32,
        horizon_days=10,
        min_events=20,
        mc=4.0,
        lead_days=lead,
    )
    build(Nowcast(options, None).plan(), folder)
    return Store(folder)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A made nowcast whose labels are those of the day after the features' last one."""
    return made(tmp_path_factory.mktemp("catalogue") / "store", 2)


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """The same with labels three days later."""
    return made(tmp_path_factory.mktemp("catalogue") / "later", 5)


@dataclass
class Changed:
    """A store with other events."""

    store: Store
    events: dict[str, np.ndarray]

    @property
    def attrs(self) -> dict[str, Any]:
        return self.store.attrs

    def read(self, name: str) -> np.ndarray:
        return self.events[name] if name in self.events else self.store.read(name)


def predicted(
    name: str, label: str, store: Any, train: np.ndarray, test: np.ndarray, days: np.ndarray
) -> Any:
    baseline = BASELINES.get(name)(BASELINES.get(name).Options(), 0)
    baseline.options = baseline.options.model_copy(update={"fit_days": 300} if name == "etas" else {})
    baseline.label = label
    baseline.fit(store, train, days[train], np.zeros((len(train), 1)))
    return baseline.predict(store, test, days[test])[:, 0], baseline


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_a_weighted_sum_over_days_of_events(store, label):
    days = store.read("label_time").astype(int)
    which = Label.of(store, label)
    time = store.read("event_time")
    first = days[0] - which.back
    daily = np.bincount((time[time >= first] - first).astype(int), minlength=2000).astype(float)
    lags = np.arange(-which.back, which.ahead + 1)
    numbers = daily[days[:, None] + lags - first]
    true = store.read(f"label_{label}")
    ratio = which.predict(days, numbers, -which.back) / true
    # the half kernel of the label's own day depends on the time of day, which daily numbers do not tell
    assert np.quantile(np.abs(ratio - 1), 0.9) < (3e-2 if label == "causal" else 2e-3)
    assert np.abs(ratio - 1).max() < (0.3 if label == "causal" else 5e-3)


@pytest.mark.parametrize(
    ("split", "label"),
    [*(("chronological", label) for label in LABELS), ("random", "causal"), ("blocked", "two_sided")],
)
@pytest.mark.parametrize("which", ["store", "later"])
def test_no_event_after_a_forecast_changes_it(which, label, split, request):
    store = request.getfixturevalue(which)
    days = store.read("label_time")
    rows = SPLITTERS[split](days, {**store.attrs, "feature_window_days": 1, "bandwidth_days": 1}, 1)
    test = np.sort(rows.test)
    before, _ = predicted("etas", label, store, rows.train, test, days)
    middle = test[len(test) // 2]
    known_until = store.read("time")[middle] + store.attrs["feature_reach_days"] + 1
    events = {n: store.read(n).copy() for n in ("event_time", "event_magnitude")}
    late = events["event_time"] >= known_until
    events["event_time"][late] = known_until + (events["event_time"][late] - known_until) ** 1.1
    events["event_magnitude"][late] += 1.0
    after, _ = predicted("etas", label, Changed(store, events), rows.train, test, days)
    same = test <= middle
    assert same.sum() > 5
    np.testing.assert_array_equal(before[same], after[same])
    assert not np.array_equal(before[~same], after[~same])


def test_etas_follows_what_the_past_tells_and_beats_the_constant_rate(store):
    days = store.read("label_time")
    rows = SPLITTERS["chronological"](days, store.attrs, 0)
    for label, share in (("two_sided", 1.0), ("causal", 0.05)):
        true = store.read(f"label_{label}")[rows.test]
        etas, baseline = predicted("etas", label, store, rows.train, rows.test, days)
        constant, _ = predicted("poisson", label, store, rows.train, rows.test, days)
        assert np.mean((etas - true) ** 2) < share * np.mean((constant - true) ** 2), label
        assert "fitted to events of 201" in baseline.notes
        assert "branching ratio 0." in baseline.notes


def test_etas_knows_the_order_of_its_rows(store):
    days = store.read("label_time")
    rows = SPLITTERS["chronological"](days, store.attrs, 0)
    forth, _ = predicted("etas", "causal", store, rows.train, rows.test, days)
    back, _ = predicted("etas", "causal", store, rows.train, rows.test[::-1], days)
    np.testing.assert_array_equal(forth, back[::-1])


def test_poisson_counts_the_training_days_alone(store):
    days = store.read("label_time")
    rows = SPLITTERS["random"](days, store.attrs, 0)
    time = store.read("event_time")
    inside = sum(((time >= d) & (time < d + 1)).sum() for d in days[rows.train])
    found, baseline = predicted("poisson", "next_window_count", store, rows.train, rows.test, days)
    np.testing.assert_allclose(found, 10 * inside / len(rows.train))
    assert baseline.quantiles.shape == (len(rows.test), 19)
    assert (np.diff(baseline.quantiles, axis=1) >= 0).all()
    assert baseline.quantiles[0, 0] < found[0] < baseline.quantiles[0, -1]
    density, baseline = predicted("poisson", "causal", store, rows.train, rows.test, days)
    rate = inside / len(rows.train)
    np.testing.assert_allclose(density, rate * store.attrs["label_per_event"]["label_causal"], rtol=1e-2)
    assert baseline.quantiles is None


def test_a_store_without_events_is_refused_with_a_reason(tmp_path):
    sources = toy_source(tmp_path / "store", 64)
    for name in ("etas", "poisson"):
        baseline = BASELINES.get(name)(BASELINES.get(name).Options(), 0)
        assert baseline.unusable(sources) == "the store holds no catalogue"
