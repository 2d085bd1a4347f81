"""The limit and the inversion as rows of the source suite."""

from dataclasses import replace

import numpy as np
import pytest

from slipbench.benchmarks.baselines.posterior import Posterior, PosteriorOptions
from slipbench.benchmarks.limits.events import observed, posteriors
from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.problem import noise_of, problem_of
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite

from .made_source import made_source
from .toy_suites import inputs_of, source_suite, toy_source

DATASET = {
    "recipe": "source_synthetic",
    "name": "few",
    "n_samples": 40,
    "n_stations": 15,
    "stations": "made",
    "representations": ["ts"],
    "rows_per_shard": 20,
}
BASELINES = [
    {"baseline": "mean"},
    {"baseline": "peak"},
    {"baseline": "okada_inversion"},
    {"baseline": "posterior", "samples": 3, "effective": 100},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return made_source(tmp_path_factory.mktemp("limit") / "store", DATASET)


def test_rows_of_the_limit_and_the_inversion(store, tmp_path):
    suite = source_suite(dataset=DATASET, baselines=BASELINES, seeds=[0, 1])
    table = read_table([run_suite(suite, inputs_of(store, tmp_path), tmp_path / "out")])
    table = table[table["kind"] != "context"]
    status = table.groupby("model")[["status", "reason", "kind"]].first()
    assert status.loc["peak"].tolist() == ["skipped", "the store holds no 'img'", "baseline"]
    assert status.loc["posterior"].tolist() == ["ok", "", "limit"]
    assert status.loc["okada_inversion", "status"] == "ok"
    test = store.rows_of("test")
    assert set(table["seed"]) == {0}  # once, whatever the seeds
    limit = table[table["model"] == "posterior"]
    for row in limit.itertuples():
        assert np.array_equal(row.sample, test[:3])
        assert "3 of 8 test samples" in row.notes
        assert "effective samples" in row.notes
    inversion = table[table["model"] == "okada_inversion"]
    assert all(np.array_equal(s, test) for s in inversion["sample"])


def test_what_does_not_learn_needs_no_positions_for_training(store, tmp_path):
    """Images to train networks on, positions in a further test set."""
    images = {**DATASET, "representations": ["img"]}
    trained = made_source(tmp_path / "images", DATASET, representations=["img"])
    suite = source_suite(dataset=images, tests={"further": DATASET}, baselines=BASELINES[2:])
    inputs = replace(inputs_of(trained, tmp_path), tests={"further": store})
    table = read_table([run_suite(suite, inputs, tmp_path / "out")])
    status = table[table["kind"] != "context"].groupby(["split", "model"])["status"].first()
    assert status["-", "okada_inversion"] == status["-", "posterior"] == "skipped"
    assert status["further", "okada_inversion"] == status["further", "posterior"] == "ok"


def test_stores_without_positions_are_skipped_with_the_reason(tmp_path):
    store = toy_source(tmp_path / "store", 40)
    suite = source_suite(baselines=BASELINES[2:])
    table = read_table([run_suite(suite, inputs_of(store, tmp_path), tmp_path / "out")])
    table = table[table["kind"] != "context"]
    assert set(table["status"]) == {"skipped"}
    assert set(table["reason"]) == {"the store holds no 'ts'"}


def test_post_seismic_motion_has_no_limit(tmp_path):
    store = made_source(tmp_path / "store", DATASET, n_samples=5, rows_per_shard=5, post_seismic={})
    assert "post-seismic" in Posterior(PosteriorOptions(), 0).unusable(store)


def test_events_do_not_depend_on_workers_or_on_each_other(store):
    problem = problem_of(store)
    problem.noise = noise_of(store, None)
    rows = store.rows_of("test")[:3]
    effort = Effort(draws=500, rounds=3, enough=50, most=1000)
    alone = [dict(f) for r in rows for f in posteriors(problem, observed(store, rows[rows == r]), effort, 4)]
    shared = list(posteriors(problem, observed(store, rows), effort, 4, workers=2))
    for one, other in zip(alone, shared, strict=True):
        assert {k: v for k, v in one.items() if k != "seconds"} == {
            k: v for k, v in other.items() if k != "seconds"
        }


def test_few_effective_samples_are_told(store, monkeypatch):
    place = {"median_latitude": 38.0, "median_longitude": 141.0, "median_mw": 7.0}
    found = [place | {"ess": ess} for ess in (1500.0, 300.0, 2500.0)]
    monkeypatch.setattr("slipbench.benchmarks.baselines.posterior.posteriors", lambda *_: iter(found))
    baseline = Posterior(PosteriorOptions(samples=3, effective=1000), 0)
    rows = baseline.chosen(store.rows_of("test"))
    np.testing.assert_array_equal(baseline.predict(store, rows, rows), [[38, 141, 7]] * 3)
    assert baseline.notes == (
        "effective samples 300 or more, median 1500; 1 of 3 posteriors below 1000 effective samples"
    )
