"""What is timed of networks: both loops train on as many samples, predictions are whole ones."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from slipbench.benchmarks.speed import inference, training
from slipbench.datasets.store.reader import Store
from slipbench.platform.config.load import load
from slipbench.trainers.module import Regression
from slipbench.trainers.options import TrainerOptions

TRAINERS = Path(__file__).resolve().parents[2] / "configs" / "trainers"

CASES = {f"{c.model['model']}{'-virtual' if c.virtual else ''}": c for c in training.CASES}


@pytest.mark.parametrize("name", ["img", "its", "ts", "station_set", "station_set-virtual"])
def test_the_bare_loop_sees_as_many_samples_as_the_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(training, "EPOCHS", 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    seen: dict[str, list[int]] = {"fit": [], "bare": []}
    step, bare = Regression.training_step, training.Bare._step

    def of_fit(self: Regression, batch: Any, index: int) -> Tensor:
        seen["fit"].append(len(batch[0]))
        return step(self, batch, index)

    def of_bare(self: training.Bare, x: Tensor, y: Tensor) -> None:
        before = [p.clone() for p in self._network.parameters()]
        bare(self, x, y)
        assert any((p != b).any() for p, b in zip(self._network.parameters(), before, strict=True))
        seen["bare"].append(len(x))

    monkeypatch.setattr(Regression, "training_step", of_fit)
    monkeypatch.setattr(training.Bare, "_step", of_bare)
    case = replace(CASES[name], steps=2, batch_size=4)
    (row,) = training.compared(case, tmp_path, n_stations=8)
    assert seen["fit"] == seen["bare"] == [4] * 4
    assert name.split("-")[0] in row.what
    assert ("new samples" in row.what) == case.virtual
    assert math.isfinite(row.value)
    assert row.value > 0
    assert math.isfinite(row.ratio)
    assert row.ratio > 0


@pytest.mark.parametrize(
    ("name", "shipped"),
    [
        ("img", "img_honshu_20k"),
        ("its", "its_honshu_20k"),
        ("ts", "ts_honshu_20k"),
        ("station_set", "set_honshu"),
        ("station_set-virtual", "set_honshu"),
    ],
)
def test_the_networks_are_those_of_the_shipped_trainers(name: str, shipped: str) -> None:
    options = load(TRAINERS / f"{shipped}.yaml", TrainerOptions)
    case = CASES[name]
    assert type(options.model).model_validate(case.model) == options.model
    assert case.batch_size <= options.batch_size
    made = training.options_of(case, 300, 2)
    assert made.fresh_sources == case.virtual
    if not case.virtual and name != "station_set":
        assert (made.cache_mib, made.loader_workers) == (options.cache_mib, options.loader_workers)


def test_every_network_and_baseline_predicts_the_same_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "INVERTED", 1)
    monkeypatch.setattr(inference, "REFINED", 1)
    monkeypatch.setattr(inference, "alternating", lambda *works: tuple(once(w) for w in works))
    made: list[Any] = []

    def once(work: Callable[[], Any]) -> float:
        made.append(work())
        return 0.5

    table = list(inference.compared(tmp_path, n_events=24, n_stations=12))
    store = Store(tmp_path / "store")
    test = store.rows_of("test")
    *networks, refined, inverted = made
    assert len(networks) == len(inference.NETWORKS) == 4
    for found in networks:
        assert np.array_equal(found.rows, test)
        assert np.isfinite(found.y_pred).all()
    for baseline in (refined, inverted):
        assert baseline.shape == (1, 3)
        assert np.isfinite(baseline).all()
    assert [row.value for row in table] == [48.0] * 4 + [2.0, 2.0]
    assert [row.ratio for row in table[:-1]] == [24.0] * 4 + [1.0]
