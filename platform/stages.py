"""The stages of a walk: stores, searches and fits. What is sealed is skipped, what was cut off goes on."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from slipbench.benchmarks.run import reason_of
from slipbench.benchmarks.suites.base import Suite
from slipbench.datasets.dataset import recipe_of
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.manifest import MANIFEST
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.reader import Store
from slipbench.platform.cluster import ALONE, Cluster
from slipbench.platform.machine_use import MachineUse
from slipbench.platform.settings import Settings
from slipbench.platform.stop import raise_if_asked
from slipbench.platform.tune import Tuned, check_trial, read_tuned, search_hash, tune
from slipbench.trainers.devices import HERE
from slipbench.trainers.fit import fit
from slipbench.trainers.hash import fit_hash
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.record import Fit
from slipbench.trainers.search import apply, check_search
from slipbench.trainers.start import check_start, start_file, start_options

_LOG = logging.getLogger(__name__)


class Report(Protocol):
    """Where stages tell what they do."""

    def say(self, text: str) -> None:
        """Tell one line."""

    def fail(self, kind: str, text: str) -> None:
        """Tell one line about something that failed; it is counted by kind, such as ``train``."""

    def counter(self, name: str) -> Callable[[int, int], None]:
        """Callback ``(done, total)`` of a stage."""

    def stage(self, name: str) -> Callable[[str, int, int], None]:
        """Callback ``(detail, done, total)`` of a stage."""


@dataclass(frozen=True)
class Planned:
    """A dataset whose inputs were read and found good: its name, plan and place."""

    name: str
    plan: Plan
    folder: Path

    @property
    def sealed(self) -> bool:
        """Whether the store is there already."""
        return (self.folder / MANIFEST).exists()


@dataclass(frozen=True)
class Fitted:
    """A trained network: its options (after a search), fit and search, or why there is no fit."""

    options: TrainerOptions
    folder: Path
    fit: Fit | None
    tuned: Tuned | None
    reason: str = ""

    @property
    def checkpoint(self) -> Path | str:
        """The best weights, or the reason why there are none."""
        return self.fit.checkpoint if self.fit else self.reason


def plan_dataset(options: Any, place: Settings) -> Planned:
    """Read and check a dataset's inputs; nothing is written.

    Raises
    ------
    InputError
        For unusable input.
    """
    plan = recipe_of(options, place.data).plan()
    return Planned(options.name, plan, place.stores / f"{options.name}-{plan.dataset_hash[:12]}.zarr")


def dataset_key(options: Any) -> str:
    """What two equal dataset configurations share."""
    return config_hash(options)


def build_stores(datasets: Sequence[Planned], report: Report, cluster: Cluster = ALONE) -> dict[Path, Store]:
    """Build what is not sealed yet; every store by its folder."""
    todo = []
    for dataset in datasets:
        if dataset.sealed:
            report.say(f"store {dataset.name}: sealed already, skipped")
        else:
            todo.append(dataset)
    for dataset in todo:
        build(dataset.plan, dataset.folder, cluster.pool, report.counter(f"store {dataset.name}"))
    return {dataset.folder: Store(dataset.folder) for dataset in datasets}


def datasets_of(options: TrainerOptions) -> list[Any]:
    """Datasets of a trainer and of those that it starts from."""
    before = start_options(options)
    return [options.dataset, *(datasets_of(before) if before else ())]


def datasets_of_suite(suite: Suite) -> list[Any]:
    """Datasets of a suite and of the trainers of its networks."""
    trained = [dataset for trainer in suite.trainers().values() for dataset in datasets_of(trainer)]
    return [suite.options.dataset, *suite.tests().values(), *trained]


def check_trainer(options: TrainerOptions, search: bool, cluster: Cluster = ALONE) -> None:
    """Raise InputError for anything about a fit that can be known before it starts."""
    cluster.launch().kind(options)
    check_start(options)
    if before := start_options(options):
        check_trainer(before, search, cluster)
    check_search(options)
    if options.search and search:
        check_trial(options.search, cluster)


def run_search(
    options: TrainerOptions,
    store: Store,
    place: Settings,
    report: Report,
    start: Path | None = None,
    cluster: Cluster = ALONE,
) -> Tuned:
    """The finished search of a trainer, run now where it has not been; its trials start from `start`."""
    key = search_hash(options, store.dataset_hash, file_sha256(start) if start else "")
    folder = place.fits / f"{options.model.model}-search-{key[:12]}"
    if read_tuned(folder):
        report.say(f"search {options.name}: finished already, skipped")
    progress = report.counter(f"search {options.name}")
    return tune(options, store.folder, folder, progress, start, cluster.stages.trial)


def run_start(
    options: TrainerOptions,
    stores: Mapping[str, Store],
    place: Settings,
    report: Report,
    search: bool,
    cluster: Cluster = ALONE,
) -> Path | None:
    """The checkpoint that a trainer starts from, fitted now where it has not been; None where it starts anew.

    Raises
    ------
    RuntimeError
        When that fit failed.
    """
    before = start_options(options)
    if before is None:
        return start_file(options)
    fitted = run_fit(before, stores, place, report, before.name, search, cluster)
    if fitted.fit is None:
        raise RuntimeError(f"its start {before.name} failed: {fitted.reason}")
    return fitted.fit.checkpoint


def run_fit(
    options: TrainerOptions,
    stores: Mapping[str, Store],
    place: Settings,
    report: Report,
    name: str,
    search: bool,
    cluster: Cluster = ALONE,
) -> Fitted:
    """Search (where asked and configured), then fit; a failure is a reason, not an exception.

    A fit's folder is named by what it is, so trainers with the same options share one, whoever asks.

    Parameters
    ----------
    stores : mapping
        `dataset_key` of each of `datasets_of` the options to its sealed store.
    name : str
        Name in messages.
    search : bool
        Whether to run the search of the options first.
    cluster : Cluster
        Where fits run; trials of a search run on Ray in any case.
    """
    tuned, folder, launch = None, place.fits, cluster.launch()
    store = stores[dataset_key(options.dataset)]
    try:
        start = run_start(options, stores, place, report, search, cluster)
        if search and options.search:
            tuned = run_search(options, store, place, report, start, cluster)
            options = apply(options, tuned.best)
        key = fit_hash(options, store.dataset_hash, file_sha256(start) if start else "")
        folder = place.fits / f"{options.model.model}-seed{options.seed}-{key[:12]}"
        told: list[int] = []
        show = report.stage(f"fit {name}")
        rows = len(store.rows_of("train"))

        def progress(epochs: int, total: int, text: str) -> None:
            if told and epochs > told[-1]:
                samples = rows * (epochs - told[-1])
                what = {"kind": "train", "fit": folder.name, "epoch": epochs, "samples": samples}
                _LOG.info("epoch %d of fit %s: %s", epochs, name, text, extra=what)
            told.append(epochs)
            show(text, epochs, total)

        # a fit on other machines tells nothing by how busy this one is
        with MachineUse(folder) if launch is HERE else nullcontext():
            done = fit(options, store, folder, start=start, launch=launch, progress=progress)
        if not told:
            report.say(f"fit {name}: finished already, skipped")
    except Exception as error:  # its rows of the results table carry the reason
        raise_if_asked()
        report.fail("train", f"fit {name} failed: {reason_of(error)}")
        return Fitted(options, folder, None, tuned, reason_of(error))
    return Fitted(options, folder, done, tuned)
