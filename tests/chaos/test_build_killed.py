"""``slipbench build`` killed with SIGKILL half way, then run again with another number of workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLIPBENCH = Path(sys.executable).parent / "slipbench"
OPTIONS = ["n_samples=384", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]


def _command(out: Path, *more: str) -> list[str]:
    return [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(out), *more]


def _environment(folder: Path) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLIPBENCH_")}
    return clean | {"SLIPBENCH_HOME": str(folder / "home")}


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _half_way(out: Path, process: subprocess.Popen, shards: int) -> None:
    """Wait until at least `shards` shards are recorded and the build still runs."""
    deadline = time.monotonic() + 120
    while len(list((out / ".building").glob("shard-*.json"))) < shards:
        assert process.poll() is None, "the build ended before it could be killed"
        assert time.monotonic() < deadline, "the build wrote nothing"
        time.sleep(0.002)


@pytest.mark.timeout(280)
def test_killed_and_resumed_is_byte_identical(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    whole, killed = tmp_path / "whole.zarr", tmp_path / "killed.zarr"
    subprocess.run(_command(whole, "--workers", "1"), env=environment, check=True, capture_output=True)
    for shards in (3, 20):  # killed twice, at different places
        process = subprocess.Popen(
            _command(killed, "--workers", "1"),
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _half_way(killed, process, shards)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not (killed / "manifest.json").exists()
        refused = subprocess.run(
            [str(SLIPBENCH), "verify", str(killed)], env=environment, capture_output=True, text=True
        )
        assert refused.returncode == 2
        assert "not sealed" in refused.stderr
    kept = {p.name: p.stat().st_mtime_ns for p in (killed / "img" / "c").iterdir()}
    subprocess.run(_command(killed, "--workers", "2"), env=environment, check=True, capture_output=True)
    assert _files(killed) == _files(whole)
    # what was sealed before the kill was not computed again
    again = {p.name: p.stat().st_mtime_ns for p in (killed / "img" / "c").iterdir()}
    assert sum(again[name] == stamp for name, stamp in kept.items()) >= 20


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_order_says_so_in_one_line_and_can_be_resumed(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    environment, out = _environment(tmp_path), tmp_path / "s.zarr"
    process = subprocess.Popen(
        _command(out, "--workers", "1"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _half_way(out, process, 2)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert stdout == ""
    assert stderr.strip().splitlines()[-1].startswith(f"slipbench: stopped by {number.name}")
    assert "Traceback" not in stderr
    subprocess.run(_command(out), env=environment, check=True, capture_output=True)
    assert (out / "manifest.json").exists()
