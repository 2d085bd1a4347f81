"""A toy source store: images whose mean tells the target, in every shard another mix of splits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store
from slipbench.trainers.options import TrainerOptions

TARGETS = [
    {"name": "latitude", "units": "deg", "low": 35.0, "high": 41.0},
    {"name": "longitude", "units": "deg", "low": 139.0, "high": 146.0},
    {"name": "mw", "units": "1", "low": 5.8, "high": 8.5},
]


@dataclass(frozen=True)
class ToySource:
    """The two components' means are latitude and longitude, scaled; their ramp over rows is Mw."""

    height: int
    width: int

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        unit = rng.uniform(0, 1, (len(rows), 3))
        ramp = np.linspace(-1, 1, self.height)[None, :, None, None]
        image = 20 * unit[:, None, None, :2] + 5 * unit[:, 2, None, None, None] * ramp
        image = image + rng.normal(0, 0.1, (len(rows), self.height, self.width, 2)) + 3
        low, high = (np.array([t[k] for t in TARGETS]) for k in ("low", "high"))
        split = rng.choice(np.array([0, 1, 2], np.uint8), len(rows), p=[0.6, 0.2, 0.2])
        split = np.zeros_like(split) if shard == 0 else split  # a shard without validation and test rows
        return Shard({"img": image.astype(np.float32), "target": low + unit * (high - low), "split": split})


def toy_source(
    folder: Path, n_rows: int = 96, name: str = "img", targets: Any = TARGETS, **plan: Any
) -> Store:
    """Build and open a toy store whose images (12 x 8) are called `name`."""
    maker = ToySource(12, 8)

    def make(shard: int, rows: range, rng: np.random.Generator) -> Shard:
        arrays = dict(maker(shard, rows, rng).arrays)
        arrays[name] = arrays.pop("img")
        return Shard(arrays)

    build(
        Plan(
            **{
                "recipe": "toy_source",
                "recipe_version": 1,
                "options": {"rows": n_rows},
                "seed": 5,
                "n_rows": n_rows,
                "rows_per_shard": 8,
                "arrays": (
                    ArraySpec(
                        name, (12, 8, 2), "float32", ("latitude", "longitude", "component"), "mm", "made"
                    ),
                    ArraySpec("target", (3,), "float64", ("quantity",), "see targets", "made"),
                    ArraySpec("split", (), "uint8", (), "1", "0 train, 1 validation, 2 test"),
                ),
                "static": (),
                "attrs": {"targets": targets},
                "sources": (),
                "statistics": (name,),
                "make": make,
                **plan,
            }
        ),
        folder,
    )
    return Store(folder)


def toy_options(**values: Any) -> TrainerOptions:
    """A tiny network; `dataset` is any valid one, because a fit takes its store as an argument."""
    return TrainerOptions.model_validate(
        {
            "name": "toy",
            "dataset": {"recipe": "source_synthetic", "name": "unused"},
            "model": {"model": "img", "width": 0.1, "dropout": 0.3},
            "epochs": 4,
            "batch_size": 16,
            "accelerator": "cpu",
        }
        | values
    )
