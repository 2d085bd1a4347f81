"""Frames, antennas, observation headers and the engine's positions."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.antenna import antex_text, estimated_offsets, read_antex
from slipbench.datasets.positioning.frames import decimal_year, geodetic, to_enu, to_european
from slipbench.datasets.positioning.ppp import Positioned
from slipbench.datasets.positioning.ppp_summary import summary
from slipbench.datasets.positioning.rinex_obs import ObservationHeader, read_observation_header
from slipbench.datasets.positioning.series import Orbits
from slipbench.datasets.positioning.solution import Solution, read_solution, save_high_rate, to_high_rate
from slipbench.datasets.readers.high_rate import read_high_rate

from .made_satellites import T0, epochs

ESBC = np.array([3582105.2910, 532589.7313, 5232754.8054])


@settings(max_examples=200, deadline=None)
@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9), st.floats(-9000, 3e7))
def test_latitudes_and_back(lat: float, lon: float, height: float) -> None:
    a, f = 6_378_137.0, 1 / 298.257222101
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    n = a / np.sqrt(1 - f * (2 - f) * np.sin(phi) ** 2)
    x = np.array(
        [
            (n + height) * np.cos(phi) * np.cos(lam),
            (n + height) * np.cos(phi) * np.sin(lam),
            (n * (1 - f) ** 2 + height) * np.sin(phi),
        ]
    )
    found = geodetic(x)
    assert found[0] == pytest.approx(lat, abs=1e-9)
    assert found[1] == pytest.approx(lon, abs=1e-9)
    assert found[2] == pytest.approx(height, abs=1e-4)


def test_east_north_up_are_where_they_should_be() -> None:
    lat, lon, _ = geodetic(ESBC)
    step = 1e-6
    east = to_enu(ESBC / np.linalg.norm(ESBC), ESBC)
    assert east[2] > 0.99
    turned = np.array([-ESBC[1], ESBC[0], 0.0]) / np.hypot(ESBC[0], ESBC[1])
    np.testing.assert_allclose(to_enu(turned, ESBC), [1, 0, 0], atol=1e-12)
    north = to_enu(np.array([0.0, 0.0, 1.0]), ESBC)
    np.testing.assert_allclose(north, [0, np.cos(np.deg2rad(lat)), np.sin(np.deg2rad(lat))], atol=1e-12)
    assert (round(float(lat), 1), round(float(lon), 1)) == (55.5, 8.5)
    assert np.linalg.norm(to_enu(np.array([step, 2 * step, 3 * step]), ESBC)) == pytest.approx(step * 14**0.5)


def test_etrf2000_as_a_matrix() -> None:
    mas = np.pi / 180 / 3600 / 1000
    t = 10.0  # years since 2010
    rx, ry, rz = (np.array([1.701, 10.290, -16.632]) + t * np.array([0.081, 0.490, -0.792])) * mas
    d = (2.12 + 0.11 * t) * 1e-9
    turn = np.array([[d, -rz, ry], [rz, d, -rx], [-ry, rx, d]])
    shift = np.array([54.7, 52.2, -74.1]) * 1e-3 + t * np.array([0.1, 0.1, -1.9]) * 1e-3
    found = to_european(ESBC, "ETRF2000", 2020.0)
    np.testing.assert_allclose(found, ESBC + shift + turn @ ESBC, atol=1e-9)
    enu = to_enu(found - ESBC, ESBC)
    # Europe has moved to the north-east since 1989, which the frame takes back
    assert -0.6 < enu[0] < -0.4
    assert -0.6 < enu[1] < -0.4
    # ETRF2014 is a rotation that stood still in 1989
    np.testing.assert_allclose(to_european(ESBC, "ETRF2014", 1989.0), ESBC, atol=1e-9)
    assert np.linalg.norm(to_european(ESBC, "ETRF2014", 2020.0) - found) < 0.12
    assert decimal_year(np.datetime64("2020-07-01T12:00:00", "ns")) == pytest.approx(2020 + 182.5 / 366)


def test_offsets_from_broadcast_orbits() -> None:
    rng = np.random.default_rng(1)
    names, time = np.array(["G01", "G02", "E05"]), epochs(40, 900)
    x = rng.normal(size=(40, 3, 3))
    x *= 26.5e6 / np.linalg.norm(x, axis=-1, keepdims=True)
    precise = Orbits(time, names, x, np.zeros((40, 3)))
    offsets = np.array([1.6, 0.8, -0.1])
    below = x * (1 - offsets / 26.5e6)[None, :, None] + rng.normal(0, 0.05, x.shape)
    below[5:, 1] = np.nan
    found = estimated_offsets(Orbits(time, names, below, np.zeros((40, 3))), precise)
    assert set(found) == {"G01", "E05"}
    assert found["G01"] == pytest.approx(1.6, abs=0.05)
    assert found["E05"] == pytest.approx(-0.1, abs=0.05)


def test_antex_is_written_and_read(tmp_path: Path) -> None:
    path, day = tmp_path / "a.atx", np.timedelta64(1, "D")
    text = antex_text({"G01": 1.6, "E05": 0.8}, T0 - day, T0 + day)
    path.write_text(text)
    found = read_antex(path)
    assert [a.satellite for a in found] == ["G01", "E05"]
    assert found[0].valid(T0)
    assert not found[0].valid(T0 + 2 * day)
    assert "      0.00      0.00   1600.00" in text
    broken = text.replace(f"{'':60}END OF ANTENNA\n", "", 1)
    path.write_text(broken)
    assert [a.satellite for a in read_antex(path)] == ["E05"]
    path.write_text(text.replace("ANTEX VERSION / SYST", "SINEX"))
    with pytest.raises(InputError, match="ANTEX VERSION / SYST"):
        read_antex(path)
    path.write_text(text[: text.rindex("   E07")])
    with pytest.raises(InputError, match="expected END OF ANTENNA"):
        read_antex(path)


def header_text(first: str = "  2020     6    25     0     0    0.0000000     GPS") -> str:
    lines = [
        ("     3.05           OBSERVATION DATA    M (MIXED)", "RINEX VERSION / TYPE"),
        ("ESBC00DNK", "MARKER NAME"),
        ("CR5200327016        ASH701945E_M    SCIS", "ANT # / TYPE"),
        ("  3582105.2910   532589.7313  5232754.8054", "APPROX POSITION XYZ"),
        ("E    2 C1C L1C", "SYS / # / OBS TYPES"),
        ("G    2 C1C L1C", "SYS / # / OBS TYPES"),
        ("    30.000", "INTERVAL"),
        (first, "TIME OF FIRST OBS"),
        ("", "END OF HEADER"),
    ]
    head = "".join(f"{a:<60}{b}\n" for a, b in lines)
    return head + "> 2020 06 25 00 00  0.0000000  0  1\nG05  1\n> 2020 06 25 00 00 30.0000000  0  1\nG05  1\n"


def test_what_a_header_says(tmp_path: Path) -> None:
    path = tmp_path / "a.rnx"
    path.write_text(header_text())
    found = read_observation_header(path)
    assert (found.version, found.marker, found.systems, found.interval_s) == (3.05, "ESBC00DNK", "EG", 30.0)
    assert found.antenna == "ASH701945E_M    SCIS"
    assert found.position_m.tolist() == ESBC.tolist()
    assert (found.first, found.last) == (T0, T0 + np.timedelta64(30, "s"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("OBSERVATION DATA", "NAVIGATION DATA ", "expected a header of type O"),
        ("     GPS", "     GLO", "time system 'GLO'"),
        ("TIME OF FIRST OBS", "COMMENT", "no TIME OF FIRST OBS"),
        ("  532589.7313", " " * 13, "2 coordinates; expected x, y and z"),
        ("END OF HEADER", "", "END OF HEADER"),
    ],
)
def test_a_wrong_header_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "a.rnx"
    path.write_text(header_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_observation_header(path)


POS = """% program   : RTKLIB ver.2.4.3
%
2111 345600.000   3582105.2910   532589.7313   5232754.8054   6  10  1.9  1.2  2.8  0.5  0.5  1.2  0.0  0.0
2111 345660.000   3582105.3010   532589.7313   5232754.8054   6  12  1.9  1.2  2.8  0.5  0.5  1.2  0.0  0.0
"""


def test_positions_become_the_displacement_table(tmp_path: Path) -> None:
    path = tmp_path / "a.pos"
    path.write_text(POS)
    found = read_solution(path)
    assert found.program == "RTKLIB ver.2.4.3"
    assert found.time.tolist() == (T0 + np.array([0, 60]) * np.timedelta64(10**9, "ns")).tolist()
    assert found.satellites.tolist() == [10, 12]
    table = to_high_rate(found, "ESBC", ESBC, 30.0)
    assert table.enu_m.shape == (1, 3, 3)
    assert np.isnan(table.enu_m[0, :, 1]).all()
    np.testing.assert_allclose(table.enu_m[0, :, 2], to_enu(np.array([0.01, 0, 0]), ESBC), atol=1e-6)
    packed = io.BytesIO()
    save_high_rate(table, packed)
    (tmp_path / "a.npz").write_bytes(packed.getvalue())
    again, _ = read_high_rate(tmp_path / "a.npz")
    assert again.stations["station"].tolist() == ["ESBC"]
    assert again.stations["samples"].tolist() == [2]
    assert (again.start_unix, again.step_s) == (1593043200.0 - 18, 30.0)
    np.testing.assert_allclose(again.enu_m, table.enu_m, atol=5.1e-5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("345660.000", "345600.000", "not after the one before"),
        ("345660.000", "x", "second 'x'"),
        ("   6  12  1.9", " 1.9", "count '1.9'"),
        ("2111 345660.000   3582105.3010   532589.7313", "2111", "expected week, seconds"),
    ],
)
def test_wrong_positions_are_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "a.pos"
    text = POS.replace(old, new)
    path.write_text(text if "expected week" not in message else "2111 345600.0 1 2 3\n")
    with pytest.raises(InputError, match=message):
        read_solution(path)


def run_of(enu: np.ndarray) -> Positioned:
    lat, lon, _ = (np.deg2rad(v) for v in geodetic(ESBC))
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    x = ESBC + enu @ np.stack([east, np.cross(up, east), up])
    n = len(enu)
    solution = Solution(epochs(n), x, np.full(n, 6), np.full(n, 9), "made")
    header = ObservationHeader(3.05, "ESBC", "", ESBC, T0, epochs(n)[-1], 30.0, "G")
    return Positioned(solution, header, ESBC, "ITRF2014", 30.0, n, 0, "made", {}, {}, {})


def test_figures_of_a_run() -> None:
    enu = np.zeros((10, 3))
    enu[:, 0], enu[:4, 2] = 0.01, [1.0, 0.5, 0.01, 0.2]
    static = summary(run_of(enu), True, 0.05)
    assert static.converged_after_s == 120.0  # the fourth position is the last outside
    np.testing.assert_allclose(static.difference_m, [0.01, 0, 0], atol=1e-9)
    np.testing.assert_allclose(static.rms_m, [0.01, 0, 0], atol=1e-9)
    np.testing.assert_allclose(static.scatter_m, 0, atol=1e-9)
    kinematic = summary(run_of(enu), False, 0.05)
    assert kinematic.converged_after_s == 60.0  # the third is the first inside
    assert kinematic.rms_m[2] == pytest.approx(np.sqrt((0.01**2 + 0.2**2) / 8))
    assert kinematic.satellites == 9.0
    never = summary(run_of(np.arange(30.0).reshape(10, 3)), True, 0.05)
    assert never.converged_after_s == 270.0
