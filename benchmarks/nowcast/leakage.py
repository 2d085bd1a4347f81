"""How much of a score is memory: the day number alone, the label's autocorrelation, independent samples."""

from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.nowcast.autocorrelation import memory
from slipbench.benchmarks.nowcast.context import EMBARGO
from slipbench.benchmarks.nowcast.section import Section, name_of, scored
from slipbench.benchmarks.nowcast.series import label_series, lengths
from slipbench.benchmarks.scores import points_of
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.text_table import markdown_table

ABOUT = """\
A day's label is a smoothed series, so days near each other have nearly the same label. A split that trains
on the neighbours of its test days can be answered from memory: the date is enough. The baseline `day_number`
does just that. It sees nothing but the date, so whatever it scores owes nothing to the positions of stations
or to a and b. Where it comes close to the best decoder, the score says nothing about forecasting; only where
it fails and a decoder does not has something been learnt. R² is 0 for the mean of the test days and negative
for anything worse. Persistence repeats the last label known from training."""
_LINES = {
    "feature_window_days": "feature window",
    "label_horizon_days": "counted window",
    EMBARGO: "embargo",
}


def score_table(sections: list[Section]) -> str:
    """Markdown: the best decoder beside the baselines that have no features."""
    head = ["split, label", "score", "best decoder", "its score [95 %]", "day number alone", "persistence"]
    head += ["share of the best that the day number reaches"]
    rows = []
    for s in sections:
        best = s.row(kind="decoder")
        day, last = (s.row(model=name) for name in ("day_number", "persistence"))
        rows.append(
            [
                s.title,
                s.metric.title,
                name_of(best) if best else "–",
                _score(best, s),
                _score(day, s),
                _score(last, s),
                _share(best, day, s),
            ]
        )
    return markdown_table(head, rows, left=(0, 1, 2))


def _score(row: dict | None, section: Section) -> str:
    return "–" if row is None else scored(row, section.metric.name)


def _share(best: dict | None, day: dict | None, section: Section) -> str:
    """Share of an R²; any other score has no zero to count from."""
    if best is None or day is None or section.metric.name != "r2":
        return "–"
    most, reached = float(best["r2"]), float(day["r2"])
    if most <= 0:
        return "– (the best is no better than the mean)"
    return f"{100 * reached / most:.0f} %" if reached > 0 else "none (worse than the mean)"


def sample_table(table: pd.DataFrame, sections: list[Section]) -> str:
    """Markdown: days, independent samples, blocks and embargo of every split and label."""
    head = ["split, label", "training days", "test days", "correlation time (d)", "independent test samples"]
    head += ["block (d)", "blocks of a test set", "embargo (d)"]
    gap = lengths(table).get(EMBARGO, float("nan"))
    rows = []
    for s in sections:
        series = label_series(table, s.label)
        scale = memory(series.days, series.level)[1]
        reference = s.board.iloc[0]
        rows.append(
            [
                s.title,
                f"{s.board['n_train'].mean():.0f}",
                f"{reference['n_test']:.0f}",
                number(scale),
                number(_span(s) / scale),
                number(float(s.table["block_days"].max())),
                f"{s.board['blocks'].mean():.0f}",
                number(gap) if s.split == "blocked" else "none",
            ]
        )
    return markdown_table(head, rows)


def _span(section: Section) -> float:
    """Days from the first to the last test day of a cell, mean over the cells.

    Test days drawn at random hold as many independent samples as all the days between them.
    """
    rows = points_of(section.table[section.table["status"] == "ok"])
    return float(np.mean([np.ptp(np.asarray(v)) + 1 for v in rows["time"]]))


def draw_memory(table: pd.DataFrame, labels: list[str], path: Path) -> Path:
    """Autocorrelation of every label, with the lengths that the protocol knows."""
    figure, axes = canvas(1, 1, 7.6, 3.6)
    ax, longest = axes[0, 0], 0
    for colour, label in zip(COLOURS, labels, strict=False):
        series = label_series(table, label)
        rho, scale = memory(series.days, series.level)
        ax.plot(
            np.arange(len(rho)), rho, color=colour, lw=1.8, label=f"{label} (correlation time {scale:.0f} d)"
        )
        longest = max(longest, len(rho))
    known = lengths(table)
    for days in sorted({known[name] for name in _LINES if name in known}):
        text = ", ".join(text for name, text in _LINES.items() if known.get(name) == days)
        if days < longest:
            ax.axvline(days, color="#666666", lw=0.9, ls=":")
            ax.annotate(
                text, (days, 0.98), xycoords=("data", "axes fraction"), rotation=90, fontsize=8,
                va="top", ha="right", color="#444444",
            )  # fmt: skip
    ax.axhline(0, color="#333333", lw=0.8)
    ax.set(xlim=(0, longest), ylim=(-0.6, 1.02), xlabel="lag (days)", ylabel="autocorrelation of the label")
    ax.legend(fontsize=9, frameon=False, loc="upper right")
    grid_of(ax)
    return save(figure, path)
