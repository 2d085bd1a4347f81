"""The anomaly suite's report: false alarms, ROC, delays, the document's claims, what chance gives."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from slipbench.benchmarks.anomaly.chance import caution_text, chance_table, marks_of
from slipbench.benchmarks.anomaly.claims import (
    excess_text,
    lead_table,
    published_about,
    published_table,
    station_text,
)
from slipbench.benchmarks.anomaly.detection import detection_table
from slipbench.benchmarks.anomaly.distance import NEAR_KM, draw_distance
from slipbench.benchmarks.anomaly.false_alarms import alarms_table
from slipbench.benchmarks.anomaly.frame import detections, records
from slipbench.benchmarks.anomaly.protocol import RATE
from slipbench.benchmarks.anomaly.roc import auc_table, draw_roc
from slipbench.benchmarks.anomaly.time_frequency import draw_record
from slipbench.benchmarks.document import Parts, write_document
from slipbench.benchmarks.text_table import markdown, markdown_table
from slipbench.datasets.physics.arrivals import FASTEST_P


def write_report(table: pd.DataFrame, folder: Path, options: Any) -> list[Path]:
    """Write ``report.md`` and its figures.

    Parameters
    ----------
    table : DataFrame
        Results of one anomaly suite.
    folder : Path
        Where the files go.
    options : AnomalyOptions
        Of the suite: windows and thresholds.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    found = detections(table)
    by_name = {o.name: o for o in (*options.detectors, *options.baselines)}

    def parts() -> Parts:
        yield _protocol(options), None
        yield markdown(table), None
        if not found:
            return
        yield _samples(table, found), None
        yield from _rates(found)
        yield from _curves(found, {name: by_name[name].threshold for name in found}, folder)
        yield from _delays(found)
        yield from _document(table, found, by_name, folder)
        yield from _chance(table, found, by_name)

    return write_document(folder, f"{table['suite'].iloc[0]}: beyond the leaderboard", parts())


def _protocol(o: Any) -> str:
    return f"""\
## Protocol

Velocities are differences of neighbouring positions, at the later epoch. A detector sees the epochs up to the
one that it judges; its statistic at a station is the largest of the three components'. *Quiet* is what lies
before any wave can arrive ({FASTEST_P:g} km/s) and after {o.background} epochs of record. *Shaken* are
{o.window} epochs from the S wave on (direct, or along the mantle); the quiet window of the ROC are the last
{o.window} quiet epochs. An alarm is an anomaly without another one in the {o.hold} epochs before.

No threshold was tuned on a shaken window. Published ones are constants. That for {RATE:g} false alarm per
hour comes from the quiet parts of every second other station of the same earthquake, and, to see whether it
can be carried over, from all other earthquakes (*transferred*). Intervals of the leaderboard draw whole
earthquakes, whose stations share noise and shaking; with so few of them they are wide. Stations that do not
fit their neighbours were taken out with the whole record known, as a list of bad stations is.
{_cleaned(o)}"""


def _cleaned(o: Any) -> str:
    if not o.latency:
        return "Single epochs were not taken out."
    return (
        f"Single epochs off were taken out, which looks {o.latency} epoch ahead: alarms are known that late."
    )


def _samples(table: pd.DataFrame, found: Mapping[str, pd.DataFrame]) -> str:
    frame = next(iter(found.values()))
    rows = []
    for event, part in frame.groupby("event", sort=False):
        km, hours = part["hypocentral_km"], part["false_alarms_true"].sum()
        windows = [str(int(part[q].notna().sum())) for q in ("quiet", "shaken", "detection")]
        rows.append([event, f"{part['mw'].iloc[0]:.1f}", str(len(part)), f"{km.min():.0f}–{km.max():.0f}",
                     f"{hours:.1f}", *windows])  # fmt: skip
    head = ["earthquake", "Mw", "records", "hypocentral distance (km)", "quiet hours", "quiet windows"]
    table_ = markdown_table([*head, "shaken windows", "judged from P on"], rows)
    return f"## Records\n\n{table_}"


def _rates(found: Mapping[str, pd.DataFrame]) -> Parts:
    about = (
        "With exact Poisson intervals, which take alarms as independent; stations share noise, so the true "
        "ones are wider (leaderboard)."
    )
    yield f"## False alarms per hour and station\n\n{about} At the published thresholds:", None
    yield alarms_table(found, "false_alarms"), None
    yield f"At the threshold for {RATE:g} per hour from other stations of the same earthquake:", None
    yield alarms_table(found, "false_alarms_at_rate"), None
    yield f"At the threshold for {RATE:g} per hour from the other earthquakes (transferred):", None
    yield alarms_table(found, "false_alarms_transferred"), None


def _curves(found: Mapping[str, pd.DataFrame], thresholds: Mapping[str, float], folder: Path) -> Parts:
    yield (
        "## ROC\n\nOne threshold on the largest statistic of a window; dots: published thresholds.",
        draw_roc(found, thresholds, folder / "roc.png"),
    )
    yield "AUC by earthquake and distance; intervals from single stations.", None
    yield auc_table(found), None
    yield (
        "## Distance and magnitude\n\nPoints stand at the median of a class of distance; bars: 95 % from "
        f"single stations. On the right the stations within {NEAR_KM:g} km.",
        draw_distance(found, folder / "distance.png"),
    )


def _delays(found: Mapping[str, pd.DataFrame]) -> Parts:
    about = (
        "The first alarm from the earliest P wave to the end of the shaken window; a record without one "
        "counts as never. *By chance*: records that would have a false alarm there at the rate of the same "
        "earthquake's quiet part. A share noticed that is hardly above it tells nothing, and neither does "
        "its delay."
    )
    yield f"## Detection\n\n{about} At {RATE:g} false alarm per hour:", None
    yield detection_table(found, "_at_rate"), None
    yield "At the published thresholds:", None
    yield detection_table(found, ""), None


def _document(
    table: pd.DataFrame, found: Mapping[str, pd.DataFrame], by_name: Mapping[str, Any], folder: Path
) -> Parts:
    places = records(table)
    yield f"## Document 002\n\n{station_text()} {excess_text(places)}", None
    yield published_about(), None
    yield published_table(places), None
    rules = [n for n in found if by_name[n].detector == "quartile_rule"]
    spectra = [n for n in found if by_name[n].detector == "frequency"]
    if rules and spectra:
        about = (
            "Lead of the sliding frequency over the quartile rule on records where both give an alarm while "
            "the waves arrive: as it can be known, at the last epoch of the spectrum's window, and as it "
            "looks where a spectrum is drawn at the middle or the first epoch of its window."
        )
        yield about, None
        yield lead_table(found[rules[0]], found[spectra[0]], by_name[spectra[0]].spectrum - 1.0), None
    thresholds = {name: by_name[name].threshold for name in found}
    titles = {"large": "The largest earthquake", "small": "The smallest one with records long enough"}
    explained = (
        "at its nearest usable station. Spectra stand at the last epoch of their window. Lines: origin, "
        f"earliest P, S. First alarms at the published threshold (triangle) and at {RATE:g} false alarm per "
        "hour (star)."
    )
    for which, title in titles.items():
        if drawn := draw_record(table, which, found, thresholds, folder / f"record-{which}.png"):
            yield f"{title} {explained}", drawn


def _chance(table: pd.DataFrame, found: Mapping[str, pd.DataFrame], by_name: Mapping[str, Any]) -> Parts:
    yield "## What chance gives", None
    for name, frame in found.items():
        if by_name[name].detector == "quartile_rule":
            yield caution_text(by_name[name], frame, marks_of(table, name)), None
    yield chance_table(table, found), None
