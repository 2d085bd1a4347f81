"""``slipbench build`` killed with SIGKILL half way, then run again with another number of workers."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from .builds import SLIPBENCH, digests, environment, wait_for_shards

OPTIONS = ["n_samples=384", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]


def _command(out: Path, *more: str) -> list[str]:
    return [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(out), *more]


@pytest.mark.timeout(280)
def test_killed_and_resumed_is_byte_identical(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    whole, killed = tmp_path / "whole.zarr", tmp_path / "killed.zarr"
    subprocess.run(_command(whole, "--workers", "1"), env=env, check=True, capture_output=True)
    for shards in (3, 20):  # killed twice, at different places
        process = subprocess.Popen(
            _command(killed, "--workers", "1"),
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for_shards(killed, process, shards)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not (killed / "manifest.json").exists()
        refused = subprocess.run(
            [str(SLIPBENCH), "verify", str(killed)], env=env, capture_output=True, text=True
        )
        assert refused.returncode == 2
        assert "not sealed" in refused.stderr
    kept = {p.name: p.stat().st_mtime_ns for p in (killed / "img" / "c").iterdir()}
    subprocess.run(_command(killed, "--workers", "2"), env=env, check=True, capture_output=True)
    assert digests(killed) == digests(whole)
    # what was sealed before the kill was not computed again
    again = {p.name: p.stat().st_mtime_ns for p in (killed / "img" / "c").iterdir()}
    assert sum(again[name] == stamp for name, stamp in kept.items()) >= 20


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_order_says_so_in_one_line_and_can_be_resumed(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    env, out = environment(tmp_path / "home"), tmp_path / "s.zarr"
    process = subprocess.Popen(
        _command(out, "--workers", "1"),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_shards(out, process, 2)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert stdout == ""
    assert stderr.strip().splitlines()[-1].startswith(f"slipbench: stopped by {number.name}")
    assert "Traceback" not in stderr
    subprocess.run(_command(out), env=env, check=True, capture_output=True)
    assert (out / "manifest.json").exists()


def test_ctrl_c_reaches_every_process_and_is_one_line(tmp_path: Path) -> None:
    """A terminal sends it to the workers too."""
    env, out = environment(tmp_path / "home"), tmp_path / "s.zarr"
    process = subprocess.Popen(
        _command(out, "--workers", "2"),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_shards(out, process, 2)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.strip().splitlines()[-1].startswith("slipbench: stopped by SIGINT")
    subprocess.run(_command(out), env=env, check=True, capture_output=True)
    assert (out / "manifest.json").exists()
