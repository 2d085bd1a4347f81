"""``slipbench submit --to ray`` without a head: what it would send, and what it refuses."""

import socket
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from slipbench.datasets.hashing import config_hash
from slipbench.platform.config.cluster import AnyCluster
from slipbench.platform.config.find import find
from slipbench.platform.config.load import load
from slipbench.platform.config.pipeline import PipelineOptions
from slipbench.platform.submit.ray_job import follow
from slipbench.platform.submit.upload import LIMIT_BYTES, collect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with what git and Ray ignore."""
    root = tmp_path / "work"
    for name in (
        "keep.yaml", "data/keep.csv", "data/big.npz", "runs/fits/best.ckpt", "docs/page.md", "keep.so",
        "lost.so",
        "sub/only.tmp", "sub/keep.txt", ".git/config", "sub/__pycache__/x.pyc",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / ".gitignore").write_text("runs/\n*.so\n!keep.so\n/data/*.npz\n")
    (root / ".rayignore").write_text("docs/\n")
    (root / "sub" / ".gitignore").write_text("*.tmp\n")
    (root / "outside").symlink_to(tmp_path)
    return root


def test_ignored_files_stay_behind(folder: Path) -> None:
    files = dict(collect(folder).files)
    assert sorted(files) == [
        ".gitignore", ".rayignore", "data/keep.csv", "keep.so", "keep.yaml", "sub/.gitignore", "sub/keep.txt",
    ]  # fmt: skip
    assert files["sub/keep.txt"] == len("sub/keep.txt")


def test_what_is_shown(slipbench: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLIPBENCH_STORES", "s3://bucket/stores")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "never-shown")
    ran = slipbench("submit", "quickstart", "seed=1", "--to", "ray", "--render")
    assert ran.code == 2  # a pipeline has no seed
    override = "suites.source.dataset.n_samples=512"
    ran = slipbench("submit", "quickstart", override, "--to", "ray", "--working-dir", folder, "--render")
    shown = yaml.safe_load(ran.out)
    key = config_hash(load(find("pipelines", "quickstart"), PipelineOptions, [override]))
    file = f"slipbench-submit/slipbench-quickstart-{key[:8]}.yaml"
    assert ran.code == 0
    on = file.replace(".yaml", ".cluster.yaml")
    assert shown["entrypoint"] == f"slipbench run {file} --cluster {on}"
    there = tmp_path / "there.yaml"
    there.write_text(shown[on])
    shipped = load(find("clusters", "ray"), AnyCluster)
    assert load(there, AnyCluster) == shipped
    assert shown["metadata"] == {"pipeline": "quickstart", "config": key}
    assert shown["environment"] == {
        "SLIPBENCH_HOME": str(tmp_path / "home"),
        "SLIPBENCH_STORES": "s3://bucket/stores",
    }
    assert shown["upload"].endswith(" in 7 files")
    assert shown["files"] == dict(collect(folder).files)
    assert "never-shown" not in ran.out + ran.err
    copy = tmp_path / "copy.yaml"
    copy.write_text(shown[file])
    assert config_hash(load(copy, PipelineOptions)) == key


def _refused(ran: Any, *words: str) -> None:
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.strip().splitlines()
    assert all(word in line for word in words), line


def test_too_large_an_upload_is_refused_with_its_largest_files(slipbench: Any, folder: Path) -> None:
    for name, size in (("sub/huge.bin", LIMIT_BYTES), ("sub/large.bin", 2 << 20)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    ran = slipbench("submit", "quickstart", "--to", "ray", "--working-dir", folder)
    _refused(ran, "upload: 102.0 MiB", "sub/huge.bin (100.0 MiB), sub/large.bin (2.0 MiB), ", ".rayignore")


def test_a_password_does_not_go_to_a_cluster(slipbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPBENCH_TRACKING", "http://somebody:hunter2@mlflow.example.org")
    ran = slipbench("submit", "quickstart", "--to", "ray", "--render")
    _refused(ran, "SLIPBENCH_TRACKING", "MLFLOW_TRACKING_PASSWORD")
    assert "hunter2" not in ran.err


def test_a_relative_home_would_be_thrown_away(slipbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPBENCH_HOME", "runs")
    _refused(slipbench("submit", "quickstart", "--to", "ray", "--render"), "SLIPBENCH_HOME: runs is relative")


def test_a_wheel_of_something_else_is_refused(slipbench: Any, folder: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "other-1.0-py3-none-any.whl"
    command = ("submit", "quickstart", "--to", "ray", "--working-dir", folder, "--wheel", wheel)
    _refused(slipbench(*command), "--wheel", "cannot be read")
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("other/__init__.py", "")
    _refused(slipbench(*command), "--wheel", "another package")


def test_nobody_at_the_address(slipbench: Any, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = ("submit", "quickstart", "--to", "ray", "--working-dir", folder, "--address")
    _refused(slipbench(*command, f"http://127.0.0.1:{port}"), "no Ray head answers")
    _refused(slipbench(*command, "localhost:8265"), "is no URL")


class Answers:
    """A head that tells `logs`, breaks off where it should, and then says how the job is.

    Not with Ray's own classes: Ray keeps the authentication that its first import in a process finds.
    """

    def __init__(self, logs: list[str], breaks: bool, states: list[str]) -> None:
        self.logs, self.breaks, self.states = logs, breaks, states

    async def tail_job_logs(self, job_id: str) -> AsyncIterator[str]:
        for text in self.logs:
            yield text
        if self.breaks:
            raise RuntimeError("WebSocket closed")

    def get_job_info(self, job_id: str) -> Any:
        if not self.states:
            raise OSError("connection refused")
        state = self.states.pop(0)
        status = SimpleNamespace(value=state, is_terminal=lambda: state != "RUNNING")
        return SimpleNamespace(status=status, message="as  it\nis")


@pytest.mark.parametrize(
    ("breaks", "states", "succeeded", "how"),
    [
        (False, ["RUNNING", "SUCCEEDED"], True, "SUCCEEDED: as it is"),
        (True, ["RUNNING", "FAILED"], False, "FAILED: as it is"),
        (True, ["RUNNING"], False, "is out of reach: the head does not answer any more; "),
    ],
)
def test_a_job_is_followed_to_its_end_or_to_that_of_the_head(
    breaks: bool, states: list[str], succeeded: bool, how: str
) -> None:
    written: list[str] = []
    found = follow(Answers(["one\n", "two\n"], breaks, states), "job", written.append)
    assert found[0] is succeeded
    assert found[1].startswith(how)
    assert written[:2] == ["one\n", "two\n"]
    assert ("(the logs broke off: WebSocket closed; " in "".join(written)) is breaks


@pytest.mark.parametrize("option", ["--overlay", "--stores"])
def test_an_option_of_the_other_kind_of_cluster_is_one_line(slipbench: Any, option: str) -> None:
    _refused(slipbench("submit", "quickstart", "--to", "ray", option, "3"), option, "--to kubernetes")
