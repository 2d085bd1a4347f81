"""``slipbench fit-high-rate-noise``: the YAML it writes can be used by a dataset, mistakes are one line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from slipbench.datasets.dataset import Dataset
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.noise.high_rate import HighRateNoise, draw_noise
from slipbench.datasets.noise.high_rate_file import HighRateNoiseFile
from slipbench.platform.config.load import load


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of 20 stations with 100 s of made noise before its earthquake and large motion after it."""
    x = draw_noise(HighRateNoise(), 1, 20, 140, 1.0, np.random.default_rng(0))[0].transpose(0, 2, 1)
    x[:, :, 100:] += 5.0
    path = tmp_path / "made2020.npz"
    np.savez(
        path,
        enu_0p1mm=np.rint(x * 1e4).astype(np.int32),
        station=np.array([f"S{k:02d}" for k in range(20)]),
        lat=np.linspace(35, 36, 20),
        lon=np.linspace(140, 141, 20),
        elev_m=np.zeros(20),
        t0_unix=np.float64(1577836800 - 100),
        dt_s=np.float64(1.0),
        origin_time=np.array("2020-01-01T00:00:00"),
        hypo=np.array([35.5, 140.5, 20.0]),
        mw=np.float64(7.0),
    )
    return path


def test_a_fit_is_written_with_its_origin_and_used(slipbench: Callable, record: Path, tmp_path: Path) -> None:
    ran = slipbench("fit-high-rate-noise", record, "--out", tmp_path / "made.yaml", "--json")
    assert ran.code == 0, ran.err
    text = (tmp_path / "made.yaml").read_text()
    file = HighRateNoiseFile.model_validate(yaml.safe_load(text))
    assert file == HighRateNoiseFile.model_validate(json.loads(ran.out))
    assert file.fit.command == "slipbench fit-high-rate-noise made2020.npz"
    assert list(file.fit.sources.values()) == [file_sha256(record)]
    assert file.fit.used == {"made2020": (20, 100)}
    # the motion after the origin time, 5 m, is in no sample
    assert file.high_rate.up.white_mm < 20
    assert (tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "data.yaml").write_text(
        "defaults: [{noise: made.yaml#high_rate}]\nrecipe: rapid_virtual\nname: small\n"
    )
    assert load(tmp_path / "data.yaml", Dataset).noise == file.high_rate
    before = tree(tmp_path)
    assert slipbench("fit-high-rate-noise", record, "--out", tmp_path / "made.yaml").code == 0
    assert tree(tmp_path) == before


def tree(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def test_mistakes_are_one_line(slipbench: Callable, record: Path, tmp_path: Path) -> None:
    good = tmp_path / "x.yaml"
    for arguments, words in (
        (("--out", good), "set SLIPBENCH_DATA"),
        (("none.npz", "--out", good), "none.npz"),
        ((record, "--out", tmp_path / "x.json"), "expected .yaml"),
        ((record, "--out", tmp_path / "A b.yaml"), "small letters"),
    ):
        ran = slipbench("fit-high-rate-noise", *arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        (line,) = ran.err.strip().splitlines()
        assert words in line, line
    assert not good.exists()
