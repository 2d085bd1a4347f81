"""Whole builds by the command line: a full dataset against its bounds, growth with samples and workers."""

import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from slipbench.benchmarks.speed.measure import Row
from slipbench.benchmarks.speed.process import Usage, slipbench

FULL_SAMPLES, FULL_SECONDS, FULL_GIB = 20_000, 180.0, 3.0
#: A network and noise that need no data folder, so that every machine times the same work.
CONFIG = "source_demo"
NETWORK = ("n_stations=300", "stations=made", "rows_per_shard=256")
ALL = "representations=[ts,img,its]"
GROWTH = (1_000, 10_000, 100_000)


def rows() -> Iterator[Row]:
    """The full build of TS, IMG and ITS with 2 workers and with 1, then images of 1,000 ... 100,000 samples.

    Raises
    ------
    RuntimeError
        When a build fails.
    """
    full = _build(FULL_SAMPLES, 2, ALL)
    gib = full.peak_bytes / 2**30
    what = f"build of {FULL_SAMPLES:,} samples, 300 stations, TS + IMG + ITS, 2 workers"
    yield Row(what, full.seconds, "s", f"bound {FULL_SECONDS:g} s", full.seconds / FULL_SECONDS)
    yield Row(f"{what}, memory of all processes", gib, "GiB", f"bound {FULL_GIB:g} GiB", gib / FULL_GIB)
    single = _build(FULL_SAMPLES, 1, ALL)
    rate = FULL_SAMPLES / full.seconds
    yield Row(f"{what}, rate", rate, "samples/s", "1 worker", single.seconds / full.seconds)
    yield from _growth()


def _growth() -> Iterator[Row]:
    """Rate over what is added from one size to the next: starting up counts for nothing in a large build."""
    seconds = [_build(n, 2, "representations=[img,offset]").seconds for n in GROWTH]
    rates = [
        (more - n) / (longer - took)
        for (n, took), (more, longer) in pairwise(zip(GROWTH, seconds, strict=True))
    ]
    for (n, more), rate in zip(pairwise(GROWTH), rates, strict=True):
        yield Row(
            f"build of images, from {n:,} to {more:,} samples, 2 workers",
            rate,
            "samples/s",
            f"from {GROWTH[0]:,} to {GROWTH[1]:,}",
            rate / rates[0],
        )


def _build(n_samples: int, workers: int, representations: str) -> Usage:
    with tempfile.TemporaryDirectory(prefix="slipbench-speed-") as folder:
        options = [*NETWORK, f"n_samples={n_samples}", representations]
        out = ("--out", str(Path(folder) / "store.zarr"))
        usage = slipbench(folder, "build", CONFIG, *options, *out, "--workers", str(workers))
    os.sync()  # the next build must not wait for this one's bytes
    return usage
