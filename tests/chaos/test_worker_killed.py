"""A Dask worker killed with SIGKILL half way through a build: the build goes on and writes the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SLIPBENCH = Path(sys.executable).parent / "slipbench"
OPTIONS = ["n_samples=320", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]


def _command(out: Path, workers: int) -> list[str]:
    name = [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(out)]
    return [*name, "--workers", str(workers)]


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _workers(driver: int) -> list[psutil.Process]:
    """Processes of the driver that compute: not multiprocessing's own helper."""
    children = psutil.Process(driver).children(recursive=True)
    return [c for c in children if "multiprocessing.spawn" in " ".join(c.cmdline())]


@pytest.mark.timeout(280)
def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLIPBENCH_")}
    environment = clean | {"SLIPBENCH_HOME": str(tmp_path / "home")}
    whole, hurt = tmp_path / "whole.zarr", tmp_path / "hurt.zarr"
    subprocess.run(_command(whole, 1), env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        _command(hurt, 2), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    killed: list[int] = []
    deadline = time.monotonic() + 120
    for shards in (5, 18):  # one worker, and later another one, while both still have work
        while len(list((hurt / ".building").glob("shard-*.json"))) < shards:
            assert process.poll() is None, "the build ended before a worker could be killed"
            assert time.monotonic() < deadline, "the build wrote nothing"
            time.sleep(0.002)
        workers = _workers(process.pid)
        assert workers
        victim = next(w for w in workers if w.pid not in killed)
        victim.send_signal(signal.SIGKILL)
        killed.append(victim.pid)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "sealed" in out
    assert "Traceback" not in err
    assert _files(hurt) == _files(whole)
