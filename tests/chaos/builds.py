"""What the tests that kill builds share: the command, its files, its progress, its workers."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

SLIPBENCH = Path(sys.executable).parent / "slipbench"
#: Seconds that a build may take to its next shard.
PATIENCE = 120


def environment(home: Path) -> dict[str, str]:
    """This process's environment with an empty home of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLIPBENCH_")}
    return clean | {"SLIPBENCH_HOME": str(home)}


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder`, by relative path."""
    out = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            out[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return out


def shards_done(store: Path) -> int:
    """Shards that an unfinished build has recorded."""
    return len(list((store / ".building").glob("shard-*.json")))


def wait_for_shards(store: Path, process: subprocess.Popen, shards: int) -> None:
    """Wait until at least `shards` shards are recorded and the build still runs."""
    seen, deadline = -1, time.monotonic() + PATIENCE
    while (done := shards_done(store)) < shards:
        assert process.poll() is None, f"the build ended ({process.returncode}) before {shards} shards"
        if done > seen:
            seen, deadline = done, time.monotonic() + PATIENCE
        assert time.monotonic() < deadline, f"no shard after the {done} that are there for {PATIENCE} s"
        time.sleep(0.002)


def workers(driver: int) -> list[psutil.Process]:
    """Processes of the driver that compute: not multiprocessing's own helper."""
    children = psutil.Process(driver).children(recursive=True)
    return [c for c in children if "multiprocessing.spawn" in " ".join(c.cmdline())]
