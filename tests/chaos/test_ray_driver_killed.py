"""A command killed while a Ray head works for it; the same command goes on, and nothing is doubled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipbench.benchmarks.results import read_table
from slipbench.platform.tracking import Tracker
from tests.platform.ray_head import Head, ray_head

from .on_ray import SUITE, busy, cells, end, kill, start, wait, write_trainer

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with ray_head() as found:
        yield found


def test_cells(head: Head, tmp_path: Path) -> None:
    hurt = start(head, tmp_path, *SUITE, "--ray", head.address)
    wait(lambda: len(cells(tmp_path)) >= 2, hurt)
    kill(hurt)
    before = cells(tmp_path)
    wait(lambda: not busy([head]))

    out, told = end(start(head, tmp_path, *SUITE, "--ray", head.address), 0)
    after = cells(tmp_path)
    assert len(before) < len(after) == 11
    assert {name: after[name] for name in before} == before
    assert f"{len(after) - len(before)} of {len(after)} cells to compute" in told
    (suite,) = json.loads(out)["suites"]
    table = read_table([Path(suite["table"])])
    assert table["cell"].nunique() == len(after)
    assert set(table["status"]) == {"ok"}


def test_a_search(head: Head, tmp_path: Path) -> None:
    command = ["tune", write_trainer(tmp_path)]
    hurt = start(head, tmp_path, *command)
    wait(lambda: list(head.folder.rglob("last.ckpt")), hurt)  # a trial is past its first epoch
    kill(hurt)
    wait(lambda: not busy([head]))

    found = json.loads(end(start(head, tmp_path, *command), 0)[0])
    assert [(t["error"], len(t["losses"])) for t in found["trials"]] == [("", 12)] * 2
    (folder,) = tmp_path.glob("fits/*-search-*")
    assert json.loads((folder / "tune.json").read_text()) == found


def test_a_fit(head: Head, tmp_path: Path) -> None:
    command = ["train", write_trainer(tmp_path), "devices=2", "--ray", head.address]
    hurt = start(head, tmp_path, *command)
    wait(lambda: list(tmp_path.glob("fits/*/last.ckpt")), hurt)
    kill(hurt)
    wait(lambda: not busy([head]))

    out, told = end(start(head, tmp_path, *command), 0)
    assert "fit small: 12 of 12" in told
    (record,) = tmp_path.glob("fits/*/fit.json")
    history = json.loads(record.read_text())["result"]["history"]
    assert [epoch["epoch"] for epoch in history] == list(range(1, 13))
    (run,) = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts").runs("fit small")
    assert run.data.tags["checkpoint_sha256"] == json.loads(out)["sha256"]
