"""A made store of high-rate records: noise, then a wave train from the S wave on."""

from pathlib import Path

import numpy as np

from slipbench.datasets.physics.arrivals import first_s
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store

EVENTS = ("big", "small", "short")
BEFORE, AFTER, STATIONS = 120, 200, 120
NOISE_M = 0.002


def motion(event: int, km: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Displacement (station, time, 3) in m, float32; the last station of each event is padding."""
    t = np.arange(-BEFORE, AFTER + 1.0)
    late = t - first_s(km)[:, None]
    size = (0.3, 0.02, 0.3)[event] * 100 / km[:, None]
    wave = np.where(late > 0, size * np.sin(late / 2) * np.exp(-np.maximum(late, 0) / 20), 0.0)
    out = rng.normal(0, NOISE_M, (len(km), len(t), 3)) + wave[..., None] * np.array([1.0, -0.7, 0.2])
    if EVENTS[event] == "short":
        out[:, t < -5] = np.nan
        out[:, t > 30] = np.nan
    out[0, 30:40] = np.nan
    out[-1] = np.nan
    return out.astype(np.float32)


def made_records(folder: Path) -> Store:
    """Three earthquakes in the layout of ``rapid_real``; the record of the last one begins too late."""
    km = np.tile(np.append(np.linspace(60, 400, STATIONS - 1), np.nan), (len(EVENTS), 1))

    def make(shard: int, rows: range, rng: np.random.Generator) -> Shard:
        chosen = list(rows)
        letters = [list(EVENTS[k].encode().ljust(32, b"\0")) for k in chosen]
        return Shard(
            {
                "displacement": np.stack([motion(k, km[k], rng) for k in chosen]),
                "station_lat": np.where(np.isnan(km), np.nan, 35 + km / 111)[chosen],
                "station_lon": np.where(np.isnan(km), np.nan, 140.0)[chosen],
                "hypocentral_km": km[chosen],
                "origin_time": 1.3e9 + 1e7 * np.array(chosen, float),
                "mw": np.array([8.0, 6.5, 7.0])[chosen],
                "event": np.array(letters, np.uint8),
                "split": np.full(len(chosen), 2, np.uint8),
            }
        )

    one = ("station",)
    arrays = (
        ArraySpec(
            "displacement", (STATIONS, BEFORE + AFTER + 1, 3), "float32", (*one, "time", "c"), "m", "made"
        ),
        *(ArraySpec(n, (STATIONS,), "float64", one, "1", "made") for n in ("station_lat", "station_lon")),
        ArraySpec("hypocentral_km", (STATIONS,), "float64", one, "km", "made"),
        ArraySpec("origin_time", (), "float64", (), "s", "made"),
        ArraySpec("mw", (), "float64", (), "1", "made"),
        ArraySpec("event", (32,), "uint8", ("letter",), "1", "made"),
        ArraySpec("split", (), "uint8", (), "1", "made"),
    )
    plan = Plan(
        recipe="made",
        recipe_version=1,
        options={},
        seed=1,
        n_rows=len(EVENTS),
        rows_per_shard=1,
        arrays=arrays,
        static=(),
        attrs={"first_s": float(-BEFORE), "interval_s": 1.0},
        sources=(),
        statistics=(),
        make=make,
    )
    build(plan, folder)
    return Store(folder)
