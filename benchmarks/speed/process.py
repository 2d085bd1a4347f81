"""Wall time and peak memory of a command with everything that it starts."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Usage:
    """Exit status, wall seconds, and the largest memory (bytes) that the whole process tree held at once."""

    status: int
    seconds: float
    peak_bytes: int


def watch(
    command: Sequence[str], env: Mapping[str, str], interval: float = 0.5, quiet: bool = False
) -> Usage:
    """Run `command` to its end, without its output if `quiet`, and sample the memory of its process tree.

    Memory is the proportional set size, which counts a shared page once over all processes.
    """
    start, peak = time.perf_counter(), 0
    output = subprocess.DEVNULL if quiet else None
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
        time.sleep(interval)
    return Usage(process.wait(), time.perf_counter() - start, peak)
