"""Synthetic earthquakes seen by a GNSS network (science S1), after Costantino et al. (2023)."""

from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import SplineGridder, near_stations
from slipbench.datasets.readers.stations import Stations, read_stations
from slipbench.datasets.recipes.base import RECIPES, Recipe, Synthesiser
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_layout import attributes, row_arrays, split_of, static_arrays
from slipbench.datasets.recipes.source_maker import SourceMaker
from slipbench.datasets.recipes.source_network import NGL_LIST, made_network, thinned
from slipbench.datasets.recipes.source_noise import network_noise
from slipbench.datasets.recipes.source_options import COMPONENTS, SourceSyntheticOptions
from slipbench.datasets.recipes.source_plot import plot_sources
from slipbench.datasets.recipes.source_streams import NETWORK, SPLIT, stream
from slipbench.datasets.recipes.source_virtual import virtual
from slipbench.datasets.registry import Info
from slipbench.datasets.store.manifest import Manifest
from slipbench.datasets.store.plan import Plan, Source
from slipbench.datasets.store.reader import Store


@RECIPES.register(
    Info(
        name="source_synthetic",
        task="source",
        summary="synthetic earthquakes off Honshu seen by GNSS: images, series, source parameters",
        reference="Costantino et al. 2023, Okada 1985, Smith and Wessel 1990",
        licence="Apache-2.0",
        limits="homogeneous half-space; daily positions; post-seismic motion is a multiple of each offset; "
        "gaps hit stations independently of each other and of the earthquake",
        version=5,
    )
)
class SourceSynthetic(Recipe):
    """Random sources, Okada displacement, network noise, gridded images.

    Positions of day t of a 100-day window are noise(t) + offset * [t >= 50], in mm. ``img`` is
    position(51) - position(49) on the grid, ``its`` the positions of days 43 ... 57 on the grid, ``ts`` the
    positions at the stations.

    Two variants, alone or together: ``post_seismic`` adds logarithmic motion after the step
    (`source_post_seismic`), ``gaps`` takes stations and days away (`source_gaps`). They have random streams
    of their own, so stores that differ in them alone are paired: row by row the same source, noise and split.

    With ``form: virtual`` the store keeps what samples are made from (`source_virtual`): the same sources,
    variants and split, and noise of the same distribution.
    """

    Options = SourceSyntheticOptions

    def layout(self) -> Plan:
        """Choose the network, prepare noise and gridding, lay out the store.

        Raises
        ------
        InputError
            When the options ask for real input that is not there or cannot be used, or for more stations than
            there are.
        """
        o: SourceSyntheticOptions = self.options
        sources: list[Source] = []
        stations, land, network = self._network(sources)
        noise, noise_note, made_from = network_noise(
            o.noise, o.parametric, o.surrogate, stations, o.days, self.data
        )
        sources += made_from
        gridder = SplineGridder(o.grid).fit(stations.lat, stations.lon, land)
        maker = SourceMaker(
            sampling=o.sampling,
            stations=stations,
            noise=noise,
            days=o.days,
            gridder=gridder,
            representations=o.representations,
            split=self._split(),
            poisson=o.poisson,
            n_components=len(COMPONENTS),
            seed=o.seed,
            post_seismic=o.post_seismic,
            gaps=o.gaps,
        )
        plan = Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json"),
            seed=o.seed,
            n_rows=o.n_samples,
            rows_per_shard=o.rows_per_shard,
            arrays=row_arrays(o),
            static=static_arrays(o.grid, stations, gridder.land_),
            attrs=attributes(o, network, noise_note),
            sources=tuple(sources),
            statistics=o.representations,
            make=maker,
        )
        return virtual(plan) if o.form == "virtual" else plan

    @staticmethod
    def synthesiser(store: Store) -> Synthesiser:
        """What makes the samples of a virtual store."""
        from slipbench.datasets.synthesis.source_torch import SourceSynthesiser

        return SourceSynthesiser.from_store(store)

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw four samples of different magnitude."""
        plot_sources(store, path)

    def appended_to(self, old: Manifest) -> "SourceSynthetic":
        """The recipe of `old` grown to this one's ``n_samples``; every other option must be that of `old`."""
        o: SourceSyntheticOptions = self.options
        then = SourceSyntheticOptions.model_validate(old.origin["options"])
        for key in type(o).model_fields:
            if key not in ("name", "n_samples", "appended_at") and getattr(o, key) != getattr(then, key):
                raise InputError(
                    key,
                    f"{getattr(o, key)!r} differs from the store's",
                    f"{getattr(then, key)!r}",
                    "append with the options of the build",
                )
        if o.n_samples == then.n_samples:
            return SourceSynthetic(then, self.data)
        if o.n_samples < then.n_samples or then.n_samples % then.rows_per_shard:
            raise InputError(
                "n_samples",
                f"{o.n_samples} after {then.n_samples}",
                f"more, after whole shards of {then.rows_per_shard}",
                "ask for more, or build to a new folder",
            )
        at = (*then.appended_at, then.n_samples)
        return SourceSynthetic(
            then.model_copy(update={"n_samples": o.n_samples, "appended_at": at}), self.data
        )

    def _split(self) -> np.ndarray:
        """Split of every row; parts that were appended are split by themselves."""
        o: SourceSyntheticOptions = self.options
        parts = []
        for first, end in o.parts:
            rng = stream(o.seed, 0, SPLIT, *([first] if first else []))
            parts.append(split_of(end - first, o.split.train, o.split.validation, rng))
        return np.concatenate(parts)

    def _network(self, sources: list[Source]) -> tuple[Stations, np.ndarray, str]:
        """The stations, the land mask and where the stations come from.

        The mask comes from the whole list, so a thinned network has the same land.
        """
        o = self.options
        rng = stream(o.seed if o.network_seed is None else o.network_seed, 0, NETWORK)
        listed = self.data is not None and (self.data / NGL_LIST).is_file()
        if o.stations == "made" or (o.stations == "auto" and not listed):
            network = made_network(o.n_stations, o.grid, rng)
            land = near_stations(o.grid, network.lat, network.lon)
            return network, land, "made: evenly scattered on a rough outline of Honshu"
        path, name = data_file(self.data, NGL_LIST, "stations: ngl")
        everywhere = read_stations(path)
        land = near_stations(o.grid, everywhere.lat, everywhere.lon)
        sources.append(Source.of(path, name))
        network = thinned(everywhere, o.n_stations, o.grid, rng)
        return network, land, "Nevada Geodetic Laboratory's list: random subset of the stations in the grid"
