"""``slipbench tune``: the search of one trainer."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, ClusterFile, OnRay, Overrides, Scheduler, Workers


def command(
    trainer: Annotated[str, typer.Argument(help="YAML of the trainer, or a name from configs/trainers")],
    overrides: Overrides = None,
    cluster: ClusterFile = "",
    ray: OnRay = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> None:
    """Search over the options that the trainer's 'search' names, on whatever cores and GPUs there are."""
    from dataclasses import asdict

    from rich.table import Table

    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.cli.where import where
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings
    from slipbench.platform.training import search
    from slipbench.trainers.options import TrainerOptions

    options = load(find("trainers", trainer), TrainerOptions, overrides or ())
    place_of_work = where(cluster, workers, scheduler, ray)
    place = settings()
    with Reporter("tune", options.name, options, place) as report:
        tuned = search(options, place, report, cluster=place_of_work)
    if as_json:
        print_json(asdict(tuned))
        return
    names = list(tuned.best)
    table = Table("#", *names, "epochs", "validation loss")
    order = sorted(
        tuned.trials, key=lambda t: float("inf") if t.validation_loss is None else t.validation_loss
    )
    for rank, trial in enumerate(order, start=1):
        values = [f"{v:.4g}" if isinstance(v, float) else str(v) for v in (trial.config[n] for n in names)]
        loss = trial.error if trial.validation_loss is None else f"{trial.validation_loss:.4g}"
        table.add_row(str(rank), *values, str(len(trial.losses)), loss)
    out().print(table)
    out().print("best: " + " ".join(f"{k}={v}" for k, v in tuned.best.items()), soft_wrap=True)
