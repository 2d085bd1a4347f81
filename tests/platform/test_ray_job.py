"""``ray start --head`` and ``ray job submit --working-dir .`` as a user does them, on a real head."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipbench.platform.tracking import Tracker

from .ray_head import BIN, Head, ray_environment, ray_head

ROOT = Path(__file__).resolve().parents[2]
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with ray_head() as found:
        yield found


@pytest.mark.service
@pytest.mark.timeout(600)
def test_a_submitted_pipeline_finishes_and_is_in_mlflow(
    head: Head, tmp_path: Path, small_quickstart: list[str]
) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [
            str(BIN / "ray"), "job", "submit", "--address", head.dashboard, "--working-dir", ".",
            "--runtime-env-json", json.dumps({"env_vars": {"SLIPBENCH_HOME": str(home)}}),
            "--", "slipbench", "run", "configs/pipelines/quickstart.yaml", *small_quickstart,
        ],
        env=ray_environment(), capture_output=True, text=True, timeout=580, cwd=ROOT,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-500:]
    assert "succeeded" in told
    assert f"fits and results go to {home}" in told

    tracker = Tracker(f"sqlite:///{home / 'mlflow.db'}", home / "artifacts")
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
