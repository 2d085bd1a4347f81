"""The virtual form of the S1 dataset: a store of what samples are made from, not of samples.

It has the arrays of the stored form without the representations, row by row with the same sources, variants
and split. `synthesis.source_torch` makes the representations from it. Normalisation statistics come from
representations that are made while the first shards are built, by the code of the stored form.
"""

from dataclasses import dataclass, replace

import numpy as np

from slipbench.datasets.recipes.source_maker import SourceMaker, SurrogateDays
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.statistics import Moments, merge, moments

#: Static array of a virtual store with surrogate noise.
SPECTRA = "noise_spectra"
#: Rows whose representations are made for the statistics, rounded up to whole shards.
MEASURED_ROWS = 2048
#: Of them, made at once: a shard's memory must not depend on what it does not keep.
_PORTION = 8


@dataclass(frozen=True)
class VirtualMaker:
    """Makes shards without representations; picklable.

    Parameters
    ----------
    maker : SourceMaker
        Of the stored form.
    measured : int
        Leading shards whose training rows are measured.
    """

    maker: SourceMaker
    measured: int

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        """Make the rows of one shard from its own random stream."""
        arrays, counts, events = self.maker.events(shard, rows, rng)
        if shard >= self.measured:
            return Shard(arrays, counts)
        found: dict[str, list[Moments]] = {name: [] for name in self.maker.representations}
        training = np.flatnonzero(arrays["split"] == 0)
        for first in range(0, len(training), _PORTION):
            made = self.maker.observed(events.take(training[first : first + _PORTION]), rng)
            for name, parts in found.items():
                parts.append(moments(made[name]))
        return Shard(arrays, counts, {name: merge(parts) for name, parts in found.items() if parts})


def virtual(plan: Plan) -> Plan:
    """The virtual form of the plan of a stored one."""
    maker = plan.make
    assert isinstance(maker, SourceMaker)
    views = [spec for spec in plan.arrays if spec.name in maker.representations]
    measured = -(-MEASURED_ROWS // plan.rows_per_shard)
    about = {
        "arrays": {
            spec.name: {"shape": list(spec.shape), "units": spec.units, "about": spec.about} for spec in views
        },
        "noise": "follows from seed, row and number of the draw (Philox4x32-10); draw 0 is the row's own",
        "statistics": f"of the training rows among the first {measured * plan.rows_per_shard}, with noise of "
        "the same distribution",
    }
    return replace(
        plan,
        arrays=tuple(spec for spec in plan.arrays if spec not in views),
        static=(*plan.static, *_spectra(maker)),
        attrs={**plan.attrs, "virtual": about},
        make=VirtualMaker(maker, measured),
    )


def _spectra(maker: SourceMaker) -> tuple[tuple[ArraySpec, np.ndarray], ...]:
    """What surrogate noise is made of, so that no residuals are needed any more."""
    if not isinstance(maker.noise, SurrogateDays):
        return ()
    spectra = maker.noise.noise.spectra()
    spectra = spectra.reshape(*spectra.shape[:3], len(maker.stations), maker.n_components)
    dims = ("window", "part", "frequency", "station", "component")
    about = "real and imaginary part of the spectra of the windows that surrogate noise is made of"
    return ((ArraySpec(SPECTRA, (), "float32", dims, "mm", about), spectra),)
