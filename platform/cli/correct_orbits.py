"""``slipbench correct-orbits``: broadcast orbits and clocks with PPP-B2b corrections as SP3 and CLK."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def command(
    navigation: Annotated[Path, typer.Argument(help="broadcast ephemerides, RINEX 3 or 4")],
    corrections: Annotated[Path, typer.Argument(help="decoded corrections as text (docs/ppp.md)")],
    sp3: Annotated[Path, typer.Option("--sp3", help="where the orbits go")],
    clk: Annotated[Path, typer.Option("--clk", help="where the clocks go")],
    interval: Annotated[float, typer.Option("--interval", min=0.001, help="seconds between epochs")] = 30.0,
    galileo: Annotated[
        Literal["inav", "fnav"], typer.Option("--galileo", help="message that Galileo's corrections are for")
    ] = "inav",
) -> None:
    """Write what the corrections make of the broadcast orbits, from their first to their last epoch."""
    import numpy as np

    from slipbench.datasets.atomic import write_atomic
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.positioning.b2b import corrected_orbits
    from slipbench.datasets.positioning.b2b_text import read_corrections
    from slipbench.datasets.positioning.clk_text import clk_text
    from slipbench.datasets.positioning.gps_time import seconds
    from slipbench.datasets.positioning.rinex_nav import read_navigation
    from slipbench.datasets.positioning.sp3_text import sp3_text
    from slipbench.platform.cli.console import out

    ephemerides, given = read_navigation(navigation), read_corrections(corrections)
    satellites, time = np.unique(given.orbit["satellite"]), given.clock["time"]
    if not len(satellites) or not len(time):
        raise InputError(corrections, "no orbit or no clock correction", "both", "decode both message types")
    step = int(seconds(interval).astype(np.int64))
    first, last = (int(t.astype(np.int64)) for t in (time[0], time[-1]))
    epochs = np.arange(first + -first % step, last + 1, step).astype("datetime64[ns]")
    found = corrected_orbits(ephemerides, given, satellites, epochs, galileo)
    known = np.isfinite(found.clock_s) & np.isfinite(found.position_m).all(-1)
    if not known.any():
        raise InputError(
            corrections,
            f"fits no ephemeris of {navigation.name}",
            "corrections whose issue numbers (IODN) are those of the ephemerides, of the same day",
            "give the navigation file of that day",
        )
    about = ("Broadcast orbits with PPP-B2b corrections.", "Of the point that the corrections refer to.")
    write_atomic(sp3, sp3_text(found, "d", about).encode())
    write_atomic(clk, clk_text(found.clocks).encode())
    what = f"{len(epochs)} epochs of {len(satellites)} satellites, {known.mean():.0%} with corrections"
    out().print(f"{what}: {sp3}, {clk}")
