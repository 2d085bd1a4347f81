"""``slipbench window-study``: how steady the b-value is in windows of different lengths."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipbench.platform.cli.arguments import AsJson, Overrides

if TYPE_CHECKING:
    from slipbench.datasets.recipes.nowcast_windows import WindowStudy

ESTIMATORS = ("aki", "utsu", "positive")


def command(
    dataset: Annotated[str, typer.Argument(help="YAML of a nowcast dataset, or a shipped name")],
    overrides: Overrides = None,
    estimator: Annotated[str, typer.Option("--estimator", help="b-value: aki, utsu or positive")] = "aki",
    markdown: Annotated[Path | None, typer.Option("--markdown", help="write the table here")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare windows of 32 to 256 days: spread, stationarity, naive error, beside the published ones."""
    from dataclasses import asdict

    from slipbench.datasets.dataset import Dataset, recipe_of
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.recipes.nowcast_windows import study
    from slipbench.datasets.registry import nearest
    from slipbench.datasets.seismicity.window_study import PUBLISHED
    from slipbench.platform.cli.console import err, out, print_json
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.settings import settings

    if estimator not in ESTIMATORS:
        raise InputError(
            f"--estimator {estimator}", "unknown", ", ".join(ESTIMATORS), nearest(estimator, ESTIMATORS)
        )
    if markdown and not markdown.expanduser().absolute().parent.is_dir():
        raise InputError(
            f"--markdown {markdown}", "its folder does not exist", "an existing folder", "make it first"
        )
    options = load(find("datasets", dataset), Dataset, overrides or ())
    found = study(recipe_of(options, settings().data), estimator)  # type: ignore[arg-type]
    header, rows = _table(found)
    title = (
        f"b-value ({estimator}), {found.source} catalogue of {options.name}, M >= {found.mc:g}, "
        f"{found.events} events, windows that end {found.first} to {found.last}; in brackets: as published"
    )
    if markdown:
        lines = [header, ["---:"] * len(header), *rows]
        text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        markdown.expanduser().write_text(f"{title}\n\n{text}\n")
        err().print(f"table in {markdown}")
    if as_json:
        figures = ("cv", "adf_p", "kpss_p", "mae")
        published = {w: dict(zip(figures, values, strict=True)) for w, values in PUBLISHED.items()}
        print_json({"dataset": options.name, "estimator": estimator, **asdict(found), "published": published})
        return
    from rich.table import Table

    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    out().print(title)
    out().print(table)


def _table(found: "WindowStudy") -> tuple[list[str], list[list[str]]]:
    """Column names and rows of text; a published figure follows ours in brackets."""
    from slipbench.datasets.seismicity.window_study import PUBLISHED

    header = ["days", "windows", "missing", "mean b", "CV", "ADF p", "KPSS p", "stationary", "MAE"]
    rows = []
    for row in found.rows:
        cv, adf, kpss, mae = PUBLISHED[row.window_days]
        steady = "yes" if adf < 0.05 and kpss > 0.05 else "no"
        rows.append(
            [
                str(row.window_days),
                str(row.days),
                str(row.days_missing),
                f"{row.mean:.2f}",
                f"{row.cv:.2f} ({cv:.2f})",
                f"{row.adf_p:.1e} ({adf:.1e})",
                f"{_kpss(row.kpss_p)} ({_kpss(kpss)})",
                f"{'yes' if row.stationary else 'no'} ({steady})",
                f"{row.mae:.4f} ({mae:.4f})",
            ]
        )
    return header, rows


def _kpss(p: float) -> str:
    """The table of the KPSS test ends at 0.01 and 0.1."""
    return "≤ 0.01" if p <= 0.01 else "≥ 0.1" if p >= 0.1 else f"{p:.3f}"
