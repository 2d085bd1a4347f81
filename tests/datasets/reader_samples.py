"""Small valid files of every format, made from random numbers: where readers' tests and fuzzing start."""

import io
import json
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from slipbench.datasets.readers.catalogue import read_catalogue
from slipbench.datasets.readers.comcat_csv import HEADER as COMCAT
from slipbench.datasets.readers.comcat_csv import read_comcat_csv
from slipbench.datasets.readers.comcat_geojson import read_comcat_geojson
from slipbench.datasets.readers.daily import read_daily
from slipbench.datasets.readers.fnet import read_fnet
from slipbench.datasets.readers.gcmt_csv import read_gcmt_csv
from slipbench.datasets.readers.gcmt_ndk import read_gcmt_ndk
from slipbench.datasets.readers.gsi_pos import read_gsi_pos
from slipbench.datasets.readers.high_rate import read_high_rate
from slipbench.datasets.readers.jma_hypocentre import read_jma_hypocentre
from slipbench.datasets.readers.jma_intensity import CLASSES, read_jma_intensity
from slipbench.datasets.readers.llh import read_llh
from slipbench.datasets.readers.ngl_tenv import read_tenv
from slipbench.datasets.readers.ngl_tenv3 import read_tenv3
from slipbench.datasets.readers.ngl_txyz2 import read_txyz2
from slipbench.datasets.readers.offsets import read_offsets
from slipbench.datasets.readers.residuals import read_residuals
from slipbench.datasets.readers.rows import Read
from slipbench.datasets.readers.space_weather import AP_OF_KP, read_space_weather
from slipbench.datasets.readers.stations import read_stations

from .sample import Sample, counted, filled, lines, text
from .satellite_samples import SATELLITE_SAMPLES

DAY0 = datetime(2009, 1, 1)


def stamp(day: datetime) -> str:
    return day.strftime("%y%b%d").upper()


def dates(day: datetime, first_weekday: int) -> str:
    days = (day - datetime(1980, 1, 6)).days
    year = day.year + (day.timetuple().tm_yday - 0.5) / 365.25
    mjd = (day - datetime(1858, 11, 17)).days
    return f"{stamp(day)} {year:.4f} {mjd} {days // 7} {days % 7 + first_weekday}"


def tenv(rng: np.random.Generator, n: int) -> bytes:
    out = []
    for i in range(n):
        v = rng.normal(0, 0.01, 3)
        c = rng.uniform(-1, 1, 3)
        out.append(
            f"J550 {dates(DAY0 + timedelta(i), 1)} {v[0]: .6f} {v[1]: .6f} {v[2]: .6f} 0.0000 "
            f"0.000484 0.000625 0.001897 {c[0]: .6f} {c[1]: .6f} {c[2]: .6f}"
        )
    return text(out)


def tenv3(rng: np.random.Generator, n: int) -> bytes:
    out = ["site YYMMMDD yyyy.yyyy __MJD week d reflon _e0(m) __east(m) ____n0(m) _north(m) u0(m) ____up(m)"]
    for i in range(n):
        v = rng.normal(0, 0.5, 3)
        out.append(
            f"J550 {dates(DAY0 + timedelta(i), 0)} 141.5 45 {v[0]:.6f} 4241028 {v[1]:.6f} 116 {v[2]:.6f} "
            "0.0000 0.0009 0.0010 0.0045 0.091352 -0.536983 0.041338 38.3011873113 141.5006857509 116.92218"
        )
    return text(out)


def txyz2(rng: np.random.Generator, n: int) -> bytes:
    out = []
    for i in range(n):
        day = DAY0 + timedelta(i)
        year = day.year + (day.timetuple().tm_yday - 0.5) / 365.25
        p = np.array([-3922518.2, 3119840.6, 3932044.1]) + rng.normal(0, 1, 3)
        out.append(
            f"J550 {stamp(day)} {year:.4f} {p[0]:.6f} {p[1]:.6f} {p[2]:.6f} "
            "0.001 0.001 0.002 0.5 -0.4 0.1 0.0000"
        )
    return text(out)


def llh(rng: np.random.Generator, n: int) -> bytes:
    return text([f"{i:04} {rng.uniform(24, 46):.9f} {rng.uniform(122, 150):.9f} 116.92" for i in range(n)])


def gsi(rng: np.random.Generator, n: int) -> bytes:
    out = ["+SITE/INF", " ID           950178", " J_NAME       矢本", "-SITE/INF", "", "+SOLVER/INF"]
    out += [" SOLUTION_ID  F5(GPS)", "-SOLVER/INF", "", "+DATA", "*yyyy mm dd HH:MM:SS X (m) Y (m) Z (m)"]
    for i in range(n):
        p = np.array([-3922518.2, 3119840.6, 3932044.1]) + rng.normal(0, 1, 3)
        at = (DAY0 + timedelta(i, hours=12)).strftime("%Y %m %d %H:%M:%S")
        xyz = " ".join(f"{x:.10E}" for x in p)
        out.append(f" {at} {xyz}  3.8301187311E+01  1.4150068575E+02  1.1692217588E+02")
    return text([*out, "*----+--+--", "-DATA"])


def comcat_csv(rng: np.random.Generator, n: int) -> bytes:
    out = [",".join(COMCAT)]
    for i in range(n):
        out.append(
            f"2011-03-11T{i % 24:02}:46:24.120Z,{rng.uniform(22, 46):.4f},142.86,"
            f"{rng.uniform(0, 600):.2f},{rng.uniform(2.5, 9):.1f},mww,541,9.5,,1.16,official,official{i:08},"
            '2022-05-09T14:50Z,"2011 Great Tohoku Earthquake, Japan",earthquake,,,,,reviewed,us,us'
        )
    return text(out)


def comcat_geojson(rng: np.random.Generator, n: int) -> bytes:
    events = [
        {
            "type": "Feature",
            "properties": {"mag": 7.3, "place": "off Honshu", "time": 1299822384120 + i, "magType": "mww"},
            "geometry": {"type": "Point", "coordinates": [142.4, round(float(rng.uniform(22, 46)), 4), 29]},
            "id": f"us{i:08}",
        }
        for i in range(n)
    ]
    body = ",\n".join(json.dumps(e) for e in events)
    return (
        f'{{"type":"FeatureCollection","metadata":{{"count":{n}}},"features":[{body}],"bbox":[1,2]}}'.encode()
    )


def jma_hypocentre(rng: np.random.Generator, n: int) -> bytes:
    out = []
    for _ in range(n):
        lat, lon = rng.integers(0, 6000, 2)
        out.append(
            f"J20110311{rng.integers(0, 24):02}46{rng.integers(0, 6000):04}0012 38{lat:04}0034 142"
            f"{lon:04}0056{rng.integers(0, 60000):5d}123{rng.integers(0, 90):02d}D  V5113 "
            f"319  {'E OFF MIYAGI PREF':24}123K"
        )
    return text(out)


def jma_intensity(rng: np.random.Generator, n: int) -> bytes:
    out = ["time_jst,latitude,longitude,depth_km,mag_jma,max_intensity,region_ja"]
    for i in range(n):
        kind = list(CLASSES)[rng.integers(len(CLASSES))]
        size = "" if i % 5 == 0 else f"{rng.uniform(2, 9):.1f}"
        out.append(
            f"1997-01-01T{i % 24:02}:35:23.0,{rng.uniform(22, 46):.4f},136.3333,12,{size},{kind},滋賀県北部"
        )
    return text(out)


def gcmt_csv(rng: np.random.Generator, n: int) -> bytes:
    rows = [
        f"{rng.uniform(-180, 180):.4f},{rng.uniform(-90, 90):.4f},5.6,{i % 28 + 1},1,1976,30"
        for i in range(n)
    ]
    return text(["lon,lat,mag,day,month,year,depth", *rows])


def gcmt_ndk(rng: np.random.Generator, n: int) -> bytes:
    out = []
    for i in range(n):
        lat, lon = rng.uniform(-89, 89), rng.uniform(-179, 179)
        out += [
            f"PDEW 2011/03/{i % 28 + 1:02} 05:46:23.0 {lat:6.2f} {lon:7.2f}  29.0 7.2 9.1 NEAR HONSHU".ljust(
                80
            ),
            f"{f'M2011031{i:04}A':16} B:  0    0   0 S:  0    0   0 M:155  420 300 CMT: 1 TRIHD: 70.0".ljust(
                80
            ),
            f"CENTROID:     69.8 0.1 {lat:6.2f} 0.00 {lon:7.2f} 0.00  20.0  0.0 BOX  S-20120101000000".ljust(
                80
            ),
            "29  1.730 0.006 -0.281 0.005 -1.450 0.005  2.120 0.068  4.550 0.065 -0.657 0.004",
            "V10   5.305 55 295   0.014  0  25  -5.319 35 115   5.312 203 10   88  25 80   90",
        ]
    return text(out)


def fnet(rng: np.random.Generator, n: int) -> bytes:
    out = [
        "Origin_Time(UT) Latitude(deg) Longitude(deg) JMA_Depth(km) JMA_Magnitude(Mj) Region_Name Strike Dip "
        "Rake Mo(Nm) MT_Depth(km) MT_Magnitude(Mw) Var._Red. "
        "mxx mxy mxz myy myz mzz Unit(Nm) Number_of_Stations"
    ]
    for i in range(n):
        out.append(
            f"2011/03/11,{i % 24:02}:46:18.12 {rng.uniform(24, 46):.4f} 142.8600 23.74 8.4 OFF_SANRIKU "
            "187;35 25;68 64;101 6.07e+21 20 8.7 73.54 -0.385 1.5176 2.818 -3.83 -3.1931 4.2233 1e+21 3"
        )
    return text(out)


def high_rate(rng: np.random.Generator, n: int) -> bytes:
    out = io.BytesIO()
    np.savez(
        out,
        enu_0p1mm=rng.integers(-1000, 1000, (n, 3, 5)).astype(np.int32),
        station=np.array([f"{i:04}" for i in range(n)]),
        lat=rng.uniform(24, 46, n),
        lon=rng.uniform(122, 150, n),
        elev_m=rng.uniform(0, 900, n),
        t0_unix=np.float64(1.3e9),
        dt_s=np.float64(1),
        origin_time=np.array("2011-03-13T07:06:42"),
        hypo=np.array([38.3, 142.4, 29.0]),
        mw=np.float64(9.1),
    )
    return out.getvalue()


def offsets(rng: np.random.Generator, n: int) -> bytes:
    rows = [
        f"{rng.uniform(122, 150):.6f} {rng.uniform(24, 46):.6f} {rng.normal():.6f} -0.313051 J{i:03}"
        for i in range(n)
    ]
    return text(rows)


def catalogue(rng: np.random.Generator, n: int) -> bytes:
    rows = [f"{i},2011-03-11 {i % 24:02}:46:24.120,{rng.uniform(122, 150):.3f},38.3,9,1,2" for i in range(n)]
    return text(["id,time,longitude,latitude,magnitude,x,y", *rows])


def daily(rng: np.random.Generator, n: int) -> bytes:
    rows = [f"S{i % 2},2011-03-{i % 28 + 1:02},{rng.normal():.2f},{rng.normal():.2f},3" for i in range(n)]
    return text(["station,date,e_mm,n_mm,u_mm", *rows])


def station_list(rng: np.random.Generator, n: int) -> bytes:
    return text(["code,lat,lon,h", *(f"S{i:03},{rng.uniform(24, 46):.6f},141.5,116.9" for i in range(n))])


def residuals(rng: np.random.Generator, n: int) -> bytes:
    out = io.BytesIO()
    np.savez(
        out,
        xyz_0p01mm=rng.integers(-1000, 1000, (n, 3, 5)).astype(np.int16),
        decimal_year=2005 + np.arange(5) / 365.25,
        station=np.array([f"P{i:03}" for i in range(n)]),
        lat=rng.uniform(40, 50, n),
        lon=rng.uniform(-125, -120, n),
    )
    return out.getvalue()


def space_weather(rng: np.random.Generator, n: int) -> bytes:
    out = ["DATATYPE CssiSpaceWeather", "VERSION 1.2", f"NUM_OBSERVED_POINTS {n}", "BEGIN OBSERVED"]
    for i in range(n):
        kp = rng.choice(list(AP_OF_KP), 8)
        ap = [AP_OF_KP[int(k)] for k in kp]
        flux = " ".join(f"{v:5.1f}" for v in rng.uniform(60, 300, 5))
        out.append(
            f"{DAY0 + timedelta(i):%Y %m %d} 2390{i % 27 + 1:3d}{''.join(f'{k:3d}' for k in kp)}{sum(kp):4d}"
            f"{''.join(f'{a:4d}' for a in ap)}{round(sum(ap) / 8):4d} 1.1 5{rng.integers(0, 400):4d}"
            f" {rng.uniform(60, 300):5.1f} 0 {flux}"
        )
    return text([*out, "END OBSERVED", "", "NUM_DAILY_PREDICTED_POINTS 0"])


def count_catalogue(path: Path, on_bad_rows: Literal["fail", "drop"]) -> Read:
    found, dropped = read_catalogue(path, on_bad_rows)
    return counted(len(found.time), dropped)


def count_daily(path: Path, on_bad_rows: str) -> Read:
    return counted(int((~np.isnan(read_daily(path).enu_mm).any(-1)).sum()))


def rows_of_gsi(data: bytes) -> int:
    """Everything but the blocks' names and lines, and comments inside the data block."""
    count, block = 0, b""
    for line in (x.strip() for x in filled(data)):
        name = line[1:]
        if line[:1] in b"+-" and name in (b"SITE/INF", b"SOLVER/INF", b"DATA"):
            block = name if line[:1] == b"+" else b""
        elif block == b"" or (block == b"DATA" and not line.startswith(b"*")):
            count += 1
    return count


def rows_of_npz(data: bytes) -> int:
    with np.load(io.BytesIO(data)) as archive:
        return len(archive["station"])


def rows_of_space_weather(data: bytes) -> int:
    found = [line.rstrip(b"\r").strip(b" \t") for line in filled(data)]
    first = found.index(b"BEGIN OBSERVED")
    return found.index(b"END OBSERVED", first) - first - 1


def features(data: bytes) -> int:
    return len(json.loads(data)["features"])


SAMPLES: dict[str, Sample] = {
    "tenv": Sample(read_tenv, tenv, lines(0)),
    "tenv3": Sample(read_tenv3, tenv3, lines(1)),
    "txyz2": Sample(read_txyz2, txyz2, lines(0)),
    "llh": Sample(read_llh, llh, lines(0)),
    "gsi_pos": Sample(read_gsi_pos, gsi, rows_of_gsi),
    "comcat_csv": Sample(read_comcat_csv, comcat_csv, lines(1)),
    "comcat_geojson": Sample(read_comcat_geojson, comcat_geojson, features),
    "jma_hypocentre": Sample(read_jma_hypocentre, jma_hypocentre, lines(0)),
    "jma_intensity": Sample(read_jma_intensity, jma_intensity, lines(1)),
    "gcmt_csv": Sample(read_gcmt_csv, gcmt_csv, lines(1)),
    "gcmt_ndk": Sample(read_gcmt_ndk, gcmt_ndk, lines(0)),
    "fnet": Sample(read_fnet, fnet, lines(1)),
    "high_rate": Sample(read_high_rate, high_rate, rows_of_npz),
    "space_weather": Sample(read_space_weather, space_weather, rows_of_space_weather),
    "catalogue": Sample(count_catalogue, catalogue, lines(1)),
    "daily": Sample(count_daily, daily, lines(1)),
    "stations": Sample(lambda path, _: counted(len(read_stations(path))), station_list, lines(1)),
    "residuals": Sample(lambda path, _: counted(len(read_residuals(path).code)), residuals, rows_of_npz),
    "offsets": Sample(read_offsets, offsets, lines(0)),
    **SATELLITE_SAMPLES,
}
MAGNITUDE_OF_SCALAR = (math.log10(5.312e22) - 9.1) / 1.5
