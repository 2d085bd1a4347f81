"""``slipbench position``: precise point positions of one station by RTKLIB, against its known position."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, Overrides

if TYPE_CHECKING:
    from slipbench.datasets.positioning.ppp import Positioned
    from slipbench.datasets.positioning.ppp_options import PositionOptions
    from slipbench.datasets.positioning.ppp_summary import Summary


def command(
    config: Annotated[
        str, typer.Argument(help="YAML of a positioning run, or a name from configs/positioning")
    ],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Position a station in static or kinematic mode; displacements and report go below SLIPBENCH_HOME."""
    from slipbench.datasets.positioning.ppp_options import PositionOptions
    from slipbench.platform.cli.console import err, print_json
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.positioning import positioned, report
    from slipbench.platform.settings import settings

    options = load(find("positioning", config), PositionOptions, overrides or ())
    run, figures, folder = positioned(options, settings())
    if as_json:
        print_json(report(options, run, figures))
    else:
        _show(options, run, figures)
    err().print(f"displacements, report and options in {folder}")


def _show(options: "PositionOptions", run: "Positioned", figures: "Summary") -> None:
    from rich.table import Table

    from slipbench.platform.cli.console import out

    what = "last position" if options.mode == "static" else "mean position"
    table = Table("cm, in " + run.frame, "east", "north", "up", "length")
    for name, values in (
        (f"{what} less reference", figures.difference_m),
        ("RMS about the reference", figures.rms_m),
        ("standard deviation", figures.scatter_m),
    ):
        length = sum(v * v for v in values) ** 0.5
        table.add_row(name, *(f"{v * 100:.2f}" for v in (*values, length)))
    waited = "never" if figures.converged_after_s != figures.converged_after_s else None
    waited = waited or f"after {figures.converged_after_s / 60:.0f} min"
    out().print(
        f"{run.header.marker}, {options.mode}, {options.direction}, systems {options.systems}: {run.engine}"
    )
    out().print(table)
    out().print(
        f"{figures.positions} positions of {figures.epochs} epochs, {figures.unused} of which come after the "
        f"last orbit or clock; {figures.satellites:.1f} satellites"
    )
    limit = f"{options.converged_m * 100:g} cm"
    out().print(f"within {limit} {waited}; RMS and standard deviation are of the positions from then on")
    about = {k: len(v) if isinstance(v, list | dict) else v for k, v in run.antennas.items()}
    out().print(f"antennas: {json.dumps(about)}")
