"""Real earthquakes in the form of the synthetic source dataset (science S1, section 4)."""

from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import SplineGridder, near_stations
from slipbench.datasets.readers.stations import Stations, read_stations
from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_layout import static_arrays
from slipbench.datasets.recipes.source_maker import Noise, Views
from slipbench.datasets.recipes.source_network import NGL_LIST
from slipbench.datasets.recipes.source_noise import network_noise
from slipbench.datasets.recipes.source_options import EVENT_DAY, WINDOW_DAYS, days_of
from slipbench.datasets.recipes.source_plot import plot_real
from slipbench.datasets.recipes.source_real_coseismic import gather_coseismic
from slipbench.datasets.recipes.source_real_daily import gather_daily
from slipbench.datasets.recipes.source_real_events import Gathered
from slipbench.datasets.recipes.source_real_high_rate import gather_high_rate
from slipbench.datasets.recipes.source_real_layout import attributes, per_event, row_arrays
from slipbench.datasets.recipes.source_real_maker import RealMaker
from slipbench.datasets.recipes.source_real_network import (
    in_grid,
    network,
    sparse_events,
    spread,
    thinned_events,
)
from slipbench.datasets.recipes.source_real_options import (
    CoseismicInput,
    DailyInput,
    HighRateInput,
    SourceRealOptions,
)
from slipbench.datasets.recipes.source_real_truth import read_truths
from slipbench.datasets.recipes.source_streams import NETWORK, stream
from slipbench.datasets.registry import Info
from slipbench.datasets.store.plan import Plan, Source
from slipbench.datasets.store.reader import Store


@RECIPES.register(
    Info(
        name="source_real",
        task="source",
        summary="real earthquakes seen by GNSS, in the arrays of source_synthetic; test rows only",
        reference="Costantino et al. 2023, section 4; Ruhl et al. 2019; Murray et al. 2023",
        licence="Apache-2.0",
        needs=("data folder",),
        limits="no training rows and no statistics; networks bring their own",
        version=2,
    )
)
class SourceReal(Recipe):
    """Observed displacement of real earthquakes, ready for networks trained on ``source_synthetic``.

    Static offsets (``coseismic``, ``high_rate``) become a step in made daily noise, with several noise
    windows an event; ``daily`` takes the measured positions. Stations are the union of those inside the grid
    over the events, NaN where an event has no data. ``target`` is the truth as it is, also outside the range
    of the labels.
    """

    Options = SourceRealOptions

    def layout(self) -> Plan:
        """Read the inputs, choose the network, prepare noise and gridding, lay out the store.

        Raises
        ------
        InputError
            When an input is missing or cannot be used, or no event is left.
        """
        o: SourceRealOptions = self.options
        found = sparse_events(in_grid(self._gather(), o.grid), o.few_stations, o.too_sparse == "drop")
        realisations = 1 if isinstance(o.input, DailyInput) else o.input.realisations
        if not isinstance(o.input, DailyInput) and o.input.n_stations is not None:
            found = thinned_events(found, o.input.n_stations, stream(o.seed, 0, NETWORK))
        stations = network(found)
        offset, index = spread(found, stations)
        land, sources = self._land(stations, found)
        noise, note, made_from = self._noise(stations)
        days = days_of(o.representations)
        gridder = SplineGridder(o.grid).fit(stations.lat, stations.lon, land)
        views = Views(days, o.representations, gridder)
        return Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json"),
            seed=o.seed,
            n_rows=len(found.events) * realisations,
            rows_per_shard=o.rows_per_shard,
            arrays=row_arrays(o, found, len(stations)),
            static=static_arrays(o.grid, stations, gridder.land_),
            attrs=attributes(o, found, stations, realisations, note),
            sources=tuple({s.name: s for s in (*found.sources, *sources, *made_from)}.values()),
            statistics=(),
            make=RealMaker(
                position=_positions(found, offset, index)[:, list(days)],
                offset=offset,
                per_event=per_event(found, index >= 0),
                realisations=realisations,
                noise=noise,
                views=views,
                counts=found.counts,
            ),
        )

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw up to four events on the map."""
        plot_real(store, path)

    def _gather(self) -> Gathered:
        o: SourceRealOptions = self.options
        path, name = data_file(self.data, o.catalogue, "catalogue") if o.catalogue else (None, "")
        truths = read_truths(path, o.centroids)
        if isinstance(o.input, CoseismicInput):
            found = gather_coseismic(o.input, self.data, truths)
        elif isinstance(o.input, HighRateInput):
            found = gather_high_rate(o.input, self.data, truths)
        else:
            found = gather_daily(o.input, self.data, truths, o.targets, o.grid)
        if path:
            found.sources.append(Source.of(path, name))
        return found

    def _land(self, stations: Stations, found: Gathered) -> tuple[np.ndarray, tuple[Source, ...]]:
        """Land mask of the images; that of the whole list is the one of training."""
        o: SourceRealOptions = self.options
        if o.land == "stations":
            return near_stations(o.grid, stations.lat, stations.lon), ()
        path, name = data_file(self.data, NGL_LIST, "land: list")
        listed = read_stations(path)
        land = near_stations(o.grid, listed.lat, listed.lon)
        if not land.any():
            raise InputError("land", "'list' has no station near the grid", "some land", "set land: stations")
        return land, (Source.of(path, name),)

    def _noise(self, stations: Stations) -> tuple[Noise | None, dict[str, Any], tuple[Source, ...]]:
        o: SourceRealOptions = self.options
        if isinstance(o.input, DailyInput):
            return None, {"kind": "none made: that of the measured positions"}, ()
        i = o.input
        days = days_of(o.representations)
        return network_noise(i.noise, i.parametric, i.surrogate, stations, days, self.data)


def _positions(found: Gathered, offset: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Positions (events, window days, m, 2) in mm: measured, or the step alone; NaN where missing."""
    out = np.zeros((len(offset), WINDOW_DAYS, *offset.shape[1:]))
    out[:, EVENT_DAY:] = offset[:, None]
    out[np.isnan(offset)[:, None] & np.ones((1, WINDOW_DAYS, 1, 1), bool)] = np.nan
    for k, event in enumerate(found.events):
        if event.window_mm is not None:
            here = index[k] >= 0
            out[k][:, here] = event.window_mm[:, index[k, here]]
    return out
