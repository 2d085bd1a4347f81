"""A Dask worker killed with SIGKILL half way through a build: the build goes on and writes the same bytes."""

import signal
import subprocess
from pathlib import Path

import pytest

from .builds import SLIPBENCH, digests, environment, wait_for_shards, workers

OPTIONS = ["n_samples=320", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]


def _command(out: Path, workers: int) -> list[str]:
    name = [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(out)]
    return [*name, "--workers", str(workers)]


@pytest.mark.timeout(280)
def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    whole, hurt = tmp_path / "whole.zarr", tmp_path / "hurt.zarr"
    subprocess.run(_command(whole, 1), env=env, check=True, capture_output=True)
    process = subprocess.Popen(
        _command(hurt, 2), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    killed: list[int] = []
    for shards in (5, 18):  # one worker, and later another one, while both still have work
        wait_for_shards(hurt, process, shards)
        victim = next(w for w in workers(process.pid) if w.pid not in killed)
        victim.send_signal(signal.SIGKILL)
        killed.append(victim.pid)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "sealed" in out
    assert "Traceback" not in err
    assert digests(hurt) == digests(whole)
