"""AUC and median of weighted samples, and intervals from whole groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from slipbench.benchmarks.intervals import group_weights, interval
from slipbench.benchmarks.metrics import METRICS, Samples
from slipbench.benchmarks.weighted import auc, median

BY_NAME = {m.name: m for m in METRICS if m.task == "anomaly"}


@given(st.integers(0, 1000), st.integers(2, 60), st.booleans())
def test_auc_is_that_of_scikit_learn(seed: int, n: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    positive, negative = rng.normal(0.5, 1, n), rng.normal(0, 1, n)
    if ties:
        positive, negative = np.round(positive), np.round(negative)
    positive[rng.uniform(size=n) < 0.2], negative[rng.uniform(size=n) < 0.2] = np.nan, np.nan
    positive[0], negative[0], positive[1] = 1.0, 0.5, np.inf
    weights = rng.integers(0, 4, (3, n)).astype(float)
    weights[:, 0] = 1
    values = np.concatenate([np.minimum(positive, 1e9), negative])
    known = np.isfinite(values)
    truth = np.repeat([1, 0], n)[known]
    for found, w in zip(auc(positive, negative, weights), weights, strict=True):
        wanted = roc_auc_score(truth, values[known], sample_weight=np.tile(w, 2)[known])
        assert found == pytest.approx(wanted)


def test_auc_needs_both_states() -> None:
    nothing = np.full(3, np.nan)
    assert np.isnan(auc(nothing, np.arange(3.0), np.ones(3)))
    assert np.isnan(auc(np.arange(3.0), np.arange(3.0), np.array([[0.0, 0, 0], [1, 1, 1]]))).tolist() == [
        1,
        0,
    ]


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.integers(0, 100))
def test_median_counts_repeats(values: list[float], seed: int) -> None:
    x = np.array([*values, np.nan, np.inf])
    times = np.random.default_rng(seed).integers(0, 4, len(x))
    times[0] += 1
    repeated = np.sort(np.repeat(x, times)[~np.isnan(np.repeat(x, times))])
    wanted = repeated[(len(repeated) - 1) // 2]
    assert median(x, times.astype(float)) == wanted
    assert median(x, times / times.sum()) == wanted


def test_median_of_nothing_is_unknown() -> None:
    assert np.isnan(median(np.full(2, np.nan), np.ones((4, 2)))).all()
    assert np.isnan(median(np.arange(2.0), np.zeros(2)))


def test_groups_are_drawn_whole() -> None:
    groups = np.array([7, 7, 7, 2, 2, 9])
    found = group_weights(groups, 1, 500)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    for number in (7, 2):
        assert (np.ptp(found[:, groups == number], axis=1) == 0).all()
    assert len(np.unique(found, axis=0)) == 10  # ways of three draws of three groups
    assert np.isnan(group_weights(np.zeros(4, int), 1, 5)).all()
    np.testing.assert_array_equal(found, group_weights(groups, 1, 500))


def test_intervals_of_groups_hold_what_single_rows_do_not() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(12), 30)
    held = {"groups": 0, "rows": 0}
    for k in range(150):
        x = rng.normal(size=12)[groups] + 0.3 * rng.normal(size=len(groups))
        for name, numbers in (("groups", groups), ("rows", np.arange(len(groups)))):
            low, high = interval(group_weights(numbers, k, 300) @ x, blocks=len(np.unique(numbers)))
            held[name] += low <= 0 <= high
    assert held["groups"] >= 0.88 * 150
    assert held["rows"] < 0.5 * 150


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 100))
def test_the_metrics_of_records(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    quiet, shaken = rng.normal(0, 1, n), rng.normal(2, 1, n)
    hours, alarms = rng.uniform(0, 1, n), rng.poisson(3, n).astype(float)
    arrival = rng.uniform(20, 50, n)
    seen = arrival + rng.normal(5, 2, n)
    seen[:10], seen[10:15] = np.inf, np.nan
    s = Samples(
        {"shaken": np.ones(n), "quiet": np.zeros(n), "false_alarms": hours, "detection_at_rate": arrival},
        {"shaken": shaken, "quiet": quiet, "false_alarms": alarms, "detection_at_rate": seen},
    )
    truth, score = np.repeat([1, 0], n), np.concatenate([shaken, quiet])
    assert BY_NAME["auc"].value(s) == pytest.approx(roc_auc_score(truth, score))
    assert BY_NAME["false_alarms"].value(s) == pytest.approx(alarms.sum() / hours.sum())
    assert BY_NAME["detected_at_rate"].value(s) == pytest.approx(25 / 35)
    delays = np.sort(np.concatenate([(seen - arrival)[15:], np.full(10, np.inf)]))
    assert BY_NAME["delay_at_rate"].value(s) == pytest.approx(delays[17])
    weights = group_weights(np.arange(n) % 4, 0, 6)
    for name in ("auc", "false_alarms", "detected_at_rate", "delay_at_rate"):
        again = BY_NAME[name].resampled(s, None, weights)
        rows = np.repeat(np.arange(n), np.round(weights[2] / weights[2][weights[2] > 0].min()).astype(int))
        assert again[2] == pytest.approx(BY_NAME[name].value(s.take(rows)))


def test_other_reductions_of_groups_are_refused() -> None:
    metric = next(m for m in METRICS if m.reduction == "median")
    s = Samples({metric.quantity: np.zeros(4), "latitude": np.zeros(4), "longitude": np.zeros(4)}, {})
    s = Samples(s.true, s.true)
    with pytest.raises(ValueError, match="resampled groups"):
        metric.resampled(s, None, group_weights(np.array([0, 0, 1, 1]), 0, 3))
