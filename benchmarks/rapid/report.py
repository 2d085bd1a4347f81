"""The rapid suite's report: every earthquake by every estimator, from the results table alone."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.document import Parts, write_document
from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.metrics import SNAPSHOT
from slipbench.benchmarks.rapid.context import POLICY
from slipbench.benchmarks.rapid.figures import draw_curves, draw_stations
from slipbench.benchmarks.rapid.frame import Frames, frames
from slipbench.benchmarks.rapid.network_section import network_parts
from slipbench.benchmarks.text_table import markdown_table
from slipbench.datasets.physics.pgd import Scaling
from slipbench.datasets.physics.pgd_stations import NOISE_PEAK

#: Document 003: seconds and Mw when the estimate of its earthquake (Mw 7.1) is first stable, and at the end.
PUBLISHED = {"first": (40, 6.4), "final": (170, 7.1)}
#: Estimators in the figure of curves; rejected stations that are named.
_LINES, _NAMED = 7, 6


def write_report(
    table: pd.DataFrame, folder: Path, within: float, scalings: Mapping[str, Scaling]
) -> list[Path]:
    """Write ``report.md`` and its figures.

    Parameters
    ----------
    table : DataFrame
        Results table of a rapid suite.
    folder : Path
        Where they go.
    within : float
        Distance from the catalogue that counts as arrived.
    scalings : mapping
        Published coefficients by the name of the estimators that use them.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    whole, table = table, table[table["label"] != SNAPSHOT]
    board = leaderboard(table)

    def parts() -> Parts:
        if not len(board) or not board["rank"].notna().any():
            yield "No estimator gave a result.", None
            return
        found = frames(table)
        ranked = board[board["rank"].notna()].sort_values("rank", kind="stable")["model"].tolist()
        yield _events(found, within), None
        yield _curves(found, ranked, within, folder)
        yield _first_and_last(found), None
        for model in _shown(found.models, ranked, scalings):
            yield _stations(found, model, scalings[model], folder)
        yield from network_parts(whole, folder)
        yield _quality(found), None
        if len(found.fitted):
            yield _fitted(found), None

    return write_document(folder, f"{table['suite'].iloc[0]}: beyond the leaderboard", parts())


def _shown(models: list[str], ranked: list[str], scalings: Mapping[str, Scaling]) -> list[str]:
    """The first estimator with published coefficients, and the best one."""
    return list(
        dict.fromkeys(m for group in (models, ranked) for m in [m for m in group if m in scalings][:1])
    )


def _order(found: Frames) -> list[int]:
    return found.events.sort_values("mw", ascending=False, kind="stable").index.tolist()


def _heads(found: Frames) -> list[str]:
    return [f"{found.events.loc[e, 'name']} {found.events.loc[e, 'mw']:.1f}" for e in _order(found)]


def _cells(found: Frames, text: Callable[[pd.Series, pd.Series], str]) -> list[list[str]]:
    """A row for each estimator, a column for each earthquake."""
    finals = found.finals.set_index(["model", "event"])
    return [
        [m, *(text(finals.loc[(m, e)], found.events.loc[e]) for e in _order(found))] for m in found.models
    ]


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if np.isfinite(value) else "∞"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _events(found: Frames, within: float) -> str:
    """Final error, seconds and stations."""

    def text(row: pd.Series, event: pd.Series) -> str:
        if not np.isfinite(row["mw"]):
            return f"none; {row['stations']:.0f}"
        return f"{_signed(row['mw'] - event['mw'])}; {_seconds(row['seconds'])}; {row['stations']:.0f}"

    return "\n".join(
        [
            "## Every earthquake by every estimator",
            "",
            "Predicted minus catalogue Mw at the end of the record; seconds from the origin after which the "
            f"estimate stays within {within:g} of the catalogue (∞: it does not); stations that it rests on "
            "at the end. Hypocentre and origin time are taken as known. The time does not include that of "
            "data on their way, nor of positioning.",
            "",
            markdown_table(["estimator", *_heads(found)], _cells(found, text)),
        ]
    )


def _curves(found: Frames, ranked: list[str], within: float, folder: Path) -> tuple[str, Path]:
    chosen = set(ranked[:_LINES]) | {m for m in found.models if found.kinds[m] == "network"}
    models = [m for m in found.models if m in chosen or m == found.models[0]]
    learnt = [m for m in models if found.kinds[m] == "network"]
    text = "## Convergence\n\nNothing later than a second enters its estimate; stations that quality control "
    text += "rejected are known from the start. A curve begins when enough stations are reached."
    if learnt:
        text += f" Shades: the 90 % that {' and '.join(learnt)} gives with its own standard deviation."
    return text, draw_curves(found, models, within, folder / "curves.png")


def _first_and_last(found: Frames) -> str:
    """The document's two claims beside ours."""

    def text(row: pd.Series, event: pd.Series) -> str:
        if not np.isfinite(row["mw"]):
            return "none"
        first = f"{_seconds(row['first_seconds'])}: {row['first_mw']:.2f}"
        if not np.isfinite(row["first_seconds"]):
            first = "never"
        return f"{first} → {_seconds(row['own_seconds'])}: {row['mw']:.2f}"

    (s1, m1), (s2, m2) = PUBLISHED["first"], PUBLISHED["final"]
    return "\n".join(
        [
            "## First stable and last estimate",
            "",
            "Document 003 says of its earthquake (Mw 7.1, nine stations at 52 to 558 km): first stable at "
            f"{s1} s near {m1}, final at {s2} s near {m2}. Below: the first second at which the estimates of "
            "the last seconds (option stable_s) have hardly changed (stable_change), and the estimate then → "
            "the second after which it stays near its own last value (own), and that value. What differs: "
            "the earthquake, whose records are not at hand; positions in real time by PPP-B2b there, "
            "processed afterwards here; nine stations there, 12 to some thousand here; and the document does "
            "not say which change counts as stable, nor when a station counts.",
            "",
            markdown_table(["estimator", *_heads(found)], _cells(found, text)),
        ]
    )


def _stations(found: Frames, model: str, scaling: Scaling, folder: Path) -> tuple[str, Path]:
    text = (
        f"## Stations of {model}\n\nThe dotted line is what the same relation makes of noise: a peak of "
        f"{NOISE_PEAK:g} times the root mean square before the origin, as some hundred samples of white "
        "noise have. Where stations lie on it, a magnitude near the catalogue's is luck."
    )
    return text, draw_stations(found, model, scaling, folder / f"stations-{model}.png")


def _quality(found: Frames) -> str:
    """Counts of the policies, and names of what was rejected."""
    words = [p.replace("_", " ") for p in found.policies]
    rows, lines = [], []
    for event in _order(found):
        about = found.events.loc[event]
        rows.append(
            [
                str(about["name"]),
                f"{about['first_s']:.0f} … {about['last_s']:.0f}",
                f"{about['quiet_samples']:.0f}",
                f"{about['n_stations']:.0f}",
                f"{about['n_rejected']:.0f}",
                *(f"{about[POLICY + p]:.0f}" for p in found.policies),
            ]
        )
        reasons = found.rejected.loc[found.rejected["event"] == event, "reason"].tolist()
        if reasons:
            more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
            lines.append(f"- {about['name']}: {'; '.join(_worst(reasons)[:_NAMED])}{more}")
    head = ["earthquake", "record (s)", "quiet samples", "stations", "rejected", *words]
    return "\n".join(
        [
            "## Quality control",
            "",
            "The rules are attributes of the store (`slipbench inspect`). Rejected, the worst first:",
            "",
            *lines,
            "",
            markdown_table(head, rows),
        ]
    )


def _worst(reasons: list[str]) -> list[str]:
    """Reasons by the first number of metres in them, those without one last."""

    def metres(reason: str) -> float:
        found = re.search(r"(-?[0-9.]+) m\b", reason)
        return -abs(float(found[1])) if found else 0.0

    return sorted(reasons, key=metres)


def _fitted(found: Frames) -> str:
    """What was learnt without each earthquake."""
    names = list(dict.fromkeys(found.fitted["quantity"]))
    rows = [
        [str(model), str(found.events.loc[event, "name"]), *(_plain(part.get(n, np.nan)) for n in names)]
        for (model, event), part in (
            (key, rows.set_index("quantity")["value"])
            for key, rows in found.fitted.groupby(["model", "event"], sort=False)
        )
    ]
    return "\n".join(
        [
            "## What was fitted",
            "",
            "An estimator that learns from real earthquakes is fitted anew for each one, on all others.",
            "",
            markdown_table(["estimator", "without", *names], rows, left=(0, 1)),
        ]
    )


def _plain(value: float) -> str:
    return f"{value:.4f}".replace("-", "−") if np.isfinite(value) else "–"
