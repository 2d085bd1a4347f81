"""A Ray head of the tests' own, with its ports, token and folder, and further nodes beside it."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

BIN = Path(sys.executable).parent
TOKEN = secrets.token_hex(32)


@dataclass(frozen=True)
class Node:
    """One node of a cluster, with a folder of its own."""

    folder: Path

    def processes(self) -> list[psutil.Process]:
        """All of its processes: those that name its folder, and their children, which have other names."""
        found = set()
        for pid in processes_of(str(self.folder)):
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                found |= {process, *process.children(recursive=True)}
        return sorted(found, key=lambda p: p.pid)

    def kill(self) -> None:
        """End it as a power cut does."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()


@dataclass(frozen=True)
class Head(Node):
    """Address of the dashboard (for jobs), and ``HOST:PORT`` of the head (for drivers)."""

    dashboard: str
    address: str


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
        # Ray would let its workers wait for everything else on the machine, the tests themselves among it
        "RAY_worker_niceness": "0",
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
def _started(*options: str) -> Iterator[Path]:
    """The folder of a node that runs while the context lasts."""
    # Ray's sockets live in its folder and their names may have 107 characters, so tmp_path is too long
    temp = Path(tempfile.mkdtemp(prefix="slipbench-ray-", dir="/tmp"))
    (agent,) = _free_ports(1)
    started = subprocess.run(
        [
            str(BIN / "ray"), "start", *options, f"--dashboard-agent-listen-port={agent}",
            f"--temp-dir={temp}", "--object-store-memory=150000000", "--disable-usage-stats",
        ],
        env=ray_environment(), cwd=temp, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield temp
    finally:
        # not `ray stop`, which ends every Ray on this machine
        for number in (signal.SIGTERM, signal.SIGKILL):
            ours = Node(temp).processes()
            for process in ours:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(number)
            psutil.wait_procs(ours, timeout=2)
        shutil.rmtree(temp, ignore_errors=True)


@contextlib.contextmanager
def ray_head(cpus: int = 2) -> Iterator[Head]:
    """A fresh head with its own ports, while the context lasts."""
    gcs, dashboard, client = _free_ports(3)
    options = (
        "--head", f"--port={gcs}", "--include-dashboard=true", f"--dashboard-port={dashboard}",
        f"--ray-client-server-port={client}", f"--num-cpus={cpus}",
    )  # fmt: skip
    with _started(*options) as folder:
        yield Head(folder, f"http://127.0.0.1:{dashboard}", f"127.0.0.1:{gcs}")


@contextlib.contextmanager
def ray_node(head: Head, cpus: int = 1) -> Iterator[Node]:
    """A further node of the head's cluster, while the context lasts."""
    with _started(f"--address={head.address}", f"--num-cpus={cpus}") as folder:
        yield Node(folder)
