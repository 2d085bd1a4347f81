"""Samples of real earthquakes, one shard at a time: what was observed, noise, gridding."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from slipbench.datasets.recipes.source_maker import Noise, Views
from slipbench.datasets.store.plan import Shard

TEST = 2


@dataclass(frozen=True)
class RealMaker:
    """Makes whole shards; picklable. Row r is realisation r % `realisations` of event r // `realisations`.

    Parameters
    ----------
    position : ndarray, shape (events, days, m, 2)
        East and north in mm on the days of `views`, without made noise; NaN at stations that are missing.
    offset : ndarray, shape (events, m, 2)
        Static offsets in mm; NaN alike.
    per_event : mapping
        Row arrays that are the same for all rows of an event, first length: events.
    realisations : int
        Rows of an event.
    noise : Noise or None
        Noise to add, on the days of `views`.
    views : Views
        Makes what networks read.
    counts : mapping
        How often each policy was applied while the inputs were read; told with the first shard.
    """

    position: np.ndarray
    offset: np.ndarray
    per_event: Mapping[str, np.ndarray]
    realisations: int
    noise: Noise | None
    views: Views
    counts: Mapping[str, int]

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        """Make the rows of one shard; only the noise comes from its random stream."""
        number = np.arange(rows.start, rows.stop)
        event = number // self.realisations
        arrays = {name: values[event] for name, values in self.per_event.items()}
        arrays["realisation"] = (number % self.realisations).astype(np.int32)
        arrays["split"] = np.full(len(rows), TEST, np.uint8)
        if "offset" in self.views.representations:
            arrays["offset"] = self.offset[event].astype(np.float32)
        if self.views.days:
            position = self.position[event]
            if self.noise is not None:
                position += self.noise.draw(len(rows), rng)
            arrays |= self.views(position)
        return Shard(arrays, self.counts if shard == 0 else dict.fromkeys(self.counts, 0))
