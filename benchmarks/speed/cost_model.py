"""Time and money of a large run from measured rates and named assumptions. Nothing is measured here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

GB, TB = 1e9, 1e12
#: Assumptions that money is linear in, and that may be nothing.
PRICES = ("core_hour", "gpu_hour", "tb_month", "months")


def _assumed(value: float, about: str) -> float:
    """A field with its default and what it is."""
    found: float = field(default=value, metadata={"about": about})
    return found


@dataclass(frozen=True)
class Assumed:
    """What was not measured: the size of the run, the machines, and prices."""

    samples: float = _assumed(1e6, "samples of the dataset")
    gpus: float = _assumed(64, "GPUs of the fit")
    epochs: float = _assumed(100, "epochs of the fit")
    batch: float = _assumed(128, "samples of a step on each GPU")
    slow_gpu: float = _assumed(1_000, "images/s that the IMG network trains on one GPU, slow")
    middle_gpu: float = _assumed(5_000, "images/s, middle")
    fast_gpu: float = _assumed(20_000, "images/s, fast")
    storage: float = _assumed(10, "GB/s of the shared storage, reading or writing")
    network: float = _assumed(12.5, "GB/s of the network of each GPU")
    memory: float = _assumed(4, "GiB of memory for each core")
    trials: float = _assumed(100, "trials of a search, one GPU each")
    trial_epochs: float = _assumed(10, "epochs of a trial")
    cells: float = _assumed(10_000, "cells of a suite")
    core_hour: float = _assumed(0.05, "price of a core for an hour")
    gpu_hour: float = _assumed(2.5, "price of a GPU for an hour")
    tb_month: float = _assumed(25, "price of a TB stored for a month")
    months: float = _assumed(1, "months that the store is kept")

    @property
    def gpu_rates(self) -> tuple[float, float, float]:
        """Images/s of one GPU: slow, middle, fast."""
        return self.slow_gpu, self.middle_gpu, self.fast_gpu


@dataclass(frozen=True)
class Network:
    """One network on this machine: parameters, bytes of its sample, and samples/s read and trained on."""

    name: str
    parameters: int
    sample_bytes: int
    reader_rate: float
    training_rate: float


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Parameters
    ----------
    build_seconds : float
        Core seconds of one more sample, one worker.
    build_efficiency : float
        Of the work of two workers; taken for any number.
    build_start : float
        Seconds that a build takes at size nothing.
    worker_bytes : float
        Memory of one worker.
    sample_bytes : float
        Bytes of a sample in the store.
    rows_per_shard : float
        Samples of a shard.
    seal_seconds : float
        Seconds for one more shard to seal.
    tasks_per_second : float
        Tasks that one process hands out and whose results it writes.
    cell_seconds : float
        Core seconds of one more cell in one process.
    scores_per_second, runs_per_second : float
        Cells that are scored with intervals, and runs that are tracked.
    search_start : float
        Seconds that a search takes at size nothing.
    networks : mapping of str to Network
        With ``img`` among them.
    """

    build_seconds: float
    build_efficiency: float
    build_start: float
    worker_bytes: float
    sample_bytes: float
    rows_per_shard: float
    seal_seconds: float
    tasks_per_second: float
    cell_seconds: float
    scores_per_second: float
    runs_per_second: float
    search_start: float
    networks: Mapping[str, Network]


@dataclass(frozen=True)
class Build:
    """Seconds of a build on so many cores: what goes side by side, and what does not.

    Parameters
    ----------
    cores : float
        Cores, one worker each.
    parts : mapping of str to float
        Seconds of each part that could be the slowest, where all but the serial one go on at once.
    """

    cores: float
    parts: Mapping[str, float]

    @property
    def wall(self) -> float:
        """Seconds from start to seal."""
        return self.parts["serial"] + max(s for name, s in self.parts.items() if name != "serial")

    @property
    def limit(self) -> str:
        """The longest part."""
        return max(self.parts, key=lambda name: self.parts[name])

    @property
    def core_hours(self) -> float:
        """Of all cores, also while they wait."""
        return self.cores * self.wall / 3600


@dataclass(frozen=True)
class Fit:
    """A fit of a network on all GPUs at one assumed rate.

    Parameters
    ----------
    rate : float
        Samples/s that a GPU would train on.
    storage_bytes : float
        Bytes/s that the store must deliver.
    readers : float
        Readers of the measured rate that each GPU needs.
    reduced_bytes : float
        Bytes that each GPU sends in a step, by a ring.
    step, reduction : float
        Seconds of a step's work and of its reduction, one after the other.
    seconds : float
        All epochs, with as many readers as are needed and the assumed storage.
    """

    rate: float
    storage_bytes: float
    readers: float
    reduced_bytes: float
    step: float
    reduction: float
    seconds: float


@dataclass(frozen=True)
class Limit:
    """What is asked of a part of the system, and what it gives; more than 1 breaks."""

    what: str
    demand: float
    capacity: float
    unit: str
    source: str

    @property
    def ratio(self) -> float:
        """Demand over capacity."""
        return self.demand / self.capacity


def shards(measured: Measured, assumed: Assumed) -> float:
    """Shards of the whole dataset."""
    return math.ceil(assumed.samples / measured.rows_per_shard)


def build_on(cores: float, measured: Measured, assumed: Assumed) -> Build:
    """A build of all samples on so many cores (Amdahl 1967: the serial part does not shrink)."""
    n = shards(measured, assumed)
    at_once = min(cores, n)
    efficiency = 1.0 if at_once <= 1 else min(1.0, measured.build_efficiency)
    return Build(
        cores,
        {
            "computing": assumed.samples * measured.build_seconds / (at_once * efficiency),
            "writing": assumed.samples * measured.sample_bytes / (assumed.storage * GB),
            "handing out": n / measured.tasks_per_second,
            "serial": measured.build_start + n * measured.seal_seconds,
        },
    )


def fit_on(name: str, images: float, measured: Measured, assumed: Assumed) -> Fit:
    """A fit on all GPUs, each of which would train on so many images/s.

    Networks other than IMG are taken to be slower on a GPU by what they are slower here.
    """
    network = measured.networks[name]
    rate = images * network.training_rate / measured.networks["img"].training_rate
    reduced = 2 * (assumed.gpus - 1) / assumed.gpus * 4 * network.parameters
    fed = min(rate, assumed.storage * GB / (assumed.gpus * network.sample_bytes))
    reduction = reduced / (assumed.network * GB)
    steps = math.ceil(assumed.epochs * assumed.samples / (assumed.gpus * assumed.batch))
    return Fit(
        rate=rate,
        storage_bytes=assumed.gpus * rate * network.sample_bytes,
        readers=rate / network.reader_rate,
        reduced_bytes=reduced,
        step=assumed.batch / rate,
        reduction=reduction,
        seconds=steps * (assumed.batch / fed + reduction),
    )


def search_seconds(images: float, measured: Measured, assumed: Assumed) -> float:
    """Wall seconds of a search over fits of IMG, one GPU each, none stopped early."""
    rounds = math.ceil(assumed.trials / assumed.gpus)
    return measured.search_start + rounds * assumed.trial_epochs * assumed.samples / images


def suite_seconds(cores: float, measured: Measured, assumed: Assumed) -> Mapping[str, float]:
    """Seconds of each part of a suite: cells side by side, then their scores and runs one after the other."""
    return {
        "computing": assumed.cells * measured.cell_seconds / cores,
        "handing out": assumed.cells / measured.tasks_per_second,
        "scoring": assumed.cells / measured.scores_per_second,
        "tracking": assumed.cells / measured.runs_per_second,
    }


def suite_wall(cores: float, measured: Measured, assumed: Assumed) -> float:
    """Wall seconds of a suite: handing out goes on beside the cells, the rest comes after."""
    parts = suite_seconds(cores, measured, assumed)
    return max(parts["computing"], parts["handing out"]) + parts["scoring"] + parts["tracking"]


def money(cores: float, images: float, measured: Measured, assumed: Assumed) -> Mapping[str, float]:
    """Price of each stage, on so many cores and at so many images/s of a GPU."""
    search = search_seconds(images, measured, assumed) * assumed.gpus
    return {
        "build": build_on(cores, measured, assumed).core_hours * assumed.core_hour,
        "store": assumed.samples * measured.sample_bytes / TB * assumed.months * assumed.tb_month,
        "fit of IMG": fit_on("img", images, measured, assumed).seconds
        * assumed.gpus
        / 3600
        * assumed.gpu_hour,
        "search": search / 3600 * assumed.gpu_hour,
        "suite": suite_wall(cores, measured, assumed) * cores / 3600 * assumed.core_hour,
    }


def limits(cores: float, images: float, measured: Measured, assumed: Assumed) -> list[Limit]:
    """Every part that could break, the worst first, on so many cores and at so many images/s of a GPU."""
    build = build_on(cores, measured, assumed).parts
    suite = suite_seconds(cores, measured, assumed)
    found = [
        Limit(
            "sealing and starting a build, against its computing",
            build["serial"],
            build["computing"],
            "s",
            "both measured",
        ),
        Limit(
            "handing out shards",
            shards(measured, assumed) / build["computing"],
            measured.tasks_per_second,
            "tasks/s",
            "both measured",
        ),
        Limit(
            "writing the store",
            assumed.samples * measured.sample_bytes / build["computing"] / GB,
            assumed.storage,
            "GB/s",
            "capacity assumed",
        ),
        Limit(
            "memory of a core that builds",
            measured.worker_bytes / 2**30,
            assumed.memory,
            "GiB",
            "capacity assumed",
        ),
        Limit(
            "handing out cells and writing their rows",
            assumed.cells / suite["computing"],
            measured.tasks_per_second,
            "cells/s",
            "both measured",
        ),
        Limit(
            "scoring the cells",
            assumed.cells / suite["computing"],
            measured.scores_per_second,
            "cells/s",
            "both measured",
        ),
        Limit(
            "tracking the cells' runs",
            assumed.cells / suite["computing"],
            measured.runs_per_second,
            "runs/s",
            "both measured",
        ),
    ]
    for name, network in measured.networks.items():
        fit = fit_on(name, images, measured, assumed)
        found += [
            Limit(
                f"one reader for each GPU, {name}",
                fit.rate,
                network.reader_rate,
                "samples/s",
                "demand assumed",
            ),
            Limit(
                f"reading the store for all GPUs, {name}",
                fit.storage_bytes / GB,
                assumed.storage,
                "GB/s",
                "both assumed",
            ),
            Limit(
                f"reduction of the gradients, against the step, {name}",
                fit.reduction,
                fit.step,
                "s",
                "both assumed",
            ),
        ]
    return sorted(found, key=lambda limit: -limit.ratio)


def verdict(found: list[Limit]) -> str:
    """What breaks first, in one sentence that follows from the figures."""
    worst = max(found, key=lambda limit: limit.ratio)
    figures = f"{worst.demand:,.3g} {worst.unit} against {worst.capacity:,.3g}"
    if worst.ratio <= 1:
        return f"nothing breaks; closest to it is {worst.what}: {figures}, {worst.ratio:.0%} ({worst.source})"
    others = sum(limit.ratio > 1 for limit in found) - 1
    more = f"; {others} other{'s are' if others != 1 else ' is'} asked for too much as well" if others else ""
    return f"{worst.what} breaks first: {figures}, {worst.ratio:,.3g} times too much ({worst.source}){more}"
