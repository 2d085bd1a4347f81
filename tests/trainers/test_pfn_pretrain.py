"""Pre-training: its loss, what it learns, what it writes, and that it can be resumed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import halfnorm

from slipbench.datasets.errors import InputError
from slipbench.trainers.pfn import pretrain as pretrain_module
from slipbench.trainers.pfn.checkpoint import read_about
from slipbench.trainers.pfn.network import fit_read_out, new_bars, new_borders, new_network
from slipbench.trainers.pfn.options import PretrainOptions
from slipbench.trainers.pfn.pretrain import LAST, RECORD, Pretrained, pretrain, pretrain_hash
from slipbench.trainers.pfn.tasks import Tasks, draw_tasks

SMALL: dict[str, Any] = {
    "name": "toy",
    "seed": 4,
    "steps": 6,
    "save_every": 2,
    "accelerator": "cpu",
    "learning_rate": 3e-3,
    "network": {"width": 16, "layers": 2, "heads": 2, "buckets": 12},
    "tasks": {"rows": (12, 24), "features": (1, 4), "cells": 128},
}


def options(**changes: Any) -> PretrainOptions:
    return PretrainOptions(**{**SMALL, **changes})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    return pretrain(options(), tmp_path_factory.mktemp("pfn") / "toy")


def _density(y: np.ndarray, logits: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Of bars with half-normal tails, half of whose mass lies within the outermost bars' widths."""
    p = np.exp(logits - logits.max())
    p /= p.sum()
    inside = np.clip(np.searchsorted(borders, y, side="left") - 1, 0, len(p) - 1)
    out = p[inside] / np.diff(borders)[inside]
    left, right = inside == 0, inside == len(p) - 1
    for side, distance, width, share in (
        (left, borders[1] - y, borders[1] - borders[0], p[0]),
        (right, y - borders[-2], borders[-1] - borders[-2], p[-1]),
    ):
        out[side] = share * halfnorm.pdf(distance[side], scale=width / halfnorm.ppf(0.5))
    return out


def test_the_loss_is_the_density_of_the_bars() -> None:
    borders = new_borders(options())
    logits = torch.from_numpy(np.random.default_rng(0).normal(size=12).astype(np.float32))
    y = torch.tensor([-9.0, -3.0, -0.7, 0.01, 0.4, 2.0, 7.0])
    loss = new_bars(borders)(logits.expand(len(y), 1, 12), y[:, None])
    expected = -np.log(_density(y.double().numpy(), logits.double().numpy(), borders.double().numpy()))
    np.testing.assert_allclose(loss[:, 0], expected, rtol=1e-4, atol=1e-5)
    grid = np.linspace(-60, 60, 2_000_001)
    density = _density(grid, logits.double().numpy(), borders.double().numpy())
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-4)


def test_bars_are_equally_likely_under_the_prior() -> None:
    chosen = options(tasks={"rows": (24, 48), "features": (1, 6), "cells": 512})
    borders = new_borders(chosen).numpy()
    assert (np.diff(borders) > 0).all()
    np.testing.assert_allclose(borders, -borders[::-1], atol=1e-5)
    y = np.concatenate([draw_tasks(chosen.tasks, 99, step).query.numpy().ravel() for step in range(150)])
    share = np.histogram(y, np.concatenate([[-np.inf], borders[1:-1], [np.inf]]))[0] / len(y)
    np.testing.assert_allclose(share, 1 / 12, atol=0.03)


def test_a_new_network_is_a_smoother_and_starts_below_the_bars_alone() -> None:
    """The read-out makes a normal distribution of linear regression on what attention passes on."""
    chosen = options(
        network={"width": 32, "layers": 2, "heads": 2, "buckets": 24},
        tasks={"rows": (32, 48), "features": (1, 2), "cells": 512, "priors": {"gp": 1.0}},
    )
    borders = new_borders(chosen)
    bars = new_bars(borders)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        network = new_network(chosen.network)
        fit_read_out(network, chosen, borders)
        losses, plain, missed, spread = [], [], [], []
        for step in range(25):
            tasks = draw_tasks(chosen.tasks, 77, step)
            network.seed = 1000 + step  # it must not rely on one set of column embeddings
            logits = network(tasks.x, tasks.y[: tasks.n_context])
            losses.append(bars(logits, tasks.query).mean().item())
            plain.append(bars(torch.zeros_like(logits), tasks.query).mean().item())
            missed.append((bars.mean(logits) - tasks.query).square().mean().item())
            spread.append(tasks.query.square().mean().item())
        p = logits.softmax(-1).reshape(-1, 24)
    assert np.mean(losses) < np.mean(plain) - 0.05
    assert np.mean(missed) < 0.85 * np.mean(spread)
    # log p of a normal distribution's bars is quadratic in their centres
    centres = ((borders[1:] + borders[:-1]) / 2).numpy()[1:-1]
    density = (p / borders.diff()).log().numpy()[:, 1:-1]
    for line in density[:5]:
        residual = line - np.polyval(np.polyfit(centres, line, 2), centres)
        assert np.abs(residual).max() < 1e-3


def test_a_network_learns_a_task_that_it_sees_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.linspace(-1.7, 1.7, 32)[torch.randperm(32, generator=torch.Generator().manual_seed(0))]
    y = torch.sin(2 * x)
    y = (y - y[:24].mean()) / y[:24].std(correction=0)
    fixed = Tasks(x[:, None, None], y[:, None], 24, ("gp",), np.array([False]))
    chosen = options(steps=600, save_every=50, network={"width": 32, "layers": 2, "heads": 2, "buckets": 24})
    monkeypatch.setattr(pretrain_module, "draw_tasks", lambda *_: fixed)
    result = pretrain(chosen, tmp_path / "fixed")
    assert result.history[-1]["loss"] < result.history[0]["loss"] - 0.7
    assert result.history[-1]["error"] < 0.2


def test_the_package_loads_it_and_predicts_what_the_network_does(done: Pretrained) -> None:
    from tabpfn import TabPFNRegressor
    from tabpfn.model_loading import load_model

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 3)), 50 + 7 * rng.normal(size=40)
    x[3, 1] = np.nan
    package = TabPFNRegressor(
        model_path=done.checkpoint,
        n_estimators=1,
        device="cpu",
        inference_precision=torch.float32,
        inference_config={"FEATURE_SHIFT_METHOD": None},
    ).fit(x[:30], y[:30])
    found = package.predict(x[30:], output_type="main", quantiles=[0.1, 0.5, 0.9])

    network, bars, _, inference = load_model(path=done.checkpoint, estimator_type="regressor")
    centre, spread = y[:30].mean(), y[:30].std()
    inputs = torch.from_numpy(x.astype(np.float32))[:, None]
    targets = torch.from_numpy(((y[:30] - centre) / spread).astype(np.float32))[:, None]
    with torch.no_grad():
        logits = network(inputs, targets)[:, 0]
    np.testing.assert_allclose(found["mean"], centre + spread * bars.mean(logits).numpy(), rtol=1e-4)
    for level, values in zip((0.1, 0.5, 0.9), found["quantiles"], strict=True):
        np.testing.assert_allclose(values, centre + spread * bars.icdf(logits, level).numpy(), rtol=1e-4)
    assert inference.SOFTMAX_TEMPERATURE == 1
    assert (inference.MAX_NUMBER_OF_SAMPLES, inference.MAX_NUMBER_OF_FEATURES) == (10_000, 500)


def test_the_checkpoint_is_plain_data_and_says_where_it_is_from(done: Pretrained) -> None:
    about = read_about(done.checkpoint)
    assert (about["name"], about["seed"], about["steps"], about["tasks"]) == ("toy", 4, 6, done.tasks)
    assert about["pretrain_hash"] == pretrain_hash(options())
    assert about["tasks_options"]["rows"] == [12, 24]


def test_the_record_tells_the_run(done: Pretrained) -> None:
    assert [entry["step"] for entry in done.history] == [2, 4, 6]
    assert (
        done.history[-1]["tasks"]
        == done.tasks
        == sum(draw_tasks(options().tasks, 4, step).x.shape[1] for step in range(6))
    )
    assert done.seconds > 0
    assert done.cpu_seconds > 0
    network = new_network(options().network)
    assert done.parameters == sum(p.numel() for p in network.parameters())
    raw = json.loads((done.checkpoint.parent / RECORD).read_text())
    assert raw["result"]["sha256"] == done.sha256
    assert not (done.checkpoint.parent / LAST).exists()


def test_a_finished_run_is_read_not_repeated(done: Pretrained) -> None:
    told: list[str] = []
    assert pretrain(options(), done.checkpoint.parent, lambda *news: told.append(str(news))) == done
    assert told == []


def test_stopped_and_resumed_gives_the_same_bytes(done: Pretrained, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(step: int, steps: int, text: str) -> None:
        if step == 4:
            raise Stop

    with pytest.raises(Stop):
        pretrain(options(), tmp_path / "toy", stop)
    assert (tmp_path / "toy" / LAST).exists()
    told: list[tuple[int, int, str]] = []
    again = pretrain(options(), tmp_path / "toy", lambda *news: told.append(news))
    assert told[0] == (4, 6, "resumed")
    assert again.checkpoint.read_bytes() == done.checkpoint.read_bytes()
    quick = {"seconds": 0.0, "cpu_seconds": 0.0, "checkpoint": Path()}
    assert replace(again, **quick) == replace(done, **quick)


def test_seed_and_options_decide_the_hash_names_do_not() -> None:
    key = pretrain_hash(options())
    assert key == pretrain_hash(options(name="other", save_every=1, loader_workers=3))
    assert key != pretrain_hash(options(seed=5))
    assert key != pretrain_hash(options(tasks={**SMALL["tasks"], "cells": 129}))


def test_a_folder_of_another_run_is_refused(done: Pretrained) -> None:
    with pytest.raises(InputError, match="holds pre-training"):
        pretrain(options(seed=9), done.checkpoint.parent)


def test_damage_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(InputError, match="not readable"):
        pretrain(options(), tmp_path)
    (tmp_path / RECORD).unlink()
    (tmp_path / LAST).write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        pretrain(options(), tmp_path)


def test_a_changed_checkpoint_is_noticed(tmp_path: Path) -> None:
    first = pretrain(options(steps=1), tmp_path)
    first.checkpoint.write_bytes(b"x")
    with pytest.raises(InputError, match="changed"):
        pretrain(options(steps=1), tmp_path)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = draw_tasks(options().tasks, 0, 0)
    broken = replace(tasks, y=tasks.y * torch.inf)
    monkeypatch.setattr(pretrain_module, "draw_tasks", lambda *_: broken)
    with pytest.raises((InputError, ValueError), match=r"loss|NaN"):
        pretrain(options(), tmp_path)
    assert not (tmp_path / LAST).exists()


def test_a_gpu_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no GPU"):
        pretrain(options(accelerator="gpu"), tmp_path / "gpu")
    assert not (tmp_path / "gpu").exists()
