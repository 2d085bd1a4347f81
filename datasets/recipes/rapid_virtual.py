"""Virtual kinematic earthquakes as high-rate networks see them second by second."""

from pathlib import Path

import numpy as np

from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.recipes.high_rate_records import FOLDER
from slipbench.datasets.recipes.rapid_virtual_layout import attributes, row_arrays
from slipbench.datasets.recipes.rapid_virtual_maker import RapidMaker
from slipbench.datasets.recipes.rapid_virtual_network import Network, real_networks
from slipbench.datasets.recipes.rapid_virtual_options import RapidVirtualOptions
from slipbench.datasets.recipes.rapid_virtual_plot import plot_snapshots
from slipbench.datasets.recipes.source_layout import split_of
from slipbench.datasets.recipes.source_streams import SPLIT, stream
from slipbench.datasets.registry import Info
from slipbench.datasets.store.plan import Plan, Source
from slipbench.datasets.store.reader import Store


@RECIPES.register(
    Info(
        name="rapid_virtual",
        task="rapid",
        summary="virtual kinematic earthquakes: what high-rate networks know at random seconds",
        reference="Okada 1985; Ruhl et al. 2019",
        licence="Apache-2.0",
        limits="homogeneous half-space, one rectangle, one rupture speed; waves follow a published relation "
        "of peak displacement, not a velocity model",
    )
)
class RapidVirtual(Recipe):
    """Snapshots of random earthquakes.

    A rectangle breaks patch by patch from a random hypocentre on it. A station moves by the static
    displacement of a patch (Okada 1985) when the patch's S wave arrives, and waves that come and go lift its
    peak to one drawn about a published relation. Noise, missing samples and broken stations are added.
    `preprocess.snapshot` turns the records into the features of a random second, by the code that also
    serves real records.
    """

    Options = RapidVirtualOptions

    def layout(self) -> Plan:
        """Choose networks and split, lay out the store.

        Raises
        ------
        InputError
            When the options ask for real networks that are not there.
        """
        o: RapidVirtualOptions = self.options
        networks, sources = self._networks()
        split = split_of(o.n_events, o.split.train, o.split.validation, stream(o.seed, 0, SPLIT))
        return Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json"),
            seed=o.seed,
            n_rows=o.n_events * o.seconds_per_event,
            rows_per_shard=o.rows_per_shard,
            arrays=row_arrays(o),
            static=(),
            attrs=attributes(o, len(networks)),
            sources=sources,
            statistics=("snapshot",),
            make=RapidMaker(o, networks, split.astype(np.uint8)),
        )

    def _networks(self) -> tuple[tuple[Network, ...], tuple[Source, ...]]:
        kind = self.options.network.kind
        there = self.data is not None and any((self.data / FOLDER).glob("*.npz"))
        if kind == "made" or (kind == "auto" and not there):
            return (), ()
        return real_networks(self.data)

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw four snapshots of different magnitude on the map."""
        plot_snapshots(store, path)
