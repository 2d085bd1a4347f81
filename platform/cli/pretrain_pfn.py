"""``slipbench pretrain-pfn``: a prior-fitted network in TabPFN's checkpoint format."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, Overrides


def command(
    config: Annotated[str, typer.Argument(help="YAML of the pre-training, or a name from configs/trainers")],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Pre-train a prior-fitted regressor on made tasks; run again to resume."""
    from dataclasses import asdict

    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings
    from slipbench.trainers.pfn.options import PretrainOptions
    from slipbench.trainers.pfn.pretrain import pretrain, pretrain_hash

    options = load(find("trainers", config), PretrainOptions, overrides or ())
    place = settings()
    folder = place.fits / f"{options.name}-{pretrain_hash(options)[:12]}"
    with Reporter("pretrain-pfn", options.name, options, place) as report, place.working():
        stage = report.stage(f"pretrain {options.name}")
        done = pretrain(options, folder, lambda step, steps, text: stage(text, step, steps))
    if as_json:
        print_json(asdict(done))
        return
    console = out()
    console.print(
        f"{done.steps} steps, {done.tasks} tasks, {done.parameters:,} parameters, loss {done.loss:.3f}, "
        f"{done.seconds:.0f} s ({done.cpu_seconds:.0f} s of processor time) on {done.hardware}"
    )
    console.print(f"sha256 {done.sha256}")
    console.print(f"checkpoint {done.checkpoint}", soft_wrap=True)
