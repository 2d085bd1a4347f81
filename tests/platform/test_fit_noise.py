import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from slipbench.datasets.dataset import Dataset
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.noise.fit_file import NoiseFile
from slipbench.datasets.noise.parametric import ParametricNoise, parametric_sampler
from slipbench.platform.config.load import load

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def residuals(tmp_path: Path) -> Path:
    """A small file in the format of the Cascadia set: north, east, up in 0.01 mm, with gaps."""
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(42, 48, 12), rng.uniform(-124, -120, 12)
    sampler = parametric_sampler(lat, lon, 32, range(32), ("north", "east", "up"), ParametricNoise())
    x = np.rint(sampler.draw(10, rng).transpose(2, 3, 0, 1).reshape(12, 3, 320) * 100).astype(np.int16)
    missing = rng.random((12, 320)) < 0.03
    x = np.where(missing[:, None], np.int16(-32768), x)
    path = tmp_path / "small.npz"
    np.savez(
        path,
        xyz_0p01mm=x,
        decimal_year=2005 + (np.arange(320) + 0.5) / 365.25,
        station=np.array([f"S{k:03d}" for k in range(12)]),
        lat=lat,
        lon=lon,
    )
    return path


SMALL = ("--window-days", 32, "--coverage", 0.7)


def test_a_fit_is_written_with_where_it_comes_from(
    slipbench: Callable, residuals: Path, tmp_path: Path
) -> None:
    ran = slipbench("fit-noise", residuals, "--out", tmp_path / "made.yaml", *SMALL)
    assert ran.code == 0, ran.err
    assert "12 stations, 10 windows of 32 days" in ran.out
    assert "noise: 4 of 4" in ran.err
    file = load(tmp_path / "made.yaml", NoiseFile)
    assert file.name == "made"
    assert file.fit.sources == {"small.npz": file_sha256(residuals)}
    assert file.fit.command == (
        "slipbench fit-noise small.npz --window-days 32 --coverage 0.7 --history-days 365"
    )
    assert file.fit.stations == tuple(f"S{k:03d}" for k in range(12))
    assert file.fit.missing == pytest.approx(0.03, abs=0.01)
    truth = ParametricNoise()
    assert file.parametric.up.flicker_mm == pytest.approx(truth.up.flicker_mm, rel=0.3)
    assert file.parametric.common_mode == pytest.approx(truth.common_mode, abs=0.3)
    assert (tmp_path / "made.png").read_bytes().startswith(PNG)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["made.png", "made.yaml", "small.npz"]


def test_the_same_fit_is_the_same_file_and_json_says_the_same(
    slipbench: Callable, residuals: Path, tmp_path: Path
) -> None:
    texts = []
    for k in range(2):
        folder = tmp_path / str(k)
        folder.mkdir()
        places = ("--out", folder / "one.yaml", "--figure", folder / "it.png")
        ran = slipbench("fit-noise", residuals, *places, "--json", *SMALL)
        assert ran.code == 0
        texts.append([(folder / n).read_bytes() for n in ("one.yaml", "it.png")])
    assert texts[0] == texts[1]
    assert json.loads(ran.out) == yaml.safe_load(texts[0][0])


def test_a_dataset_takes_the_fit_in_one_line(slipbench: Callable, residuals: Path, tmp_path: Path) -> None:
    assert slipbench("fit-noise", residuals, "--out", tmp_path / "made.yaml", *SMALL).code == 0
    dataset = tmp_path / "dataset.yaml"
    dataset.write_text(
        "defaults: [{parametric: made.yaml#parametric}]\nrecipe: source_synthetic\nname: some\n"
    )
    assert load(dataset, Dataset).parametric == load(tmp_path / "made.yaml", NoiseFile).parametric


def test_files_of_the_data_folder_are_found(
    slipbench: Callable, residuals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data/daily").mkdir(parents=True)
    residuals.rename(tmp_path / "data/daily/small.npz")
    monkeypatch.setenv("SLIPBENCH_DATA", str(tmp_path / "data"))
    assert slipbench("fit-noise", "daily/small.npz", "--out", tmp_path / "made.yaml", *SMALL).code == 0
    assert list(load(tmp_path / "made.yaml", NoiseFile).fit.sources) == ["daily/small.npz"]


def test_daily_positions_are_fitted_too(slipbench: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(34, 38, 6), rng.uniform(135, 139, 6)
    truth = ParametricNoise()
    noise = parametric_sampler(lat, lon, 32, range(32), ("east", "north", "up"), truth).draw(20, rng)
    positions = noise.transpose(2, 0, 1, 3).reshape(6, 640, 3) + np.arange(640)[:, None] * [0.1, -0.05, 0.01]
    days = np.datetime64("2009-01-02") + np.arange(640)
    rows = [
        f"J{k:03d},{day},{e:.2f},{n:.2f},{u:.2f}"
        for k in range(6)
        for day, (e, n, u) in zip(days, positions[k], strict=True)
    ]
    daily, listed = tmp_path / "daily.csv", tmp_path / "stations.csv"
    daily.write_text("\n".join(["station,date,e_mm,n_mm,u_mm", *rows]) + "\n")
    places = [f"J{k:03d},{lat[k]},{lon[k]},0" for k in range(6)]
    listed.write_text("\n".join(["code,lat,lon,h", *places]) + "\n")
    options = ("--stations", listed, "--from", "2009-01-03", "--window-days", 32)
    assert slipbench("fit-noise", daily, *options, "--out", tmp_path / "made.yaml").code == 0
    file = load(tmp_path / "made.yaml", NoiseFile)
    assert list(file.fit.sources) == ["daily.csv", "stations.csv"]
    assert "--stations stations.csv --from 2009-01-03 --window-days 32" in file.fit.command
    assert file.fit.windows == 19
    assert file.parametric.up.flicker_mm == pytest.approx(truth.up.flicker_mm, rel=0.3)
    for arguments, words in (((), "--stations FILE"), (("--stations", daily), "rename one of them")):
        ran = slipbench("fit-noise", daily, *arguments, "--out", tmp_path / "x.yaml")
        assert ran.code == 2
        assert words in ran.err
    assert not (tmp_path / "x.yaml").exists()


def test_mistakes_are_one_line_and_nothing_is_written(
    slipbench: Callable, residuals: Path, tmp_path: Path
) -> None:
    good = tmp_path / "x.yaml"
    for arguments, words in (
        ((tmp_path / "none.npz", "--out", good), "no such file"),
        ((tmp_path, "--out", good), "no such file"),
        ((residuals,), "Missing option '--out'"),
        ((residuals, "--out", tmp_path / "x.json"), "expected .yaml"),
        ((residuals, "--out", tmp_path / "A b.yaml"), "small letters"),
        ((residuals, "--out", tmp_path / "none/x.yaml"), "make the folder first"),
        ((residuals, "--out", good, "--figure", tmp_path / "x.pdf"), "expected .png"),
        ((residuals, "--out", good, "--window-days", 5), "at least 16 days"),
        ((residuals, "--out", good, "--window-days", 200), "take shorter windows"),
        ((residuals, "--out", good, "--coverage", 2), "0.5 to 1"),
        ((residuals, "--out", good, "--from", "2005-13-01"), "no such day"),
        ((residuals, "--out", good, "--from", "2050-01-01"), "no day between"),
        ((residuals, "--out", good, "--history-days", -1), "greater than or equal to 0"),
    ):
        ran = slipbench("fit-noise", *arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        (line,) = ran.err.strip().splitlines()
        assert words in line, line
    assert [p.name for p in tmp_path.iterdir()] == ["small.npz"]


def test_ctrl_c_ends_a_fit_in_order(residuals: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from slipbench.datasets.noise import fit\n"
        "whole = fit.space_cost\n"
        "def one(*arguments):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return whole(*arguments)\n"
        "fit.space_cost = one\n"
        "from slipbench.platform.cli.main import main\n"
        "sys.exit(main())\n"
    )
    arguments = [str(a) for a in ("fit-noise", residuals, "--out", tmp_path / "x.yaml", *SMALL)]
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=os.environ, timeout=120
    )
    assert ran.returncode == 128 + signal.SIGINT
    assert "stopped by SIGINT" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["small.npz"]
