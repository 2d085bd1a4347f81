"""The source suite's report: thresholds, figures, gaps and real events, from its results table alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.leaderboard import leaderboard, number
from slipbench.benchmarks.source.calibration import calibration_table
from slipbench.benchmarks.source.depth import draw_depth
from slipbench.benchmarks.source.distance import draw_distance
from slipbench.benchmarks.source.events import events_of, events_table
from slipbench.benchmarks.source.gaps import draw_gaps, errors_by_gap
from slipbench.benchmarks.source.maps import draw_maps
from slipbench.benchmarks.source.residuals import draw_residuals
from slipbench.benchmarks.source.samples import context_of, samples
from slipbench.benchmarks.source.thresholds import DEPTHS, DISTANCES, LIMIT_KM, Threshold, thresholds
from slipbench.benchmarks.text_table import markdown_table
from slipbench.datasets.atomic import write_atomic

#: Fewer test samples say nothing about thresholds and maps.
FEWEST = 200
_MODELS = 4


def write_report(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``report.md`` and its figures.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    board = leaderboard(table)
    lines, files = [f"# {table['suite'].iloc[0]}: beyond the leaderboard", ""], []
    for split in dict.fromkeys(table["split"]):
        found = samples(table, split)
        if not len(found):
            continue
        ranked = board[(board["split"] == split) & board["rank"].notna()]
        for part in (_errors, _calibrated, _named, _gaps, _statistics):
            for text, figure in part(table, split, found, ranked, folder):
                lines += [text, ""]
                if figure:
                    lines += [f"![{figure.stem}]({figure.name})", ""]
                    files.append(figure)
    document = folder / "report.md"
    write_atomic(document, "\n".join(lines).encode())
    return [document, *files]


Parts = Iterator[tuple[str, Path | None]]


def _title(split: str) -> str:
    return "the test samples" if split == "-" else f"test set {split}"


#: Costantino et al. (2023), table 1: position error (km) and magnitude error, median ± MAD.
PUBLISHED = {"ts": "116.53 ± 67.58; 0.25 ± 0.12", "img": "64.35 ± 44.84; 0.11 ± 0.07",
             "its": "52.65 ± 32.34; 0.08 ± 0.05"}  # fmt: skip


def _errors(
    table: pd.DataFrame, split: str, found: pd.DataFrame, ranked: pd.DataFrame, folder: Path
) -> Parts:
    """Table 1: median ± MAD of every model, with 95 % intervals of the medians."""
    head = ["model", "position error (km)", "95 %", "abs(ΔMw)", "95 %", "seeds", "samples"]
    head += ["published"] if split == "-" else []
    rows = []
    for row in ranked.to_dict("records"):
        cells = [row["model"] if row["modality"] == "-" else f"{row['model']} ({row['modality']})"]
        for error, spread in (("position_error", "position_mad"), ("mw_error", "mw_mad")):
            cells.append(f"{number(row[error])} ± {number(row[spread])}")
            cells.append(f"{number(row[f'{error}_low'])}–{number(row[f'{error}_high'])}")
        cells += [str(row["seeds"]), f"{row['n_test']:.0f}"]
        published = PUBLISHED.get(row["model"], "–") if row["kind"] == "network" else "–"
        rows.append([*cells, published] if split == "-" else cells)
    yield f"## Errors, {_title(split)}\n\nMedian ± median absolute deviation; mean over the seeds.", None
    yield markdown_table(head, rows), None


def _calibrated(
    table: pd.DataFrame, split: str, found: pd.DataFrame, ranked: pd.DataFrame, folder: Path
) -> Parts:
    """Coverage of the models that predict distributions."""
    if text := calibration_table(table[table["split"] == split]):
        yield f"## Coverage, {_title(split)}", None
        yield text, None


def _named(table: pd.DataFrame, split: str, found: pd.DataFrame, ranked: pd.DataFrame, folder: Path) -> Parts:
    """Real events, where the samples have names."""
    if "name" in found:
        yield f"## Events of {_title(split)}", None
        yield events_table(events_of(found)), None


def _gaps(table: pd.DataFrame, split: str, found: pd.DataFrame, ranked: pd.DataFrame, folder: Path) -> Parts:
    """Errors by missing stations, where their share differs."""
    if "name" in found or np.ptp(found["missing"]) < 0.1:
        return
    yield (
        f"## Missing stations, {_title(split)}",
        draw_gaps(_shown(found, ranked, 6), folder / f"gaps-{split}.png"),
    )
    errors = errors_by_gap(found)
    rows = [
        [r.model, f"{100 * r.missing:.0f}", str(r.n), f"{r.position_error:.1f}", f"{r.magnitude_error:.3f}"]
        for r in errors.itertuples()
    ]
    head = ["model", "missing (%)", "samples", "position error, median (km)", "abs(ΔMw), median"]
    yield markdown_table(head, rows), None


def _statistics(
    table: pd.DataFrame, split: str, found: pd.DataFrame, ranked: pd.DataFrame, folder: Path
) -> Parts:
    """Thresholds and figures of made samples."""
    if "name" in found or found["sample"].nunique() < FEWEST:
        return
    shown = _shown(found, ranked, _MODELS)
    first = shown[shown["seed"] == shown.groupby("model")["seed"].transform("min")]
    best = found[found["model"] == _best(ranked)]
    word = "" if split == "-" else f"-{split}"
    network = context_of(table, split)
    stations = tuple(np.asarray(network[f"station_{axis}"]["y_true"]) for axis in ("latitude", "longitude"))
    limits = thresholds(best)
    yield f"## Magnitude thresholds, {_title(split)}", None
    yield (
        _thresholds_text(str(best["model"].iloc[0]), limits),
        draw_depth(best, limits, folder / f"depth{word}.png"),
    )
    yield (
        f"## Where the errors are, {_title(split)}\n\nFirst seed. Colour: median error on 1° x 1°; arrows: "
        "mean error, a third of its length; dots: stations.",
        draw_maps(first, (stations[0], stations[1]), folder / f"maps{word}.png"),
    )
    yield f"## Distance, {_title(split)}", draw_distance(first, folder / f"distance{word}.png")
    yield f"## Magnitude residuals, {_title(split)}", draw_residuals(first, folder / f"residuals{word}.png")


def _best(ranked: pd.DataFrame) -> str:
    """The best network, or the best of all where there is none."""
    networks = ranked[ranked["kind"] == "network"]
    return str((networks if len(networks) else ranked)["model"].iloc[0])


def _shown(found: pd.DataFrame, ranked: pd.DataFrame, most: int) -> pd.DataFrame:
    """Samples of the best models: networks first, in the order of their ranks."""
    order = pd.concat([ranked[ranked["kind"] == "network"], ranked[ranked["kind"] != "network"]])["model"]
    chosen = [m for m in ranked["model"] if m in set(order.head(most))]
    return pd.concat([found[found["model"] == m] for m in chosen], ignore_index=True)


def _thresholds_text(model: str, limits: list[Threshold]) -> str:
    """Table 2: our threshold with its 95 % interval, the published one in brackets."""
    known = {(t.distance, t.depth): t for t in limits}
    rows = [[near, *(_cell(known[near, deep]) for deep in DEPTHS)] for near in DISTANCES]
    rule = (
        f"{model}: smallest Mw from which on the median position error of every 0.3 magnitudes stays within "
        f"{LIMIT_KM:g} km, with its 95 % bootstrap interval and the number of samples; published value (ITS, "
        "read off a figure) in brackets. Distance on the ground to the nearest station."
    )
    return f"{rule}\n\n{markdown_table(['', *DEPTHS], rows)}"


def _cell(t: Threshold) -> str:
    if not t.n:
        return f"no samples [{t.published:g}]"
    low, high = (f"{v:.1f}" if np.isfinite(v) else "none" for v in (t.low, t.high))
    value = f"{t.mw:.1f}" if np.isfinite(t.mw) else "none"
    return f"{value} ({low}–{high}; n={t.n}) [{t.published:g}]"
