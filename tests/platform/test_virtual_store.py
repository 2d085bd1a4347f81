"""A virtual store from the command line: built, shown, trained on, predicted from."""

import json
from collections.abc import Callable
from pathlib import Path

import yaml

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TINY = ["n_samples=64", "rows_per_shard=16", "n_stations=20", "stations=made", "representations=[img]"]


def test_the_walk_of_a_virtual_store(slipbench: Callable, tmp_path: Path) -> None:
    store = tmp_path / "s.zarr"
    assert slipbench("build", "source_demo", "form=virtual", *TINY, "--out", store).code == 0
    card = json.loads(slipbench("inspect", store, "--json").out)
    (image,) = (a for a in card["arrays"] if a["dtype"] == "made")
    assert (image["name"], image["shape"], image["units"]) == ("img", [64, 76, 36, 2], "mm")
    assert card["bytes"] < 100_000 < 64 * 76 * 36 * 2 * 4
    assert slipbench("verify", store).code == 0
    trainer = {
        "defaults": [{"dataset": str(CONFIGS / "datasets" / "source_demo.yaml")}],
        "name": "tiny",
        "dataset": {"form": "virtual"} | dict(item.split("=") for item in TINY if "[" not in item),
        "model": {"model": "img", "width": 0.1},
        "epochs": 1,
        "accelerator": "cpu",
        "fresh_noise": True,
    }
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(trainer))
    assert slipbench("train", tmp_path / "t.yaml").code == 0
    refused = slipbench("train", tmp_path / "t.yaml", "dataset.form=stored")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "fresh_noise needs a virtual dataset" in refused.err
    # the same name on another dataset is another run, beside the first one
    stored = slipbench("train", tmp_path / "t.yaml", "dataset.form=stored", "fresh_noise=false")
    assert stored.code == 0, stored.err
    checkpoint, _ = tmp_path.glob("home/fits/img-seed0-*/best.ckpt")
    assert slipbench("predict", checkpoint, store, "--out", tmp_path / "p.parquet").code == 0
