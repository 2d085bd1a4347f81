"""One trainer without a suite: its store, its search and its fit, checked before they start."""

from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.platform.records import fit_record
from slipbench.platform.settings import Settings
from slipbench.platform.stages import (
    Fitted,
    Report,
    build_stores,
    check_trainer,
    plan_dataset,
    run_fit,
    run_search,
)
from slipbench.platform.tracking import Tracker
from slipbench.platform.tracking_check import check
from slipbench.platform.tune import Tuned
from slipbench.trainers.options import TrainerOptions


def train(
    options: TrainerOptions, place: Settings, report: Report, *, search: bool, **cluster: Any
) -> Fitted:
    """Fit a network on its dataset, track it and return it.

    Parameters
    ----------
    options : TrainerOptions
        What to train.
    place : Settings
        Data, home and tracking server.
    report : Report
        Where to tell what happens.
    search : bool
        Whether to run the search of the options first.
    **cluster
        ``workers`` and ``scheduler`` of `cluster.dask_client`.

    Raises
    ------
    InputError
        For anything that can be known beforehand.
    RuntimeError
        When the fit fails.
    """
    if search and options.search is None:
        raise _no_search(options)
    check(place.tracking)
    with place.working():
        store = _store(options, place, report, search, cluster)
        fitted = run_fit(options, store, place, report, options.name, search)
        record = fit_record(options.name, fitted, store.dataset_hash)
        Tracker(place.tracking, place.home / "artifacts").log_suite(record, record.children)
    if fitted.fit is None:
        raise RuntimeError(fitted.reason)
    return fitted


def search(options: TrainerOptions, place: Settings, report: Report, **cluster: Any) -> Tuned:
    """Run the search of a trainer, or read the finished one. Arguments and errors as in `train`."""
    if options.search is None:
        raise _no_search(options)
    with place.working():
        return run_search(options, _store(options, place, report, True, cluster), place, report)


def _store(options: TrainerOptions, place: Settings, report: Report, search: bool, cluster: dict) -> Store:
    check_trainer(options, search)
    planned = plan_dataset(options.dataset, place)
    return build_stores([planned], report, **cluster)[planned.folder]


def _no_search(options: TrainerOptions) -> InputError:
    return InputError(
        f"trainer {options.name}", "has no 'search'", "options to search over", "add search.space to its YAML"
    )
