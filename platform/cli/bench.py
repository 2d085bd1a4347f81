"""``slipbench bench``: one suite with everything that it needs."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, CellsOnRay, Overrides, Scheduler, Workers


def command(
    suite: Annotated[str, typer.Argument(help="YAML of the suite, or a name from configs/benchmarks")],
    overrides: Overrides = None,
    search: Annotated[
        bool, typer.Option("--tune/--no-tune", help="run the searches of its trainers")
    ] = False,
    ray: CellsOnRay = "",
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> int:
    """Run one suite: store, networks, cells, tracking, leaderboard."""
    from slipbench.benchmarks.task import AnySuite
    from slipbench.platform.cli.finish import finish
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.pipeline import run_suites
    from slipbench.platform.settings import settings

    options = load(find("benchmarks", suite), AnySuite, overrides or ())
    place = settings()
    with Reporter("bench", options.name, options, place) as report:
        done = run_suites(
            [options], place, report, search=search, workers=workers, scheduler=scheduler, ray=ray
        )
    return finish(done, place, as_json)
