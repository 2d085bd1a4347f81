"""``ray start --head`` and ``ray job submit --working-dir .`` as a user does them, on a real head."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipbench.platform.tracking import Tracker

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
MEBIBYTE = 2**20
TOKEN = secrets.token_hex(32)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _environment() -> dict[str, str]:
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("SLIPBENCH_", "RAY_ADDRESS", "MLFLOW_TR"))
    }
    return clean | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "RAY_USAGE_STATS_ENABLED": "0",
        # a token of this head's own: a token in the home folder would be asked for by `ray start` alone
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": TOKEN,
    }


def _processes_of(temp: str) -> list[int]:
    """Processes of this head alone: Ray writes its folder into every one's command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
        except OSError:
            continue
        if temp in line and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def head() -> Iterator[tuple[str, Path]]:
    """A fresh head with its own ports: address of its dashboard, and its folder."""
    # Ray's sockets live in its folder and their names may have 107 characters, so tmp_path is too long
    temp = Path(tempfile.mkdtemp(prefix="slipbench-ray-", dir="/tmp"))
    gcs, dashboard, client, agent = _free_ports(4)
    started = subprocess.run(
        [
            str(BIN / "ray"), "start", "--head", f"--port={gcs}", "--include-dashboard=true",
            f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}",
            f"--dashboard-agent-listen-port={agent}", f"--temp-dir={temp}", "--num-cpus=2",
            "--object-store-memory=150000000", "--disable-usage-stats",
        ],
        env=_environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield f"http://127.0.0.1:{dashboard}", temp
    finally:
        # not `ray stop`, which ends every Ray on this machine
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in _processes_of(str(temp)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(2)
        shutil.rmtree(temp, ignore_errors=True)


@pytest.mark.service
@pytest.mark.timeout(600)
def test_a_submitted_pipeline_finishes_and_is_in_mlflow(
    head: tuple[str, Path], tmp_path: Path, small_quickstart: list[str]
) -> None:
    address, temp = head
    home = tmp_path / "home"
    done = subprocess.run(
        [
            str(BIN / "ray"), "job", "submit", "--address", address, "--working-dir", ".",
            "--runtime-env-json", json.dumps({"env_vars": {"SLIPBENCH_HOME": str(home)}}),
            "--", "slipbench", "run", "configs/pipelines/quickstart.yaml", *small_quickstart,
        ],
        env=_environment(), capture_output=True, text=True, timeout=580, cwd=ROOT,
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

    (uploaded,) = _working_folders(temp)
    files = [p for p in uploaded.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) < 5 * MEBIBYTE
    assert {p.relative_to(uploaded).parts[0] for p in files}.isdisjoint({".git", ".venv", "runs", "docs"})


def _working_folders(temp: Path) -> set[Path]:
    # session_latest is a link to the session
    found = {p.resolve() for p in temp.glob("session_*/runtime_resources/working_dir_files/*")}
    return {p for p in found if (p / "pyproject.toml").exists()}
