"""Made high-rate records whose peaks follow a published relation exactly, as a store of rapid_real."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.rapid_real import RapidReal
from slipbench.datasets.store.reader import Store

#: Speed of the made wave, km/s, and seconds that it takes to the peak.
SPEED, RISE = 3.0, 10.0


def write_events(folder: Path, magnitudes: list[float], stations: int = 30, noise_m: float = 0.0003) -> None:
    """One NPZ of 300 s for each magnitude, 60 s of it before the origin, named ``quake0`` and so on."""
    rng = np.random.default_rng(17)
    (folder / "high_rate").mkdir(parents=True, exist_ok=True)
    for k, mw in enumerate(magnitudes):
        lat, lon = 38 + rng.uniform(-2, 2, stations), 140 + rng.uniform(-2, 2, stations)
        km = np.hypot(ground_distance(lat, lon, np.array(38.0), np.array(143.0)) / 1e3, 20.0)
        t = np.arange(300) - 60
        rise = np.clip((t - km[:, None] / SPEED) / RISE, 0, 1)
        enu = rng.normal(0, noise_m, (stations, 3, 300))
        enu[:, 0] += expected_pgd(mw, km, SCALINGS["ruhl2019"])[:, None] * rise
        origin = datetime(2011, 3, 11, tzinfo=UTC) + timedelta(days=k)
        np.savez(
            folder / f"high_rate/quake{k}.npz",
            enu_0p1mm=np.round(enu * 1e4).astype(np.int32),
            station=np.array([f"S{i:03}" for i in range(stations)]),
            lat=lat,
            lon=lon,
            elev_m=np.zeros(stations),
            t0_unix=origin.timestamp() - 60,
            dt_s=1.0,
            origin_time=np.array(origin.strftime("%Y-%m-%dT%H:%M:%S")),
            hypo=np.array([38.0, 143.0, 20.0]),
            mw=mw,
        )


def made_store(folder: Path, magnitudes: list[float], **change: object) -> Store:
    """The store of such events, 60 s before to 200 s after the origin."""
    write_events(folder / "data", magnitudes, **change)  # type: ignore[arg-type]
    raw: dict[str, Any] = {"recipe": "rapid_real", "name": "made", "before_s": 60, "after_s": 200}
    raw["outliers"] = {"threshold": 1e6}  # a handful of stations per degree near a great earthquake
    build(RapidReal(RapidReal.Options.model_validate(raw), folder / "data").plan(), folder / "store")
    return Store(folder / "store")
