"""The main walk: datasets, networks, suites, tracking, leaderboard. Checks everything before it starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from slipbench.benchmarks.figures import draw
from slipbench.benchmarks.page import write_page
from slipbench.benchmarks.results import models_of, read_table
from slipbench.benchmarks.run import run_suite
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite
from slipbench.benchmarks.task import suite_of
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash
from slipbench.datasets.store.reader import Store
from slipbench.platform.best_network import best_network
from slipbench.platform.cluster import Cluster, join
from slipbench.platform.config.cluster import LOCAL, AnyCluster
from slipbench.platform.model_package import write_package
from slipbench.platform.records import cell_records, fit_record, suite_record
from slipbench.platform.registration import Registration
from slipbench.platform.settings import Settings
from slipbench.platform.spool import track
from slipbench.platform.stages import (
    Fitted,
    Planned,
    Report,
    build_stores,
    check_trainer,
    dataset_key,
    datasets_of_suite,
    plan_dataset,
    run_fit,
)
from slipbench.platform.tracking_check import check
from slipbench.platform.versions import code_version


@dataclass(frozen=True)
class SuiteDone:
    """A finished suite: its name, results table and MLflow run, and how many cells did not finish.

    The run is empty where the tracking server did not take it.
    """

    name: str
    table: Path
    run_id: str
    cells: int
    failed: int


def run_suites(
    options: Sequence[Any],
    place: Settings,
    report: Report,
    *,
    search: bool = True,
    cluster: AnyCluster = LOCAL,
) -> list[SuiteDone]:
    """Run suites with everything that they need.

    Parameters
    ----------
    options : sequence
        Options of suites (`AnySuite`).
    place : Settings
        Data, home and tracking server.
    report : Report
        Where to tell what happens.
    search : bool
        Whether trainers that have a search run it.
    cluster : Local, Dask or Ray
        Where stages are computed.

    Raises
    ------
    InputError
        For anything that can be known beforehand: unusable data, missing weights, too large trials, a
        tracking server or scheduler that does not answer. Nothing has been started then.
    """
    suites = [suite_of(o) for o in options]
    report.say("checking inputs, weights and tracking")
    datasets = _plan(suites, place)
    for suite in suites:
        suite.check()
    unique = {d.folder: d for d in datasets.values()}
    with join(cluster) as joined:
        for suite in suites:
            for trainer in suite.trainers().values():
                check_trainer(trainer, search, joined)
        check(place.tracking, [suite.options.name for suite in suites])
        with place.working():
            opened = build_stores(list(unique.values()), report, joined)
            stores = {key: opened[d.folder] for key, d in datasets.items()}
            return [_run(suite, stores, place, report, search, joined) for suite in suites]


def _plan(suites: Sequence[Suite], place: Settings) -> dict[str, Planned]:
    """Every dataset of the suites and their trainers, each planned once."""
    planned: dict[str, Planned] = {}
    for suite in suites:
        for dataset in datasets_of_suite(suite):
            key = dataset_key(dataset)
            if key not in planned:
                planned[key] = plan_dataset(dataset, place)
    return planned


def _run(
    suite: Suite, stores: dict[str, Store], place: Settings, report: Report, search: bool, cluster: Cluster
) -> SuiteDone:
    name, store = suite.options.name, stores[dataset_key(suite.options.dataset)]
    fits: dict[str, Fitted] = {}
    for key, trainer in suite.trainers().items():
        fits[key] = run_fit(trainer, stores, place, report, key, search, cluster)
    suite_hash = config_hash(
        {
            "options": suite.options.model_dump(mode="json"),
            "dataset": store.dataset_hash,
            "tests": {key: stores[dataset_key(d)].dataset_hash for key, d in suite.tests().items()},
            "version": SUITES.info(suite.options.suite).version,
            "search": search and any(t.search for t in suite.trainers().values()),
        }
    )
    folder = place.results / f"{name}-{suite_hash[:12]}"
    tests = {key: stores[dataset_key(dataset)] for key, dataset in suite.tests().items()}
    inputs = Inputs(store, {key: f.checkpoint for key, f in fits.items()}, place.cache, tests, place.data)
    table_path = run_suite(
        suite,
        inputs,
        folder,
        _named(report, f"suite {name}"),
        code_version(),
        cluster.executor(),
        lambda plan: report.say(f"plan {name}: {plan}"),
    )
    table = read_table([table_path])
    model = _package(table, fits, stores, folder, report)
    run_id = _track(suite, suite_hash, table, table_path, fits, store, place, report, model)
    each = table.drop_duplicates("cell")
    failed = int((each["status"] == "failed").sum())
    return SuiteDone(name, table_path, run_id, len(models_of(each)), failed)


def _named(report: Report, name: str) -> Callable[[str, int, int], None]:
    """One bar for a suite's cells, and one for each thing that it prepares before them."""
    bars = {"": report.stage(name)}

    def progress(text: str, done: int, total: int) -> None:
        if text == "embeddings":
            bars.setdefault(text, report.stage(f"{name}: {text}"))("", done, total)
        else:
            bars[""](text, done, total)

    return progress


def _track(
    suite: Suite,
    suite_hash: str,
    table: pd.DataFrame,
    table_path: Path,
    fits: dict[str, Fitted],
    store: Store,
    place: Settings,
    report: Report,
    model: Registration | None,
) -> str:
    records = [fit_record(key, f, store.dataset_hash) for key, f in fits.items()] + list(cell_records(table))
    parent = suite_record(suite, suite_hash, store.dataset_hash)
    folder = table_path.parent
    figures = [drawing.path for drawing in draw(table, folder / "figures")]
    reports = suite.report(table, folder / "report")
    files = [table_path, write_page(table, folder / "leaderboard.html"), *figures, *reports]
    return track(place, report, parent, records, files, model)


def _package(
    table: pd.DataFrame, fits: dict[str, Fitted], stores: dict[str, Store], folder: Path, report: Report
) -> Registration | None:
    """The suite's best network, ready to be registered; None where no network can be judged."""
    best = best_network(table, fits)
    if best is None:
        return None
    try:
        return write_package(best, stores[dataset_key(best.fitted.options.dataset)], folder / "model")
    except InputError as error:  # it costs the registration, not the results
        report.fail("tracking", f"model of {best.cell['suite']}: not registered ({error})")
        return None
