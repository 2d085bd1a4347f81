import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import mean_absolute_error, mean_poisson_deviance, mean_squared_error, r2_score

from slipbench.benchmarks.intervals import resamples, weights
from slipbench.benchmarks.metrics import (
    METRICS,
    SNAPSHOT,
    Samples,
    great_circle_km,
    metrics_of,
    poisson_deviance,
)
from slipbench.benchmarks.quantiles import LEVELS
from slipbench.benchmarks.splits import COUNT

BY_NAME = {m.name: m for m in METRICS}


def daily(n=200, scale=1e-4, seed=0):
    rng = np.random.default_rng(seed)
    true = scale * (3 + np.sin(np.arange(n) / 20))
    pred = true + scale * 0.3 * rng.normal(size=n)
    return Samples(
        {"density": true},
        {"density": pred},
        {"density": np.full(n, true[0])},
        pred[:, None] + 0.3 * scale * norm.ppf(LEVELS),
    )


def counts(n=200, seed=0):
    rng = np.random.default_rng(seed)
    mean = 40 + 20 * np.sin(np.arange(n) / 20)
    true = rng.poisson(mean).astype(float)
    return Samples({"events": true}, {"events": mean}, {"events": np.full(n, true[0])})


def sources(n=300, seed=0):
    rng = np.random.default_rng(seed)
    true = {
        "latitude": rng.uniform(35, 41, n),
        "longitude": rng.uniform(139, 146, n),
        "mw": rng.uniform(6, 8, n),
    }
    return Samples(true, {k: v + rng.normal(0, 0.3, n) for k, v in true.items()})


@given(st.integers(0, 100), st.sampled_from([1e-5, 1.0, 1e4]))
def test_scores_agree_with_scikit_learn(seed, scale):
    s = daily(scale=scale, seed=seed)
    true, pred = s.true["density"], s.pred["density"]
    assert BY_NAME["r2"].value(s) == pytest.approx(r2_score(true, pred), rel=1e-9)
    assert BY_NAME["mse"].value(s) == pytest.approx(mean_squared_error(true, pred), rel=1e-9)
    assert BY_NAME["rmse"].value(s) == pytest.approx(np.sqrt(mean_squared_error(true, pred)), rel=1e-9)
    assert BY_NAME["mae"].value(s) == pytest.approx(mean_absolute_error(true, pred), rel=1e-9)


def test_skill_is_zero_for_persistence_and_one_for_the_truth():
    s = daily()
    skill = BY_NAME["skill"]
    assert skill.value(Samples(s.true, s.reference, s.reference)) == 0
    assert skill.value(Samples(s.true, s.true, s.reference)) == 1
    assert np.isnan(skill.value(Samples(s.true, s.pred)))


def test_r2_of_a_constant_truth_is_undefined():
    flat = {"density": np.full(10, 2.0)}
    assert np.isnan(BY_NAME["r2"].value(Samples(flat, {"density": np.arange(10.0)})))


def test_great_circle_distances():
    # a degree of latitude; a degree of longitude at 60 N is half as long; Tokyo to Sendai
    assert great_circle_km(0, 0, 1, 0) == pytest.approx(6371 * np.pi / 180)
    assert great_circle_km(60, 10, 60, 11) == pytest.approx(6371 * np.pi / 360, rel=1e-4)
    assert great_circle_km(35.68, 139.77, 38.27, 140.87) == pytest.approx(304, abs=2)
    assert great_circle_km(0, 179.5, 0, -179.5) == pytest.approx(6371 * np.pi / 180)


def test_position_and_magnitude_errors_are_medians_with_their_deviation():
    s = sources()
    km = great_circle_km(s.true["latitude"], s.true["longitude"], s.pred["latitude"], s.pred["longitude"])
    assert BY_NAME["position_error"].value(s) == pytest.approx(np.median(km))
    assert BY_NAME["position_mad"].value(s) == pytest.approx(np.median(np.abs(km - np.median(km))))
    dm = np.abs(s.true["mw"] - s.pred["mw"])
    assert BY_NAME["mw_error"].value(s) == pytest.approx(np.median(dm))
    assert BY_NAME["mw_mad"].value(s) == pytest.approx(np.median(np.abs(dm - np.median(dm))))


def magnitudes(n=200, seed=0):
    """Estimates of magnitude, a tenth of them missing, and the seconds that they took."""
    rng = np.random.default_rng(seed)
    true = {"mw": rng.uniform(6, 9, n), "seconds": np.zeros(n)}
    gone = rng.uniform(size=n) < 0.1
    pred = {
        "mw": np.where(gone, np.nan, true["mw"] + rng.normal(-0.1, 0.2, n)),
        "seconds": np.where(gone, np.inf, rng.uniform(5, 200, n)),
    }
    return Samples(true, pred)


def test_no_estimate_is_an_infinite_error_but_no_bias():
    true = {"mw": np.array([7.0, 7.0, 8.0]), "seconds": np.zeros(3)}
    s = Samples(true, {"mw": np.array([7.1, np.nan, 8.3]), "seconds": np.array([50.0, np.inf, 70.0])})
    assert BY_NAME["final_mw_error"].value(s) == pytest.approx(0.3)
    assert BY_NAME["final_mw_bias"].value(s) == pytest.approx(0.2)
    assert BY_NAME["seconds_to_mw"].value(s) == 70
    assert np.isinf(BY_NAME["final_mw_error"].value(s.take(np.array([1, 1, 2]))))


def snapshots(n=200, seed=0):
    """Magnitudes with quantiles, and centroids."""
    rng = np.random.default_rng(seed)
    spread = {"mw": 0.3, "centroid_east_km": 20.0, "centroid_north_km": 30.0}
    true = {k: v * rng.normal(size=n) for k, v in spread.items()}
    pred = {k: true[k] + v * rng.normal(size=n) for k, v in spread.items()}
    return Samples(true, pred, {}, pred["mw"][:, None] + 0.25 * norm.ppf(LEVELS))


def test_snapshots_without_an_estimate_count_as_missed():
    true = {"mw": np.full(4, 7.0)}
    assert BY_NAME["beyond_03"].value(Samples(true, {"mw": np.array([7.2, 7.31, np.nan, 6.8])})) == 0.5
    place = {"centroid_east_km": np.array([3.0]), "centroid_north_km": np.array([0.0])}
    away = {"centroid_east_km": np.array([0.0]), "centroid_north_km": np.array([4.0])}
    assert BY_NAME["centroid_error"].value(Samples(place, away)) == 5


def records(n=200, seed=0):
    rng = np.random.default_rng(seed)
    zero, hours, arrival = np.zeros(n), rng.uniform(0, 1, n), rng.uniform(20, 50, n)
    seen = np.where(rng.uniform(size=n) < 0.2, np.inf, arrival + rng.normal(5, 2, n))
    true = {"shaken": zero + 1, "quiet": zero, "false_alarms": hours}
    pred = {
        "shaken": rng.normal(1, 1, n),
        "quiet": rng.normal(0, 1, n),
        "false_alarms": rng.poisson(3, n).astype(float),
    }
    detections = ("detection", "detection_at_rate")
    return Samples(true | dict.fromkeys(detections, arrival), pred | dict.fromkeys(detections, seen))


def electron_content(n=200, seed=0):
    """Days: how many anomalies, quiet values and quiet days there are (true), and how many are marked."""
    rng = np.random.default_rng(seed)
    planted, quiet = rng.integers(0, 3, n), np.full(n, 12)
    true = {"planted": planted, "quiet_values": quiet, "quiet_days": np.ones(n)}
    pred = {
        "planted": rng.binomial(planted, 0.7),
        "quiet_values": rng.binomial(quiet, 0.03),
        "quiet_days": rng.binomial(1, 0.2, n),
    }
    return Samples(*({k: v.astype(float) for k, v in part.items()} for part in (true, pred)))


def test_rules_are_judged_by_counts_over_all_days():
    s = Samples(
        {"planted": np.array([3.0, 1.0]), "quiet_values": np.array([60.0, 40.0]), "quiet_days": np.ones(2)},
        {
            "planted": np.array([2.0, 0.0]),
            "quiet_values": np.array([3.0, 1.0]),
            "quiet_days": np.array([1.0, 0]),
        },
    )
    assert BY_NAME["hit_rate"].value(s) == 0.5
    assert BY_NAME["false_per_100"].value(s) == pytest.approx(4)
    assert BY_NAME["false_days"].value(s) == 0.5
    assert BY_NAME["tec_skill"].value(s) == pytest.approx(0.0)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_resampled_metrics_surround_the_metric(metric):
    if metric.task == "nowcast":
        s = counts() if metric.labels else daily()
    elif metric.labels == (SNAPSHOT,):
        s = snapshots()
    else:
        s = {"source": sources, "anomaly": records, "rapid": magnitudes, "tec": electron_content}[
            metric.task
        ]()
    n = len(next(iter(s.true.values())))
    found = metric.resampled(s, resamples(n, 1, 0, 300), weights(n, 1, 0, 300))
    assert found.shape == (300,)
    low, high = np.quantile(found, [0.005, 0.995])
    assert low < metric.value(s) < high
    # the identity resample gives the metric itself
    one = metric.resampled(s, np.arange(n)[None], np.full((1, n), 1 / n))
    assert one[0] == pytest.approx(metric.value(s), rel=1e-9)


def test_every_task_has_metrics_with_unique_names():
    assert len(BY_NAME) == len(METRICS)
    assert metrics_of("nowcast", "two_sided")[0].name == "r2"
    assert "deviance" not in [m.name for m in metrics_of("nowcast", "causal")]
    assert [m.name for m in metrics_of("nowcast", COUNT)][:2] == ["deviance", "deviance_skill"]
    assert metrics_of("source")[0].name == "position_error"


def test_the_deviance_agrees_with_scikit_learn_and_is_finite_for_no_events():
    s = counts()
    true, pred = s.true["events"], s.pred["events"]
    assert BY_NAME["deviance"].value(s) == pytest.approx(mean_poisson_deviance(true, pred), rel=1e-12)
    relative = BY_NAME["deviance_skill"].value(s)
    assert relative == pytest.approx(d2_poisson(true, pred, s.reference["events"]), rel=1e-12)
    none = poisson_deviance(np.array([0.0, 3.0]), np.array([-2.0, 0.0]))
    np.testing.assert_allclose(none, [1.0, 2 * (3 * np.log(6) - 2.5)])


def d2_poisson(true, pred, reference):
    return 1 - mean_poisson_deviance(true, pred) / mean_poisson_deviance(true, reference)


def test_a_distribution_is_scored_by_its_quantiles_and_a_point_by_its_error():
    s = daily()
    point = Samples(s.true, s.pred)
    assert BY_NAME["crps"].value(point) == pytest.approx(BY_NAME["mae"].value(point))
    assert BY_NAME["crps"].value(s) < BY_NAME["mae"].value(s)
    assert BY_NAME["coverage_90"].value(s) == pytest.approx(0.9, abs=0.06)
    assert BY_NAME["coverage_50"].value(s) == pytest.approx(0.5, abs=0.1)
    assert np.isnan(BY_NAME["coverage_90"].value(point))


def test_rows_can_be_taken_in_any_order():
    s, rows = daily(), np.array([5, 2])
    some = s.take(rows)
    np.testing.assert_array_equal(some.true["density"], s.true["density"][rows])
    np.testing.assert_array_equal(some.reference["density"], s.reference["density"][rows])
    np.testing.assert_array_equal(some.quantiles, s.quantiles[rows])
    assert sources().take(rows).quantiles is None
