"""The head of a Ray cluster killed with all its processes, while it works on cells or on a fit."""

import json
from pathlib import Path

import pytest

from slipbench.benchmarks.results import read_table
from tests.platform.ray_head import ray_head

from .on_ray import BOUND, SUITE, cells, end, start, wait, write_trainer

GONE = "; expected a cluster that stays; start one and run the same command again to go on"
pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


def test_a_suite_ends_in_one_line_and_goes_on_with_another_head(tmp_path: Path) -> None:
    with ray_head() as head:
        hurt = start(head, tmp_path, *SUITE, "--ray", head.address)
        wait(lambda: cells(tmp_path), hurt)
        head.kill()
        _, told = end(hurt, 1, BOUND)
        line = told.splitlines()[-1]
        assert line.startswith(f"slipbench: Ray cluster {head.address}: its head "), told
        assert line.endswith(GONE)
        assert not head.processes()
    before = cells(tmp_path)

    with ray_head() as head:
        out, told = end(start(head, tmp_path, *SUITE, "--ray", head.address), 0)
    after = cells(tmp_path)
    assert {name: after[name] for name in before} == before
    assert f"{len(after) - len(before)} of {len(after)} cells to compute" in told
    (suite,) = json.loads(out)["suites"]
    assert set(read_table([Path(suite["table"])])["status"]) == {"ok"}


def test_a_fit_ends_in_one_line_and_goes_on_with_another_head(tmp_path: Path) -> None:
    command = ["train", write_trainer(tmp_path), "devices=2"]
    with ray_head() as head:
        hurt = start(head, tmp_path, *command, "--ray", head.address)
        wait(lambda: list(tmp_path.glob("fits/*/last.ckpt")), hurt)
        head.kill()
        _, told = end(hurt, 1, BOUND)
        (line,) = [text for text in told.splitlines() if "failed" in text]
        assert line.startswith(f"fit small failed: ClusterLost: Ray cluster {head.address}: its head "), told
        assert line.endswith(GONE)
        assert not head.processes()

    with ray_head() as head:
        _, told = end(start(head, tmp_path, *command, "--ray", head.address), 0)
    assert "fit small: 12 of 12" in told
