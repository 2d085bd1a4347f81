"""``slipbench pretrain-mae``: an image encoder on masked images."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, ClusterFile, OnRay, Overrides, Scheduler, Workers


def command(
    config: Annotated[
        str,
        typer.Argument(help="YAML of the pre-training, or a name from configs/trainers, such as mae_tiny"),
    ],
    overrides: Overrides = None,
    cluster: ClusterFile = "",
    ray: OnRay = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> None:
    """Pre-train an image encoder on masked GNSS images; run again to resume."""
    from slipbench.platform.cli.console import out
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.cli.show_fit import show_fit
    from slipbench.platform.cli.where import where
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.pretraining import pretrain_mae
    from slipbench.platform.settings import settings
    from slipbench.trainers.mae_options import MaeOptions

    options = load(find("trainers", config), MaeOptions, overrides or ())
    place_of_work = where(cluster, workers, scheduler, ray)
    place = settings()
    with Reporter("pretrain-mae", options.name, options, place) as report:
        fit = pretrain_mae(options, place, report, cluster=place_of_work)
    show_fit(fit, "images", as_json)
    if as_json:
        return
    console = out()
    console.print(f"sha256 {fit.sha256}")
    console.print(
        f"encoder: {{encoder: vit, architecture: {options.architecture}, image_size: {options.image_size}, "
        f"scale_mm: {options.scale_mm:g}, weights: mae, weights_path: {fit.checkpoint}}}",
        soft_wrap=True,
    )
