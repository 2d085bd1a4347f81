"""``slipbench run``: the whole walk of a pipeline."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, ClusterFile, OnRay, Overrides, Scheduler, Workers


def command(
    pipeline: Annotated[str, typer.Argument(help="YAML of the pipeline, or a name from configs/pipelines")],
    overrides: Overrides = None,
    cluster: ClusterFile = "",
    ray: OnRay = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> int:
    """Build, train, compare, track and rank; run again to go on after an interruption."""
    from slipbench.platform.cli.finish import finish
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.cli.where import where
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.config.pipeline import PipelineOptions
    from slipbench.platform.pipeline import run_suites
    from slipbench.platform.settings import in_ray_job, settings

    options = load(find("pipelines", pipeline), PipelineOptions, overrides or ())
    place_of_work = where(cluster, workers, scheduler, ray)
    place = settings()
    with Reporter("run", options.name, options, place) as report:
        if in_ray_job():
            report.say(f"inside a Ray job: stores, fits and results go to {place.home} (SLIPBENCH_HOME)")
        done = run_suites(
            list(options.suites.values()),
            place,
            report,
            search=options.tune,
            cluster=place_of_work,
        )
    return finish(done, place, as_json)
