"""A toy source store with every array that a network reads, and static station coordinates."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store

from .toy_source import TARGETS

STATIONS, DAYS, FRAMES, ROWS, COLUMNS = 6, 20, 5, 12, 8
VIEWS = ("img", "its", "ts", "snapshot")


@dataclass(frozen=True)
class ToyViews:
    """A step in the middle: its east tells the latitude, its north the longitude, its gradient the Mw.

    Parameters
    ----------
    stations : int
        Stations, evenly spaced from south to north.
    """

    stations: int

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        n = len(rows)
        unit = rng.uniform(0, 1, (n, 3))

        def step(ramp: np.ndarray) -> np.ndarray:
            """Offsets (n, place, component) along a ramp of places from -1 to 1."""
            return 20 * unit[:, None, :2] + 5 * unit[:, 2, None, None] * ramp[:, None]

        def series(offset: np.ndarray, days: int) -> np.ndarray:
            """Positions (n, place, day, component) with the offset from the middle day on."""
            after = np.arange(days) >= days // 2
            return rng.normal(0, 0.1, (*offset.shape[:2], days, 2)) + offset[:, :, None] * after[:, None]

        image = np.repeat(step(np.linspace(-1, 1, ROWS))[:, :, None], COLUMNS, axis=2)
        its = series(image.reshape(n, -1, 2), FRAMES).reshape(n, ROWS, COLUMNS, FRAMES, 2)
        low, high = (np.array([t[k] for t in TARGETS]) for k in ("low", "high"))
        arrays = {
            "img": image + rng.normal(0, 0.1, image.shape),
            "its": its.transpose(0, 3, 1, 2, 4),
            "ts": series(step(np.linspace(-1, 1, self.stations)), DAYS),
            "target": low + unit * (high - low),
            "split": rng.choice(np.array([0, 1, 2], np.uint8), n, p=[0.6, 0.2, 0.2]),
        }
        ramp = np.linspace(-1, 1, self.stations)
        place = np.broadcast_to(ramp[:, None], (n, self.stations, 1))
        arrays["snapshot"] = np.concatenate([step(ramp), place], -1) + rng.normal(
            0, 0.1, (n, self.stations, 3)
        )
        return Shard({k: v.astype(np.float32) if k in VIEWS else v for k, v in arrays.items()})


def toy_views(folder: Path, n_rows: int = 64, stations: int = STATIONS, seed: int = 5) -> Store:
    """Build and open a store with `VIEWS` and the station coordinates."""
    image, labels = ("latitude", "longitude", "component"), ("station", "day", "component")
    at = np.linspace(0, 1, stations)
    build(
        Plan(
            recipe="toy_views",
            recipe_version=1,
            options={"rows": n_rows, "stations": stations},
            seed=seed,
            n_rows=n_rows,
            rows_per_shard=8,
            arrays=(
                ArraySpec("img", (ROWS, COLUMNS, 2), "float32", image, "mm", "made"),
                ArraySpec("its", (FRAMES, ROWS, COLUMNS, 2), "float32", ("frame", *image), "mm", "made"),
                ArraySpec("ts", (stations, DAYS, 2), "float32", labels, "mm", "made"),
                ArraySpec("snapshot", (stations, 3), "float32", ("station", "feature"), "1", "made"),
                ArraySpec("target", (3,), "float64", ("quantity",), "see targets", "made"),
                ArraySpec("split", (), "uint8", (), "1", "0 train, 1 validation, 2 test"),
            ),
            static=tuple(
                (ArraySpec(name, (), "float64", ("station",), "degree", "made"), values)
                for name, values in (("station_lat", 36 + 4 * at), ("station_lon", 138 + 3 * np.sqrt(at)))
            ),
            attrs={"targets": TARGETS},
            sources=(),
            statistics=VIEWS,
            make=ToyViews(stations),
        ),
        folder,
    )
    return Store(folder)
