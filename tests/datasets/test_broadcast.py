"""Broadcast ephemerides: files, orbits against other ways of computing them, and which one is chosen."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.broadcast import broadcast_orbits, nearest_in_time, usable
from slipbench.datasets.positioning.glonass import glonass_states
from slipbench.datasets.positioning.gps_time import seconds
from slipbench.datasets.positioning.kepler import kepler_clocks, kepler_states
from slipbench.datasets.positioning.rinex_nav import NO_ISSUE, Ephemerides, read_navigation
from slipbench.datasets.positioning.sun import sun_position

from .fuzz_readers import mutate
from .made_satellites import (
    END,
    HEAD,
    T0,
    cnav1_record,
    ephemerides,
    ephemeris,
    epochs,
    navigation_bytes,
    navigation_record,
)

ALL = [navigation_record(s, health=0.0) for s in ("G05", "E11", "C21", "C03", "J02", "R07")]


def read(tmp_path: Path, data: bytes) -> Ephemerides:
    path = tmp_path / "a.rnx"
    path.write_bytes(data)
    return read_navigation(path)


def test_every_system_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, navigation_bytes(*ALL, ALL[0]))
    assert found.kepler["satellite"].tolist() == ["C03", "C21", "E11", "G05", "J02"]
    wanted = ephemerides(*(ephemeris(s) for s in found.kepler["satellite"])).kepler
    for name in ("m0", "e", "sqrt_a", "crs", "cic", "omega_dot", "af0", "issue", "toe_s"):
        assert np.array_equal(found.kepler[name], wanted[name]), name
    beidou = np.char.startswith(found.kepler["satellite"], "C")
    assert (found.kepler["toe"] - T0 == np.where(beidou, seconds(14.0), seconds(0.0))).all()
    assert found.kepler["issue_clock"].tolist() == [NO_ISSUE, NO_ISSUE, 31, 31, 31]
    assert found.state["satellite"].tolist() == ["R07"]
    assert found.state["toe"][0] == T0  # 18 s before midnight in UTC
    assert found.state["position"][0].tolist() == [15e6, -12e6, 16e6]
    assert found.state["channel"][0] == 5


def test_rinex_4_has_messages(tmp_path: Path) -> None:
    head = HEAD.replace("3.05", "4.00") + END
    other = "> ION G05 LNAV\n    2020 06 25 00 00 00\n    1.0\n"
    legacy = f"> EPH G05 LNAV\n{navigation_record('G05')}"
    text = (
        head + other + legacy + cnav1_record(a_dot=0.01, n_dot=1e-14, issue_clock=77) + "> EPH G05 CNAV\nx\n"
    )
    found = read(tmp_path, text.encode()).kepler
    assert found["satellite"].tolist() == ["C21", "G05"]
    assert found["issue_clock"].tolist() == [77, 31]
    assert found["a_dot"].tolist() == [0.01, 0.0]
    assert found["n_dot"][0] == 1e-14
    assert (found["toe"] == [T0 + seconds(14.0), T0]).all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NAVIGATION", "OBSERVATION", "expected a header of type N"),
        ("3.05", "2.11", "version '2.11'"),
        ("G05 2020 06 25", "G05 2020 06 31", "a date and time that exist"),
        ("G05 2020 06 25", "G45 2020 06 25", "satellite 'G45'"),
        ("G05 2020 06 25", "G05 2021 06 25", "more than a day apart"),
        (" 1.000000000000e-02", " 1.000000000000e+02", "e 100 of G05; expected 0 ... 0.5"),
        (" 9.600000000000e-01", " 9.60000000000e--01", "value '9.60000000000e--01'"),
        ("END OF HEADER", "", "the end of the file; expected END OF HEADER"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = navigation_bytes().decode()
    assert old in text
    with pytest.raises(InputError) as error:
        read(tmp_path, text.replace(old, new).encode())
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_record_is_whole(tmp_path: Path) -> None:
    lines = navigation_bytes().decode().splitlines(keepends=True)
    with pytest.raises(InputError, match="6 orbit lines of G05; expected 7"):
        read(tmp_path, "".join(lines[:-1]).encode())
    with pytest.raises(InputError, match="no ephemeris"):
        read(tmp_path, (HEAD + END).encode())


def test_damaged_files_give_ephemerides_or_one_line(tmp_path: Path) -> None:
    path, found, messages = tmp_path / "a.rnx", 0, []
    for seed in range(400):
        rng = np.random.default_rng([13, seed])
        path.write_bytes(mutate(rng, navigation_bytes(*ALL[: 1 + seed % 6])))
        try:
            eph = read_navigation(path)
        except InputError as error:
            messages.append(str(error))
            continue
        found += 1
        orbits = broadcast_orbits(eph, np.unique(eph.kepler["satellite"]), epochs(2))
        assert orbits.position_m.shape == (2, len(orbits.satellite), 3)
    assert found > 20
    assert len(messages) > 20
    assert all(m.startswith(str(path)) and "\n" not in m for m in messages)


def test_a_circle_without_perturbations() -> None:
    nothing = dict.fromkeys(
        ("e", "cuc", "cus", "crc", "crs", "cic", "cis", "i_dot", "omega_dot", "delta_n"), 0.0
    )
    eph = ephemerides(ephemeris("G05", **nothing, omega=0.0, m0=0.3, i0=0.9, omega0=2.0)).kepler
    t = np.linspace(-7000, 7000, 9)
    x, v = kepler_states(np.broadcast_to(eph, (9,)), T0 + seconds(t))
    a, spin = 5153.6**2, 7.2921151467e-5
    along = 0.3 + np.sqrt(3.986005e14 / a**3) * t
    node = 2.0 - spin * (345_600 + t)
    plane = a * np.stack([np.cos(along), np.sin(along) * np.cos(0.9), np.sin(along) * np.sin(0.9)], -1)
    wanted = np.stack(
        [
            plane[:, 0] * np.cos(node) - plane[:, 1] * np.sin(node),
            plane[:, 0] * np.sin(node) + plane[:, 1] * np.cos(node),
            plane[:, 2],
        ],
        -1,
    )
    np.testing.assert_allclose(x, wanted, atol=1e-5)
    inertial = v + np.cross([0, 0, spin], x)
    np.testing.assert_allclose(np.linalg.norm(inertial, axis=1), np.sqrt(3.986005e14 / a), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    satellite=st.sampled_from(["G05", "E11", "C21", "C03", "C60", "J02"]),
    e=st.floats(0, 0.1),
    m0=st.floats(-3, 3),
    omega=st.floats(-3, 3),
    t=st.floats(-7000, 7000),
    rates=st.booleans(),
)
def test_velocities_are_the_derivative(
    satellite: str, e: float, m0: float, omega: float, t: float, rates: bool
) -> None:
    more = {"a_dot": 0.02, "n_dot": 3e-14, "issue_clock": 1} if rates else {}
    size = 6493.4 if satellite[0] == "C" else 5153.6
    eph = ephemerides(ephemeris(satellite, e=e, m0=m0, omega=omega, sqrt_a=size, **more)).kepler
    h = 2.0
    at = T0 + seconds(t + h * np.array([-2, -1, 0, 1, 2]))
    x, v = kepler_states(np.broadcast_to(eph, (5,)), at)
    slope = (x[0] - 8 * x[1] + 8 * x[3] - x[4]) / (12 * h)
    np.testing.assert_allclose(v[2], slope, atol=2e-5)


def test_a_geostationary_satellite_as_the_icd_writes_it() -> None:
    eph = ephemerides(ephemeris("C03", sqrt_a=6493.4, e=0.0005, i0=0.08, omega_dot=2e-9)).kepler
    t, spin, gm = 1800.0, 7.2921150e-5, 3.986004418e14
    row = eph[0]
    a = row["sqrt_a"] ** 2
    mean = row["m0"] + (np.sqrt(gm / a**3) + row["delta_n"]) * t
    anomaly = mean
    for _ in range(50):
        anomaly = mean + row["e"] * np.sin(anomaly)
    true = 2 * np.arctan(np.sqrt((1 + row["e"]) / (1 - row["e"])) * np.tan(anomaly / 2))
    phi = true + row["omega"]
    u = phi + row["cus"] * np.sin(2 * phi) + row["cuc"] * np.cos(2 * phi)
    r = a * (1 - row["e"] * np.cos(anomaly)) + row["crs"] * np.sin(2 * phi) + row["crc"] * np.cos(2 * phi)
    i = row["i0"] + row["i_dot"] * t + row["cis"] * np.sin(2 * phi) + row["cic"] * np.cos(2 * phi)
    node = row["omega0"] + row["omega_dot"] * t - spin * row["toe_s"]
    x, y = r * np.cos(u), r * np.sin(u)
    gk = np.array(
        [
            x * np.cos(node) - y * np.cos(i) * np.sin(node),
            x * np.sin(node) + y * np.cos(i) * np.cos(node),
            y * np.sin(i),
        ]
    )
    five = np.deg2rad(-5)
    rx = np.array([[1, 0, 0], [0, np.cos(five), np.sin(five)], [0, -np.sin(five), np.cos(five)]])
    z = spin * t
    rz = np.array([[np.cos(z), np.sin(z), 0], [-np.sin(z), np.cos(z), 0], [0, 0, 1]])
    found, _ = kepler_states(eph, T0 + seconds(np.array([t])))
    np.testing.assert_allclose(found[0], rz @ rx @ gk, atol=1e-5)


def test_clocks_are_polynomials() -> None:
    eph = ephemerides(ephemeris("G05", af0=1e-4, af1=2e-11, af2=3e-18)).kepler
    assert kepler_clocks(eph, T0 + seconds(100.0))[0] == pytest.approx(1e-4 + 2e-9 + 3e-14, rel=1e-14)


def test_glonass_as_an_integration_in_inertial_space(tmp_path: Path) -> None:
    eph = read(tmp_path, navigation_bytes(navigation_record("R07"))).state
    eph["velocity"] = [[2200.0, 1500.0, -900.0]]
    eph["acceleration"] = 0.0
    spin, gm, j2, radius = 7.2921150e-5, 3.9860044e14, 1.0826257e-3, 6_378_136.0

    def fall(_: float, s: np.ndarray) -> np.ndarray:
        x, r = s[:3], np.linalg.norm(s[:3])
        flat = 1.5 * j2 * gm * radius**2 / r**5
        z = 5 * (x[2] / r) ** 2
        return np.concatenate([s[3:], -gm * x / r**3 - flat * x * np.array([1 - z, 1 - z, 3 - z])])

    start = np.concatenate(
        [eph["position"][0], eph["velocity"][0] + np.cross([0, 0, spin], eph["position"][0])]
    )
    end = solve_ivp(fall, (0, 900), start, method="DOP853", rtol=1e-12, atol=1e-6).y[:, -1]
    c, s = np.cos(spin * 900), np.sin(spin * 900)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    x, v = glonass_states(eph, T0 + seconds(np.array([900.0])))
    np.testing.assert_allclose(x[0], turn @ end[:3], atol=1e-4)
    np.testing.assert_allclose(v[0] + np.cross([0, 0, spin], x[0]), turn @ end[3:], atol=1e-7)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 20_000), min_size=1, max_size=6, unique=True),
    st.integers(-9000, 29_000),
    st.integers(0, 7200),
    st.integers(0, 7200),
)
def test_the_nearest_that_is_used(at: list[int], t: int, early: int, late: int) -> None:
    toe = T0 + seconds(np.sort(np.array(at, float)))
    ages = t - np.sort(at)
    found = int(nearest_in_time(toe, T0 + seconds(np.array([float(t)])), early, late)[0])
    allowed = np.flatnonzero((ages <= late) & (ages >= -early))
    if not allowed.size:
        assert found == -1
    else:
        assert found in allowed
        assert abs(ages[found]) == abs(ages[allowed]).min()


def test_which_ephemerides_are_usable() -> None:
    one = [
        ephemeris("G05", health=0.0),
        ephemeris("G06", health=1.0),
        ephemeris("E11", source=258.0),
        ephemeris("E12", source=517.0),
    ]
    table = ephemerides(*one).kepler
    assert usable(table, "fnav")["satellite"].tolist() == ["E11", "G05"]
    assert usable(table, "inav")["satellite"].tolist() == ["E12", "G05"]


def test_orbits_are_nan_where_nothing_is_used() -> None:
    orbits = broadcast_orbits(
        ephemerides(ephemeris("G05")), np.array(["G05", "G06"]), T0 + seconds([0.0, 7300.0])
    )
    assert np.isfinite(orbits.position_m[:, :, 0]).tolist() == [[True, False], [False, False]]
    assert np.isfinite(orbits.clock_s).tolist() == [[True, False], [False, False]]


def test_the_sun_of_the_almanac() -> None:
    # noon in Greenwich at the solstice of 2020, 20 June 21:44 UTC: declination 23.437 degrees
    x = sun_position(np.array([np.datetime64("2020-06-20T21:44:18", "ns")]))[0]
    assert np.rad2deg(np.arcsin(x[2] / np.linalg.norm(x))) == pytest.approx(23.437, abs=0.01)
    assert np.linalg.norm(x) / 149_597_870_700 == pytest.approx(1.0162, abs=3e-4)
    # at 12:02 UTC of that day (equation of time -1.7 min) the Sun crosses Greenwich's meridian
    x = sun_position(np.array([np.datetime64("2020-06-20T12:01:58", "ns")]))[0]
    assert np.rad2deg(np.arctan2(x[1], x[0])) == pytest.approx(0.0, abs=0.1)
