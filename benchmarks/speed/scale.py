"""``python -m slipbench.benchmarks.speed.scale``: what a second place brings, what breaks, what it costs.

Measures on this machine, puts the rates into `cost_model`, and writes one page (``make scale``).
"""

import argparse
import platform as machine
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from slipbench.benchmarks.speed import limits_of_scale as limits
from slipbench.benchmarks.speed import scaling
from slipbench.benchmarks.speed.__main__ import hardware
from slipbench.benchmarks.speed.cost_model import (
    GB,
    PRICES,
    TB,
    Assumed,
    Measured,
    build_on,
    fit_on,
    money,
    search_seconds,
    suite_seconds,
    suite_wall,
    verdict,
)
from slipbench.benchmarks.speed.cost_model import limits as limits_of
from slipbench.benchmarks.speed.scaling import PLACES, Scaled

CORES = (1, 8, 64, 256)
#: Samples of a shard in `builds.NETWORK`.
ROWS_PER_SHARD = 256


@dataclass(frozen=True)
class Found:
    """Everything that was measured, in the order of the page."""

    scaled: dict[str, Scaled]
    sealed: list[limits.Sealed]
    serial: limits.Serial
    stored: limits.Stored


def measure(small: bool, tracking: str = "") -> Found:
    """Measure all; minutes, or fewer with `small`. `tracking` is another MLflow database that is timed."""
    sizes, amounts = (scaling.SMALL, limits.FEW) if small else (scaling.Sizes(), limits.Amounts())
    scaled = dict(_told(scaling.measure(sizes)))
    sealed = list(_told(limits.sealed(n) for n in amounts.shards))
    return Found(scaled, sealed, limits.serial(amounts, tracking), limits.stored(amounts.samples))


def _told(found: Iterable) -> Iterator:
    for one in found:
        print(one, file=sys.stderr, flush=True)
        yield one


def rates(found: Found) -> Measured:
    """What the model takes of it."""
    build, search, alone = (found.scaled[name] for name in ("build", "search", "cells alone"))
    few, many = found.sealed[0], found.sealed[-1]
    return Measured(
        build_seconds=build.one.each,
        build_efficiency=build.work_efficiency,
        build_start=max(0.0, build.several.start_up),
        worker_bytes=build.several.peak_bytes / PLACES,
        sample_bytes=found.stored.sample_bytes,
        rows_per_shard=ROWS_PER_SHARD,
        seal_seconds=(many.seal - few.seal) / (many.shards - few.shards),
        tasks_per_second=found.serial.cells_by_ray,
        cell_seconds=alone.one.each,
        scores_per_second=found.serial.cells_scored,
        runs_per_second=found.serial.runs_tracked["SQLite"],
        search_start=max(0.0, search.several.start_up),
        networks={n.name: n for n in found.stored.networks},
    )


def page(found: Found, assumed: Assumed, head: str) -> str:
    """The whole page as Markdown."""
    measured = rates(found)
    parts = [
        f"# Scale\n\n{head}",
        _scaling(found.scaled.values()),
        _breaks(found),
        _large(measured, assumed),
        _assumptions(measured, assumed),
        _first(measured, assumed),
    ]
    return "\n\n".join(parts) + "\n"


def table(columns: str, rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table: words in the first column, numbers in the others."""
    names = columns.split(" | ")
    lines = [f"| {columns} |", "| --- |" + " ---: |" * (len(names) - 1)]
    lines += ["| " + " | ".join(str(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def number(value: float) -> str:
    """Three digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """In the unit that people would take."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _scaling(scaled: Iterable[Scaled]) -> str:
    rows = (
        [
            s.what,
            *(number(v) for v in (s.one.seconds, s.several.seconds, s.speed_up)),
            f"{s.efficiency:.0%}",
            *(number(v) for v in (s.one.start_up, s.several.start_up)),
            f"{number(s.one.each)} / {number(s.several.each)}",
            f"{s.work_efficiency:.0%}",
            number(s.several.peak_bytes / 2**30),
        ]
        for s in scaled
    )
    columns = (
        f"command | 1, s | {PLACES}, s | speed-up | efficiency | start-up 1, s | start-up {PLACES}, s | "
        f"s for one more, 1 / {PLACES} | efficiency of the work | GiB, {PLACES}"
    )
    return f"""## From one place to {PLACES}

Whole commands. A place is one core, and every process has one thread. With Ray, the request of a task
(`stages`) is what lets one or {PLACES} of them run at once. Start-up is what a command takes at size nothing,
from two sizes of it (nothing where they cannot be told apart); of the fit, all but its epochs. Efficiency is
the speed-up over {PLACES}; that of the work leaves the start-up out. GiB is the largest memory of all
processes together.

{table(columns, rows)}"""


def _breaks(found: Found) -> str:
    sealed = table(
        "shards | seal, s | read the manifest, s | open, s | manifest, MB | us a shard to seal",
        (
            [
                f"{s.shards:,}",
                *(number(v) for v in (s.seal, s.read, s.open, s.manifest_bytes / 1e6)),
                number(1e6 * s.seal / s.shards),
            ]
            for s in found.sealed
        ),
    )
    serial = found.serial
    cell = found.scaled["cells alone"].one.each
    rows: list[tuple[str, float]] = [
        ("cells that compute nothing, in one process", serial.cells_in_this_process),
        ("cells that compute nothing, as Ray tasks", serial.cells_by_ray),
        ("cells scored with intervals for tracking", serial.cells_scored),
        *((f"runs tracked in {name}", rate) for name, rate in serial.runs_tracked.items()),
    ]
    one_process = table(
        "one process | 1/s | s for 10,000 | places that it keeps busy",
        ([what, number(r), number(1e4 / r), number(r * cell)] for what, r in rows),
    )
    reading = table(
        "network | parameters | kB a sample | one reader, samples/s | MB/s | one fit here, samples/s | "
        "fits that a reader feeds",
        (
            [
                n.name,
                f"{n.parameters:,}",
                *(number(v) for v in (n.sample_bytes / 1e3, n.reader_rate)),
                number(n.reader_rate * n.sample_bytes / 1e6),
                *(number(v) for v in (n.training_rate, n.reader_rate / n.training_rate)),
            ]
            for n in found.stored.networks
        ),
    )
    return f"""## What does not grow with the machines

Sealing and opening are done by one process. Shards here hold one small row in {len(limits.ARRAYS)} arrays, as
many as a store of TS, IMG and ITS has: their number counts, not their bytes.

{sealed}

One process hands out the cells of a suite, takes and writes their results, scores them and tracks them. Its
queue was as deep as for a cluster; its tasks ran on the cores of this machine, which they shared with it. The
last column is its rate times the {number(cell)} s that one more cell of the suite above took on one core.

{one_process}

One reader in one thread gives shuffled batches of {limits.BATCH}, checked, from the memory of the system: a
disk or a bucket is slower. Beside it a bare training loop of the network on all cores of this machine.

{reading}"""


def _large(measured: Measured, assumed: Assumed) -> str:
    stored = assumed.samples * measured.sample_bytes
    builds = [build_on(n, measured, assumed) for n in CORES]
    build = table(
        "cores | computing | writing | handing out | start, seal | wall | core-hours | longest",
        (
            [
                b.cores,
                *(duration(b.parts[p]) for p in ("computing", "writing", "handing out", "serial")),
                duration(b.wall),
                number(b.core_hours),
                b.limit,
            ]
            for b in builds
        ),
    )
    fits = (
        (name, fit_on(name, images, measured, assumed), measured.networks[name])
        for images in assumed.gpu_rates
        for name in measured.networks
    )
    fit = table(
        "network | samples/s a GPU | from the store, GB/s | readers a GPU | sent in a step, MB a GPU | "
        f"step, ms | reduction, ms | {assumed.epochs:g} epochs",
        (
            [
                name,
                number(f.rate),
                number(f.storage_bytes / GB),
                number(f.readers),
                *(number(v) for v in (f.reduced_bytes / 1e6, f.step * 1e3, f.reduction * 1e3)),
                duration(f.seconds),
            ]
            for name, f, _ in fits
        ),
    )
    cores = CORES[-1]
    suites = ((n, suite_seconds(n, measured, assumed), suite_wall(n, measured, assumed)) for n in CORES)
    suite = table(
        "cores | computing | handing out | scoring | tracking | wall",
        ([n, *(duration(parts[p]) for p in parts), duration(wall)] for n, parts, wall in suites),
    )
    prices = [money(cores, images, measured, assumed) for images in assumed.gpu_rates]
    cost = table(
        "stage | " + " | ".join(f"{images:,.0f} images/s a GPU" for images in assumed.gpu_rates),
        [
            *([stage, *(number(p[stage]) for p in prices)] for stage in prices[0]),
            ["all", *(number(sum(p.values())) for p in prices)],
        ],
    )
    searches = ", ".join(
        f"{duration(search_seconds(images, measured, assumed))} at {images:,.0f} images/s"
        for images in assumed.gpu_rates
    )
    return f"""## {assumed.samples:,.0f} samples and {assumed.gpus:g} GPUs, computed

From the rates above and the assumptions below; nothing of this size was run, and no GPU was at hand.

The store: {number(stored / TB)} TB, {number(measured.sample_bytes / 1e3)} kB a sample. Its build, with
computing, writing and handing out at the same time and start and seal before and after (Amdahl 1967):

{build}

A fit on {assumed.gpus:g} GPUs. The reduction is taken to begin when the step ends, the worst case; rows
that a process keeps in memory (`cache_mib`) would not be read again, which is not counted:

{fit}

A search of {assumed.trials:g} trials of {assumed.trial_epochs:g} epochs over images, none stopped early:
{searches}. A suite of {assumed.cells:,.0f} cells:

{suite}

Money, with build and suite on {cores} cores, in the unit of the prices:

{cost}"""


def _assumptions(measured: Measured, assumed: Assumed) -> str:
    own = [
        ("core seconds of one more sample", measured.build_seconds, "build by Dask, 1"),
        ("efficiency of the work on any number of cores", measured.build_efficiency, "build by Dask"),
        ("s of a build at size nothing", measured.build_start, f"build by Dask, {PLACES}"),
        ("GiB of a worker", measured.worker_bytes / 2**30, f"build by Dask, {PLACES}, divided"),
        ("bytes of a sample in the store", measured.sample_bytes, "files of the store that was read"),
        ("s to seal one more shard", measured.seal_seconds, "largest and smallest number of shards"),
        ("tasks/s that one process hands out", measured.tasks_per_second, "empty cells as Ray tasks"),
        (
            "core seconds of one more cell, also scored and tracked",
            measured.cell_seconds,
            "suite in one process",
        ),
        ("cells/s that are scored", measured.scores_per_second, "empty cells"),
        ("runs/s that are tracked", measured.runs_per_second, "SQLite"),
        ("s of a search at size nothing", measured.search_start, f"search, {PLACES}"),
    ]
    rows = [[what, number(value), f"measured: {where}"] for what, value, where in own]
    rows += [
        [f.metadata["about"], number(getattr(assumed, f.name)), f"assumed: `{_option(f.name)}`"]
        for f in fields(assumed)
    ]
    rows.append(["samples of a shard", str(ROWS_PER_SHARD), "chosen: `rows_per_shard`"])
    return f"""## Assumptions

Assumed values are options of the command. Further: many workers lose no larger share than {PLACES} do; TS
and ITS are slower than IMG on a GPU by the same factor as here; shards are handed out as quickly as cells.

{table("what | value | from", rows)}"""


def _first(measured: Measured, assumed: Assumed) -> str:
    cores = CORES[-1]
    sentences, tables = [], []
    for images in assumed.gpu_rates:
        found = limits_of(cores, images, measured, assumed)
        sentences.append(f"- At {images:,.0f} images/s a GPU, {verdict(found)}.")
        tables = [[f"{x.what}, {x.unit}", number(x.demand), number(x.capacity), number(x.ratio), x.source]
                  for x in found]  # fmt: skip
    worst = table("part | asked | given | ratio | from", tables)
    return f"""## What would break first

On {cores} cores and {assumed.gpus:g} GPUs, the largest of what is asked of a part over what it gives:

{chr(10).join(sentences)}

All of them at the fastest of these rates:

{worst}"""


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _head(version: str, small: bool) -> str:
    command = " ".join(["python -m slipbench.benchmarks.speed.scale", *sys.argv[1:]])
    size = " Sizes for a trial only (`--small`): the figures mean little." if small else ""
    return f"""`{command}` (`make scale`)
on {datetime.now(UTC).date()} with slipbench {version}: {hardware()}, Python {machine.python_version()}.{size}

Figures belong to this machine and drift when it is shared. Every one of them comes from this run or is listed
under [Assumptions](#assumptions). Other speeds are in [speed.md](speed.md)."""


def main() -> None:
    """Measure, compute and print the page; with ``--write`` keep it."""
    parser = argparse.ArgumentParser(
        prog="python -m slipbench.benchmarks.speed.scale",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--small", action="store_true", help="small sizes, to try it")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page to this Markdown file")
    parser.add_argument(
        "--tracking",
        default="",
        metavar="URI",
        help="also time an MLflow server or database (to be thrown away)",
    )
    for one in fields(Assumed):
        parser.add_argument(
            _option(one.name), type=float, default=one.default, metavar="X", help=one.metadata["about"]
        )
    arguments = parser.parse_args()
    assumed = Assumed(**{one.name: getattr(arguments, one.name) for one in fields(Assumed)})
    for one in fields(assumed):
        value = getattr(assumed, one.name)
        if value < 0 or (value == 0 and one.name not in PRICES):
            parser.error(f"{_option(one.name)} is {value:g}, expected more than 0")
    found = measure(arguments.small, arguments.tracking)
    text = page(found, assumed, _head(found.serial.code_version, arguments.small))
    print(text)
    if arguments.write:
        arguments.write.write_text(text)


if __name__ == "__main__":
    main()
