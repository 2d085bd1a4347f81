"""``slipbench train``: one network on its dataset."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, Overrides, Scheduler, Workers


def command(
    trainer: Annotated[str, typer.Argument(help="YAML of the trainer, or a name from configs/trainers")],
    overrides: Overrides = None,
    search: Annotated[bool, typer.Option("--tune/--no-tune", help="run the trainer's search first")] = False,
    ray: Annotated[
        str,
        typer.Option(
            "--ray", help="fit with `devices` workers of this Ray cluster: HOST:PORT of it, or auto"
        ),
    ] = "",
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> int:
    """Build the dataset where needed, train, and keep the best weights; run again to resume."""
    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings
    from slipbench.platform.training import train
    from slipbench.trainers.options import TrainerOptions

    options = load(find("trainers", trainer), TrainerOptions, overrides or ())
    place = settings()
    with Reporter() as report:
        fitted = train(options, place, report, search=search, ray=ray, workers=workers, scheduler=scheduler)
    fit = fitted.fit
    if fit is None:
        return 1
    if as_json:
        print_json(
            {
                "checkpoint": fit.checkpoint,
                "sha256": fit.sha256,
                "epochs": fit.epochs,
                "best_epoch": fit.best_epoch,
                "validation_loss": fit.validation_loss,
                "samples_per_second": fit.samples_per_second,
                "parameters": fit.parameters,
                "seconds": fit.seconds,
            }
        )
        return 0
    console = out()
    console.print(
        f"best epoch {fit.best_epoch} of {fit.epochs}, validation loss {fit.validation_loss:.4g}, "
        f"{fit.parameters:,} parameters, {fit.samples_per_second:.0f} samples/s"
    )
    console.print(f"checkpoint {fit.checkpoint}", soft_wrap=True)
    return 0
