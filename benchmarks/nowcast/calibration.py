"""Do predicted quantiles hold the truth as often as they say?"""

from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D

from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.nowcast.section import Section, name_of, scored
from slipbench.benchmarks.quantiles import LEVELS
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.text_table import markdown_table


def calibrated(section: Section) -> list[dict]:
    """Rows of the leaderboard whose models predict distributions, best first."""
    if "coverage_90" not in section.board:
        return []
    return section.board[section.board["coverage_90"].notna()].to_dict("records")


def calibration_table(sections: list[Section]) -> str:
    """Markdown: CRPS and coverage with block bootstrap intervals; empty without predicted distributions."""
    rows = [
        [s.title, name_of(row), *(scored(row, name) for name in ("crps", "coverage_90", "coverage_50"))]
        for s in sections
        for row in calibrated(s)
    ]
    head = ["split, label", "model", "CRPS ↓ [95 %]", "inside 5–95 % [95 %]", "inside 25–75 % [95 %]"]
    return markdown_table(head, rows, left=(0, 1)) if rows else ""


def below(section: Section, row: dict) -> np.ndarray:
    """Share of the truths at or below each predicted quantile over all test days and seeds, shape (19,)."""
    parts = [
        next(iter(samples.true.values()))[:, None] <= samples.quantiles
        for _, samples in section.cells(row)
        if samples.quantiles is not None
    ]
    return np.concatenate(parts).mean(axis=0)


def draw_calibration(sections: list[Section], path: Path, most: int = len(COLOURS)) -> Path:
    """Observed against promised probabilities: on the diagonal where the distributions are right."""
    shown = [s for s in sections if calibrated(s)]
    columns = min(3, len(shown))
    names = list(dict.fromkeys(name_of(row) for s in shown for row in calibrated(s)))[:most]
    figure, axes = canvas(-(-len(shown) // columns), columns, 3.3, 3.3)
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    for ax, s in zip(axes.flat, shown, strict=False):
        ax.plot([0, 1], [0, 1], color="#999999", lw=1)
        for row in calibrated(s):
            if (name := name_of(row)) in names:
                colour = COLOURS[names.index(name)]
                ax.plot(LEVELS, below(s, row), "o-", ms=3, lw=1.3, color=colour)
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="promised probability of less")
        ax.set_title(s.title, fontsize=10)
        grid_of(ax)
    for ax in axes[:, 0]:
        ax.set_ylabel("share of truths below")
    keys = [Line2D([], [], color=colour, marker="o", ms=3) for colour in COLOURS[: len(names)]]
    figure.legend(keys, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return save(figure, path)
