"""The nowcast suite's report: leakage, calibration, ranks, large earthquakes, from its table alone."""

from pathlib import Path

import pandas as pd

from slipbench.benchmarks.document import Parts, write_document
from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.nowcast.calibration import calibration_table, draw_calibration
from slipbench.benchmarks.nowcast.cost import cost_table
from slipbench.benchmarks.nowcast.earthquakes import AROUND, LEAST, draw_maps, draw_series
from slipbench.benchmarks.nowcast.leakage import ABOUT, draw_memory, sample_table, score_table
from slipbench.benchmarks.nowcast.rank_figure import draw_ranks, rankings
from slipbench.benchmarks.nowcast.section import Section, sections_of
from slipbench.benchmarks.nowcast.series import events
from slipbench.benchmarks.ranks import critical_difference
from slipbench.benchmarks.text_table import markdown, markdown_table

TABLES = """\
## Leaderboards

“p to best”: the paired difference to the best model, tested on blocks of days, after Holm's correction; ✓:
not worse than the best at 5 %."""


def write_report(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``report.md`` and its figures.

    Parameters
    ----------
    table : DataFrame
        Results of one nowcast suite, with `context.context` as rows of kind ``context`` where there are any.
    folder : Path
        Where the files go.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    board = leaderboard(table)
    sections = sections_of(table, board)

    def parts() -> Parts:
        for part in (_leakage, _calibration, _ranks, _earthquakes) if sections else ():
            yield from part(table, sections, folder)
        yield f"## Cost\n\nMean seconds of a cell.\n\n{cost_table(table)}", None
        yield TABLES, None
        yield markdown(table, board), None

    return write_document(folder, f"{table['suite'].iloc[0]}: beyond the leaderboard", parts())


def _leakage(table: pd.DataFrame, sections: list[Section], folder: Path) -> Parts:
    """One page: is it skill or memory?"""
    yield f"## Leakage: is it skill or memory?\n\n{ABOUT}", None
    yield score_table(sections), None
    labels = list(dict.fromkeys(s.label for s in sections))
    yield (
        "How long a label remembers: its autocorrelation, over the whole series. Days closer than the point "
        "where a curve has fallen to 0 tell much the same; a split needs a gap of that length before its "
        "test days are new.",
        draw_memory(table, labels, folder / "memory.png"),
    )
    yield (
        "How much a test set can tell. The correlation time (integrated autocorrelation, Geyer's initial "
        "positive sequence) is the number of days that count as one independent sample. It is estimated from "
        "one series of few such samples and rather too short than too long. With a handful of independent "
        "samples no score is certain, however narrow its interval. Means over the seeds.\n\n"
        + sample_table(table, sections),
        None,
    )


def _calibration(table: pd.DataFrame, sections: list[Section], folder: Path) -> Parts:
    """Models that predict distributions."""
    if text := calibration_table(sections):
        about = (
            "Share of the test days whose label lies in the predicted central interval; it should be 0.90 "
            "and 0.50. Intervals by block bootstrap over time."
        )
        yield f"## Calibration\n\n{about}\n\n{text}", None
        yield (
            "Share of the labels below each predicted quantile, all seeds together; up to six models.",
            draw_calibration(sections, folder / "calibration.png"),
        )


def _ranks(table: pd.DataFrame, sections: list[Section], folder: Path) -> Parts:
    """Friedman's test, Nemenyi's critical difference."""
    if not (found := rankings(table)):
        return
    head = [
        "cells of",
        "cells",
        "Friedman, p",
        "critical difference",
        "counted once for all seeds",
        "left out",
    ]
    rows = [
        [
            title,
            str(r.cells),
            f"{r.p:.2g}",
            f"{r.critical:.2f}",
            f"{critical_difference(len(r.names), settings):.2f} ({settings} settings)",
            ", ".join(left) or "–",
        ]
        for title, r, left, settings in found
    ]
    about = (
        "Decoders are ranked by the first metric within every cell (label, split, seed, modality), and the "
        "ranks averaged. Two that differ by less than the critical difference (Nemenyi, 5 %) are not told "
        "apart and are joined by a bar. The seeds of one setting share days, so cells are not independent "
        "and the critical difference is too small; the other column counts every setting once. Cells of "
        "different labels and modalities still share days. A decoder that lacks half of the cells is left "
        "out."
    )
    yield f"## Average ranks of the decoders\n\n{about}\n\n{markdown_table(head, rows)}", None
    yield "Best on the left.", draw_ranks(found, folder / "ranks.png")


def _earthquakes(table: pd.DataFrame, sections: list[Section], folder: Path) -> Parts:
    """Labels and predictions around the large events, and maps of the year before."""
    catalogue = events(table)
    if not len(catalogue):
        return
    title = (
        f"## Around the large earthquakes\n\nEvents of M {LEAST:g} or more (else the largest) among the test "
    )
    title += f"days, {AROUND} days before and after. A two-sided label rises before an event because it is "
    title += "smoothed over later events as well: that rise is no precursor. Bands: 5–95 %."
    drawn = [
        (s, figure)
        for s in sections
        if not s.leaky and (figure := draw_series(s, catalogue, folder / f"events-{s.split}-{s.label}.png"))
    ]
    if drawn:
        yield title, None
    for section, figure in drawn:
        yield f"### {section.title}", figure
    days = [s.test_days() for s in sections]
    maps = draw_maps(catalogue, min(d[0] for d in days), max(d[-1] for d in days), folder / "year_before.png")
    if maps:
        yield "### Events of the year before", maps
