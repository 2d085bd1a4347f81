"""Arguments that several commands share."""

from typing import Annotated

import typer

Overrides = Annotated[
    list[str] | None,
    typer.Argument(help="values that win over the file, such as dataset.seed=3", show_default=False),
]
ClusterFile = Annotated[
    str,
    typer.Option(
        "--cluster",
        help="where to compute: YAML of a cluster, or a name from configs/clusters; default local",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="short for a local cluster with so many processes for stores"),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", help="short for a Dask cluster: address of its scheduler, tcp://HOST:PORT"),
]
OnRay = Annotated[
    str | None,
    typer.Option(
        "--ray", help="short for a Ray cluster: HOST:PORT, auto, or here (one of this machine's own)"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
