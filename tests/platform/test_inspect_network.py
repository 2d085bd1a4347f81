"""``slipbench inspect`` of a trainer's YAML and of a checkpoint."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.module import Regression

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "trainers"
TARGETS = [{"name": n, "units": "1", "low": 0.0, "high": 1.0} for n in "abc"]


def test_of_a_trainer(slipbench: Callable) -> None:
    ran = slipbench("inspect", CONFIGS / "img_demo.yaml", "--json")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["row_shape"] == [76, 36, 2]
    assert facts["parts"].keys() == {"extractor", "head"}
    assert sum(facts["parts"].values()) == facts["parameters"]
    shown = slipbench("inspect", CONFIGS / "img_demo.yaml").out
    assert f"{facts['parameters']:,} parameters" in shown


@pytest.mark.parametrize(("name", "shape"), [("ts", (300, 100, 2)), ("its", (15, 76, 36, 2))])
def test_of_a_checkpoint(slipbench: Callable, tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    values = {
        "model": MODELS.get(name).Options().model_dump(),
        "network_version": MODELS.info(name).version,
        "shape": shape,
        "targets": TARGETS,
        "statistics": {"mean": [0.0, 0.0], "std": [1.0, 1.0]},
        "dataset_hash": "d",
    }
    module = Regression(**values)
    file = tmp_path / "best.ckpt"
    torch.save({"state_dict": module.state_dict(), "hyper_parameters": values}, file)
    facts = json.loads(slipbench("inspect", file, "--json").out)
    assert facts["network"] == name
    assert facts["parameters"] == sum(p.numel() for p in module.parameters())


def test_of_what_cannot_be_used(slipbench: Callable, tmp_path: Path) -> None:
    (tmp_path / "text.ckpt").write_text("no checkpoint")
    for wrong in (tmp_path / "text.ckpt", tmp_path / "none.ckpt", tmp_path / "none.yaml"):
        ran = slipbench("inspect", wrong)
        assert ran.code == 2
        assert len(ran.err.strip().splitlines()) == 1
