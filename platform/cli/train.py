"""``slipbench train``: one network on its dataset."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, ClusterFile, OnRay, Overrides, Scheduler, Workers


def command(
    trainer: Annotated[str, typer.Argument(help="YAML of the trainer, or a name from configs/trainers")],
    overrides: Overrides = None,
    search: Annotated[bool, typer.Option("--tune/--no-tune", help="run the trainer's search first")] = False,
    cluster: ClusterFile = "",
    ray: OnRay = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> int:
    """Build the dataset where needed, train, and keep the best weights; run again to resume."""
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.cli.show_fit import show_fit
    from slipbench.platform.cli.where import where
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings
    from slipbench.platform.training import train
    from slipbench.trainers.options import TrainerOptions

    options = load(find("trainers", trainer), TrainerOptions, overrides or ())
    place_of_work = where(cluster, workers, scheduler, ray)
    place = settings()
    with Reporter("train", options.name, options, place) as report:
        fitted = train(options, place, report, search=search, cluster=place_of_work)
    if fitted.fit is None:
        return 1
    show_fit(fitted.fit, "samples", as_json)
    return 0
