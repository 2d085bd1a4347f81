"""``slipbench position``: what does not belong together is one line, and nothing is left behind."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.positioning.clk_text import clk_text
from slipbench.datasets.positioning.frames import to_enu
from slipbench.datasets.positioning.series import Clocks, Orbits
from slipbench.datasets.positioning.sp3_text import sp3_text
from slipbench.datasets.readers.high_rate import read_high_rate
from tests.datasets.made_satellites import epochs, navigation_bytes, navigation_record
from tests.datasets.test_positions import ESBC, header_text

NAMES = tuple(f"G{k:02d}" for k in range(1, 7))
#: Writes 100 positions, 1 m east of the mark at first and 2 cm at last.
ENGINE = """#!{python}
import sys
last = sys.argv[sys.argv.index("-te") + 2]
with open("out.pos", "w") as f:
    print("% program   : RTKLIB ver.made", file=f)
    for k in range(100):
        y = 532589.7313 + (1.0 if k < 20 else 0.02)
        print(2111, 345600 + 30 * k, 3582105.2910, f"{{y:.4f}}", 5232754.8054, 6, 9, file=f)
"""


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose files are all there, beside an engine of two lines."""
    folder = tmp_path / "data"
    folder.mkdir()
    last = "  2020     6    25     0    59   30.0000000     GPS"
    head, mark, rest = header_text().partition(f"{'':60}END OF HEADER\n")
    (folder / "obs.rnx").write_text(f"{head}{last:<60}TIME OF LAST OBS\n{mark}{rest}")
    (folder / "nav.rnx").write_bytes(navigation_bytes(*(navigation_record(s) for s in NAMES)))
    rng, at = np.random.default_rng(0), epochs(13, 900)
    x = rng.normal(size=(13, 6, 3))
    x *= 26.5e6 / np.linalg.norm(x, axis=-1, keepdims=True)
    (folder / "a.sp3").write_text(sp3_text(Orbits(at, np.array(NAMES), x, np.zeros((13, 6)), frame="IGb14")))
    (folder / "a.clk").write_text(clk_text(Clocks(epochs(200), np.array(NAMES), np.zeros((200, 6)))))
    (folder / "a.atx").write_text(
        f"{'     1.4            M':<60}ANTEX VERSION / SYST\n{'':60}END OF HEADER\n"
    )
    config = tmp_path / "run.yaml"
    config.write_text(
        "name: made\nobservations: obs.rnx\nnavigation: nav.rnx\norbits: [a.sp3]\nclocks: [a.clk]\n"
        "antennas: a.atx\nsatellite_offsets: broadcast\nmode: static\nsystems: G\n"
    )
    engine(tmp_path, monkeypatch, ENGINE.format(python=sys.executable))
    return config


def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    program = tmp_path / "bin" / "rnx2rtkp"
    program.parent.mkdir(exist_ok=True)
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def run(slipbench, station, monkeypatch, tmp_path):
    monkeypatch.setenv("SLIPBENCH_DATA", str(tmp_path / "data"))
    return lambda *overrides: slipbench("position", station, *overrides)


def left_behind(tmp_path: Path) -> list[str]:
    home = tmp_path / "home"
    return [p.name for p in home.iterdir() if p.name.startswith(".")] if home.exists() else []


def test_a_run_keeps_displacements_and_report(run, slipbench, station, tmp_path):
    done = run()
    assert done.code == 0, done.err
    assert "RTKLIB ver.made" in done.out
    assert "100 positions of 120 epochs, 0 of which" in done.out
    (folder,) = (tmp_path / "home" / "positions").iterdir()
    names = {"displacement.npz", "report.json", "positions.pos", "options.conf"}
    assert {p.name for p in folder.iterdir()} == names
    data, _ = read_high_rate(folder / "displacement.npz")
    east = to_enu(np.array([0.0, 0.02, 0.0]), ESBC)
    np.testing.assert_allclose(data.enu_m[0, :, -1], east, atol=1e-4)
    assert (data.enu_m.shape, data.step_s) == ((1, 3, 100), 30.0)
    report = json.loads((folder / "report.json").read_text())
    assert report["summary"]["converged_after_s"] == 600.0
    assert report["summary"]["distance_m"] == pytest.approx(0.02, abs=1e-4)
    assert report["engine"].startswith("rnx2rtkp, RTKLIB ver.made")
    assert report["engine_options"]["pos1-posmode"] == "ppp-static"
    assert set(report["sources"]) == {"obs.rnx", "nav.rnx", "a.sp3", "a.clk", "a.atx"}
    assert left_behind(tmp_path) == []
    as_json = json.loads(slipbench("position", station, "--json").out)
    assert as_json["summary"] == report["summary"]


def test_packed_files_are_the_same(run, tmp_path):
    first = run("name=plain")
    folder = tmp_path / "data"
    for name in ("obs.rnx", "nav.rnx", "a.sp3", "a.clk", "a.atx"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    packed = run(
        "name=plain",
        "observations=obs.rnx.gz",
        "navigation=nav.rnx.gz",
        "orbits=[a.sp3.gz]",
        "clocks=[a.clk.gz]",
        "antennas=a.atx.gz",
    )
    assert first.code == packed.code == 0
    assert first.out == packed.out


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["observations=nothing.rnx"], "no such file (observations needs it)"),
        (["observations=nav.rnx"], "expected a header of type O"),
        (["navigation=obs.rnx"], "expected a header of type N"),
        (["orbits=[a.clk]"], "expected #cP, #cV, #dP or #dV"),
        (["clocks=[a.sp3]"], "expected RINEX VERSION / TYPE in the first line"),
        (["antennas=nav.rnx"], "expected ANTEX VERSION / SYST"),
        (["satellite_offsets=antex"], "no antenna of 6 satellites (G01, G02, G03, G04 ...) on 2020-06-25"),
        (["systems=GE"], "clocks of 0 satellites of system E that have orbits; expected at least 4"),
        (["systems=GR"], "no observations of system R; expected one of EG"),
        (["systems=E"], "needs G"),
        (["mode=fast"], "'fast'"),
        (["reference_frame=ETRF2000", "elevation_mask_deg=91"], "elevation_mask_deg"),
    ],
)
def test_what_is_wrong_is_one_line(run, tmp_path, overrides, message):
    done = run(*overrides)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert left_behind(tmp_path) == []


def test_files_of_another_day(run, tmp_path):
    folder = tmp_path / "data"
    day = np.timedelta64(1, "D")
    clocks = Clocks(epochs(200) + 2 * day, np.array(NAMES), np.zeros((200, 6)))
    (folder / "b.clk").write_text(clk_text(clocks))
    done = run("clocks=[b.clk]")
    assert done.code == 2
    assert "clocks of 2020-06-27T00:00 to 2020-06-27T01:39, but observations of 2020-06-25T00:00" in done.err
    orbits = Orbits(epochs(13, 900) - day, np.array(NAMES), np.full((13, 6, 3), 1.5e7), np.zeros((13, 6)))
    (folder / "b.sp3").write_text(sp3_text(orbits))
    assert "orbits of 2020-06-24T00:00 to 2020-06-24T03:00, but" in run("orbits=[b.sp3]").err
    old = (
        navigation_bytes(navigation_record())
        .replace(b"2020 06 25", b"2020 06 11")
        .replace(b" 2.111", b" 2.109")
    )
    (folder / "b.rnx").write_bytes(old)
    assert "expected the same day; correct navigation" in run("navigation=b.rnx").err


def test_satellites_without_clocks(run, tmp_path):
    few = Clocks(epochs(200), np.array(NAMES[:3]), np.zeros((200, 3)))
    (tmp_path / "data" / "b.clk").write_text(clk_text(few))
    done = run("clocks=[b.clk]")
    assert done.code == 2
    assert "clocks of 3 satellites of system G that have orbits; expected at least 4" in done.err


def test_no_engine(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    done = run()
    assert (done.code, done.out) == (2, "")
    assert "rnx2rtkp: not installed" in done.err
    assert "install the Debian package rtklib" in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\nexit 3\n", "ended with code 3 and no positions"),
        ("#!/bin/sh\necho '% program   : x' > out.pos\n", "no epoch could be positioned"),
        ("no program\n", "cannot be run"),
    ],
)
def test_an_engine_that_fails(run, tmp_path, monkeypatch, text, message):
    engine(tmp_path, monkeypatch, text)
    done = run()
    assert done.code == 2
    assert message in done.err
    assert left_behind(tmp_path) == []


def test_a_stopped_run_leaves_nothing(station, tmp_path, monkeypatch):
    engine(tmp_path, monkeypatch, f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 300\n")
    home = tmp_path / "home"
    environment = {**os.environ, "SLIPBENCH_HOME": str(home), "SLIPBENCH_DATA": str(tmp_path / "data")}
    code = "import sys; from slipbench.platform.cli.main import entry; entry()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "position", str(station)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert left_behind(tmp_path)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.strip().startswith("slipbench: stopped by SIGINT")
    assert left_behind(tmp_path) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not (home / "positions").exists()
