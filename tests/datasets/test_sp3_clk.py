"""Precise orbits and clocks: what is written is read again, what is damaged is one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.clk_text import clk_text
from slipbench.datasets.positioning.series import Clocks
from slipbench.datasets.positioning.sp3 import read_sp3
from slipbench.datasets.positioning.sp3_text import sp3_text

from .fuzz_readers import mutate
from .made_satellites import made_clocks, made_orbits


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    version=st.sampled_from(["c", "d"]),
    velocities=st.booleans(),
    n=st.integers(1, 4),
    m=st.integers(1, 120),
)
def test_sp3_round_trip(
    tmp_path_factory: pytest.TempPathFactory, seed: int, version: Any, velocities: bool, n: int, m: int
) -> None:
    names = tuple(f"{s}{k:02d}" for s in "GERC" for k in range(1, 33))[: min(m, 85) if version == "c" else m]
    path = tmp_path_factory.mktemp("sp3") / "a.sp3"
    orbits = made_orbits(np.random.default_rng(seed), n, names, velocities)
    path.write_text(sp3_text(orbits, version))
    assert max(map(len, path.read_text().splitlines())) <= 60
    found = read_sp3(path)
    assert np.array_equal(found.time, orbits.time)
    assert np.array_equal(found.satellite, orbits.satellite)
    assert (found.frame, found.agency) == ("IGb14", "TEST")
    np.testing.assert_allclose(found.position_m, orbits.position_m, atol=1e-6)
    np.testing.assert_allclose(found.clock_s, orbits.clock_s, atol=1e-15)
    if velocities:
        np.testing.assert_allclose(found.velocity_m_s, orbits.velocity_m_s, atol=1e-10)
    else:
        assert found.velocity_m_s is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(2, 6))
def test_clk_round_trip(tmp_path_factory: pytest.TempPathFactory, seed: int, n: int) -> None:
    path = tmp_path_factory.mktemp("clk") / "a.clk"
    clocks = made_clocks(np.random.default_rng(seed), n)
    path.write_text(clk_text(clocks))
    found = read_clk(path)
    assert np.array_equal(found.time, clocks.time)
    assert np.array_equal(found.satellite, clocks.satellite)
    assert np.array_equal(found.clock_s, clocks.clock_s, equal_nan=True)


def test_what_cannot_be_written() -> None:
    orbits = made_orbits(np.random.default_rng(0), 1, tuple(f"G{k:02d}" for k in range(1, 87)))
    with pytest.raises(ValueError, match="86 satellites do not go into an SP3-c"):
        sp3_text(orbits, "c")
    far = made_orbits(np.random.default_rng(0))
    far.position_m[0, 0] = 1e13
    with pytest.raises(ValueError, match="too large for its columns"):
        sp3_text(far)
    clocks = made_clocks(np.random.default_rng(0))
    with pytest.raises(ValueError, match="no clock"):
        clk_text(Clocks(clocks.time, clocks.satellite, clocks.clock_s * np.nan))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("#cP", "#aP", "'#aP'; expected #cP, #cV, #dP or #dV"),
        ("      3 ORBIT", "      4 ORBIT", "3 epochs; expected the 4 of the first line"),
        ("cc GPS ccc", "cc UTC ccc", "time system 'UTC'; expected GPS"),
        ("E05G01G24", "E05E05G24", "listed twice"),
        ("E05G01G24", "E05X01G24", "satellite 'X01'; expected a name such as G05"),
        ("+    3", "+    9", "satellite ' 0'; expected a name such as G05"),
        ("PG01", "PG02", "PG02; expected a satellite of the header, once an epoch"),
        ("PG01", "VG01", "a velocity; expected none"),
        ("*  2020  6 25  0 15", "*  2020  6 25  0  0", "not after the one before"),
        ("*  2020  6 25  0 15", "*  2020  6 31  0 15", "a date and time that exist"),
        ("EOF", "", "''; expected 3 epochs, then EOF"),
        ("EOF\n", "EOF\nmore\n", "a line after EOF"),
        ("EOF\n", "EOF", "no line end"),
    ],
)
def test_a_wrong_sp3_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = sp3_text(made_orbits(np.random.default_rng(5)))
    assert old in text
    path = tmp_path / "a.sp3"
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError) as error:
        read_sp3(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CLOCK DATA", "OBSERVATION", "a file of type"),
        ("   GPS ", "   UTC ", "time system 'UTC'; expected GPS"),
        ("AS E05", "AS X05", "satellite 'X05'"),
        ("AS E05", "QS E05", "'QS'; expected AS"),
        ("  1   ", "  9   ", "number of values '9'"),
        ("END OF HEADER", "END OF HEAD", "the end of the file; expected END OF HEADER"),
        (" 0.000000", "61.000000", "second '61.000000'"),
    ],
)
def test_a_wrong_clk_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = clk_text(made_clocks(np.random.default_rng(5)))
    assert old in text
    path = tmp_path / "a.clk"
    path.write_text(text.replace(old, new).replace("CLOCK DATA          M", f"{'CLOCK DATA':20}M"))
    with pytest.raises(InputError) as error:
        read_clk(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_clock_comes_once_and_receivers_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.clk"
    text = clk_text(made_clocks(np.random.default_rng(5)))
    line = next(x for x in text.splitlines() if x.startswith("AS"))
    path.write_text(text + line + "\n")
    with pytest.raises(InputError, match="a second time at this epoch"):
        read_clk(path)
    path.write_text(text + line.replace("AS E05", "AR ESBC") + "\n")
    assert len(read_clk(path).satellite) == 3
    path.write_text("".join(x + "\n" for x in text.splitlines() if not x.startswith("AS")))
    with pytest.raises(InputError, match="no clock of a satellite"):
        read_clk(path)


@pytest.mark.parametrize("kind", ["sp3", "clk"])
def test_damaged_files_give_data_or_one_line(tmp_path: Path, kind: str) -> None:
    path, read, messages = tmp_path / f"a.{kind}", 0, []
    for seed in range(400):
        rng = np.random.default_rng([11, seed])
        text = sp3_text(made_orbits(rng, 2)) if kind == "sp3" else clk_text(made_clocks(rng, 2))
        path.write_bytes(mutate(rng, text.encode()))
        try:
            found: Any = read_sp3(path) if kind == "sp3" else read_clk(path)
        except InputError as error:
            messages.append(str(error))
            continue
        read += 1
        assert found.clock_s.shape == (len(found.time), len(found.satellite))
    assert read > 20
    assert len(messages) > 20
    assert all(m.startswith(str(path)) and "\n" not in m for m in messages)
