"""Broadcast against precise orbits, corrections that lead from one to the other, and ESBC by RTKLIB."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.positioning.b2b import (
    BIAS,
    CLOCK,
    NOT_GIVEN,
    ORBIT,
    Corrections,
    corrected_orbits,
    satellite_axes,
)
from slipbench.datasets.positioning.b2b_text import read_corrections
from slipbench.datasets.positioning.broadcast import broadcast_orbits, nearest, usable
from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.clk_text import clk_text
from slipbench.datasets.positioning.ppp import position
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.datasets.positioning.ppp_summary import summary
from slipbench.datasets.positioning.rinex_nav import Ephemerides, read_navigation
from slipbench.datasets.positioning.series import LIGHT, Orbits
from slipbench.datasets.positioning.sp3 import read_sp3
from slipbench.datasets.positioning.sp3_text import sp3_text
from slipbench.platform.config.load import load
from tests.datasets.made_satellites import b2b_text

pytestmark = pytest.mark.real
CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "positioning"


@pytest.fixture(scope="module")
def ephemerides(data_dir: Path) -> Ephemerides:
    return read_navigation(data_dir / "ppp" / "ESBC00DNK_R_20201770000_01D_MN.rnx.gz")


@pytest.fixture(scope="module")
def precise(data_dir: Path) -> Orbits:
    return read_sp3(data_dir / "ppp" / "GRG0MGXFIN_20201770000_01D_15M_ORB.SP3.gz")


def test_the_files_are_whole(data_dir: Path, ephemerides: Ephemerides, precise: Orbits) -> None:
    assert precise.position_m.shape == (96, 75, 3)
    assert np.isfinite(precise.position_m).all()
    assert (precise.frame, precise.agency) == ("IGb14", "GRGS")
    assert (len(ephemerides.kepler), len(ephemerides.state)) == (2231, 510)
    clocks = read_clk(data_dir / "ppp" / "GRG0MGXFIN_20201770000_01D_30S_CLK.CLK.gz")
    assert clocks.clock_s.shape == (2880, 75)
    rows, columns = (
        np.searchsorted(clocks.time, precise.time),
        np.searchsorted(clocks.satellite, precise.satellite),
    )
    # the SP3 file has whole ps
    assert np.abs(clocks.clock_s[rows][:, columns] - precise.clock_s).max() < 0.6e-12


def test_precise_files_survive_writing(tmp_path: Path, precise: Orbits) -> None:
    (tmp_path / "a.sp3").write_text(sp3_text(precise))
    found = read_sp3(tmp_path / "a.sp3")
    np.testing.assert_allclose(found.position_m, precise.position_m, atol=1e-6)
    (tmp_path / "a.clk").write_text(clk_text(precise.clocks))
    again = read_clk(tmp_path / "a.clk")
    columns = np.searchsorted(again.satellite, precise.satellite)
    np.testing.assert_allclose(again.clock_s[:, columns], precise.clock_s, rtol=1e-12)


@pytest.mark.parametrize(
    ("system", "orbit_m", "clock_ns"),
    [("G", (1.2, 1.0, 0.6), 3.0), ("E", (1.0, 0.5, 0.3), 0.8), ("R", (2.5, 3.5, 1.5), 10.0)],
)
def test_broadcast_orbits_are_near_precise_ones(
    ephemerides: Ephemerides, precise: Orbits, system: str, orbit_m: tuple, clock_ns: float
) -> None:
    """Radially GPS and Galileo differ by their antennas' offsets, which broadcast orbits contain."""
    names = precise.satellite[np.char.startswith(precise.satellite, system)]
    columns = np.isin(precise.satellite, names)
    found = broadcast_orbits(ephemerides, names, precise.time)
    difference = found.position_m - precise.position_m[:, columns]
    rac = np.einsum("nmji,nmj->nmi", satellite_axes(found.position_m, found.velocity_m_s), difference)
    assert np.isfinite(rac[..., 0]).sum() > 800
    assert (np.sqrt(np.nanmean(rac**2, (0, 1))) < orbit_m).all()
    clock = found.clock_s - precise.clock_s[:, columns]
    clock -= np.nanmedian(clock, 1, keepdims=True)
    assert np.sqrt(np.nanmean(clock**2)) * 1e9 < clock_ns


def test_corrections_lead_to_the_precise_orbit(
    tmp_path: Path, ephemerides: Ephemerides, precise: Orbits
) -> None:
    """Broadcast less precise as a decoder's text, read and applied: what is left is rounding to 0.1 mm."""
    columns = np.isin(precise.satellite.astype("U1"), ["G", "E"])
    names, time = precise.satellite[columns], precise.time
    plain = broadcast_orbits(ephemerides, names, time, "fnav")
    kepler = usable(ephemerides.kepler, "fnav")
    pick = nearest(kepler, names, time)
    rows, cols = np.nonzero(pick >= 0)
    difference = plain.position_m - precise.position_m[:, columns]
    axes = satellite_axes(plain.position_m, plain.velocity_m_s)
    rac = np.einsum("nmji,nmj->nmi", axes, difference)[rows, cols]
    c0 = ((plain.clock_s - precise.clock_s[:, columns]) * LIGHT)[rows, cols]
    of_gps = np.char.startswith(names[cols], "G")
    chosen = kepler[pick[rows, cols]]
    issue = np.where(of_gps, chosen["issue_clock"], chosen["issue"])
    orbit, clock = np.zeros(len(rows), ORBIT), np.zeros(len(rows), CLOCK)
    for table in (orbit, clock):
        table["time"], table["satellite"], table["iod_ssr"], table["iod_corr"] = (
            time[rows],
            names[cols],
            1,
            rows % 8,
        )
    orbit["iodn"], orbit["urai"], orbit["rac"] = issue, 39, rac
    clock["iodn"], clock["c"][:, 0] = NOT_GIVEN, c0
    (tmp_path / "b2b.txt").write_text(b2b_text(Corrections(orbit, clock, np.zeros(0, BIAS))))
    found = corrected_orbits(ephemerides, read_corrections(tmp_path / "b2b.txt"), names, time, "fnav")
    assert np.array_equal(np.isfinite(found.clock_s), pick >= 0)
    assert np.isfinite(found.clock_s).sum() > 3000
    left = np.abs(found.position_m - precise.position_m[:, columns])
    assert np.nanmax(left) < 1e-3
    assert np.nanmax(np.abs(found.clock_s - precise.clock_s[:, columns])) * LIGHT < 1e-3
    assert np.nanmax(np.abs(difference)) > 1.0


@pytest.mark.skipif(
    not shutil.which("rnx2rtkp"), reason="RTKLIB's rnx2rtkp is not installed (Debian package rtklib)"
)
@pytest.mark.parametrize("mode", ["static", "kinematic"])
def test_esbc_is_where_it_is(data_dir: Path, tmp_path: Path, mode: str) -> None:
    options = load(CONFIGS / f"esbc_{mode}.yaml", PositionOptions)
    run = position(options, data_dir, tmp_path)
    found = summary(run, mode == "static", options.converged_m)
    assert found.positions == 2851
    assert found.epochs - found.unused == 2851
    if mode == "static":
        assert found.distance_m < 0.03
        assert found.converged_after_s < 4 * 3600
    else:
        assert (np.array(found.rms_m) < [0.04, 0.03, 0.055]).all()
        assert found.distance_m < 0.03
