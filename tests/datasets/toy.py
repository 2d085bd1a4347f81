"""A small made dataset for tests of everything that works on stores."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.store.plan import ArraySpec, Plan, Shard


@dataclass(frozen=True)
class ToyMaker:
    """Images whose mean is the target; the first row of every shard counts as redrawn."""

    height: int
    width: int

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        target = rng.uniform(0, 1, (len(rows), 3))
        noise = rng.normal(0, 0.1, (len(rows), self.height, self.width, 2))
        image = noise + target[:, None, None, :2]
        split = np.array([0, 0, 0, 1, 2], np.uint8)[np.arange(rows.start, rows.stop) % 5]
        return Shard({"img": image.astype(np.float32), "target": target, "split": split}, {"redrawn": 1})


def toy_plan(n_rows: int = 100, rows_per_shard: int = 16, seed: int = 3, **options: Any) -> Plan:
    """Plan of a toy dataset of 6 × 4 images with two components."""
    return Plan(
        recipe="toy",
        recipe_version=1,
        options=options,
        seed=seed,
        n_rows=n_rows,
        rows_per_shard=rows_per_shard,
        arrays=(
            ArraySpec("img", (6, 4, 2), "float32", ("latitude", "longitude", "component"), "mm", "made", 4),
            ArraySpec("target", (3,), "float64", ("quantity",), "1", "made"),
            ArraySpec("split", (), "uint8", (), "1", "0 train, 1 validation, 2 test"),
        ),
        static=((ArraySpec("node", (4,), "float64", ("longitude",), "deg", "longitudes"), np.arange(4.0)),),
        attrs={"region": [0, 1, 0, 1]},
        sources=(),
        statistics=("img",),
        make=ToyMaker(6, 4),
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Bytes of every file below `folder`, by relative path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
