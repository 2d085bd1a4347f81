"""One trainer without a suite: its store, its search and its fit, checked before they start."""

from dataclasses import replace

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.platform.cluster import Cluster, join
from slipbench.platform.config.cluster import LOCAL, AnyCluster
from slipbench.platform.records import fit_record
from slipbench.platform.settings import Settings
from slipbench.platform.spool import track
from slipbench.platform.stages import (
    Fitted,
    Planned,
    Report,
    build_stores,
    check_trainer,
    dataset_key,
    datasets_of,
    plan_dataset,
    run_fit,
    run_search,
    run_start,
)
from slipbench.platform.tracking_check import check
from slipbench.platform.tune import Tuned
from slipbench.trainers.options import TrainerOptions


def train(
    options: TrainerOptions, place: Settings, report: Report, *, search: bool, cluster: AnyCluster = LOCAL
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
    cluster : Local, Dask or Ray
        Where stages are computed.

    Returns
    -------
    Fitted
        Without a fit where it failed; the report has told why.

    Raises
    ------
    InputError
        For anything that can be known beforehand.
    """
    if search and options.search is None:
        raise _no_search(options)
    with join(cluster) as joined, place.working():
        planned = _planned(options, place, search, joined)
        check(place.tracking, [options.name])
        stores = _built(planned, report, joined)
        fitted = run_fit(options, stores, place, report, options.name, search, joined)
        record = fit_record(options.name, fitted, stores[dataset_key(options.dataset)].dataset_hash)
        # a run of its own for every fit: what MLflow has logged of one cannot be changed to another's
        record = replace(record, id=f"fit-{fitted.folder.name}")
        track(place, report, record, record.children)
    return fitted


def search(options: TrainerOptions, place: Settings, report: Report, *, cluster: AnyCluster = LOCAL) -> Tuned:
    """Run the search of a trainer, or read the finished one. Arguments and errors as in `train`."""
    if options.search is None:
        raise _no_search(options)
    with join(cluster) as joined, place.working():
        stores = _built(_planned(options, place, True, joined), report, joined)
        start = run_start(options, stores, place, report, True, joined)
        return run_search(options, stores[dataset_key(options.dataset)], place, report, start, joined)


def _planned(options: TrainerOptions, place: Settings, search: bool, cluster: Cluster) -> dict[str, Planned]:
    """The datasets of a trainer and of those that it starts from, by `dataset_key`; all is checked."""
    check_trainer(options, search, cluster)
    return {dataset_key(d): plan_dataset(d, place) for d in datasets_of(options)}


def _built(planned: dict[str, Planned], report: Report, cluster: Cluster) -> dict[str, Store]:
    built = build_stores(list({p.folder: p for p in planned.values()}.values()), report, cluster)
    return {key: built[p.folder] for key, p in planned.items()}


def _no_search(options: TrainerOptions) -> InputError:
    return InputError(
        f"trainer {options.name}", "has no 'search'", "options to search over", "add search.space to its YAML"
    )
