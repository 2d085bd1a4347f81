"""The readers on the files of the data folder: every row accounted for."""

import gzip
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipbench.datasets.readers.gcmt_csv import read_gcmt_csv
from slipbench.datasets.readers.high_rate import read_high_rate
from slipbench.datasets.readers.jma_intensity import read_jma_intensity
from slipbench.datasets.readers.llh import read_llh
from slipbench.datasets.readers.miniseed import read_miniseed
from slipbench.datasets.readers.ngl_tenv import read_tenv
from slipbench.datasets.readers.space_weather import read_space_weather

pytestmark = pytest.mark.real


def test_j550(data_dir):
    table, rejected = read_tenv(data_dir / "daily/J550.IGS08.tenv")
    assert (len(table), rejected) == (2793, ())
    day = int(np.datetime64("2011-03-11").astype(int))
    before, after = table[table.day < day].iloc[-1], table[table.day > day].iloc[0]
    assert after.east_m - before.east_m > 3
    assert after.north_m - before.north_m < -0.5


def test_station_list(data_dir):
    table, rejected = read_llh(data_dir / "stations/nominalPositions.llh")
    assert (len(table), rejected) == (1462, ())
    assert table.height_m.isna().sum() == 2


def test_jma_felt_events(data_dir):
    path = data_dir / "catalogs/jma_felt_1997_2024.csv.gz"
    table, rejected = read_jma_intensity(path, "drop")
    rows = len(gzip.decompress(path.read_bytes()).splitlines()) - 1
    assert len(table) + len(rejected) == rows == 83411
    assert table.magnitude.isna().sum() == 5073
    tohoku = table.loc[table.magnitude.idxmax()]
    assert tohoku.time.floor("min") == pd.Timestamp("2011-03-11 05:46")
    assert tohoku.max_intensity == "7"


def test_gcmt(data_dir):
    table, rejected = read_gcmt_csv(data_dir / "catalogs/gcmt_1976_2013_pycsep.csv.gz")
    assert (len(table), rejected) == (28465, ())
    assert table.magnitude.max() == pytest.approx(9.1, abs=0.1)


@pytest.mark.parametrize(
    ("event", "stations"), [("tohoku2011", 1197), ("elmayor2010", 93), ("parkfield2004", 12)]
)
def test_high_rate(data_dir, event, stations):
    data, (table, rejected) = read_high_rate(data_dir / f"high_rate/{event}.npz", "drop")
    assert len(table) + len(rejected) == stations
    assert data.enu_m.shape[:2] == (len(table), 3)
    assert data.step_s == 1


def test_miniseed_is_the_npz(data_dir, tmp_path):
    pytest.importorskip("obspy")
    source = data_dir / "high_rate/20110309_japan_subduction10.geodetic"
    path = tmp_path / "some.tar.gz"
    with tarfile.open(f"{source}.mseed.tar.gz") as whole, tarfile.open(path, "w:gz") as some:
        files = [m for m in whole.getmembers() if m.isfile() and ".20.LYE." in m.name][:30]
        for member in files:
            some.addfile(member, whole.extractfile(member))
    values, (table, rejected) = read_miniseed(path, Path(f"{source}.dat"), "drop")
    assert len(table) + len(rejected) >= len(files) == 30
    data, _ = read_high_rate(data_dir / "high_rate/miyagi2011.npz", "drop")
    codes = list(data.stations.station)
    compared = 0
    for line, row in table.iterrows():
        code = row.id.split(".")[1]
        if code not in codes:
            continue
        east = data.enu_m[codes.index(code), 0]
        first = round(row.start.timestamp() - data.start_unix)
        low, high = max(first, 0), min(first + row.samples, len(east))
        shift = values[line][low - first : high - first] - east[low:high]
        assert np.nanstd(shift) < 2e-4  # the same motion but for the origin and the rounding to 0.1 mm
        compared += 1
    assert compared > 10


def test_space_weather(data_dir):
    table, rejected = read_space_weather(data_dir / "ionosphere/SW-All.txt.gz")
    assert (len(table), rejected) == (24765, ())
    assert (np.diff(table.day) == 1).all()
    assert pd.Timestamp(int(table.day.iloc[-1]), unit="D") == pd.Timestamp("2025-07-20")
    assert not table.isna().any(axis=None)
    assert (table.f107_qualifier == 4).sum() == 59
    day = table[table.day == (pd.Timestamp("2023-08-05") - pd.Timestamp(0)).days].iloc[0]
    assert (day.ap, day.sunspots, day.f107_adjusted, day.f107) == (33, 131, 180.8, 175.8)
    assert day.kp_03 == pytest.approx(6 + 1 / 3)
