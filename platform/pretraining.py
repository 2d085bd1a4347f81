"""Pre-training of an image encoder: its store, its training and what MLflow keeps of it."""

from dataclasses import replace
from typing import Any, cast

from slipbench.platform.cluster import join
from slipbench.platform.config.cluster import LOCAL, AnyCluster
from slipbench.platform.machine_use import MachineUse
from slipbench.platform.records import fit_record
from slipbench.platform.settings import Settings
from slipbench.platform.spool import track
from slipbench.platform.stages import Fitted, Report, build_stores, plan_dataset
from slipbench.platform.tracking_check import check
from slipbench.trainers.mae_fit import check_mae, mae_hash, pretrain
from slipbench.trainers.mae_options import MaeOptions
from slipbench.trainers.record import Fit


def pretrain_mae(options: MaeOptions, place: Settings, report: Report, *, cluster: AnyCluster = LOCAL) -> Fit:
    """Pre-train an encoder on masked images, track it and return it; a finished one is found again.

    Parameters
    ----------
    options : MaeOptions
        What to train.
    place : Settings
        Data, home and tracking server.
    report : Report
        Where to tell what happens.
    cluster : Local, Dask or Ray
        Where the store is built; the training itself runs here.

    Raises
    ------
    InputError
        For unusable input, and when the loss is not finite.
    """
    check_mae(options)
    with join(cluster) as joined, place.working():
        planned = plan_dataset(options.dataset, place)
        check(place.tracking, [options.name])
        store = build_stores([planned], report, joined)[planned.folder]
        key = mae_hash(options, store.dataset_hash)
        folder = place.fits / f"mae-{options.architecture}-seed{options.seed}-{key[:12]}"
        told: list[int] = []
        show = report.stage(f"pre-training {options.name}")

        def progress(epochs: int, total: int, text: str) -> None:
            told.append(epochs)
            show(text, epochs, total)

        with MachineUse(folder):
            fit = pretrain(options, store, folder, progress)
        if not told:
            report.say(f"pre-training {options.name}: finished already, skipped")
        # a record asks options for what all kinds have: their values and the seed
        fitted = Fitted(cast(Any, options), folder, fit, None)
        record = fit_record(options.name, fitted, store.dataset_hash)
        record = replace(record, id=f"fit-{folder.name}")
        track(place, report, record, ())
    return fit
