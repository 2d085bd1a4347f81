"""Made files of earthquakes, in the formats that the recipe source_real reads."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

ORIGIN = datetime(2011, 3, 11, 5, 46, 24, tzinfo=UTC)


def places(rng: np.random.Generator, n: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Codes, latitudes and longitudes of stations inside the default grid."""
    return [f"J{k:03}" for k in range(n)], rng.uniform(35.5, 41, n), rng.uniform(139.5, 141.8, n)


def field_m(lat: np.ndarray, lon: np.ndarray, size: float = 3.0) -> np.ndarray:
    """A smooth offset (n, 3) in m, east, north, up, of a source at 38 N, 143 E."""
    away = np.hypot(lat - 38, (lon - 143) * 0.79)
    return size * np.exp(-away / 1.5)[:, None] * np.array([1.0, -0.4, -0.2])


def station_list(folder: Path, codes: list[str], lat: np.ndarray, lon: np.ndarray) -> None:
    rows = [f"{c},{a:.6f},{o:.6f},10.0" for c, a, o in zip(codes, lat, lon, strict=True)]
    (folder / "stations").mkdir(exist_ok=True)
    (folder / "stations/ngl_japan_box.csv").write_text("code,lat,lon,h\n" + "\n".join(rows) + "\n")


def catalogue(folder: Path, events: list[tuple[date, float, float, float, float]]) -> None:
    """Events as day, latitude, longitude, magnitude, depth (km)."""
    rows = [f"{lon},{lat},{m},{d.day},{d.month},{d.year},{z}" for d, lat, lon, m, z in events]
    (folder / "catalogs").mkdir(exist_ok=True)
    (folder / "catalogs/c.csv").write_text("lon,lat,mag,day,month,year,depth\n" + "\n".join(rows) + "\n")


def offsets_file(
    path: Path, codes: list[str], lat: np.ndarray, lon: np.ndarray, offset_m: np.ndarray
) -> None:
    path.parent.mkdir(exist_ok=True)
    rows = [
        f"{o:.6f} {a:.6f} {e:.6f} {n:.6f} {c}"
        for c, a, o, (e, n) in zip(codes, lat, lon, offset_m[:, :2], strict=True)
    ]
    path.write_text("\n".join(rows) + "\n")


def record(
    path: Path,
    codes: list[str],
    lat: np.ndarray,
    lon: np.ndarray,
    offset_m: np.ndarray,
    rng: np.random.Generator,
    **change: object,
) -> None:
    """A 1 Hz record of 600 s, 60 s of it before `ORIGIN`; `change` replaces arrays of the file."""
    t = np.arange(600) - 60
    shaking = 0.2 * np.exp(-(((t - 120) / 30.0) ** 2)) * np.sin(t)
    enu = (t >= 100) * offset_m[..., None] + shaking + rng.normal(0, 0.003, (*offset_m.shape, 600))
    enu += rng.normal(0, 5, (*offset_m.shape, 1))
    arrays: dict[str, object] = {
        "enu_0p1mm": np.round(enu * 1e4).astype(np.int32),
        "station": np.array(codes),
        "lat": lat,
        "lon": lon,
        "elev_m": np.zeros(len(codes)),
        "t0_unix": ORIGIN.timestamp() - 60,
        "dt_s": 1.0,
        "origin_time": np.array("2011-03-11T05:46:24"),
        "hypo": np.array([38.3, 142.4, 29.0]),
        "mw": 7.3,
    }
    path.parent.mkdir(exist_ok=True)
    kept = {k: v for k, v in (arrays | change).items() if v is not None}
    np.savez(path, **kept)  # type: ignore[arg-type]


def daily_file(path: Path, codes: list[str], first: date, enu_mm: np.ndarray) -> None:
    """Daily positions (days, stations, 3) in mm from `first` on; a missing day has no row."""
    path.parent.mkdir(exist_ok=True)
    rows = [
        f"{c},{first + timedelta(days=t)},{e:.3f},{n:.3f},{u:.3f}"
        for k, c in enumerate(codes)
        for t, (e, n, u) in enumerate(enu_mm[:, k])
        if np.isfinite(e)
    ]
    path.write_text("station,date,e_mm,n_mm,u_mm\n" + "\n".join(rows) + "\n")
