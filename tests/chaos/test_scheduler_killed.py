"""A Dask cluster of its own processes: a whole worker, and the scheduler, killed in the middle of a build."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from .builds import SLIPBENCH, digests, environment, wait_for_shards

OPTIONS = ["n_samples=320", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]
DASK = SLIPBENCH.parent / "dask"
WORKERS = 2
#: Seconds after which a build has ended whose scheduler is gone.
BOUND = 60
pytestmark = [pytest.mark.service, pytest.mark.timeout(280)]

#: ``run("scheduler", ...)`` starts a part of the cluster with all its processes in a session of its own.
Run = Callable[..., subprocess.Popen]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[subprocess.Popen] = []

    def start(kind: str, *options: str) -> subprocess.Popen:
        log = (tmp_path / f"{kind}-{len(started)}.log").open("w")
        command = [str(DASK), kind, *options, "--no-dashboard"]
        part = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True, env=environment(tmp_path)
        )
        started.append(part)
        return part

    yield start
    for part in started:
        kill(part)


def kill(part: subprocess.Popen) -> None:
    """End a part of the cluster as a power cut does."""
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        family = psutil.Process(part.pid).children(recursive=True)
        os.killpg(part.pid, signal.SIGKILL)
        psutil.wait_procs(family, timeout=20)
    part.wait()


def cluster(run: Run, file: Path) -> tuple[str, subprocess.Popen, list[subprocess.Popen]]:
    """Address and process of a scheduler, and its workers: a nanny with one process each."""
    scheduler = run("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    options = ["--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(file.parent)]
    workers = [run("worker", "--scheduler-file", str(file), *options) for _ in range(WORKERS)]
    deadline = time.monotonic() + 60
    while not file.exists():
        assert scheduler.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return json.loads(file.read_text())["address"], scheduler, workers


def build(out: Path, env: dict[str, str], scheduler: str) -> subprocess.Popen:
    """A build on the cluster, started."""
    return subprocess.Popen(
        [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(out), "--scheduler", scheduler],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen, code: int, patience: float = 200) -> str:
    """Standard error of a build that ends with the code and without a traceback."""
    _, told = process.communicate(timeout=patience)
    assert process.returncode == code, told
    assert "Traceback" not in told
    return told


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files of the store that one process makes."""
    folder = tmp_path_factory.mktemp("whole")
    command = [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(folder / "s"), "--workers", "1"]
    subprocess.run(command, env=environment(folder / "home"), check=True, capture_output=True)
    return digests(folder / "s")


def test_a_killed_worker_and_its_nanny_cost_nothing_but_time(
    run: Run, whole: dict[str, str], tmp_path: Path
) -> None:
    address, _, workers = cluster(run, tmp_path / "scheduler.json")
    out = tmp_path / "s"
    process = build(out, environment(tmp_path / "home"), address)
    wait_for_shards(out, process, 3)
    kill(workers[0])
    end(process, 0)
    assert digests(out) == whole


def test_without_its_scheduler_a_build_ends_and_goes_on_with_a_new_one(
    run: Run, whole: dict[str, str], tmp_path: Path
) -> None:
    env, out = environment(tmp_path / "home"), tmp_path / "s"
    address, scheduler, workers = cluster(run, tmp_path / "scheduler.json")
    process = build(out, env, address)
    wait_for_shards(out, process, 3)
    kill(scheduler)
    told = end(process, 1, BOUND)
    assert told.splitlines()[-1] == (
        f"slipbench: scheduler {address}: is gone; expected a cluster that stays; "
        "start one and run the same command again to go on"
    )
    assert not (out / "manifest.json").exists()
    for part in workers:
        kill(part)

    address, _, _ = cluster(run, tmp_path / "another.json")
    end(build(out, env, address), 0)
    assert digests(out) == whole
