"""The report on electron content: scores with cautions, an example, measured indices and maps."""

from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.document import Parts, write_document
from slipbench.benchmarks.leaderboard import leaderboard, number
from slipbench.benchmarks.tec.figures import (
    draw_files,
    draw_indices,
    draw_map,
    draw_series,
    draw_sizes,
    names_of,
    of_name,
    values,
)
from slipbench.benchmarks.tec.judge import P_CONTROL, P_PLANTED, VALUES
from slipbench.benchmarks.text_table import markdown_table
from slipbench.datasets.anomaly.caution import Before, Caution, rule_rate
from slipbench.datasets.anomaly.quartiles import Method

_METHODS: dict[str, Method] = {"quartiles_halves": "halves", "quartiles_linear": "linear"}
_NAMES = {"f107": "F10.7", "ap": "Ap", "sunspots": "sunspot number"}
#: Days before the earthquake on which document 002 finds no anomaly of sun or magnetic field.
_NEAR_DAYS = 4
#: What the document says of days that nobody can look at here.
_PUBLISHED = """\
**The published finding cannot be checked here.** Document 002 reports −4 TECU at 37.16 N, 116.34 E on the \
day before the Mw 5.5 earthquake of 2023-08-06 (02:33:59 in Beijing), from CODE's maps of 2023-07-06 to \
2023-08-13. Those days are not at hand: there are single days of other years, which have no 30 days before \
them, and the CKMG files say of themselves that they hold CODE's Klobuchar-style model, not measured maps. \
`slipbench fetch code_ionex year=2023 doy=217` gets 2023-08-05, the others likewise."""
_MADE = """\
{planted:.0f} planted anomalies. *Hit*: a value between its begin and its end is marked with its sign; on \
a day that is left out an anomaly counts as missed. *Quiet day*: a day at a site without a planted \
anomaly. All four rules mark equally many normal values where quartiles are known. 95 % intervals from \
blocks of {window:.0f} days. A rule that marks at random is below 0 in the first column, since a hit needs \
the sign and the hours, and a mark of either sign at any hour makes a quiet day false. *Unexplained \
days*: {notes}. A planted anomaly stands over the ground; read \
between two maps in the *rotated* way, each map is read where the sun stood, 15 degrees away for every \
hour, which misses what stands over the ground. On the epochs of the maps both ways are the same."""
_PATCHES = """\
Planted is only what lies at the star and the crosses; all else is the made weather, whose false anomalies \
come in patches, since neighbouring nodes and hours go together."""
_RELATED = """\
At every site: are there more earthquakes with a marked value on one of the days before (as many as the \
store's longest lead) than under circular shifts of the marks? At sites without planted anomalies a p of \
0.05 or less is a false finding, and up to 5 % of them are to be expected."""
_BETWEEN = """\
Every second map left out and read from those before and after, root-mean-square error within 65 degrees \
of the equator; twice the distance in time, so more than the error between the maps themselves."""
_MEMORY = """\
In the whole record of observed days the same rule marks: {told}. These indices have memory and heavy \
tails, so more than the {rate:.1%} of normal, independent values are marked, and leaving such days out \
costs as large a part of the days before any earthquake."""


def write_report(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``report.md`` and its figures; parts without results are left out.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    done = table[table["status"] == "ok"]
    models = done[done["kind"] != "context"]
    shown = done[done["kind"] == "context"]

    def parts() -> Parts:
        quiet = None
        if len(models):
            board = leaderboard(table)
            board = board[board["seeds"] > 0]
            quiet = _quiet(board)
            yield from _scores(models, board, folder)
        for name, part in (("example", _example), ("indices", _indices), ("maps", _maps)):
            if len(rows := shown[shown["model"] == name]):
                yield from part(rows, folder, quiet)

    return write_document(folder, f"{table['suite'].iloc[0]}: anomalies of the electron content", parts())


Quiet = tuple[float, float, float] | None


def _quiet(board: pd.DataFrame) -> Quiet:
    """Share of marked quiet values of the first cell with the document's quartiles, with its interval."""
    mine = board[board["model"] == "quartiles_halves"]
    if not len(mine):
        return None
    low, high = (float(mine.iloc[0][f"false_per_100_{end}"]) / 100 for end in ("low", "high"))
    return float(mine.iloc[0]["false_per_100"]) / 100, low, high


def _scores(models: pd.DataFrame, board: pd.DataFrame, folder: Path) -> Parts:
    head = ["days", "rule", "between maps", "hits less false days", "hit", "false per 100 tests",
            "quiet days with a mark"]  # fmt: skip
    lines = []
    for row in board.to_dict("records"):
        cells = [row["split"].replace("_", " "), row["model"], row["modality"]]
        for name in ("tec_skill", "hit_rate", "false_per_100", "false_days"):
            ends = f"[{number(row[f'{name}_low'])}, {number(row[f'{name}_high'])}]"
            cells.append(f"{number(row[name])} {ends}")
        lines.append(cells)
    first = models[models["cell"] == models["cell"].iloc[0]]
    notes = "; ".join(dict.fromkeys(n for n in models["notes"] if n)) or "all days are tested"
    planted, window = values(first, "planted")[1].sum(), float(first["block_days"].iloc[0])
    about = _MADE.format(planted=planted, window=window, notes=notes)
    yield f"## Made maps with planted anomalies\n\n{about}", None
    yield markdown_table(head, lines, left=(0, 1, 2)), None
    yield "### Hits by size", draw_sizes(models, folder / "sizes.png")
    yield f"### Caution\n\n{_caution(models, _quiet(board))}", None
    yield f"### Anomalies before earthquakes\n\n{_RELATED}", None
    yield _related(models), None


def _caution(models: pd.DataFrame, quiet: Quiet) -> str:
    """The caution on all quiet values of the first cell of a quartile rule."""
    of_quartiles = models[models["model"].isin(_METHODS)]
    if not len(of_quartiles):
        return "No quartile rule was run."
    rows = of_quartiles[of_quartiles["cell"] == of_quartiles["cell"].iloc[0]]
    first = rows.iloc[0]
    _, tests, marks = values(rows, VALUES)
    method, window = _METHODS[first["model"]], int(first["block_days"])
    caution = Caution(int(tests.sum()), int(marks.sum()), window, method, quiet)
    rates = ", ".join(f"{rule_rate(window, method, memory):.2%} at {memory:g}" for memory in (0.0, 0.5, 0.8))
    where = f"{first['model']}, {first['modality']}, {first['split'].replace('_', ' ')}"
    return (
        f"All quiet days of all sites ({where}). {caution.text()}\n\n"
        f"Normal values by their correlation with the day before: {rates}."
    )


def _related(models: pd.DataFrame) -> str:
    head = ["days", "rule", "between maps", "sites with anomalies", "p ≤ 0.05", "sites without", "p ≤ 0.05"]
    lines = []
    for _, rows in models.groupby("cell", sort=False):
        first = rows.iloc[0]
        cells = [first["split"].replace("_", " "), first["model"], first["modality"]]
        for quantity in (P_PLANTED, P_CONTROL):
            p = values(rows, quantity)[2]
            cells += [str(len(p)), f"{(p <= 0.05).mean():.0%}" if len(p) else "–"]
        lines.append(cells)
    return markdown_table(head, lines, left=(0, 1, 2))


def _example(rows: pd.DataFrame, folder: Path, quiet: Quiet) -> Parts:
    yield "## A site with planted anomalies", draw_series(rows, folder / "series.png")
    time, _, anomaly = values(rows, "series")
    by_day = anomaly.reshape(-1, round(1 / (time[1] - time[0])))
    window = int(np.flatnonzero(np.isfinite(by_day).any(axis=1))[0])
    flags = (np.nan_to_num(by_day[window:]) != 0).any(axis=1).astype(float)
    _, day, lead = values(rows, "events")
    events = (day - np.floor(time[0])).astype(int) - window
    events = events[(events >= lead[0]) & (events <= len(flags))]
    before = Before(flags, events.tolist(), int(lead[0])) if len(events) else None
    yield _counted(anomaly, window, quiet, before).text(), None
    yield "### The day of one of them, everywhere", draw_map(rows, folder / "map.png")
    nodes = _counted(values(rows, "map")[2], window, quiet).text()
    yield f"{_PATCHES} {nodes}", None
    yield f"### Between maps\n\n{_BETWEEN}", None
    yield _between(rows), None


def _counted(anomaly: np.ndarray, window: int, quiet: Quiet, related: Before | None = None) -> Caution:
    tested = anomaly[np.isfinite(anomaly)]
    return Caution(len(tested), int((tested != 0).sum()), window, "halves", quiet, related)


def _between(rows: pd.DataFrame) -> str:
    """Errors at left-out maps, of both ways."""
    ways = ("linear", "rotated")
    names = rows.loc[rows["quantity"] == f"between_{ways[0]}", "name"].iloc[0]
    errors = [values(rows, f"between_{way}")[1] for way in ways]
    lines = [[str(name), *(f"{e[k]:.2f}" for e in errors)] for k, name in enumerate(names)]
    return markdown_table(["maps", *(f"{way} (TECU)" for way in ways)], lines)


def _indices(rows: pd.DataFrame, folder: Path, quiet: Quiet) -> Parts:
    event = values(rows, "event")[0][0]
    marked = []
    for name, title in _NAMES.items():
        day, _, beyond = values(rows, f"index_{name}")
        found = np.flatnonzero(np.nan_to_num(beyond))
        marked += [(title, day[k], day[k] - np.floor(event), beyond[k]) for k in found]
    dates = [_date(d) for d in values(rows, "index_ap")[0][[0, -1]]]
    yield f"## Measured indices, {dates[0]} to {dates[1]}", draw_indices(rows, folder / "indices.png")
    lines = [[title, _date(day), f"{away:+.0f}", f"{far:+.1f}"] for title, day, away, far in marked]
    yield (
        markdown_table(
            ["index", "marked day (UTC)", "days from the earthquake's", "beyond the bound"], lines
        ),
        None,
    )
    yield (
        _near(
            [f"{title} on {_date(day)}" for title, day, away, _ in marked if -_NEAR_DAYS <= away <= 0], rows
        ),
        None,
    )
    shares = rows.loc[rows["quantity"] == "marked_share"].iloc[0]
    each = zip(shares["name"], shares["y_true"], strict=True)
    told = ", ".join(f"{_NAMES.get(n, 'any of them')} {v:.1%}" for n, v in each)
    window = int(values(rows, "window")[1][0])
    yield _MEMORY.format(told=told, rate=rule_rate(window)), None


def _near(marked: list[str], rows: pd.DataFrame) -> str:
    """What is marked on the earthquake's day and the days before, and the largest ap of that time."""
    event = values(rows, "event")[0][0]
    time, ap, _ = values(rows, "ap_hours")
    at = int(np.nanargmax(ap))
    origin = np.rint(event * 86400).astype("datetime64[s]").item()
    return (
        f"Document 002 finds sun and magnetic field quiet on the {_NEAR_DAYS} days before its earthquake and "
        "relates the lack of electrons to it for that reason. Here the rule marks, on its UTC day and the "
        f"{_NEAR_DAYS} before: **{', '.join(marked) or 'nothing'}**. The largest ap of three hours of those "
        f"days, {ap[at]:.0f} nT, began on {_date(time[at])} at {24 * (time[at] % 1):.0f} h UTC, "
        f"{24 * (event - time[at]):.0f} hours before the origin time ({origin:%Y-%m-%d %H:%M:%S} UTC)."
    )


def _maps(rows: pd.DataFrame, folder: Path, quiet: Quiet) -> Parts:
    if not names_of(rows):
        return
    yield "## Measured maps", draw_files(rows, folder / "files.png")
    yield _curves(rows), None
    yield f"### Between the maps of a file\n\n{_BETWEEN}", None
    yield _between(rows), None
    yield _PUBLISHED, None


def _curves(rows: pd.DataFrame) -> str:
    """Range of every file's curve, as a table."""
    lines = []
    for name in names_of(rows):
        time, tec, rotated = values(of_name(rows, name), "curve")
        most = int(np.argmax(tec))
        hour, apart = 24 * (time[most] - np.floor(time[0])), np.abs(rotated - tec).max()
        numbers = [f"{v:.1f}" for v in (tec.min(), tec.max(), hour, apart)]
        lines.append([name, _date(time[0]), *numbers])
    head = ["file", "day", "least (TECU)", "most (TECU)", "at (h UTC)", "rotated and linear differ by (TECU)"]
    return markdown_table(head, lines, left=(0, 1))


def _date(day: float) -> str:
    return str(np.datetime64(int(np.floor(day)), "D"))
