"""The HTML leaderboard: one file with tables and figures that needs no network and no server."""

import base64
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from slipbench.benchmarks.figures import draw
from slipbench.benchmarks.intervals import LEVEL, MIN_BLOCKS, RESAMPLES
from slipbench.benchmarks.leaderboard import beside_best, leaderboard, number, sections
from slipbench.benchmarks.metrics import Metric
from slipbench.benchmarks.splits import COUNT
from slipbench.datasets.atomic import write_atomic

_TEMPLATE = "leaderboard.html.j2"
_ABOUT_SPLITS = {
    "random": "days drawn without regard to time, as published; almost every test day has training "
    "neighbours, so this table shows memory, not skill",
    "chronological": "the first days train, the last ones test; no gap between them",
    "blocked": "one contiguous test block, training days only beyond the embargo on both sides of it",
}
_ABOUT_LABELS = {
    "two_sided": "Gaussian kernel as published; a day's label also contains later events",
    "causal": "one-sided kernel, past events only",
    COUNT: "number of events in the window that begins on the day",
}


def write_page(table: pd.DataFrame, path: Path) -> Path:
    """Write the leaderboard of a results table as one self-contained HTML file.

    Parameters
    ----------
    table : DataFrame
        Rows of one or several suites (`results.read_table`).
    path : Path
        The HTML file.
    """
    board = leaderboard(table)
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            tuple(d.section.values()): (d, base64.b64encode(d.path.read_bytes()).decode())
            for d in draw(table, Path(folder), board)
        }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    html = environment.get_template(_TEMPLATE).render(
        sections=[
            _section(head, part, metrics, figures.get(tuple(head.values())))
            for head, part, metrics in sections(board)
        ],
        suites=_suites(table),
        level=round(100 * LEVEL),
        resamples=RESAMPLES,
        min_blocks=MIN_BLOCKS,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_atomic(path, html.encode())
    return path


def _suites(table: pd.DataFrame) -> list[dict[str, Any]]:
    """What was run, for the head of the page."""
    rows = []
    for name, part in table.groupby("suite", sort=False):
        cells = part.drop_duplicates("cell")
        rows.append(
            {
                "name": str(name),
                "dataset": str(cells["dataset"].iloc[0]),
                "hash": str(cells["dataset_hash"].iloc[0])[:12],
                "code": ", ".join(dict.fromkeys(cells["code_version"])),
                "cells": len(cells),
                "short": int((cells["status"] != "ok").sum()),
            }
        )
    return rows


def _section(
    head: dict[str, str], part: pd.DataFrame, metrics: list[Metric], figure: tuple | None
) -> dict[str, Any]:
    about = []
    if head["split"] in _ABOUT_SPLITS:
        about.append(f"{head['split']} split: {_ABOUT_SPLITS[head['split']]}")
    if head["label"] in _ABOUT_LABELS:
        about.append(f"{head['label']} label: {_ABOUT_LABELS[head['label']]}")
    names = [m.name for m in metrics]
    columns = [_column(m, part) for m in metrics]
    if "limit_ratio" in part and part["limit_ratio"].notna().any():
        names.append("limit_ratio")
        columns.append({"title": "× limit", "unit": "", "arrow": "↓"})
    compared = "best_p" in part and part["best_p"].notna().any()
    if compared:
        columns.append({"title": "p to best", "unit": "Holm", "arrow": ""})
    return {
        "id": "-".join(head[k] for k in ("suite", "split", "label")),
        "title": " · ".join(head[k] for k in ("suite", "split", "label") if head[k] != "-"),
        "leaky": bool(part["leaky"].any()),
        "about": about,
        "columns": columns,
        "modality": bool((part["modality"] != "-").any()),
        "blocks": bool((part["blocks"] < part["n_test"]).any()),
        "rows": [_row(row, names, compared) for row in part.to_dict("records")],
        "figure": None if figure is None else {"about": figure[0].about, "data": figure[1]},
    }


def _column(metric: Metric, part: pd.DataFrame) -> dict[str, str]:
    units = part[f"{metric.name}_units"].dropna()
    unit = str(units.iloc[0]) if len(units) else metric.units
    return {"title": metric.title, "unit": "" if unit == "1" else unit, "arrow": metric.arrow}


def _row(row: dict[str, Any], names: list[str], compared: bool) -> dict[str, Any]:
    p = [{"sort": row["best_p"], "value": beside_best(row), "interval": ""}] if compared else []
    ranked = not pd.isna(row["rank"])
    return {
        "rank": int(row["rank"]) if ranked else None,
        "model": row["model"],
        "kind": row["kind"],
        "modality": row["modality"],
        "seeds": row["seeds"],
        "n_train": _count(row["n_train"]),
        "n_test": _count(row["n_test"]),
        "blocks": _count(row["blocks"]),
        "fit": number(row["fit_seconds"]),
        "predict": number(1e3 * row["predict_seconds"]),
        "memory": number(row["peak_mib"]),
        "flags": [f for f in row["flags"].split("; ") if f and f != "leaky split"],
        "untrained": row["untrained"],
        "cells": [_value(row, name) for name in names] + p,
    }


def _value(row: dict[str, Any], name: str) -> dict[str, Any]:
    value, low, high = (float(row.get(k, np.nan)) for k in (name, f"{name}_low", f"{name}_high"))
    known = np.isfinite(value)
    return {
        "sort": value if known else "",
        "value": number(value),
        "interval": f"{number(low)} … {number(high)}" if known and np.isfinite(low) else "",
    }


def _count(value: float) -> str:
    return f"{value:.0f}" if np.isfinite(value) else "–"
