"""``slipbench pretrain-mae``: from a YAML to a checkpoint, once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from slipbench.datasets.hashing import file_sha256

SMALL = [
    *("dataset.end=2015-06-30", "dataset.grid_size=12", "dataset.window_days=16", "dataset.min_events=5"),
    *("image_size=32", "epochs=2", "images_per_epoch=4", "validation_images=2", "batch_size=2"),
    *("decoder={width: 16, depth: 1, heads: 2}", "accelerator=cpu"),
]


def test_a_shipped_configuration_trains_once(slipbench: Callable, tmp_path: Path) -> None:
    first = slipbench("pretrain-mae", "mae_tiny", *SMALL, "--json")
    assert first.code == 0, first.err
    found = json.loads(first.out)
    assert file_sha256(Path(found["checkpoint"])) == found["sha256"]
    assert found["epochs"] == 2
    again = slipbench("pretrain-mae", "mae_tiny", *SMALL)
    assert again.code == 0
    assert "pre-training mae_tiny: finished already, skipped" in again.err
    assert found["sha256"] in again.out
    assert f"weights: mae, weights_path: {found['checkpoint']}" in again.out
    client = MlflowClient(f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}")
    (experiment,) = client.search_experiments(filter_string="name LIKE 'fit mae_tiny'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["checkpoint_sha256"] == found["sha256"]
    assert run.data.params["mask_ratio"] == "0.75"
    assert len(client.get_metric_history(run.info.run_id, "train_loss")) == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("mask_ration=0.5", "did you mean 'mask_ratio'"),
        ("architecture=vit_tinny_patch16_224", "did you mean 'vit_tiny_patch16_224'"),
        ("real={before: soon}", "real.before"),
        ("dataset={recipe: source_synthetic, name: s, n_samples: 8}", "dataset"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_starts(
    slipbench: Callable, tmp_path: Path, override: str, message: str
) -> None:
    ran = slipbench("pretrain-mae", "mae_tiny", *SMALL, override)
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (tmp_path / "home" / "fits").exists()
