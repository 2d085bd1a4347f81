"""The source suite's report: thresholds, figures, gaps and real events, from its results table alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.document import Parts, write_document
from slipbench.benchmarks.leaderboard import leaderboard, number
from slipbench.benchmarks.source.calibration import calibration_table, draw_calibration
from slipbench.benchmarks.source.depth import draw_depth
from slipbench.benchmarks.source.distance import draw_distance
from slipbench.benchmarks.source.events import events_of, events_table
from slipbench.benchmarks.source.gaps import draw_gaps, errors_by_gap
from slipbench.benchmarks.source.magnitudes import limit_ratios, magnitudes_table
from slipbench.benchmarks.source.maps import draw_maps
from slipbench.benchmarks.source.residuals import draw_residuals
from slipbench.benchmarks.source.samples import context_of, samples
from slipbench.benchmarks.source.thresholds import DEPTHS, DISTANCES, LIMIT_KM, Threshold, thresholds
from slipbench.benchmarks.text_table import markdown_table

#: Fewer test samples say nothing on maps, and fewer than the second say nothing in nine classes.
FEWEST, FEWEST_IN_CLASSES = 200, 1000
#: Models in figures of panels, and in figures of lines and tables of thresholds.
_PANELS, _LINES = 4, 6
#: Costantino et al. (2023), table 1: position error (km) and magnitude error, median ± MAD.
PUBLISHED = {"ts": "116.53 ± 67.58; 0.25 ± 0.12", "img": "64.35 ± 44.84; 0.11 ± 0.07",
             "its": "52.65 ± 32.34; 0.08 ± 0.05"}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """What the report says of one test set is made of this.

    Attributes
    ----------
    split : str
        The test set; ``-`` is the suite's own.
    table : DataFrame
        Its rows of the results table.
    samples : DataFrame
        `samples.samples` of them.
    board : DataFrame
        Its rows of the leaderboard that hold a result: limits first, then by rank.
    folder : Path
        Where its figures go.
    """

    split: str
    table: pd.DataFrame
    samples: pd.DataFrame
    board: pd.DataFrame
    folder: Path

    @property
    def title(self) -> str:
        """The test set in words."""
        return "the test samples" if self.split == "-" else f"test set {self.split}"

    @property
    def named(self) -> bool:
        """Whether its samples are real events."""
        return "name" in self.samples

    @property
    def best(self) -> str:
        """The best network, or the best of all where there is none."""
        return self.models(1)[0]

    def models(self, most: int, whole: bool = True) -> list[str]:
        """The best models in the order of their ranks; baselines only where networks leave room.

        With `whole`, those that predict only a part of the samples are left out.
        """
        ranked = self.board[self.board["rank"].notna()]
        if whole:
            ranked = ranked[ranked["n_test"] == ranked["n_test"].max()]
        order = ranked.sort_values("kind", key=lambda kind: kind != "network", kind="stable")["model"]
        return [m for m in ranked["model"] if m in set(order.head(most))]

    def of(self, models: list[str]) -> pd.DataFrame:
        """Samples of some models, in their order."""
        return pd.concat([self.samples[self.samples["model"] == m] for m in models], ignore_index=True)

    def figure(self, name: str) -> Path:
        """File of a figure."""
        return self.folder / (f"{name}.png" if self.split == "-" else f"{name}-{self.split}.png")


def write_report(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``report.md`` and its figures.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    board = leaderboard(table)

    def parts() -> Parts:
        for split in dict.fromkeys(table["split"]):
            found = samples(table, split)
            if not len(found):
                continue
            here = board[(board["split"] == split) & (board["seeds"] > 0)]
            section = Section(split, table[table["split"] == split], found, here, folder)
            for part in (_errors, _magnitudes, _calibrated, _named, _gaps, _statistics):
                yield from part(section)

    return write_document(folder, f"{table['suite'].iloc[0]}: beyond the leaderboard", parts())


def _errors(section: Section) -> Parts:
    """Table 1: median ± MAD of every model, with 95 % intervals of the medians."""
    own = section.split == "-"
    head = ["model", "position error (km)", "95 %", "abs(ΔMw)", "95 %", "seeds", "samples"]
    head += ["published"] if own else []
    rows = []
    for row in section.board.to_dict("records"):
        of = "limit" if row["kind"] == "limit" else row["modality"]
        cells = [row["model"] if of == "-" else f"{row['model']} ({of})"]
        for error, spread in (("position_error", "position_mad"), ("mw_error", "mw_mad")):
            cells.append(f"{number(row[error])} ± {number(row[spread])}")
            cells.append(f"{number(row[f'{error}_low'])}–{number(row[f'{error}_high'])}")
        cells += [str(row["seeds"]), f"{row['n_test']:.0f}"]
        published = PUBLISHED.get(row["model"], "–") if row["kind"] == "network" else "–"
        rows.append([*cells, *([published] if own else []), row["flags"] or "–"])
    yield f"## Errors, {section.title}\n\nMedian ± median absolute deviation; mean over the seeds.", None
    yield markdown_table([*head, "remarks"], rows, left=(0, len(head))), None


def _magnitudes(section: Section) -> Parts:
    """Errors by magnitude on the samples that all models predict."""
    if section.named:
        return
    about = "Medians with 95 % intervals on the samples that every model predicts; mean over the seeds."
    ordered = section.of(list(section.board["model"]))
    yield f"## Errors by magnitude, {section.title}\n\n{about}", None
    yield magnitudes_table(ordered, limit_ratios(section.table)), None


def _calibrated(section: Section) -> Parts:
    """Coverage of the models that predict distributions."""
    if text := calibration_table(section.table):
        drawn = draw_calibration(section.table, section.figure("calibration"))
        yield f"## Coverage, {section.title}", drawn
        yield text, None


def _named(section: Section) -> Parts:
    """Real events, where the samples have names."""
    if section.named:
        yield f"## Events of {section.title}", None
        yield events_table(events_of(section.samples)), None


def _gaps(section: Section) -> Parts:
    """Errors by missing stations, where their share differs."""
    if section.named or np.ptp(section.samples["missing"]) < 0.1:
        return
    drawn = draw_gaps(section.of(section.models(_LINES, whole=False)), section.figure("gaps"))
    yield f"## Missing stations, {section.title}", drawn
    rows = [
        [r.model, f"{100 * r.missing:.0f}", str(r.n), f"{r.position_error:.1f}", f"{r.magnitude_error:.3f}"]
        for r in errors_by_gap(section.samples).itertuples()
    ]
    head = ["model", "missing (%)", "samples", "position error, median (km)", "abs(ΔMw), median"]
    yield markdown_table(head, rows), None


def _statistics(section: Section) -> Parts:
    """Thresholds and figures of made samples."""
    if section.named or section.samples["sample"].nunique() < FEWEST:
        return
    shown = section.of(section.models(_PANELS))
    first = shown[shown["seed"] == shown.groupby("model")["seed"].transform("min")]
    network = context_of(section.table, section.split)
    lat, lon = (np.asarray(network[f"station_{axis}"]["y_true"]) for axis in ("latitude", "longitude"))
    title = section.title
    if section.samples["sample"].nunique() >= FEWEST_IN_CLASSES:
        limits = {m: thresholds(section.of([m])) for m in section.models(_LINES)}
        drawn = draw_depth(section.of([section.best]), limits[section.best], section.figure("depth"))
        yield f"## Magnitude thresholds, {title}\n\n{_thresholds_text(limits)}", drawn
    yield (
        f"## Where the errors are, {title}\n\nFirst seed. Colour: median error on 1° x 1°; arrows: "
        "mean error, a third of its length; dots: stations.",
        draw_maps(first, (lat, lon), section.figure("maps")),
    )
    yield f"## Distance, {title}", draw_distance(first, section.figure("distance"))
    yield f"## Magnitude residuals, {title}", draw_residuals(first, section.figure("residuals"))


def _thresholds_text(limits: dict[str, list[Threshold]]) -> str:
    """Table 2: our thresholds with their 95 % intervals, and the published ones."""
    about = (
        "Smallest Mw from which on the median position error of every 0.3 magnitudes stays within "
        f"{LIMIT_KM:g} km, with its 95 % bootstrap interval; the published values were read off a figure of "
        "ITS. Distance on the ground to the nearest station."
    )
    known = {m: {(t.distance, t.depth): t for t in found} for m, found in limits.items()}
    first = next(iter(known.values()))
    rows = []
    for near in DISTANCES:
        here = [first[near, deep] for deep in DEPTHS]
        rows.append([near, "samples", *(str(t.n) for t in here)])
        rows.append(["", "published", *(f"{t.published:g}" for t in here)])
        rows += [["", m, *(_cell(found[near, deep]) for deep in DEPTHS)] for m, found in known.items()]
    return f"{about}\n\n{markdown_table(['distance', 'model', *DEPTHS], rows, left=(0, 1))}"


def _cell(t: Threshold) -> str:
    if not t.n:
        return "–"
    value, low, high = (f"{v:.1f}" if np.isfinite(v) else "none" for v in (t.mw, t.low, t.high))
    return f"{value} ({low}–{high})"
