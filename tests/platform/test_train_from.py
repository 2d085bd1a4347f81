"""``slipbench train`` of a network that starts from another one's weights, and who shares whose fit."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from slipbench.datasets.hashing import file_sha256

SMALL = ["n_samples=64", "rows_per_shard=32", "n_stations=30", "representations=[img,its]"]


@pytest.mark.timeout(200)
def test_its_trains_img_first_and_a_suite_finds_both(slipbench: Callable, tmp_path: Path) -> None:
    demo = Path(__file__).resolve().parents[2] / "configs" / "datasets" / "source_demo.yaml"
    common = "epochs: 1\nbatch_size: 16\naccelerator: cpu\n"
    for name, more in (("img", ""), ("its", "  units: 8\n")):
        start = "  - start: img.yaml\n" if name == "its" else ""
        text = f"defaults:\n  - dataset: {demo}\n{start}name: {name}_small\n{common}model:\n  model: {name}\n"
        (tmp_path / f"{name}.yaml").write_text(text + "  width: 0.1\n" + more)
    its = [f"{p}{o}" for p in ("dataset.", "start.dataset.") for o in SMALL]

    first = slipbench("train", tmp_path / "its.yaml", *its, "seed=2", "--json")
    assert first.code == 0, first.err
    fits = tmp_path / "home" / "fits"
    (image,) = fits.glob("img-seed2-*/best.ckpt")
    told = json.loads(first.out)
    assert file_sha256(Path(told["checkpoint"])) == told["sha256"]

    again = slipbench("train", tmp_path / "its.yaml", *its, "seed=2", "--json")
    assert json.loads(again.out)["sha256"] == told["sha256"]
    assert "fit img_small: finished already, skipped" in again.err
    assert "fit its_small: finished already, skipped" in again.err

    suite = tmp_path / "suite.yaml"
    suite.write_text(
        f"defaults:\n  - dataset: {demo}\n  - networks.one: its.yaml\n  - networks.two: img.yaml\n"
        "suite: source\nname: shared\nseeds: [2]\n"
    )
    places = ("dataset.", "networks.one.dataset.", "networks.one.start.dataset.", "networks.two.dataset.")
    ran = slipbench("bench", suite, *[f"{p}{o}" for p in places for o in SMALL], "--json")
    assert ran.code == 0, ran.err
    assert "fit one-seed2: finished already, skipped" in ran.err
    assert "fit two-seed2: finished already, skipped" in ran.err
    assert sorted(p.parent.name.split("-")[0] for p in fits.glob("*/best.ckpt")) == ["img", "its"]
    assert image.exists()

    wrong = slipbench("train", tmp_path / "its.yaml", *its, "start.model.width=0.2")
    assert wrong.code == 2
    assert "width 0.2; expected 0.1 as in model.width" in wrong.err
