"""Arguments that several commands share."""

from typing import Annotated

import typer

Overrides = Annotated[
    list[str] | None,
    typer.Argument(help="values that win over the file, such as dataset.seed=3", show_default=False),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="local worker processes for stores; default: threads here"),
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="address of a running Dask scheduler, tcp://HOST:PORT")
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
CellsOnRay = Annotated[
    str,
    typer.Option(
        "--ray",
        help="compute cells as tasks of this Ray cluster: HOST:PORT, auto, or here (one on this machine)",
    ),
]
