"""``slipbench plan``: what a build would write and need, before anything runs."""

import os
from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, Overrides

#: Memory of a process with the libraries loaded.
PROCESS_BYTES = 300 << 20
#: A shard is made in float64 with intermediate results. Measured with tracemalloc on the shipped datasets
#: and on single representations: 4 to 9 times the bytes that are stored.
SHARD_FACTOR = 9


def command(
    dataset: Annotated[str, typer.Argument(help="YAML of the dataset, or a name from configs/datasets")],
    overrides: Overrides = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="workers of the build; default: one per core")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show rows, shards, bytes, the bound of memory and the inputs of a build; writes nothing."""
    import numpy as np

    from slipbench.datasets.dataset import Dataset, recipe_of
    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings

    options = load(find("datasets", dataset), Dataset, overrides or ())
    plan = recipe_of(options, settings().data).plan()
    n = workers or os.cpu_count() or 1
    row_bytes = plan.shard_bytes // plan.rows_per_shard
    static = sum(np.asarray(values).size * np.dtype(spec.dtype).itemsize for spec, values in plan.static)
    facts = {
        "dataset": options.name,
        "dataset_hash": plan.dataset_hash,
        "rows": plan.n_rows,
        "rows_per_shard": plan.rows_per_shard,
        "shards": plan.n_shards,
        "shard_bytes": plan.shard_bytes,
        "bytes": row_bytes * plan.n_rows + static,
        "workers": n,
        "memory_bytes": n * (PROCESS_BYTES + SHARD_FACTOR * plan.shard_bytes),
        "arrays": [{"name": a.name, "row_shape": list(a.shape), "dtype": a.dtype} for a in plan.arrays],
        "sources": [{"name": s.name, "sha256": s.sha256} for s in plan.sources],
    }
    if as_json:
        print_json(facts)
        return
    show = out().print
    show(f"{options.name}, dataset {plan.dataset_hash[:12]}")
    show(f"  samples   {plan.n_rows} in {plan.n_shards} shards of {plan.rows_per_shard}")
    for array in plan.arrays:
        show(
            f"  array     {array.name}: {' × '.join(str(k) for k in ('sample', *array.shape))}, {array.dtype}"
        )
    show(f"  bytes     {_mb(plan.shard_bytes)} a shard, {_mb(facts['bytes'])} in all, without checksums")
    show(
        f"  memory    at most {_mb(facts['memory_bytes'])}: {n} workers × "
        f"({_mb(PROCESS_BYTES)} + {SHARD_FACTOR} × {_mb(plan.shard_bytes)})"
    )
    for source in plan.sources:
        show(f"  source    {source.name} (sha256 {source.sha256})")


def _mb(n: int) -> str:
    return f"{n / 1e6:,.1f} MB" if n < 1e10 else f"{n / 1e9:,.1f} GB"
