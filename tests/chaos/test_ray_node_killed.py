"""A node of a Ray cluster killed with all its processes, while it works on cells, on trials, on a fit."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest

from slipbench.benchmarks.results import read_table
from tests.platform.ray_head import Head, Node, ray_environment, ray_head, ray_node

from .builds import SLIPBENCH, digests, wait_for_shards
from .on_ray import SUITE, busy, cells, end, start, wait, write_trainer

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """It computes nothing itself."""
    with ray_head(cpus=0) as found:
        yield found


@pytest.fixture
def nodes(head: Head) -> Iterator[list[Node]]:
    with ExitStack() as stack:
        yield [stack.enter_context(ray_node(head)) for _ in range(2)]


SHARDS = ["n_samples=320", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]


def test_a_store_is_that_of_one_process(head: Head, nodes: list[Node], tmp_path: Path) -> None:
    whole, hurt = tmp_path / "whole.zarr", tmp_path / "hurt.zarr"
    command = ["build", "source_demo", *SHARDS, "--out"]
    process = start(head, tmp_path, *command, hurt, "--ray", head.address)
    wait_for_shards(hurt, process, 5)
    nodes[0].kill()
    end(process, 0)
    end(start(head, tmp_path, *command, whole, "--workers", "1"), 0)
    assert digests(hurt) == digests(whole)
    wait(lambda: not busy([head, *nodes]))


def test_every_cell_is_there_once(head: Head, nodes: list[Node], tmp_path: Path) -> None:
    process = start(head, tmp_path, *SUITE, "--ray", head.address)
    wait(lambda: len(cells(tmp_path)) >= 2, process)
    nodes[0].kill()
    out, _ = end(process, 0)
    (suite,) = json.loads(out)["suites"]
    assert suite["failed"] == 0
    table: pd.DataFrame = read_table([Path(suite["table"])])
    assert table["cell"].nunique() == len(cells(tmp_path)) == 11
    assert set(table["status"]) == {"ok"}
    assert not table.duplicated(["cell", "quantity"]).any()
    wait(lambda: not busy([head, *nodes]))


def _losses(found: dict) -> list[list[float]]:
    return [trial["losses"] for trial in found["trials"]]


def test_every_trial_ends_with_the_losses_of_an_undisturbed_search(
    head: Head, nodes: list[Node], tmp_path: Path
) -> None:
    trainer = write_trainer(tmp_path)
    hurt = start(head, tmp_path / "hurt", "tune", trainer)
    wait(lambda: list(nodes[0].folder.rglob("last.ckpt")), hurt)  # a trial is past its first epoch
    nodes[0].kill()
    out, _ = end(hurt, 0)
    found = json.loads(out)
    whole = json.loads(end(start(head, tmp_path / "whole", "tune", trainer), 0)[0])
    assert [t["error"] for t in found["trials"]] == [""] * 2
    assert found["best"] == whole["best"]
    for ours, theirs in zip(_losses(found), _losses(whole), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)
    wait(lambda: not busy([head, *nodes]))


def _history(home: Path) -> list[dict]:
    (record,) = home.glob("fits/img-*/fit.json")
    return json.loads(record.read_text())["result"]["history"]


def test_a_fit_ends_in_one_line_and_goes_on_with_another_node(
    head: Head, nodes: list[Node], tmp_path: Path
) -> None:
    trainer = write_trainer(tmp_path)
    command = ["train", trainer, "devices=2", "--ray", head.address]
    hurt = start(head, tmp_path / "hurt", *command)
    wait(lambda: list((tmp_path / "hurt").glob("fits/*/last.ckpt")), hurt)
    assert all(busy([node]) for node in nodes)  # one worker on each
    nodes[0].kill()
    _, told = end(hurt, 1)
    (line,) = [text for text in told.splitlines() if "failed" in text]
    assert line.startswith("fit small failed: RuntimeError: Ray worker ")
    assert line.endswith("; run the same command again to go on")
    wait(lambda: not busy([head, *nodes]))

    with ray_node(head):
        _, told = end(start(head, tmp_path / "hurt", *command), 0)
    assert "fit small: 12 of 12" in told
    alone = [str(SLIPBENCH), "train", str(trainer), "devices=1"]
    environment = ray_environment() | {"SLIPBENCH_HOME": str(tmp_path / "alone")}
    subprocess.run(alone, env=environment, check=True, capture_output=True)
    for loss in ("train_loss", "validation_loss"):
        values = [[epoch[loss] for epoch in _history(tmp_path / name)] for name in ("hurt", "alone")]
        assert values[0] == pytest.approx(values[1], rel=1e-6)
