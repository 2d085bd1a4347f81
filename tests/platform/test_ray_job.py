"""``ray job submit`` and ``slipbench submit`` as a user does them, on a real head that asks for a token."""

import json
import re
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipbench.benchmarks.results import read_table
from slipbench.platform.tracking import Tracker

from .ray_head import BIN, TOKEN, Head, ray_environment, ray_head

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("platform", "benchmarks", "trainers", "datasets", "configs")
MEBIBYTE = 2**20
PIPELINE = "configs/pipelines/quickstart.yaml"
pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with ray_head() as found:
        yield found


@pytest.fixture(scope="module")
def whole(head: Head, tmp_path_factory: pytest.TempPathFactory, small_quickstart: list[str]) -> Path:
    """Home of a pipeline that Ray's own command submitted and nobody stopped."""
    home = tmp_path_factory.mktemp("whole") / "home"
    done = subprocess.run(
        [
            str(BIN / "ray"), "job", "submit", "--address", head.dashboard, "--working-dir", ".",
            "--runtime-env-json", json.dumps({"env_vars": {"SLIPBENCH_HOME": str(home)}}),
            "--", "slipbench", "run", PIPELINE, *small_quickstart,
        ],
        env=ray_environment(), capture_output=True, text=True, timeout=580, cwd=ROOT,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-500:]
    assert "succeeded" in told
    assert f"fits and results go to {home}" in told
    return home


def test_a_submitted_pipeline_finishes_and_is_in_mlflow(head: Head, whole: Path) -> None:
    tracker = Tracker(f"sqlite:///{whole / 'mlflow.db'}", whole / "artifacts")
    runs = tracker.runs("source_demo")
    kinds = [r.data.tags.get("slipbench.kind", "suite") for r in runs]
    assert sorted(kinds) == ["cell"] * 3 + ["fit", "suite"] + ["trial"] * 2
    assert {r.info.status for r in runs} == {"FINISHED"}
    (network,) = [r for r in runs if r.data.params.get("model") == "img"]
    assert network.data.metrics["position_error"] > 0
    assert len(tracker.runs("nowcast_demo")) == 3

    (uploaded,) = _working_folders(head.folder)
    files = [p for p in uploaded.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) < 5 * MEBIBYTE
    assert {p.relative_to(uploaded).parts[0] for p in files}.isdisjoint({".git", ".venv", "runs", "docs"})


def _working_folders(temp: Path) -> set[Path]:
    # session_latest is a link to the session
    found = {p.resolve() for p in temp.glob("session_*/runtime_resources/working_dir_files/*")}
    return {p for p in found if (p / "pyproject.toml").exists()}


def _wheel(folder: Path) -> Path:
    """This checkout as pip would build it, but for its version."""
    path = folder / "slipbench-0.1.0+submitted-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for floor in FLOORS:
            for source in sorted((ROOT / floor).rglob("*")):
                if source.is_file() and "__pycache__" not in source.parts:
                    file.write(source, Path("slipbench") / source.relative_to(ROOT))
        text = "Metadata-Version: 2.1\nName: slipbench\nVersion: 0.1.0+submitted\n"
        file.writestr("slipbench-0.1.0+submitted.dist-info/METADATA", text)
    return path


def _job(command: str, head: Head, job_id: str) -> str:
    line = [str(BIN / "ray"), "job", command, "--address", head.dashboard, job_id]
    done = subprocess.run(line, env=ray_environment(), capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _results(home: Path, suite: str) -> pd.DataFrame:
    (path,) = (home / "results").glob(f"{suite}-*/*.parquet")
    return read_table([path])


def test_it_goes_on_without_us_is_stopped_and_goes_on_to_the_same_results(
    head: Head, whole: Path, tmp_path: Path, small_quickstart: list[str]
) -> None:
    home = tmp_path / "home"
    environment = ray_environment() | {"SLIPBENCH_HOME": str(home)}
    command = [str(BIN / "slipbench"), "submit", PIPELINE, *small_quickstart, "--to", "ray"]
    command += ["--address", head.dashboard]
    said = (tmp_path / "said").open("w+")
    following = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
    )
    assert following.stdout
    for line in following.stdout:  # the log of the job, while it runs
        if "store nowcast_demo" in line:
            break
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=60)
    said.seek(0)
    told = said.read()
    assert following.returncode == 130, told
    job_id = re.search(r"submitted (\S+)", told)[1]  # type: ignore[index]
    assert re.search(r"^upload: \d\.\d MiB in \d+ files$", told, re.MULTILINE)
    assert f"ray job stop --address {head.dashboard} {job_id}" in told

    assert "RUNNING" in _job("status", head, job_id)
    _job("stop", head, job_id)  # waits for its end
    assert "was stopped" in _job("status", head, job_id)
    assert not (home / "leaderboard.html").exists()
    assert sorted(p.parent.name.partition("-")[0] for p in home.glob("stores/*/manifest.json")) == [
        "nowcast_demo",
        "source_demo",
    ]

    done = subprocess.run(
        [*command, "--wheel", str(_wheel(tmp_path))],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "store source_demo: sealed already, skipped" in done.stdout
    assert "SUCCEEDED: Job finished successfully." in done.stderr
    for suite in ("source_demo", "nowcast_demo"):
        found, wanted = _results(home, suite), _results(whole, suite)
        assert set(found["code_version"]) == {"0.1.0+submitted"}
        assert list(found["cell"]) == list(wanted["cell"])
        assert set(found["status"]) == {"ok"}
        for a, b in zip(found["y_pred"], wanted["y_pred"], strict=True):
            assert np.array_equal(a, b, equal_nan=True)
    assert TOKEN not in told + done.stdout + done.stderr


def test_a_head_with_another_token_says_so_in_one_line(head: Head) -> None:
    environment = ray_environment() | {"RAY_AUTH_TOKEN": "0" * 64}
    command = [str(BIN / "slipbench"), "submit", PIPELINE, "--to", "ray", "--address", head.dashboard]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the head refuses the token" in done.stderr.splitlines()[-1]
    assert len(done.stderr.splitlines()) == 1
