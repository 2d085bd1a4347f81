"""``slipbench bench``: one suite with everything that it needs."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, ClusterFile, OnRay, Overrides, Scheduler, Workers


def command(
    suite: Annotated[str, typer.Argument(help="YAML of the suite, or a name from configs/benchmarks")],
    overrides: Overrides = None,
    search: Annotated[
        bool, typer.Option("--tune/--no-tune", help="run the searches of its trainers")
    ] = False,
    cluster: ClusterFile = "",
    ray: OnRay = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> int:
    """Run one suite: store, networks, cells, tracking, leaderboard."""
    from slipbench.benchmarks.task import AnySuite
    from slipbench.platform.cli.finish import finish
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.cli.where import where
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.pipeline import run_suites
    from slipbench.platform.settings import settings

    options = load(find("benchmarks", suite), AnySuite, overrides or ())
    place_of_work = where(cluster, workers, scheduler, ray)
    place = settings()
    with Reporter("bench", options.name, options, place) as report:
        done = run_suites([options], place, report, search=search, cluster=place_of_work)
    return finish(done, place, as_json)
