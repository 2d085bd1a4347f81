"""Real earthquakes in daily positions: the path of Costantino et al. (2023), section 4."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.preprocess.window import prepare_window
from slipbench.datasets.readers.daily import DailySeries, read_daily
from slipbench.datasets.readers.stations import Stations, read_stations
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_options import COMPONENTS, EVENT_DAY, IMAGE_DAYS, WINDOW_DAYS
from slipbench.datasets.recipes.source_real_events import Dropped, Gathered, Left, Observed
from slipbench.datasets.recipes.source_real_options import DailyInput, Targets
from slipbench.datasets.recipes.source_real_truth import Quake, Truths
from slipbench.datasets.store.plan import Source

_EPOCH = date(1970, 1, 1)


def gather_daily(o: DailyInput, data: Path | None, truths: Truths, targets: Targets, grid: Grid) -> Gathered:
    """Cut the windows of the catalogue's events out of the positions of the stations in the grid.

    Raises
    ------
    InputError
        For unusable files, without a catalogue, or when no station with coordinates lies in the grid.
    """
    if truths.table is None:
        raise InputError(
            "catalogue", "null", "a catalogue, from which 'input: daily' takes its events", "name one"
        )
    out = Gathered(
        about="daily GNSS positions around catalogue events, as in section 4 of Costantino et al. (2023)",
        offset="position of the day after less that of the day before, before the trend is taken off",
        policies=_policies(o),
    )
    path, name = data_file(data, o.positions, "input.positions")
    list_path, list_name = data_file(data, o.stations, "input.stations")
    out.sources += [Source.of(path, name), Source.of(list_path, list_name)]
    series = read_daily(path)
    stations, columns = _located(series, read_stations(list_path), grid, path, out)
    for quake in _selected(truths, o, targets, series, out):
        first = (quake.day - _EPOCH).days - EVENT_DAY
        raw = series.on_days(first, WINDOW_DAYS)[:, columns, : len(COMPONENTS)]
        window = prepare_window(raw, EVENT_DAY, o.least_stations, o.least_days, o.trend)
        out.count("samples_replaced_by_the_hampel_filter", window.outliers)
        if not window.usable.any() or not window.valid:
            out.count("events_with_too_few_stations")
            reason = f"{int(window.usable.sum())} of {len(columns)} stations in the grid have enough days"
            out.dropped.append(Dropped(quake.name, reason))
            continue
        out.count("samples_filled", window.filled)
        before, after = IMAGE_DAYS
        offset = window.enu[after] - window.enu[before] + (after - before) * window.slope
        here = window.usable
        left = [Left(stations.code[k], "too few days") for k in np.flatnonzero(~here)]
        out.count("stations_with_too_few_days", len(left))
        out.events.append(
            Observed(quake, stations.take(here), offset[here], tuple(left), window.enu[:, here])
        )
    return out


def _policies(o: DailyInput) -> dict[str, str]:
    years = ", ".join(f"{y}: {' '.join(map(str, days))}" for y, days in sorted(o.only.items()))
    return {
        "stations_without_coordinates": "stations that the list does not know: left out",
        "stations_outside_the_grid": "stations outside the grid: left out",
        "events_smaller_on_the_same_day": "of several events on one day the largest is used",
        "events_in_years_of_chosen_days": f"years of which only some days are used ({years or 'none'})",
        "events_on_consecutive_days": "events whose neighbouring day has one too: all dropped",
        "events_of_unknown_depth": "the catalogue does not know the depth: used",
        "events_outside_the_positions": "windows that reach beyond the positions: dropped",
        "events_with_too_few_stations": f"fewer than {o.least_stations:g} of the grid's stations: dropped",
        "stations_with_too_few_days": f"fewer than {o.least_days:g} of the days of a window, or not two "
        "in each half: left out of that event",
        "samples_replaced_by_the_hampel_filter": "outliers replaced by the running median of 7 days",
        "samples_filled": "gaps filled with the linear trend of their half of the window",
    }


def _located(
    series: DailySeries, known: Stations, grid: Grid, path: Path, out: Gathered
) -> tuple[Stations, list[int]]:
    """Stations inside the grid, and their columns in the series."""
    row = {code: k for k, code in enumerate(known.code)}
    have = [k for k, code in enumerate(series.stations) if code in row]
    out.count("stations_without_coordinates", len(series.stations) - len(have))
    placed = known.take(np.array([row[series.stations[k]] for k in have], int))
    inside = grid.holds(placed.lat, placed.lon)
    out.count("stations_outside_the_grid", int((~inside).sum()))
    if not inside.any():
        raise InputError(
            path, "no station with coordinates lies in the grid", "at least one", "move the grid"
        )
    return placed.take(inside), [k for k, here in zip(have, inside, strict=True) if here]


def _selected(
    truths: Truths, o: DailyInput, targets: Targets, series: DailySeries, out: Gathered
) -> list[Quake]:
    """Events that are used, by day; every other one of the region and size is dropped with its reason."""
    table = truths.table
    assert table is not None
    begin = _EPOCH + timedelta(days=series.first_day)
    end = begin + timedelta(days=len(series.enu_mm))
    lat, lon = targets.latitude, targets.longitude
    inside = table.lat.between(lat.low, lat.high) & table.lon.between(lon.low, lon.high)
    shallow = ~(table.depth_km > o.deepest_km)
    days = pd.Timestamp(begin), pd.Timestamp(end)
    rows = table[inside & shallow & (table.magnitude >= o.least_mw) & (table.time >= days[0])]
    rows = rows[rows.time < days[1]]
    rows = rows.assign(day=rows.time.dt.date).sort_values(["day", "magnitude"], ascending=[True, False])
    largest = rows.drop_duplicates("day")
    out.count("events_smaller_on_the_same_day", len(rows) - len(largest))
    quakes = [
        truths.of_day(
            Quake(
                str(r.day),
                datetime(r.day.year, r.day.month, r.day.day, tzinfo=UTC).timestamp(),
                float(r.lat),
                float(r.lon),
                float(r.depth_km),
                float(r.magnitude),
                truths.about,
            )
        )
        for r in largest.itertuples()
    ]
    quakes = _kept(quakes, out, "events_in_years_of_chosen_days", _not_chosen(quakes, o.only))
    quakes = _kept(quakes, out, "events_on_consecutive_days", _consecutive(quakes))
    out.count("events_of_unknown_depth", sum(bool(np.isnan(q.depth_km)) for q in quakes))
    margin = timedelta(days=EVENT_DAY), timedelta(days=WINDOW_DAYS - EVENT_DAY)
    beyond = {
        q.name: "its window reaches beyond the positions"
        for q in quakes
        if q.day - margin[0] < begin or q.day + margin[1] > end
    }
    return _kept(quakes, out, "events_outside_the_positions", beyond)


def _kept(quakes: list[Quake], out: Gathered, policy: str, reasons: dict[str, str]) -> list[Quake]:
    """The quakes without a reason against them; the others are noted as dropped."""
    gone = [q for q in quakes if q.name in reasons]
    out.count(policy, len(gone))
    out.dropped += [Dropped(q.name, f"Mw {q.mw:.2f}: {reasons[q.name]}") for q in gone]
    return [q for q in quakes if q.name not in reasons]


def _not_chosen(quakes: Sequence[Quake], only: dict[int, tuple[date, ...]]) -> dict[str, str]:
    return {
        q.name: f"of {q.day.year} only chosen days are used"
        for q in quakes
        if q.day.year in only and q.day not in only[q.day.year]
    }


def _consecutive(quakes: Sequence[Quake]) -> dict[str, str]:
    days = {q.day for q in quakes}
    one = timedelta(days=1)
    return {
        q.name: "the day before or after has an event too"
        for q in quakes
        if {q.day - one, q.day + one} & days
    }
