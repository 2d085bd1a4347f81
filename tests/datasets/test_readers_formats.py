"""Every format: valid files give the right numbers, bad rows are named, nothing is lost."""

import gzip
import math

import numpy as np
import pandas as pd
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.high_rate import read_high_rate
from slipbench.datasets.readers.offsets import read_offsets

from .reader_samples import MAGNITUDE_OF_SCALAR, SAMPLES
from .satellite_samples import SATELLITE_SAMPLES

# they give no table of rejected rows
WHOLE = {"catalogue", "daily", "stations", "residuals", *SATELLITE_SAMPLES}
FORMATS = [name for name in SAMPLES if name not in WHOLE]
TEXT = [name for name in FORMATS if name not in ("high_rate", "comcat_geojson")]


def read(tmp_path, name, data, on_bad_rows="fail"):
    path = tmp_path / f"file.{name}"
    path.write_bytes(data)
    return SAMPLES[name].table(path, on_bad_rows)


def first(tmp_path, name, seed=3):
    data = SAMPLES[name].make(np.random.default_rng(seed), 2)
    return data, read(tmp_path, name, data).table.iloc[0]


@pytest.mark.parametrize("name", FORMATS)
def test_a_valid_file_is_read_whole(tmp_path, name):
    table, rejected = read(tmp_path, name, SAMPLES[name].make(np.random.default_rng(1), 7))
    assert len(table) == 7
    assert rejected == ()
    assert table.index.name == "line"
    assert table.index.is_unique


@pytest.mark.parametrize("name", TEXT)
def test_a_bad_row_is_named_or_dropped(tmp_path, name):
    lines = SAMPLES[name].make(np.random.default_rng(1), 6).decode().splitlines()
    size = 5 if name == "gcmt_ndk" else 1
    first_row = next(i for i, line in enumerate(lines) if "DATA" in line) + 2 if name == "gsi_pos" else 0
    first_row = {
        **{"tenv3": 1, "comcat_csv": 1, "jma_intensity": 1, "gcmt_csv": 1, "fnet": 1, "space_weather": 4}
    }.get(name, first_row)
    bad = first_row + 2 * size
    lines[bad] = lines[bad].replace(" ", "#").replace(",", ";").replace("-", "#")[:-1]
    data = "".join(f"{line}\n" for line in lines).encode()
    with pytest.raises(InputError) as caught:
        read(tmp_path, name, data)
    named = caught.value.where.rpartition(":")[2]
    assert int(named) in (bad + 1, bad - size + 1)
    assert "\n" not in str(caught.value)
    table, rejected = read(tmp_path, name, data, "drop")
    assert len(table) + sum(r.lines for r in rejected) / size == 6
    assert len(rejected) in (1, 2)
    assert all(r.reason for r in rejected)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_file_and_an_empty_file(tmp_path, name):
    with pytest.raises(InputError, match="no such file"):
        SAMPLES[name].table(tmp_path / "absent", "drop")
    with pytest.raises(InputError):
        read(tmp_path, name, b"")


def test_gzip_is_read_and_its_damage_found(tmp_path):
    data = gzip.compress(SAMPLES["tenv"].make(np.random.default_rng(1), 9))
    path = tmp_path / "x.tenv.gz"
    path.write_bytes(data)
    assert len(SAMPLES["tenv"].table(path, "fail").table) == 9
    path.write_bytes(data[:-9])
    with pytest.raises(InputError, match="damaged or cut off"):
        SAMPLES["tenv"].table(path, "drop")


def test_a_cut_last_line_is_not_taken_for_a_number(tmp_path):
    data = SAMPLES["llh"].make(np.random.default_rng(1), 3)[:-2]
    table, rejected = read(tmp_path, "llh", data, "drop")
    assert (len(table), rejected[0].line) == (2, 3)


def test_the_same_day_twice(tmp_path):
    data = SAMPLES["tenv"].make(np.random.default_rng(1), 3)
    table, rejected = read(tmp_path, "tenv", data + data.splitlines(keepends=True)[1], "drop")
    assert (len(table), rejected[0].line) == (3, 4)
    assert "came before on line 2" in rejected[0].reason


def test_ngl_dates_must_agree(tmp_path):
    data = SAMPLES["tenv3"].make(np.random.default_rng(1), 2).decode()
    assert " 54832 " in data
    with pytest.raises(InputError, match="MJD '54831'"):
        read(tmp_path, "tenv3", data.replace(" 54832 ", " 54831 ").encode())
    with pytest.raises(InputError, match="decimal year"):
        read(tmp_path, "tenv3", data.replace("2009.0", "2010.0").encode())


def test_tenv3_parts_are_added(tmp_path):
    data, row = first(tmp_path, "tenv3")
    words = data.decode().splitlines()[1].split()
    assert row.east_m == pytest.approx(45 + float(words[8]), abs=1e-9)
    assert row.north_m == pytest.approx(4241028 + float(words[10]), abs=1e-9)
    assert np.datetime64(int(row.day), "D") == np.datetime64("2009-01-01")
    assert row.lat == pytest.approx(38.3011873113)


def test_gsi_rows_carry_station_and_noon(tmp_path):
    _, row = first(tmp_path, "gsi_pos")
    assert (row.station, row.time) == ("950178", pd.Timestamp("2009-01-01 12:00"))
    assert row.height_m == pytest.approx(116.92217588)


def test_gsi_needs_a_closed_block(tmp_path):
    data = SAMPLES["gsi_pos"].make(np.random.default_rng(1), 3)
    with pytest.raises(InputError, match="no line -DATA"):
        read(tmp_path, "gsi_pos", data[: data.rindex(b"-DATA")], "drop")


def test_only_a_star_makes_a_gsi_line_a_comment(tmp_path):
    data = SAMPLES["gsi_pos"].make(np.random.default_rng(1), 3).replace(b"*yyyy", "\u2028*yyyy".encode())
    table, rejected = read(tmp_path, "gsi_pos", data, "drop")
    assert (len(table), [r.line for r in rejected]) == (3, [11])


def test_jma_record(tmp_path):
    time, lat, lon = "201103111446" + "1812" + "0012", " 38" + "0621" + "0034", " 142" + "5134" + "0056"
    sizes, rest = "23700" + "123" + "90D" + "81D", "5113" + "31" + "319 "
    line = f"J{time}{lat}{lon}{sizes}{rest}{'FAR E OFF MIYAGI PREF':24}123K"
    assert len(line) == 96
    row = read(tmp_path, "jma_hypocentre", f"{line}\n".encode()).table.iloc[0]
    assert row.time == pd.Timestamp("2011-03-11 05:46:18.12")
    assert row.lat == pytest.approx(38 + 6.21 / 60)
    assert row.lon == pytest.approx(142 + 51.34 / 60)
    assert row.depth_km == 237.0
    assert (row.magnitude, row.magnitude_type, row.magnitude_2) == (9.0, "D", 8.1)
    assert (row.region, row.stations) == ("FAR E OFF MIYAGI PREF", 123)


@pytest.mark.parametrize(
    ("text", "value"), [("-3", -0.3), ("A0", -1.0), ("B5", -2.5), (" 5", 0.5), ("25", 2.5)]
)
def test_jma_magnitudes_below_zero(tmp_path, text, value):
    line = SAMPLES["jma_hypocentre"].make(np.random.default_rng(2), 1).decode()
    row = read(tmp_path, "jma_hypocentre", (line[:52] + text + line[54:]).encode()).table.iloc[0]
    assert row.magnitude == pytest.approx(value)


def test_jma_southern_minutes_and_integer_depth(tmp_path):
    line = SAMPLES["jma_hypocentre"].make(np.random.default_rng(2), 1).decode()
    line = line[:21] + " -0" + "30  " + line[28:44] + " 35  " + line[49:]
    row = read(tmp_path, "jma_hypocentre", line.encode()).table.iloc[0]
    assert (row.lat, row.depth_km) == (-0.5, 35.0)


def test_jma_intensities(tmp_path):
    head = "time_jst,latitude,longitude,depth_km,mag_jma,max_intensity,region_ja\n"
    data = head + "2011-03-11T14:46,38.1,142.86,24,,震度５弱,三陸沖\n"
    row = read(tmp_path, "jma_intensity", data.encode()).table.iloc[0]
    assert (row.time, row.max_intensity) == (pd.Timestamp("2011-03-11 05:46"), "5-")
    assert math.isnan(row.magnitude)


def test_ndk_centroid(tmp_path):
    _, row = first(tmp_path, "gcmt_ndk")
    assert row.id == "M20110310000A"
    assert row.time == pd.Timestamp("2011-03-01 05:47:32.8")
    assert row.moment_nm == pytest.approx(5.312e22)
    assert row.magnitude == pytest.approx(MAGNITUDE_OF_SCALAR)
    assert row.magnitude == pytest.approx(9.08, abs=0.01)
    assert row.mrt == pytest.approx(2.12e22)
    assert (row.strike_1, row.dip_1, row.rake_1, row.strike_2, row.dip_2, row.rake_2) == (
        203,
        10,
        88,
        25,
        80,
        90,
    )


def test_ndk_resumes_after_a_lost_line(tmp_path):
    lines = SAMPLES["gcmt_ndk"].make(np.random.default_rng(1), 4).splitlines(keepends=True)
    del lines[7]
    table, rejected = read(tmp_path, "gcmt_ndk", b"".join(lines), "drop")
    assert list(table.index) == [1, 10, 15]
    assert [(r.line, r.lines) for r in rejected] == [(6, 4)]


def test_fnet(tmp_path):
    data, row = first(tmp_path, "fnet")
    assert row.time == pd.Timestamp("2011-03-11 00:46:18.12")
    assert (row.strike_1, row.dip_1, row.rake_1, row.strike_2, row.dip_2, row.rake_2) == (
        187,
        25,
        64,
        35,
        68,
        101,
    )
    assert row.mxy == pytest.approx(1.5176e21)
    later = read(tmp_path, "fnet", data.replace(b"Time(UT)", b"Time(JST)")).table.iloc[0]
    assert row.time - later.time == pd.Timedelta(hours=9)


def test_comcat_forms_agree_on_quotes_and_nulls(tmp_path):
    data, row = first(tmp_path, "comcat_csv")
    assert row.place == "2011 Great Tohoku Earthquake, Japan"
    assert row.time == pd.Timestamp("2011-03-11 00:46:24.120")
    data, row = first(tmp_path, "comcat_geojson")
    assert row.time == pd.Timestamp("2011-03-11 05:46:24.120")
    row = read(tmp_path, "comcat_geojson", data.replace(b'"mag": 7.3', b'"mag": null')).table.iloc[0]
    assert math.isnan(row.magnitude)


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_cut_geojson_names_its_line(tmp_path, cut):
    data = SAMPLES["comcat_geojson"].make(np.random.default_rng(1), 5)
    with pytest.raises(InputError, match="no valid JSON") as caught:
        read(tmp_path, "comcat_geojson", data[:-cut], "drop")
    assert caught.value.where.endswith((":5", ":4"))


def test_geojson_events_know_their_line(tmp_path):
    data = SAMPLES["comcat_geojson"].make(np.random.default_rng(1), 3).replace(b"142.4", b"542.4", 1)
    table, rejected = read(tmp_path, "comcat_geojson", data, "drop")
    assert list(table.index) == [2, 3]
    assert rejected[0].line == 1
    assert "longitude" in rejected[0].reason


def test_high_rate_keeps_outliers_and_rejects_impossible_places(tmp_path):
    path = tmp_path / "x.npz"
    values = np.arange(45, dtype=np.int32).reshape(3, 3, 5)
    values[1, 0, 0], values[0, 1, 2] = 180_000, -2147483648
    lat = np.array([38.0, 39.0, 139.0])
    np.savez(
        *(path,),
        enu_0p1mm=values,
        station=np.array(["a", "b", "c"]),
        lat=lat,
        lon=lat,
        elev_m=lat,
        t0_unix=1.3e9,
        dt_s=1.0,
    )
    data, (table, rejected) = read_high_rate(path, "drop")
    assert list(table.station) == ["a", "b"]
    assert [r.line for r in rejected] == [3]
    assert data.enu_m[1, 0, 0] == pytest.approx(18)
    assert np.isnan(data.enu_m[0, 1, 2])
    assert list(data.stations.samples) == [4, 5]
    with pytest.raises(InputError, match=r"x\.npz:3: lat 139"):
        read_high_rate(path)


def high_rate_file(path, **change):
    arrays = {
        "enu_0p1mm": np.zeros((1, 3, 5), np.int32),
        "station": np.array(["a"]),
        "lat": np.array([38.0]),
        "lon": np.array([141.0]),
        "elev_m": np.array([10.0]),
        "t0_unix": 1.3e9,
        "dt_s": 1.0,
    }
    np.savez(path, **(arrays | change))
    return path


def test_high_rate_knows_its_earthquake_where_the_file_does(tmp_path):
    assert read_high_rate(high_rate_file(tmp_path / "x.npz"))[0].event is None
    about = {"origin_time": np.array("2011-03-11T05:46:24"), "hypo": np.array([38.3, 142.4, 29.0]), "mw": 9.1}
    event = read_high_rate(high_rate_file(tmp_path / "y.npz", **about))[0].event
    assert event.time_unix == 1299822384
    assert (event.lat, event.lon, event.depth_km, event.mw) == (38.3, 142.4, 29.0, 9.1)


@pytest.mark.parametrize(
    "change",
    [
        {"mw": None},
        {"mw": 91.0},
        {"hypo": np.array([38.3, 142.4])},
        {"hypo": np.array([98.3, 142.4, 29.0])},
        {"hypo": np.array([38.3, 142.4, np.nan])},
        {"origin_time": np.array("11 March 2011")},
        {"origin_time": np.array(1.3e9)},
    ],
)
def test_half_an_earthquake_is_refused(tmp_path, change):
    about = {"origin_time": np.array("2011-03-11T05:46:24"), "hypo": np.array([38.3, 142.4, 29.0]), "mw": 9.1}
    about = {k: v for k, v in (about | change).items() if v is not None}
    with pytest.raises(InputError, match=r"x\.npz:origin_time"):
        read_high_rate(high_rate_file(tmp_path / "x.npz", **about))


def test_offsets(tmp_path):
    path = tmp_path / "o.txt"
    path.write_text("139.5 39.1 0.793211 -0.313051 019B\n142.9 38.1 122.1 -10.4 _MGI\n")
    table, rejected = read_offsets(path, "drop")
    assert table.iloc[0].to_dict() == {
        "station": "019B",
        "lat": 39.1,
        "lon": 139.5,
        "east_m": 0.793211,
        "north_m": -0.313051,
    }
    assert [r.line for r in rejected] == [2]  # 122 m


def space_weather(tmp_path, change=lambda data: data, on_bad_rows="drop"):
    data = SAMPLES["space_weather"].make(np.random.default_rng(2), 5)
    return read(tmp_path, "space_weather", change(data), on_bad_rows), data.decode().splitlines()


def test_space_weather_values_and_blanks(tmp_path):
    (table, _), lines = space_weather(tmp_path)
    row, line = table.iloc[1], lines[5]
    assert row.day == (pd.Timestamp("2009-01-02") - pd.Timestamp(0)).days
    assert [round(row[f"kp_{h:02}"] * 10) for h in range(0, 24, 3)] == [
        int(line[18 + 3 * k : 21 + 3 * k]) for k in range(8)
    ]
    assert [row[f"ap_{h:02}"] for h in range(0, 24, 3)] == [
        int(line[46 + 4 * k : 50 + 4 * k]) for k in range(8)
    ]
    words = line.split()
    assert (row.ap, row.sunspots) == (int(words[22]), int(words[25]))
    assert (row.f107_adjusted, row.f107) == (float(words[26]), float(words[30]))
    blank = lines[5][:18] + " " * 61 + lines[5][79:]

    def change(data):
        return data.replace(lines[5].encode(), blank.encode()).replace(b"\n", b"\r\n")

    (table, rejected), _ = space_weather(tmp_path, change, "fail")
    assert rejected == ()
    assert table.iloc[1][["kp_00", "ap_21"]].isna().all()
    assert table.iloc[1].f107 == row.f107


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"DATATYPE Cssi", b"DATATYPE Sepc", "expected DATATYPE CssiSpaceWeather"),
        (b"END OBSERVED", b"", "no whole block of observations"),
        (b"POINTS 5", b"POINTS 6", "no line 'NUM_OBSERVED_POINTS 5' above as many rows"),
    ],
)
def test_space_weather_that_is_not_whole(tmp_path, old, new, message):
    with pytest.raises(InputError, match=message):
        space_weather(tmp_path, lambda data: data.replace(old, new))


@pytest.mark.parametrize(
    ("at", "new", "reason"),
    [
        (18, " 11", "Kp and ap"),
        (79, "401", "Ap"),
        (5, "13", "month"),
        (5, " 2", "2009-02-30"),
        (8, " 2", "came before on line 6"),
        (112, "  9999", "F10.7"),
    ],
)
def test_an_impossible_day_of_space_weather(tmp_path, at, new, reason):
    (_, _), lines = space_weather(tmp_path)
    old = lines[6] if reason != "2009-02-30" else lines[6][:8] + "30" + lines[6][10:]
    changed = (old[:at] + new + old[at + len(new) :]).encode()
    (table, rejected), _ = space_weather(tmp_path, lambda data: data.replace(lines[6].encode(), changed))
    assert (len(table), [r.line for r in rejected]) == (4, [7])
    assert reason in rejected[0].reason
