"""``slipbench fit-high-rate-noise``: noise of high-rate positions from the quiet part of real records."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipbench.platform.cli.arguments import AsJson

if TYPE_CHECKING:
    from slipbench.datasets.noise.high_rate_file import HighRateNoiseFile


def command(
    to: Annotated[Path, typer.Option("--out", help="YAML to write; its figure goes beside it")],
    events: Annotated[
        list[str] | None,
        typer.Argument(help="records below high_rate of SLIPBENCH_DATA, or paths of NPZ files; default: all"),
    ] = None,
    figure: Annotated[Path | None, typer.Option("--figure", help="PNG; default: beside the YAML")] = None,
    as_json: AsJson = False,
) -> None:
    """Fit spectrum, spread between stations and common mode of high-rate positions before earthquakes."""
    from slipbench.datasets.atomic import write_atomic
    from slipbench.datasets.noise.high_rate_file import high_rate_file, yaml_text
    from slipbench.datasets.noise.high_rate_fit import fit_high_rate
    from slipbench.datasets.noise.high_rate_plot import picture
    from slipbench.datasets.recipes.high_rate_records import read_records
    from slipbench.platform.cli.console import err, print_json
    from slipbench.platform.cli.places import places
    from slipbench.platform.settings import settings

    to, drawn = places(to, figure)
    given = tuple(events or ())
    quiet, sources = {}, {}
    for record in read_records(given, settings().data, "EVENTS"):
        samples = max(0, -int(record.start_s // record.data.step_s))
        quiet[record.name] = (record.data.enu_m[:, :, :samples], record.data.step_s)
        sources[record.source.name] = record.source.sha256
    fit = fit_high_rate(quiet)
    names = (Path(e).name if e.endswith(".npz") else e for e in given)
    words = ["slipbench", "fit-high-rate-noise", *names]
    file = high_rate_file(to.stem, fit, shlex.join(words), sources)
    write_atomic(drawn, picture(fit))
    write_atomic(to, yaml_text(file).encode())
    err().print(f"parameters in {to}, figure in {drawn}")
    if as_json:
        print_json(file.model_dump(mode="json"))
    else:
        _show(file)


def _show(file: "HighRateNoiseFile") -> None:
    from rich.table import Table

    from slipbench.datasets.noise.high_rate import COMPONENTS
    from slipbench.platform.cli.console import out

    table = Table("component", "white (mm)", "corner (Hz)", "index", "PSD data / model")
    for name in COMPONENTS:
        law = getattr(file.high_rate, name)
        ratio = ", ".join("-" if r is None else f"{r:.2f}" for r in file.fit.psd_ratio[name])
        table.add_row(name, f"{law.white_mm:.3g}", f"{law.corner_hz:.3g}", f"{law.index:.3g}", ratio)
    out().print(table)
    noise = file.high_rate
    out().print("PSD: below 0.03 Hz, to 0.1 Hz, above")
    out().print(
        f"spread of levels (log): stations {noise.station_spread:.2f}, networks {noise.network_spread:.2f}; "
        f"common mode {noise.common_mode:.2f}"
    )
    for name, (stations, samples) in file.fit.used.items():
        out().print(f"{name}: {stations} stations, {samples} samples")
    for name, reason in file.fit.left_out.items():
        out().print(f"{name} left out: {reason}")
