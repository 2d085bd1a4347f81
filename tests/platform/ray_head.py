"""A Ray head of the tests' own, with its ports, token and folder."""

import contextlib
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
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
TOKEN = secrets.token_hex(32)


@dataclass(frozen=True)
class Head:
    """Address of the dashboard (for jobs), ``HOST:PORT`` of the head (for drivers), and its folder."""

    dashboard: str
    address: str
    folder: Path


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def ray_environment() -> dict[str, str]:
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


def processes_of(temp: str) -> list[int]:
    """Processes of one head alone: Ray writes its folder into every one's command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
        except OSError:
            continue
        if temp in line and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


@contextlib.contextmanager
def ray_head() -> Iterator[Head]:
    """A fresh head with two CPUs and its own ports, while the context lasts."""
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
        env=ray_environment(), cwd=temp, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield Head(f"http://127.0.0.1:{dashboard}", f"127.0.0.1:{gcs}", temp)
    finally:
        # not `ray stop`, which ends every Ray on this machine
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in processes_of(str(temp)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(2)
        shutil.rmtree(temp, ignore_errors=True)
