"""``python -m slipbench.platform.positioning_report DOCS``: ESBC positioned, drawn and written down."""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib.dates import DateFormatter, HourLocator
from matplotlib.figure import Figure

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.b2b import satellite_axes
from slipbench.datasets.positioning.broadcast import broadcast_orbits
from slipbench.datasets.positioning.ppp import Positioned, position
from slipbench.datasets.positioning.ppp_inputs import find_files
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.datasets.positioning.ppp_summary import Summary, enu_of, summary
from slipbench.datasets.positioning.rinex_nav import read_navigation
from slipbench.datasets.positioning.sp3 import read_sp3
from slipbench.platform.config.find import find
from slipbench.platform.config.load import load
from slipbench.platform.settings import settings

_COMPONENTS = ("east", "north", "up")
#: Runs of the table, each by what it changes.
_STATIC: dict[str, tuple[str, ...]] = {
    "as shipped": (),
    "GPS alone": ("systems=G",),
    "with GLONASS": ("systems=GER",),
    "mask of 10 degrees": ("elevation_mask_deg=10",),
    "forward and backward": ("direction=combined",),
    "without tides": ("solid_tides=false",),
    "compared in ITRF2014": ("reference_frame=ITRF2014",),
    "compared in ETRF2014": ("reference_frame=ETRF2014",),
}
_KINEMATIC: dict[str, tuple[str, ...]] = {
    "as shipped": (),
    "GPS alone": ("systems=G",),
    "forward only": ("direction=forward",),
}


def _run(name: str, changes: tuple[str, ...], data: Path) -> tuple[Positioned, Summary]:
    options = load(find("positioning", name), PositionOptions, changes)
    with tempfile.TemporaryDirectory() as folder:
        run = position(options, data, Path(folder))
    return run, summary(run, options.mode == "static", options.converged_m)


def _table(found: dict[str, tuple[Positioned, Summary]], kind: str) -> str:
    what = "last position" if kind == "static" else "mean position"
    lines = [
        f"| {kind} | {what} less header: east, north, up (cm) | length (cm) | RMS about the header (cm) "
        "| standard deviation (cm) | within 5 cm after (min) | positions |",
        "| --- | --- | ---: | --- | --- | ---: | ---: |",
    ]
    for name, (_, s) in found.items():
        cells = [" ".join(f"{v * 100:+.2f}" for v in s.difference_m), f"{s.distance_m * 100:.2f}"]
        cells += [" ".join(f"{v * 100:.2f}" for v in values) for values in (s.rms_m, s.scatter_m)]
        waited = "never" if np.isnan(s.converged_after_s) else f"{s.converged_after_s / 60:.0f}"
        lines.append(f"| {name} | {' | '.join(cells)} | {waited} | {s.positions:,} |")
    return "\n".join(lines)


def _broadcast(options: PositionOptions, data: Path) -> str:
    """Root mean squares of broadcast less precise orbits and clocks by system."""
    files = find_files(options, data)
    ephemerides, precise = read_navigation(files["navigation"][0]), read_sp3(files["orbits"][-1])
    lines = [
        "| system | values | radial, along, cross (m) | 3-D (m) | mean radial (m) | clock (ns) |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for system, name in (("G", "GPS"), ("E", "Galileo F/NAV"), ("R", "GLONASS")):
        columns = np.char.startswith(precise.satellite, system)
        found = broadcast_orbits(ephemerides, precise.satellite[columns], precise.time)
        assert found.velocity_m_s is not None
        difference = found.position_m - precise.position_m[:, columns]
        rac = np.einsum("nmji,nmj->nmi", satellite_axes(found.position_m, found.velocity_m_s), difference)
        clock = found.clock_s - precise.clock_s[:, columns]
        clock = clock - np.nanmedian(clock, 1, keepdims=True)
        rms = np.sqrt(np.nanmean(rac**2, (0, 1)))
        cells = [f"{np.isfinite(clock).sum():,}", ", ".join(f"{v:.2f}" for v in rms)]
        cells += [f"{np.sqrt((rms**2).sum()):.2f}", f"{np.nanmean(rac[..., 0]):+.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} | {np.sqrt(np.nanmean(clock**2)) * 1e9:.2f} |")
    return "\n".join(lines)


def _picture(static: Positioned, kinematic: Positioned, path: Path) -> None:
    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True, sharey=True)
    for k, (axis, name) in enumerate(zip(axes, _COMPONENTS, strict=True)):
        for run, label, colour in (
            (kinematic, "kinematic, forward and backward", "tab:blue"),
            (static, "static, forward", "tab:orange"),
        ):
            axis.plot(run.solution.time, enu_of(run)[:, k] * 100, label=label, color=colour, linewidth=1)
        axis.axhline(0, color="black", linewidth=0.6)
        axis.axhspan(-3, 3, color="0.93", zorder=0)
        axis.set_ylabel(f"{name}, cm")
        axis.set_ylim(-20, 20)
    axes[0].legend(loc="upper right", ncols=2)
    axes[2].xaxis.set_major_locator(HourLocator(byhour=range(0, 24, 3)))
    axes[2].xaxis.set_major_formatter(DateFormatter("%H:%M"))
    axes[2].set_xlabel(f"GPS time on {str(kinematic.solution.time[0])[:10]}")
    figure.suptitle("ESBC: positions less the header's, in ETRF2000 (grey: 3 cm)")
    figure.savefig(path, dpi=110)


def main(docs: Path) -> None:
    """Write ``results/ppp.md`` and ``pictures/ppp.png``."""
    data = settings().data
    if data is None:
        raise InputError("SLIPBENCH_DATA", "not set", "the folder of real data", "set it")
    static = {name: _run("esbc_static", changes, data) for name, changes in _STATIC.items()}
    kinematic = {name: _run("esbc_kinematic", changes, data) for name, changes in _KINEMATIC.items()}
    shipped, figures = static["as shipped"]
    _picture(shipped, kinematic["as shipped"][0], docs / "pictures" / "ppp.png")
    estimated = shipped.antennas["estimated"]
    assert isinstance(estimated, dict)
    table = load(find("positioning", "esbc_static"), PositionOptions)
    text = _TEXT.format(
        engine=shipped.engine,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        cores=os.cpu_count(),
        distance=figures.distance_m * 100,
        rms=", ".join(f"{v * 100:.1f}" for v in kinematic["as shipped"][1].rms_m),
        epochs=figures.epochs,
        unused=figures.unused,
        static=_table(static, "static"),
        kinematic=_table(kinematic, "kinematic"),
        broadcast=_broadcast(table, data),
        estimated=len(estimated),
        none=", ".join(shipped.antennas["none"]),  # type: ignore[arg-type]
        receiver=shipped.antennas["receiver"],
        keys="\n".join(f"    {k}={v}" for k, v in shipped.keys.items()),
    )
    (docs / "results" / "ppp.md").write_text(text)


_TEXT = """# Station ESBC by precise point positioning

`make ppp` (with `SLIPBENCH_DATA`) writes this page and its picture; {date}, {cores} cores, no GPU. Engine:
{engine}. One run is

    slipbench position esbc_static
    slipbench position esbc_kinematic

Station ESBC (Esbjerg, Denmark), 2020-06-25, 24 h at 30 s, GPS and Galileo, orbits every 15 min and clocks
every 30 s of the analysis centre GRG. **Static: the last position is {distance:.1f} cm from the header's.
Kinematic: RMS about the header's position {rms} cm east, north, up.**

{static}

{kinematic}

Static filters run forward unless a row says otherwise; RMS and deviation are over the positions from
convergence on. The kinematic positions as shipped combine a forward and a backward filter.

![Positions of ESBC less the header's](../pictures/ppp.png)

## What has to be known

- **Frame.** The orbits are in IGb14 (ITRF2014), and so are the positions, at the epoch of the day. The
  header names no frame; its position is three quarters of a metre away ("compared in ITRF2014"), which is
  how far Europe has moved since 1989. Carried to ETRF2000 at the same epoch with EUREF's parameters
  (Altamimi 2018) the positions meet the header; in ETRF2014 they do not. Denmark's coordinates are in
  ETRS89, of which both are realisations, so the frame was chosen among these by the result.
- **Satellite antennas.** The ANTEX file of the data folder has no satellite of that day. Broadcast
  ephemerides describe the phase centre, precise orbits the centre of mass, so their mean radial difference
  over the day gives the offset towards the Earth: {estimated} satellites, none for {none}. For GPS these are
  the control segment's offsets, which differ from the IGS's (Montenbruck et al. 2015); 97 % of an offset
  (the cosine of 14 degrees) is the same for all users and goes into ambiguities and clocks. Offsets across
  are left out. With the IGS's full file (`antennas: igs14.atx`, `satellite_offsets: antex`) none of this
  is needed.
- **Receiver antenna.** ASH701945E_M SCIS comes from `{receiver}` of RTKLIB's Debian package.
- **Last orbit.** The orbits end at 23:45, and the next day's file is not in the folder. Epochs after the last
  orbit are not positioned: {unused} of {epochs}. The file of the day before is used, so the first hours
  interpolate orbits from both sides.
- **Tides.** Those of the solid Earth are taken out ("without tides" shows what they do); ocean loading and
  the pole tide are not, because no coefficients and no pole coordinates are at hand.
- **Galileo.** This version of RTKLIB pairs E1 with E5b where the clocks are made for E1 and E5a; the
  difference is constant per satellite and goes into the ambiguities.

## Broadcast against precise orbits

The station's own navigation file against the precise orbits of the day, by `datasets/positioning`; clocks
less their median at each epoch.

{broadcast}

The mean radial differences are the antennas' offsets, with the sign of the radius.

## Options given to the engine

{keys}
"""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
