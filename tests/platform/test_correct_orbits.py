import numpy as np
import pytest

from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.sp3 import read_sp3
from tests.datasets.made_satellites import T0, b2b_text, navigation_bytes, navigation_record
from tests.datasets.test_b2b import clock_row, made, orbit_row


@pytest.fixture
def inputs(tmp_path):
    navigation, corrections = tmp_path / "n.rnx", tmp_path / "b2b.txt"
    records = (navigation_record("G05", issue_clock=31), navigation_record("G06", issue_clock=7, m0=2.0))
    navigation.write_bytes(navigation_bytes(*records))
    orbits = [orbit_row(0), orbit_row(0, "G06", 7)]
    clocks = [clock_row(t, satellite) for t in (0, 6, 12) for satellite in ("G05", "G06")]
    corrections.write_text(b2b_text(made(orbits, clocks)))
    return navigation, corrections


def test_corrected_orbits_and_clocks_are_written_for_every_epoch(slipbench, inputs, tmp_path):
    to = [tmp_path / "a.sp3", tmp_path / "a.clk"]
    ran = slipbench("correct-orbits", *inputs, "--sp3", to[0], "--clk", to[1], "--interval", 5)
    assert ran.code == 0, ran.err
    assert "3 epochs of 2 satellites, 100% with corrections" in ran.out.replace("\n", " ")
    orbits, clocks = read_sp3(to[0]), read_clk(to[1])
    assert (orbits.time == T0 + np.arange(0, 11, 5) * np.timedelta64(10**9, "ns")).all()
    assert orbits.satellite.tolist() == clocks.satellite.tolist() == ["G05", "G06"]
    assert np.isfinite(orbits.position_m).all()
    np.testing.assert_allclose(clocks.clock_s, orbits.clock_s, atol=6e-13)


def test_corrections_of_other_ephemerides_are_one_line_and_write_nothing(slipbench, inputs, tmp_path):
    navigation, _ = inputs
    navigation.write_bytes(navigation_bytes(navigation_record("G05", issue_clock=99)))
    to = [tmp_path / "a.sp3", tmp_path / "a.clk"]
    ran = slipbench("correct-orbits", *inputs, "--sp3", to[0], "--clk", to[1])
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1
    assert "fits no ephemeris of n.rnx" in ran.err
    assert not any(path.exists() for path in to)
