"""Toy stores and suites: the real code on a few hundred small rows."""

from pathlib import Path
from typing import Any

import numpy as np

from slipbench.benchmarks.suites.base import Inputs
from slipbench.benchmarks.task import suite_of
from slipbench.datasets.physics.source import PARAMETERS
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store

TARGETS = [
    {"name": "latitude", "units": "deg", "low": 35.0, "high": 41.0},
    {"name": "longitude", "units": "deg", "low": 139.0, "high": 146.0},
    {"name": "mw", "units": "1", "low": 5.8, "high": 8.5},
]


def _scalar(name: str, dtype: str, units: str) -> ArraySpec:
    return ArraySpec(name, (), dtype, (), units, "made")


def _store(
    folder: Path, rows: int, arrays: tuple[ArraySpec, ...], attrs: dict, make: Any, static: tuple = ()
) -> Store:
    plan = Plan(
        recipe="toy",
        recipe_version=1,
        options={"rows": rows, "attrs": attrs},
        seed=0,
        n_rows=rows,
        rows_per_shard=64,
        arrays=arrays,
        static=static,
        attrs=attrs,
        sources=(),
        statistics=("img",) if arrays[0].name == "img" else (),
        make=make,
    )
    build(plan, folder)
    return Store(folder)


def toy_nowcast(folder: Path, rows: int = 192, bandwidth: float = 5.0, unknown: int = 0) -> Store:
    """Daily images whose mean, and a and b, follow a smooth label; the first `unknown` days have no b."""

    def make(shard: int, numbers: range, rng: np.random.Generator) -> Shard:
        t = np.array(numbers, np.float64)
        level = np.sin(t / 17) + 0.5 * np.sin(t / 41)
        image = level[:, None, None, None] * 5 + rng.normal(0, 1, (len(t), 16, 16, 3))
        ab = np.column_stack([5 + level + rng.normal(0, 0.2, len(t)), 1 - 0.1 * level])
        ab[t < unknown, 1] = np.nan
        return Shard(
            {
                "image": image.astype(np.float32),
                "ab": ab,
                "time": 14000 + t,
                "label_time": 14002 + t,
                "label_two_sided": 1e-4 * (3 + level),
                "label_causal": 1e-4 * (3 + np.roll(level, 3)),
                "label_next_window_count": np.maximum(np.rint(8 * level), 0.0),
                "split": np.where(t < 0.7 * rows, 0, 2).astype(np.uint8),
            }
        )

    arrays = (
        ArraySpec("image", (16, 16, 3), "float32", ("row", "column", "component"), "mm", "made"),
        ArraySpec("ab", (2,), "float64", ("parameter",), "1", "made"),
        _scalar("time", "float64", "days"),
        _scalar("label_time", "float64", "days"),
        _scalar("label_two_sided", "float64", "per day"),
        _scalar("label_causal", "float64", "per day"),
        _scalar("label_next_window_count", "float64", "1"),
        _scalar("split", "uint8", "1"),
    )
    attrs = {
        "feature_window_days": 10,
        "label_lead_days": 2,
        "label_horizon_days": 4,
        "bandwidth_days": bandwidth,
        "unknown": unknown,
    }
    return _store(folder, rows, arrays, attrs, make)


def toy_source(folder: Path, rows: int = 192, gaps: float = 0.0, events: tuple[str, ...] = ()) -> Store:
    """Images with one bump whose place is the epicentre and whose height grows with Mw.

    With `gaps` each sample lacks up to that share of its twelve stations; `events` name the samples in turn,
    which then are all for testing.
    """
    low, high = (np.array([t[k] for t in TARGETS]) for k in ("low", "high"))

    def make(shard: int, numbers: range, rng: np.random.Generator) -> Shard:
        n = len(numbers)
        unit = rng.uniform(0, 1, (n, 3))
        y, x = np.mgrid[0:1:12j, 0:1:8j]
        far = (y - unit[:, 0, None, None]) ** 2 + (x - unit[:, 1, None, None]) ** 2
        bump = 10 ** (1 + unit[:, 2, None, None]) * np.exp(-far / 0.02)
        image = np.stack([bump, -0.5 * bump], axis=-1) + rng.normal(0, 0.1, (n, 12, 8, 2))
        split = np.array([0, 0, 0, 1, 2])[np.array(numbers) % 5] if not events else np.full(n, 2)
        source = np.zeros((n, len(PARAMETERS)))
        source[:, [name for name, _ in PARAMETERS].index("depth")] = rng.uniform(2e3, 1e5, n)
        arrays = {
            "img": image.astype(np.float32),
            "target": low + unit * (high - low),
            "source": source,
            "split": split.astype(np.uint8),
        }
        if gaps:
            arrays["present"] = (rng.uniform(size=(n, 12)) > rng.uniform(0, gaps, (n, 1))).astype(np.uint8)
            arrays["present"][:, 0] = 1
        if events:
            letters = [events[i % len(events)].encode().ljust(16, b"\0") for i in numbers]
            arrays["event"] = np.array([list(x) for x in letters], np.uint8)
        return Shard(arrays)

    arrays = [
        ArraySpec("img", (12, 8, 2), "float32", ("latitude", "longitude", "component"), "mm", "made"),
        ArraySpec("target", (3,), "float64", ("target",), "see targets", "made"),
        ArraySpec("source", (len(PARAMETERS),), "float64", ("parameter",), "various", "made"),
        _scalar("split", "uint8", "1"),
    ]
    if gaps:
        arrays.append(ArraySpec("present", (12,), "uint8", ("station",), "1", "made"))
    if events:
        arrays.append(ArraySpec("event", (16,), "uint8", ("letter",), "1", "made"))
    places = np.random.default_rng(5).uniform((36, 140), (40, 142), (12, 2))
    static = tuple(
        (ArraySpec(f"station_{axis}", (), "float64", ("station",), "degree", "made"), places[:, k])
        for k, axis in enumerate(("lat", "lon"))
    )
    attrs = {"targets": TARGETS, "variant": [gaps, *events]}
    return _store(folder, rows, tuple(arrays), attrs, make, static)


ENCODER = {"encoder": "vit", "architecture": "vit_tiny_patch16_224", "image_size": 32, "device": "cpu"}
BASELINES = [{"baseline": "mean"}, {"baseline": "persistence"}, {"baseline": "day_number", "trees": 30}]


def nowcast_suite(**changes: Any) -> Any:
    """A nowcast suite; `dataset` only gives the name, the store is an argument of the run."""
    options = {
        "suite": "nowcast",
        "name": "toy",
        "dataset": {"recipe": "nowcast", "name": "toy_data", "start": "2010-01-01", "end": "2012-01-01"},
        "encoder": ENCODER,
        "components": 6,
        "decoders": [{"decoder": "ridge"}, {"decoder": "random_forest", "trees": 5}],
        "baselines": BASELINES,
    }
    return _suite(options | changes)


def source_suite(**changes: Any) -> Any:
    """A source suite with two baselines and no network."""
    options = {
        "suite": "source",
        "name": "toy_sources",
        "dataset": {"recipe": "source_synthetic", "name": "toy_data"},
        "networks": {},
        "baselines": [{"baseline": "mean"}, {"baseline": "peak"}],
    }
    return _suite(options | changes)


def _suite(options: dict[str, Any]) -> Any:
    from pydantic import TypeAdapter

    from slipbench.benchmarks.task import AnySuite

    return suite_of(TypeAdapter(AnySuite).validate_python(options))


def inputs_of(
    store: Store, cache: Path, tests: dict[str, Store] | None = None, **checkpoints: Path | str
) -> Inputs:
    """What a caller hands to a suite."""
    return Inputs(store, checkpoints, cache, tests or {})
