"""``slipbench build``: a dataset configuration to a sealed store."""

from typing import TYPE_CHECKING, Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, ClusterFile, OnRay, Overrides, Scheduler, Workers

if TYPE_CHECKING:
    from slipbench.datasets.recipes.share import Share


def command(
    dataset: Annotated[str, typer.Argument(help="YAML of the dataset, or a name from configs/datasets")],
    overrides: Overrides = None,
    out: Annotated[str, typer.Option("--out", help="folder or file:// URI of the store")] = "",
    cluster: ClusterFile = "",
    ray: OnRay = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    more: Annotated[
        bool, typer.Option("--append", help="add samples to the sealed store at --out, up to n_samples")
    ] = False,
    share: Annotated[
        str,
        typer.Option("--share", help="build only part INDEX/COUNT (index from 0); the last one seals"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Build a store; run again after an interruption to go on where it stopped."""
    from slipbench.datasets.dataset import Dataset, recipe_of
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.location import folder_of
    from slipbench.datasets.recipes.append import append
    from slipbench.datasets.recipes.build import build
    from slipbench.datasets.recipes.share import build_share, missing
    from slipbench.datasets.store.manifest import read_manifest
    from slipbench.platform.cli.console import out as stdout
    from slipbench.platform.cli.console import print_json
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.cli.where import where
    from slipbench.platform.cluster import join
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings

    part = _share(share) if share else None
    if part and more:
        raise InputError("--share", "together with --append", "one of them", "append in one process")
    if out and folder_of(out).is_file():
        raise InputError(f"--out {out}", "is a file", "a new or empty folder", "choose another")
    options = load(find("datasets", dataset), Dataset, overrides or ())
    place = settings()
    recipe = recipe_of(options, place.data)
    if more:
        if not out:
            raise InputError("--append", "no --out", "--out STORE, the store that grows", "name it")
        recipe = recipe.appended_to(read_manifest(folder_of(out)))
    plan = recipe.plan()
    folder = folder_of(out or place.stores / f"{options.name}-{plan.dataset_hash[:12]}.zarr")
    work = where(cluster, workers, scheduler, ray)
    with Reporter("build", options.name, options, place) as report, join(work) as joined:
        progress = report.counter(f"build {options.name}" + (f" {share}" if part else ""))
        if part:
            manifest = build_share(plan, folder, part, joined.pool, progress)
        else:
            manifest = (append if more else build)(plan, folder, joined.pool, progress)
    if manifest is None:
        left = missing(folder, plan)
        if as_json:
            print_json({"store": folder, "dataset_hash": plan.dataset_hash, "missing_shards": left})
        else:
            stdout().print(f"share {share} of {folder} is done: {left} of {plan.n_shards} shards are missing")
    elif as_json:
        print_json({"store": folder, "dataset_hash": manifest.dataset_hash, "rows": manifest.n_rows})
    else:
        stdout().print(f"sealed {folder}: {manifest.n_rows} samples, dataset {manifest.dataset_hash[:12]}")


def _share(text: str) -> "Share":
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.recipes.share import Share

    index, _, of = text.partition("/")
    try:
        return Share(int(index), int(of))
    except ValueError as error:
        raise InputError(
            f"--share {text}", "is no share", "INDEX/COUNT, such as 0/8 ... 7/8", "mend it"
        ) from error
