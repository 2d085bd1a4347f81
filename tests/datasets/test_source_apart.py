from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_options import SourceSyntheticOptions
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store

SMALL = {
    "recipe": "source_synthetic",
    "name": "s",
    "rows_per_shard": 16,
    "n_samples": 32,
    "n_stations": 12,
    "stations": "made",
    "representations": ["offset"],
}


def _options(**changes: object) -> SourceSyntheticOptions:
    return SourceSyntheticOptions.model_validate(SMALL | changes)


def _store(folder: Path, **changes: object) -> Store:
    build(SourceSynthetic(_options(**changes), None).plan(), folder)
    return Store(folder)


def test_another_seed_keeps_the_network_that_is_asked_for(tmp_path: Path) -> None:
    one = _store(tmp_path / "one", seed=1)
    other = _store(tmp_path / "other", seed=2, network_seed=1)
    elsewhere = _store(tmp_path / "elsewhere", seed=2)
    for name in ("station_lat", "station_lon"):
        assert np.array_equal(one.read(name), other.read(name))
        assert not np.array_equal(one.read(name), elsewhere.read(name))
    assert np.array_equal(other.read("target"), elsewhere.read("target"))
    assert not np.isin(one.read("target")[:, 0], other.read("target")[:, 0]).any()


@pytest.mark.parametrize(
    ("changes", "leaks"),
    [
        ({}, False),
        ({"n_samples": 48}, True),
        ({"n_samples": 32, "appended_at": [16]}, True),
        ({"split": {"train": 0.5, "validation": 0.2}}, False),
        ({"split": {"train": 0.3, "validation": 0.2}}, True),
        ({"n_samples": 48, "seed": 2}, False),
        ({"post_seismic": {}}, False),
    ],
)
def test_training_on_the_test_sources_of_another_store_is_known(
    tmp_path: Path, changes: dict, leaks: bool
) -> None:
    assert _options(seed=1).trains_on_tests_of(_options(**{"seed": 1} | changes)) is leaks
    one, other = _store(tmp_path / "one", seed=1), _store(tmp_path / "other", **{"seed": 1} | changes)
    trained = one.read("target")[one.rows_of("train"), 0]
    shared = np.isin(other.read("target")[other.rows_of("test"), 0], trained)
    assert shared.any() == leaks
