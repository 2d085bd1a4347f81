"""Whole commands with one place and with two: seconds, speed-up, and the same without the start-up.

A place is one core: every process has one thread (``OMP_NUM_THREADS=1``). Each command is timed at two sizes.
What it takes for one more sample, trial or cell is the work, and what is left at size nothing the start-up.
"""

import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from slipbench.benchmarks.results import models_of, read_table
from slipbench.benchmarks.run import TABLE
from slipbench.benchmarks.speed.builds import ALL, CONFIG, NETWORK
from slipbench.benchmarks.speed.process import slipbench

PLACES = 2
TRAINER, SUITE = "img_demo", "nowcast_demo"
#: Decoders of the timed cells: quick ones and slow ones, of one thread.
DECODERS = (
    "decoders=[{decoder: ridge}, {decoder: random_forest, trees: 100, threads: 1}, "
    "{decoder: xgboost, trees: 100, threads: 1}]"
)
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Sizes:
    """How much is timed: a small and a large size of each command.

    Parameters
    ----------
    samples, trials, seeds : tuple of int
        Of a build, a search and a suite, which has several cells a seed.
    epochs : int
        Of a fit; the first one is not counted.
    dataset : int
        Samples of the store that fits and searches read.
    runs : int
        How often builds and searches are timed, in turn; the quickest counts.
    """

    samples: tuple[int, int] = (512, 4096)
    trials: tuple[int, int] = (2, 4)
    seeds: tuple[int, int] = (1, 5)
    epochs: int = 6
    dataset: int = 2048
    runs: int = 1


SMALL = Sizes((512, 1024), (2, 4), (1, 2), 3, 512)


@dataclass(frozen=True)
class Timed:
    """Seconds of one command, and how they divide.

    Parameters
    ----------
    size : float
        Samples, trials, cells or epochs.
    seconds : float
        The whole command at that size.
    each : float
        Seconds for one more.
    peak_bytes : int
        Largest memory of all its processes at once.
    """

    size: float
    seconds: float
    each: float
    peak_bytes: int = 0

    @property
    def start_up(self) -> float:
        """Seconds that do not depend on the size."""
        return self.seconds - self.size * self.each


@dataclass(frozen=True)
class Scaled:
    """A command with one place and with `PLACES`."""

    what: str
    unit: str
    one: Timed
    several: Timed

    @property
    def speed_up(self) -> float:
        """Of the whole command."""
        return self.one.seconds / self.several.seconds

    @property
    def efficiency(self) -> float:
        """Of the whole command."""
        return self.speed_up / PLACES

    @property
    def work_efficiency(self) -> float:
        """Of the work without the start-up."""
        return self.one.each / self.several.each / PLACES


#: ``run(size)``: seconds and largest memory (bytes) of the whole command
Run = Callable[[int], tuple[float, int]]


def law(small: int, large: int, quick: float, long: float, peak_bytes: int = 0) -> Timed:
    """Seconds at two sizes as a straight line.

    Where the larger one did not take longer, as on a machine that is busy with other things, all of it counts
    as work.
    """
    each = (long - quick) / (large - small)
    return Timed(large, long, each if 0 < each <= long / large else long / large, peak_bytes)


def in_turn(sizes: tuple[int, int], runs: int, *ways: Run) -> list[Timed]:
    """Several ways of one command at both sizes, in turn; the quickest of `runs`."""
    found: list[dict[int, list[tuple[float, int]]]] = [{n: [] for n in sizes} for _ in ways]
    for _ in range(runs):
        for n in sizes:
            for way, kept in zip(ways, found, strict=True):
                kept[n].append(way(n))
    small, large = sizes
    return [
        law(small, large, min(kept[small])[0], min(kept[large])[0], max(b for _, b in kept[large]))
        for kept in found
    ]


def measure(sizes: Sizes) -> Iterator[tuple[str, Scaled]]:
    """Builds by Dask and Ray, a search, cells on Ray and against one process, a fit in parallel; by name.

    Raises
    ------
    RuntimeError
        When a command fails.
    """
    with tempfile.TemporaryDirectory(prefix="slipbench-scale-") as folder:
        home = Path(folder)
        yield from _builds(home, sizes)
        yield "search", _search(home, sizes)
        yield from _cells(home, sizes)
        yield "fit", _fit(home, sizes)


def _ray(home: Path, stage: str, places: int) -> tuple[str, str]:
    """A Ray of this machine's own whose tasks of a stage find so many places."""
    path = home / f"{stage}{places}.yaml"
    cpus = (os.cpu_count() or 1) / places
    path.write_text(f"cluster: ray\naddress: here\nstages:\n  {stage}: {{cpus: {cpus:g}}}\n")
    return "--cluster", str(path)


def _builds(home: Path, sizes: Sizes) -> Iterator[tuple[str, Scaled]]:
    def by(*where: str) -> Run:
        def run(n: int) -> tuple[float, int]:
            out = home / "built.zarr"
            words = [*NETWORK, f"n_samples={n}", ALL, "--out", str(out), *where]
            usage = slipbench(home, "build", CONFIG, *words, **_ONE_THREAD)
            shutil.rmtree(out)
            os.sync()  # the next build must not wait for this one's bytes
            return usage.seconds, usage.peak_bytes

        return run

    ways = [by("--workers", str(n)) for n in (1, PLACES)]
    ways += [by(*_ray(home, "build", n)) for n in (1, PLACES)]
    dask1, dask2, ray1, ray2 = in_turn(sizes.samples, sizes.runs, *ways)
    what = f"build of {sizes.samples[1]:,} samples, TS + IMG + ITS"
    yield "build", Scaled(f"{what}, Dask", "sample", dask1, dask2)
    yield "build on Ray", Scaled(f"{what}, Ray tasks", "sample", ray1, ray2)


def _search(home: Path, sizes: Sizes) -> Scaled:
    data = f"dataset.n_samples={sizes.dataset}"
    slipbench(home, "train", TRAINER, data, "epochs=1", **_ONE_THREAD)  # makes the store

    def by(places: int) -> Run:
        def run(n: int) -> tuple[float, int]:
            shutil.rmtree(home / "fits", ignore_errors=True)  # else the search would be there already
            # no trial is stopped early, so that all are alike
            words = [data, f"search.trials={n}", "search.epochs=2", "search.grace_epochs=2"]
            usage = slipbench(home, "tune", TRAINER, *words, *_ray(home, "trial", places), **_ONE_THREAD)
            return usage.seconds, usage.peak_bytes

        return run

    one, several = in_turn(sizes.trials, sizes.runs, by(1), by(PLACES))
    what = f"search of {sizes.trials[1]} trials of 2 epochs, {sizes.dataset:,} images"
    return Scaled(what, "trial", one, several)


def _cells(home: Path, sizes: Sizes) -> Iterator[tuple[str, Scaled]]:
    def bench(name: str, seeds: list[int], *where: str) -> tuple[float, int]:
        words = [f"name={name}", f"seeds={seeds}", "splits=[random]", DECODERS, *where]
        usage = slipbench(home, "bench", SUITE, *words, **_ONE_THREAD)
        return usage.seconds, usage.peak_bytes

    def by(name: str, *where: str) -> Run:
        return lambda n: bench(f"{name}{n}", list(range(1, n + 1)), *where)

    bench("before", [0])  # makes the store and the embeddings
    ways = [by("alone"), by("one", *_ray(home, "cell", 1)), by("several", *_ray(home, "cell", PLACES))]
    found = in_turn(sizes.seeds, 1, *ways)
    cells = _count(home, f"alone{sizes.seeds[1]}")
    per_seed = cells // sizes.seeds[1]
    alone, one, several = (Timed(cells, t.seconds, t.each / per_seed, t.peak_bytes) for t in found)
    what = f"suite of {cells} cells, its report and tracking"
    yield "cells", Scaled(f"{what}, Ray tasks", "cell", one, several)
    yield "cells alone", Scaled(f"{what}, Ray tasks against one process", "cell", alone, several)


def _count(home: Path, name: str) -> int:
    (path,) = home.glob(f"results/{name}-*/{TABLE}")
    return int(models_of(read_table([path]))["cell"].nunique())


def _fit(home: Path, sizes: Sizes) -> Scaled:
    def by(devices: int) -> Timed:
        shutil.rmtree(home / "fits", ignore_errors=True)
        words = [f"dataset.n_samples={sizes.dataset}", f"epochs={sizes.epochs}", f"patience={sizes.epochs}"]
        usage = slipbench(home, "train", TRAINER, *words, f"devices={devices}", **_ONE_THREAD)
        (record,) = (home / "fits").glob("*/fit.json")
        epochs = json.loads(record.read_text())["result"]["history"]
        each = statistics.median(e["seconds"] for e in epochs[1:])
        return Timed(sizes.epochs, usage.seconds, each, usage.peak_bytes)

    what = f"fit of {sizes.epochs} epochs, {sizes.dataset:,} images, one process a device"
    return Scaled(what, "epoch", by(1), by(PLACES))
