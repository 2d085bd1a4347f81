"""PPP-B2b corrections: frame and signs, matching by issue and validity, the two layouts of text."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.b2b import (
    BIAS,
    CLOCK,
    NOT_GIVEN,
    ORBIT,
    Corrections,
    code_biases,
    corrected_clock,
    corrected_code,
    corrected_orbits,
    corrected_position,
    latest,
    satellite_axes,
)
from slipbench.datasets.positioning.b2b_text import read_corrections
from slipbench.datasets.positioning.broadcast import broadcast_orbits
from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.clk_text import clk_text
from slipbench.datasets.positioning.gps_time import seconds
from slipbench.datasets.positioning.kepler import kepler_states
from slipbench.datasets.positioning.series import LIGHT
from slipbench.datasets.positioning.sp3 import read_sp3
from slipbench.datasets.positioning.sp3_text import sp3_text

from .fuzz_readers import mutate
from .made_satellites import T0, b2b_text, ephemerides, ephemeris, epochs

VECTOR = st.tuples(*[st.floats(-3e7, 3e7)] * 3).map(np.array)
SMALL = st.tuples(*[st.floats(-30, 30)] * 3).map(np.array)


def orbit_row(
    t: float,
    satellite: str = "G05",
    iodn: int = 31,
    corr: int = 1,
    rac: tuple = (1.0, 0.0, 0.0),
    urai: int = 39,
) -> tuple:
    return (T0 + seconds(t), satellite, 1, iodn, corr, urai, rac, (0.0, 0.0, 0.0))


def clock_row(t: float, satellite: str = "G05", corr: int = 1, c0: float = 0.3) -> tuple:
    return (T0 + seconds(t), satellite, 1, NOT_GIVEN, corr, (c0, 0.0, 0.0))


def made(orbits: list[tuple], clocks: list[tuple], biases: list[tuple] | None = None) -> Corrections:
    tables = (np.array(r, d) for r, d in ((orbits, ORBIT), (clocks, CLOCK), (biases or [], BIAS)))
    orbit, clock, bias = (t[np.argsort(t["time"], kind="stable")] for t in tables)
    return Corrections(orbit, clock, bias)


@settings(max_examples=200)
@given(VECTOR, VECTOR)
def test_axes_are_orthonormal_and_right_handed(position: np.ndarray, velocity: np.ndarray) -> None:
    sizes = np.linalg.norm(position) * np.linalg.norm(velocity)
    if sizes < 1 or np.linalg.norm(np.cross(position, velocity)) < 1e-3 * sizes:
        return
    axes = satellite_axes(position, velocity)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    radial, along, cross = axes.T
    assert radial @ position == pytest.approx(np.linalg.norm(position))
    assert along @ velocity > 0
    assert abs(cross @ velocity) <= 1e-9 * np.linalg.norm(velocity)


def test_what_each_component_does() -> None:
    r, v = np.array([26e6, 0.0, 0.0]), np.array([0.0, 3000.0, 0.0])
    shift = [corrected_position(r, v, np.eye(3)[k]) - r for k in range(3)]
    np.testing.assert_allclose(shift[0], [-1, 0, 0], atol=1e-8)  # +1 m radial lowers the satellite
    np.testing.assert_allclose(shift[1], [0, -1, 0], atol=1e-8)  # +1 m along-track puts it back
    np.testing.assert_allclose(shift[2], [0, 0, -1], atol=1e-8)  # +1 m cross-track against r x v


@settings(max_examples=50, deadline=None)
@given(st.floats(-3, 3), st.floats(0, 0.02), SMALL)
def test_a_radial_correction_changes_the_radius_of_any_orbit(m0: float, e: float, rac: np.ndarray) -> None:
    r, v = kepler_states(ephemerides(ephemeris(m0=m0, e=e)).kepler, T0)
    found = corrected_position(r, v, rac[None])
    size = np.linalg.norm(r)
    # what lies across the radius lengthens it by its square over twice the radius
    across = (rac[1] ** 2 + rac[2] ** 2) / (2 * size)
    assert np.linalg.norm(found) - size == pytest.approx(-rac[0] + across, abs=1e-6)
    assert np.linalg.norm(found - r) == pytest.approx(np.linalg.norm(rac), abs=1e-7)
    back = corrected_position(found, v, -rac[None])
    np.testing.assert_allclose(back, r, atol=1e-3)


def test_signs_of_clocks_and_codes() -> None:
    assert corrected_clock(np.float64(5e-6), np.float64(LIGHT * 1e-9)) == pytest.approx(
        5e-6 - 1e-9, abs=1e-18
    )
    assert corrected_code(np.float64(21e6), np.float64(1.5)) == 21e6 - 1.5


def test_orbits_are_broadcast_less_corrections() -> None:
    eph = ephemerides(ephemeris("G05", issue_clock=31), ephemeris("G06", issue_clock=7, m0=2.0))
    rows = [orbit_row(0, rac=(1.0, 2.0, -3.0)), orbit_row(0, "G06", 7, 2, (0.5, 0.0, 0.0))]
    corrections = made(rows, [clock_row(0), clock_row(0, "G06", 2, -0.6)])
    names, time = np.array(["G05", "G06", "G07"]), epochs(2, 6)
    plain, found = broadcast_orbits(eph, names, time), corrected_orbits(eph, corrections, names, time)
    rac = np.array([[1.0, 2.0, -3.0], [0.5, 0.0, 0.0]])
    axes = satellite_axes(plain.position_m[:, :2], plain.velocity_m_s[:, :2])
    wanted = plain.position_m[:, :2] - np.einsum("nmij,mj->nmi", axes, rac)
    np.testing.assert_allclose(found.position_m[:, :2], wanted, atol=1e-7)
    np.testing.assert_allclose((plain.clock_s - found.clock_s)[:, :2] * LIGHT, [[0.3, -0.6]] * 2, atol=1e-6)
    assert np.isnan(found.clock_s[:, 2]).all()


@pytest.mark.parametrize(
    ("orbits", "clocks", "used"),
    [
        ([orbit_row(0)], [clock_row(0)], True),
        ([orbit_row(0, iodn=30)], [clock_row(0)], False),  # no such ephemeris
        ([orbit_row(0, corr=2)], [clock_row(0)], False),  # not of this clock
        ([orbit_row(0, urai=0)], [clock_row(0)], False),  # unreliable
        ([orbit_row(0, urai=63)], [clock_row(0)], False),
        ([orbit_row(-86)], [clock_row(-2)], True),
        ([orbit_row(-87)], [clock_row(-2)], False),  # 97 s old at 10 s
        ([orbit_row(0)], [clock_row(-3)], False),  # 13 s old at 10 s
        ([orbit_row(11)], [clock_row(0)], False),  # not yet there
        ([orbit_row(0), orbit_row(5, corr=2)], [clock_row(0)], True),  # the older one is the clock's
    ],
)
def test_what_belongs_together(orbits: list[tuple], clocks: list[tuple], used: bool) -> None:
    found = corrected_orbits(
        ephemerides(ephemeris()), made(orbits, clocks), np.array(["G05"]), T0 + seconds(np.array([10.0]))
    )
    assert np.isfinite(found.clock_s[0, 0]) == used
    assert np.isfinite(found.position_m[0, 0]).all() == used


def test_gps_goes_by_iodc_or_iode_and_beidou_by_the_iodc_of_cnav1() -> None:
    eph = ephemerides(
        ephemeris("G05", issue=31, issue_clock=287), ephemeris("C21", a_dot=1e-9, issue_clock=9)
    )
    both = made([orbit_row(0, iodn=287), orbit_row(0, "C21", 9)], [clock_row(0), clock_row(0, "C21")])
    at = T0 + seconds(np.array([14.0]))
    late = made([orbit_row(14, iodn=31)], [clock_row(14)])
    names = np.array(["G05", "C21"])
    assert np.isfinite(corrected_orbits(eph, both, names, epochs(1)).clock_s).tolist() == [[True, True]]
    rtcm = Corrections(late.orbit, late.clock, late.bias, "iode")
    assert np.isfinite(corrected_orbits(eph, late, names, at).clock_s).tolist() == [[False, False]]
    assert np.isfinite(corrected_orbits(eph, rtcm, names, at).clock_s).tolist() == [[True, False]]
    legacy = ephemerides(ephemeris("C21"))
    assert np.isnan(corrected_orbits(legacy, both, names, epochs(1)).clock_s).all()


def test_the_newest_that_is_valid() -> None:
    given_at = T0 + seconds(np.array([0.0, 6.0, 12.0]))
    time = T0 + seconds(np.array([-1.0, 0.0, 5.9, 6.0, 24.0, 24.1]))
    assert latest(given_at, time, 12.0).tolist() == [-1, 0, 0, 1, 2, -1]
    assert latest(given_at[:0], time, 12.0).tolist() == [-1] * 6


def test_code_biases_of_signals() -> None:
    rows = [(T0, "C21", 1, "1P", 1.25), (T0 + seconds(60.0), "C21", 1, "1P", 1.5), (T0, "C21", 1, "5P", -0.4)]
    time = T0 + seconds(np.array([-1.0, 0.0, 61.0, 86_461.0]))
    found = code_biases(made([], [], rows), np.array(["C21", "C22"]), np.array(["1P", "5P"]), time)
    assert found.shape == (4, 2, 2)
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, 0, 0], [np.nan, 1.25, 1.5, np.nan])
    np.testing.assert_array_equal(found[:, 0, 1], [np.nan, -0.4, -0.4, np.nan])


def test_corrected_orbits_go_through_files(tmp_path: Path) -> None:
    eph = ephemerides(ephemeris("G05"), ephemeris("G06", issue_clock=7))
    corrections = made([orbit_row(0), orbit_row(0, "G06", 7)], [clock_row(0), clock_row(0, "G06")])
    found = corrected_orbits(eph, corrections, np.array(["G05", "G06"]), epochs(2, 6))
    (tmp_path / "a.sp3").write_text(sp3_text(found))
    (tmp_path / "a.clk").write_text(clk_text(found.clocks))
    again = read_sp3(tmp_path / "a.sp3")
    np.testing.assert_allclose(again.position_m, found.position_m, atol=5.1e-4)
    np.testing.assert_allclose(read_clk(tmp_path / "a.clk").clock_s, found.clock_s, atol=1e-15)


def read(tmp_path: Path, text: str) -> Corrections:
    path = tmp_path / "b2b.txt"
    path.write_text(text)
    return read_corrections(path)


def test_text_with_issue_numbers(tmp_path: Path) -> None:
    bias = [(T0, "C21", 3, "1P", 1.25), (T0, "C21", 3, "5P", -0.4)]
    corrections = made(
        [orbit_row(0, rac=(0.1, -0.2, 0.3)), orbit_row(48, corr=2)], [clock_row(0), clock_row(6)], bias
    )
    text = "> MASK 2020 06 25 00 00 00.0 48 2 B2bSatPrn_59\nIOD:  1  0\nBDSMASK:  0101\n" + b2b_text(
        corrections
    )
    found = read(tmp_path, text + text)  # two geostationary satellites send the same
    for name in ("orbit", "clock", "bias"):
        assert np.array_equal(getattr(found, name), getattr(corrections, name))
    assert found.issue == "iodc"


def test_text_of_the_ntrip_client(tmp_path: Path) -> None:
    text = """> ORBIT 2020 06 25 00 00 05.0 2 2 CLK93
G01   9     0.5134     0.3692     0.6784        0.0010    -0.0000    -0.0000
R02  59     0.5816    -0.5800    -0.2004        0.0001    -0.0006     0.0001
> CLOCK 2020 06 25 00 00 05.0 2 1 CLK93
G01   9     0.5412     0.0010     0.0000

> CODE_BIAS 2020 06 25 00 00 05.0 2 1 CLK93
G01    2   1C    -3.3100   2W    -6.1900
> VTEC 2020 06 25 00 00 05.0 6 1 CLK93
 1  6  6   450000.0
"""
    found = read(tmp_path, text)
    assert found.issue == "iode"
    assert found.orbit[["iod_ssr", "iodn", "iod_corr", "urai"]].tolist() == [
        (-1, 9, -1, -1),
        (-1, 59, -1, -1),
    ]
    assert found.orbit["rac"][0].tolist() == [0.5134, 0.3692, 0.6784]
    assert found.orbit["rac_rate"][0, 0] == 0.001
    assert found.clock["c"][0].tolist() == [0.5412, 0.001, 0.0]
    assert found.clock["iodn"].tolist() == [9]
    assert found.bias[["signal", "m"]].tolist() == [("1C", -3.31), ("2W", -6.19)]
    # the rates count: 10 s later
    eph = ephemerides(ephemeris("G01", issue=9, at=0.0))
    at = T0 + seconds(np.array([15.0]))
    plain = broadcast_orbits(eph, np.array(["G01"]), at)
    moved = corrected_orbits(eph, found, np.array(["G01"]), at)
    shift = (plain.position_m - moved.position_m)[0, 0]
    rac = satellite_axes(plain.position_m, plain.velocity_m_s)[0, 0].T @ shift
    np.testing.assert_allclose(rac, [0.5234, 0.3692, 0.6784], atol=1e-6)
    assert (plain.clock_s - moved.clock_s)[0, 0] * LIGHT == pytest.approx(0.5512, abs=1e-7)


def test_a_correction_that_is_not_available_is_left_out(tmp_path: Path) -> None:
    text = """> ORBIT_URAI 2024 12 05 00 01 05.0 48 2 B2bSatPrn_59 @ 2024 12 05 00 01 08.0
C21      1    12     3    39   -26.2144     0.0000     0.0000     0.0000     0.0000     0.0000
C24      1    12     3    39     0.2000     0.0000     0.0000     0.0000     0.0000     0.0000
> CLOCK 2024 12 05 00 01 06.0 6 3 B2bSatPrn_59 @ 2024 12 05 00 01 08.0
C21      1     2    -1.8656     0.0000     0.0000
C24      1     2   -26.2144     0.0000     0.0000
"""
    found = read(tmp_path, text)
    assert found.orbit["satellite"].tolist() == ["C24"]
    assert found.clock["satellite"].tolist() == ["C21"]
    assert found.clock["iod_corr"].tolist() == [NOT_GIVEN]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("> CLOCK", "> CLOKC", "block 'CLOKC'; expected ORBIT, CLOCK"),
        ("> CLOCK", "CLOCK", "fields of an orbit; expected 8 or 11"),
        (" 2 2 CLK", " 2 3 CLK", "2 lines; expected the 3"),
        (" 2 1 CLK", " 2 0 CLK", "1 lines; expected the 0"),
        ("G01   9     0.5412", "G01   9     x.5412", "correction 'x.5412'"),
        ("G01   9     0.5412", "G99   9     0.5412", "satellite 'G99'"),
        ("06 25 00 00 05.0 2 1", "06 31 00 00 05.0 2 1", "a date and time that exist"),
        ("2   1C", "3   1C", "2 biases; expected 3"),
        ("   1C  ", "   1*C ", "signal '1*C'"),
        ("  -0.5800", "", "7 fields of an orbit; expected 8 or 11"),
    ],
)
def test_wrong_text_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = """> ORBIT 2020 06 25 00 00 05.0 2 2 CLK93
G01   9     0.5134     0.3692     0.6784        0.0010    -0.0000    -0.0000
R02  59     0.5816    -0.5800    -0.2004        0.0001    -0.0006     0.0001
> CLOCK 2020 06 25 00 00 05.0 2 1 CLK93
G01   9     0.5412     0.0010     0.0000
> CODE_BIAS 2020 06 25 00 00 05.0 2 1 CLK93
G01    2   1C    -3.3100   2W    -6.1900
"""
    assert old in text
    with pytest.raises(InputError) as error:
        read(tmp_path, text.replace(old, new))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_damaged_text_gives_corrections_or_one_line(tmp_path: Path) -> None:
    path, found, messages = tmp_path / "a.txt", 0, []
    eph = ephemerides(ephemeris())
    base = made(
        [orbit_row(0), orbit_row(48)], [clock_row(6.0 * k) for k in range(4)], [(T0, "G05", 1, "1C", 0.1)]
    )
    for seed in range(500):
        rng = np.random.default_rng([17, seed])
        path.write_bytes(mutate(rng, b2b_text(base).encode()))
        try:
            corrections = read_corrections(path)
        except InputError as error:
            messages.append(str(error))
            continue
        found += 1
        assert corrected_orbits(eph, corrections, np.array(["G05"]), epochs(3)).clock_s.shape == (3, 1)
    assert found > 20
    assert len(messages) > 20
    assert all(m.startswith(str(path)) and "\n" not in m for m in messages)
