"""Wall time and peak memory of a command with everything that it starts."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil


@dataclass(frozen=True)
class Usage:
    """Exit status, wall seconds, and the largest memory (bytes) that the whole process tree held at once."""

    status: int
    seconds: float
    peak_bytes: int


def watch(
    command: Sequence[str],
    env: Mapping[str, str],
    interval: float = 0.5,
    quiet: bool = False,
    log: IO[bytes] | None = None,
) -> Usage:
    """Run `command` to its end and sample the memory of its process tree.

    Its output is kept in `log` if given, and thrown away if `quiet`. Memory is the proportional set size,
    which counts a shared page once over all processes.
    """
    start, peak = time.perf_counter(), 0
    output = log or (subprocess.DEVNULL if quiet else None)
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=output, stderr=output)
    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            for member in [root, *root.children(recursive=True)]:
                try:
                    total += member.memory_full_info().pss
                except psutil.Error:
                    continue
        except psutil.Error:
            break
        peak = max(peak, total)
        with suppress(subprocess.TimeoutExpired):
            process.wait(interval)
    return Usage(process.wait(), time.perf_counter() - start, peak)


def slipbench(home: str | Path, *words: str, **env: str) -> Usage:
    """Run a command of slipbench in a home of its own; of its output only a failure's end is told.

    Parameters
    ----------
    home : str or Path
        ``SLIPBENCH_HOME``.
    words : str
        The command and its arguments.
    env : str
        Further variables of its environment.

    Raises
    ------
    RuntimeError
        When it fails.
    """
    command = [str(Path(sys.executable).parent / "slipbench"), *words]
    with tempfile.TemporaryFile() as log:
        usage = watch(command, {"SLIPBENCH_HOME": str(home), **env}, log=log)
        if usage.status:
            log.seek(0)
            said = log.read().decode(errors="replace").strip()[-500:]
            raise RuntimeError(f"{' '.join(command)} ended with status {usage.status}: {said}")
    return usage
