"""``slipbench fit-noise``: parameters of the parametric noise from real residuals."""

import shlex
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipbench.platform.cli.arguments import AsJson

if TYPE_CHECKING:
    from slipbench.datasets.noise.fit_file import NoiseFile


def command(
    residuals: Annotated[
        str, typer.Argument(help="NPZ of residuals, or table of daily positions; here or in SLIPBENCH_DATA")
    ],
    to: Annotated[Path, typer.Option("--out", help="YAML to write; its figure goes beside it")],
    stations: Annotated[
        str | None, typer.Option("--stations", help="list with the coordinates of a table's stations")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="first day, YYYY-MM-DD")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day, YYYY-MM-DD")] = None,
    window_days: Annotated[int, typer.Option("--window-days", help="length of the windows (days)")] = 128,
    coverage: Annotated[
        float, typer.Option("--coverage", help="least share of its days that a station has in a window")
    ] = 0.9,
    history_days: Annotated[
        int,
        typer.Option("--history-days", min=0, max=36525, help="days of flicker and walk before a window"),
    ] = 365,
    figure: Annotated[Path | None, typer.Option("--figure", help="PNG; default: beside the YAML")] = None,
    as_json: AsJson = False,
) -> None:
    """Fit white noise, flicker, random walk and the correlation between stations by maximum likelihood."""
    from slipbench.datasets.atomic import write_atomic
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.hashing import file_sha256
    from slipbench.datasets.noise.fit import fit_noise
    from slipbench.datasets.noise.fit_check import check_fit
    from slipbench.datasets.noise.fit_file import noise_file, yaml_text
    from slipbench.datasets.noise.fit_plot import picture
    from slipbench.datasets.preprocess.residuals import read_or_make_residuals
    from slipbench.platform.cli.console import err, print_json
    from slipbench.platform.cli.places import find, places
    from slipbench.platform.cli.progress import Reporter

    to, drawn = places(to, figure)
    days = {"--from": _day("--from", first), "--to": _day("--to", last)}
    files = {name: path for path, name in (find(f) for f in (residuals, stations) if f)}
    names = list(files)
    if stations and len(names) < 2:
        what = "has the name of the positions, which provenance needs"
        raise InputError(f"--stations {stations}", what, "another name", "rename one of them")
    listed = files[names[1]] if stations else None
    data = read_or_make_residuals(files[names[0]], listed, days["--from"], days["--to"])
    with Reporter("fit-noise", to.stem) as reporter:
        fit = fit_noise(data, window_days, coverage, history_days, reporter.stage("noise"))
    check = check_fit(fit, data)
    given = {"--stations": names[1] if stations else None, **days, "--window-days": window_days}
    given |= {"--coverage": f"{coverage:g}", "--history-days": history_days}
    words = ["slipbench", "fit-noise", names[0]]
    words += [str(w) for option, value in given.items() if value is not None for w in (option, value)]
    sources = {name: file_sha256(path) for name, path in files.items()}
    file = noise_file(to.stem, fit, check, data, shlex.join(words), sources)
    image = picture(fit, check, f"{names[0]}: {file.fit.windows} windows of {window_days} days")
    write_atomic(drawn, image)
    write_atomic(to, yaml_text(file).encode())
    err().print(f"parameters in {to}, figure in {drawn}")
    if as_json:
        print_json(file.model_dump(mode="json"))
    else:
        _show(file)


def _day(option: str, text: str | None) -> date | None:
    from slipbench.datasets.errors import InputError

    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise InputError(f"{option} {text}", "no such day", "YYYY-MM-DD", "correct it") from error


def _show(file: "NoiseFile") -> None:
    from rich.table import Table

    from slipbench.datasets.noise.fit import AMPLITUDES, COMPONENTS, CORRELATION
    from slipbench.platform.cli.console import out

    def cell(value: float, error: float | None) -> str:
        return f"{value:.3g} (at bound)" if error is None else f"{value:.3g} ± {error:.2g}"

    fit, errors = file.fit, file.fit.standard_errors
    table = Table(
        "component", "white (mm)", "flicker (mm/yr^0.25)", "random walk (mm/yr^0.5)", "PSD data / model"
    )
    for name in COMPONENTS:
        size = getattr(file.parametric, name)
        ratio = ", ".join("-" if r is None else f"{r:.2f}" for r in fit.psd_ratio[name])
        table.add_row(name, *(cell(getattr(size, k), errors[f"{name}.{k}"]) for k in AMPLITUDES), ratio)
    out().print(table)
    out().print("PSD: periods above 30 days, 5 to 30 days, below 5 days")
    for key in CORRELATION:
        out().print(f"{key}: {cell(getattr(file.parametric, key), errors[key])}")
    out().print(
        f"{len(fit.stations)} stations, {fit.windows} windows of {fit.window_days} days, {fit.series} "
        f"series, {fit.missing:.2%} of their days missing, {fit.outlying} series left out"
    )
