"""``slipbench submit``: a pipeline to a Ray or a Kubernetes cluster."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipbench.platform.cli.arguments import Overrides

if TYPE_CHECKING:
    from slipbench.platform.config.cluster import Kubernetes, Ray
    from slipbench.platform.submit.pipeline import Pipeline


class Target(StrEnum):
    """Kinds of clusters."""

    RAY = "ray"
    KUBERNETES = "kubernetes"


def command(
    pipeline: Annotated[str, typer.Argument(help="YAML of the pipeline, or a name from configs/pipelines")],
    overrides: Overrides = None,
    to: Annotated[Target, typer.Option("--to", help="kind of cluster")] = ...,  # type: ignore[assignment]
    render: Annotated[bool, typer.Option("--render", help="only show what would be applied")] = False,
    address: Annotated[
        str,
        typer.Option("--address", help="ray: dashboard of the head; default RAY_API_SERVER_ADDRESS, or here"),
    ] = "",
    folder: Annotated[
        Path | None,
        typer.Option("--working-dir", help="ray: folder that the job starts in; default here"),
    ] = None,
    wheel: Annotated[
        Path | None,
        typer.Option("--wheel", help="ray: slipbench for the job; default: what is installed on the head"),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option(
            "--cluster",
            help="what stages take and where: YAML, or a name from configs/clusters; default as --to",
        ),
    ] = "",
    overlay: Annotated[
        str,
        typer.Option(
            "--overlay", help="kubernetes: name from k8s/overlays, or its folder; default the cluster's"
        ),
    ] = "",
    stores: Annotated[
        int | None,
        typer.Option("--stores", min=1, help="kubernetes: only build the stores, each with so many pods"),
    ] = None,
) -> int:
    """Show what a cluster would get, then hand it over; submit again to go on after an interruption."""
    from slipbench.platform.submit.pipeline import read_pipeline

    _only(to, Target.RAY, {"--address": address, "--working-dir": folder, "--wheel": wheel})
    _only(to, Target.KUBERNETES, {"--overlay": overlay, "--stores": stores})
    read = read_pipeline(pipeline, overrides or ())
    on = _cluster(to, cluster)
    if to is Target.KUBERNETES:
        return _kubernetes(read, on, overlay or on.overlay, stores, render)
    return _ray(read, on, address, (folder or Path()).resolve(), wheel, render)


def _cluster(to: Target, text: str) -> Any:
    """Options of the cluster; a `Ray` or a `Kubernetes`, as `to` says."""
    from slipbench.datasets.errors import InputError
    from slipbench.platform.config.cluster import AnyCluster
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load

    found = load(find("clusters", text or to), AnyCluster)
    if found.cluster != to:
        raise InputError(
            f"--cluster {text}", f"is of kind {found.cluster}", f"kind {to}, as --to says", "correct one"
        )
    return found


def _only(to: Target, kind: Target, given: dict[str, object]) -> None:
    from slipbench.datasets.errors import InputError

    for name, value in given.items():
        if value and to is not kind:
            raise InputError(name, f"has no meaning with --to {to}", f"--to {kind}", "leave it out")


def _ray(
    pipeline: "Pipeline", on: "Ray", address: str, folder: Path, wheel: Path | None, render: bool
) -> int:
    import yaml

    from slipbench.platform.cli.console import err
    from slipbench.platform.stop import Stopped
    from slipbench.platform.submit.environment import passed_on
    from slipbench.platform.submit.ray_job import DEFAULT_ADDRESS, client, follow, plan, send

    where = address or on.dashboard or os.environ.get("RAY_API_SERVER_ADDRESS") or DEFAULT_ADDRESS
    job = plan(where, pipeline, on.stages, folder, passed_on(), wheel)
    shown = yaml.safe_dump(job.shown(), sort_keys=False, width=120)
    if render:
        files = {"files": {name: size for name, size in job.upload.files}, job.file: pipeline.text}
        files |= {job.cluster_file: job.cluster_text}
        print(shown + yaml.safe_dump(files, sort_keys=False, width=120), end="")
        return 0
    say = err().print
    with client(where) as ray:
        say(shown.rstrip())
        job_id = send(ray, job)
        say(f"submitted {job_id}")
        try:
            succeeded, how = follow(ray, job_id, _write)
        except Stopped as stop:
            say(f"{job_id} goes on. Follow it: ray job logs --address {where} --follow {job_id}")
            say(f"Stop it: ray job stop --address {where} {job_id} (submitted again, it goes on from there)")
            return stop.exit_code
    say(f"{job_id} {how}")
    return 0 if succeeded else 1


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _kubernetes(
    pipeline: "Pipeline", on: "Kubernetes", overlay: str, stores: int | None, render: bool
) -> int:
    from slipbench.platform.cli.console import err
    from slipbench.platform.submit.kubernetes import (
        apply,
        as_yaml,
        find_overlay,
        pipeline_run,
        store_builds,
        templates,
    )

    found = templates(find_overlay(overlay))
    if stores:
        documents = store_builds(found["Job"], pipeline, on.stages, stores)
    else:
        documents = pipeline_run(found["RayJob"], pipeline, on.stages)
    if render:
        print(as_yaml(documents), end="")
        return 0
    say = err().print
    say(as_yaml(documents).rstrip())
    done = apply(documents)
    say(done.rstrip())
    for run in documents[1::2]:
        name = run["metadata"]["name"]
        where = f"-n {run['metadata']['namespace']} {run['kind'].lower()} {name}"
        if f"{run['kind'].lower()}.{run['apiVersion'].partition('/')[0]}/{name} unchanged" in done:
            say(f"{name} was there already; to run it again, end it first")
        say(f"watch it: kubectl get {where} --watch; end it: kubectl delete {where}")
    return 0
