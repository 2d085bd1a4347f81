"""The comparisons of document 003: what sampling loses, differences of solutions, accelerations, the page."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from slipbench.benchmarks.waveforms import accelerations, products, rates, solutions
from slipbench.benchmarks.waveforms.__main__ import main
from slipbench.benchmarks.waveforms.scene import (
    DINGRI,
    FASTEST,
    NOISE_OF,
    Scene,
    from_before,
    made,
    scene_of,
    times,
)
from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.high_rate import COMPONENTS, HighRateNoise, PowerLaw, draw_noise
from slipbench.datasets.positioning.solution import Solution
from slipbench.datasets.readers.high_rate import read_high_rate
from tests.datasets.real_events import ORIGIN, places, record

MINISEED = "20110309_japan_subduction10.geodetic"
NOISE = HighRateNoise(
    **{name: PowerLaw(white_mm=1.5, corner_hz=0.06, index=1.9) for name in COMPONENTS},
    station_spread=0.0,
    network_spread=0.0,
    common_mode=0.0,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a made record of 40 stations, and the same as miniSEED, 0.2 mm off in the up."""
    data = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    codes, lat, lon = places(rng, 40)
    enu = draw_noise(NOISE, 1, 40, 400, 1.0, rng)[0].transpose(0, 2, 1)
    counts = np.round(enu * 1e4).astype(np.int32)
    path = data / "high_rate" / f"{NOISE_OF}.npz"
    start = ORIGIN.timestamp() - 300
    record(path, codes, lat, lon, np.zeros((40, 3)), rng, enu_0p1mm=counts, t0_unix=start)
    obspy = pytest.importorskip("obspy")
    rows = ["# channels"]
    with tarfile.open(path.parent / f"{MINISEED}.mseed.tar.gz", "w:gz") as tar:
        for k, code in enumerate(codes[:5]):
            for c, channel in enumerate(("LYE", "LYN", "LYZ")):
                rows.append(f"CI {code} 20 {channel} {lat[k]:.4f} {lon[k]:.4f} 0.0 1 1e6 DU/M PPP")
                shifted = counts[k, c] * 100 + (c == 2) * np.where(np.arange(400) % 2, 200, -200)
                header = {"network": "CI", "station": code, "location": "20", "channel": channel}
                header |= {"sampling_rate": 1.0, "starttime": obspy.UTCDateTime(start)}
                out = io.BytesIO()
                obspy.Trace(shifted.astype(np.int32), header).write(out, format="MSEED")
                info = tarfile.TarInfo(f"{code}.{channel}")
                info.size = out.tell()
                out.seek(0)
                tar.addfile(info, out)
    (path.parent / f"{MINISEED}.dat").write_text("\n".join(rows) + "\n")
    return data


@pytest.fixture(scope="module")
def scene(folder: Path) -> Scene:
    return scene_of(folder, 1)


def test_the_scene_has_the_noise_of_the_record(scene: Scene) -> None:
    for name in COMPONENTS:
        assert getattr(scene.fit.noise, name).white_mm == pytest.approx(1.5, rel=0.1)
        fast = getattr(scene.noise, name)
        assert fast.white_mm == pytest.approx(getattr(scene.fit.noise, name).white_mm / np.sqrt(50))
        assert 0.2 < fast.corner_hz < 1.5


def test_what_sampling_loses(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAGNITUDES", (6.0, 7.5))
    monkeypatch.setattr(rates, "DISTANCES_KM", (50.0,))
    frame = rates.study(scene, 4).set_index(["mw", "rate_hz"])
    lost = frame["lost"]
    for mw in (6.0, 7.5):
        assert lost[mw, 50.0] == frame.loc[(mw, 50.0), "distorted"] == frame.loc[(mw, 50.0), "mw_lost"] == 0
        assert lost[mw, 1.0] > 5 * lost[mw, 5.0] > 5 * lost[mw, 10.0] > 0
        assert frame.loc[(mw, 1.0), "mw_lost"] < frame.loc[(mw, 5.0), "mw_lost"] < 0
    assert lost[6.0, 1.0] > 4 * lost[7.5, 1.0]
    assert (frame["lost_95"] >= frame["lost"]).all()
    # noise raises small peaks, and more so at high rates
    noisy = frame["mw_noisy"]
    assert noisy[6.0, 50.0] > noisy[6.0, 1.0] > 0.1
    assert abs(noisy[7.5, 1.0]) < 0.05


def test_distortion_of_lines_and_of_a_tone() -> None:
    t = np.arange(0, 40, 1 / FASTEST)
    line = np.stack([t, 2 * t, -t])
    assert rates.distortion(line, 1.0) == pytest.approx(0, abs=1e-12)
    # joined by lines a slow sine of frequency f is off by about (pi f / rate)^2 / 2 of itself at most
    f = 0.05
    tone = np.stack([np.sin(2 * np.pi * f * t), 0 * t, 0 * t])
    size = (np.pi * f) ** 2 / 2
    assert rates.distortion(tone, 1.0) == pytest.approx(size * np.sqrt(8 / 15 / 2), rel=0.05)


def test_the_position_before_is_the_zero() -> None:
    time = np.arange(-10.0, 10)
    moved = np.where(time < 0, 3.0, 5.0) + np.zeros((2, 3, 1))
    moved[..., 3] = 99.0
    np.testing.assert_array_equal(from_before(moved, time)[..., time >= 0], 2.0)


def test_two_solutions_differ_by_the_noise_of_both(scene: Scene) -> None:
    found = solutions.two_solutions(scene, 2)
    first, second, apart = found.spectra
    high = first.frequency_hz > 5
    both = first.density[:, high].mean(-1) + second.density[:, high].mean(-1)
    np.testing.assert_allclose(apart.density[:, high].mean(-1), both, rtol=0.05)
    white = scene.fit.noise.up.white_mm / 10
    assert found.rms_cm[60.0][2] > np.sqrt(2) * white  # the coloured part comes on top
    assert (found.rms_cm[300.0] > found.rms_cm[60.0]).all()
    # the ground is what both hold: slow frequencies are the same
    np.testing.assert_allclose(first.density[0, 3], found.clean.density[0, 3], rtol=0.2)


def test_two_files_of_one_record(scene: Scene, folder: Path) -> None:
    found = solutions.two_files(scene.record, folder)
    assert (found.stations, found.epochs) == (5, 400)
    np.testing.assert_allclose(found.rms_mm, [0, 0, 0.2], atol=1e-4)
    assert found.largest_mm == pytest.approx(0.2, abs=1e-4)


def test_two_products_of_one_station(folder: Path) -> None:
    rng = np.random.default_rng(9)
    origin = np.array([3582105.2910, 532589.7313, 5232754.8054])
    start = np.datetime64("2020-06-25T00:00:00", "ns")
    apart = rng.normal(0, 0.02, (900, 3))
    radial = origin / np.linalg.norm(origin)
    found = []
    for shift, kept in ((0 * apart, np.arange(900)), (apart @ np.diag([1, 0, 0]), np.arange(900) != 400)):
        # the first column of the shift goes up, and a bias of 1 m comes with it
        moved = origin + (shift[:, :1] + (shift.any() * 1.0)) * radial
        time = start + np.arange(900) * np.timedelta64(30, "s")
        found.append(Solution(time[kept], moved[kept], np.full(900, 6)[kept], np.full(900, 9)[kept], "made"))
    result = products.compare(*found, origin, "made")
    after = np.arange(900) * 30 >= products.CONVERGED_S
    assert (result.epochs, result.step_s) == (after.sum() - 1, 30.0)
    up = apart[after & (np.arange(900) != 400), 0]
    assert result.whole_cm[2] == pytest.approx(100 * np.sqrt(((1 + up) ** 2).mean()), rel=1e-3)
    assert 1.6 < result.window_cm[2] < 2.1
    assert result.window_cm[:2].max() < 0.02  # the vertical is 0.2 degrees off the radius
    missing = products.two_products(folder)
    assert isinstance(missing, InputError)
    assert "clocks needs it" in missing.what


def test_integrals_lose_the_offset_that_gnss_keeps(scene: Scene) -> None:
    check = accelerations.check(scene)
    true = check.offset_cm("truth")
    assert np.abs(true).max() > 5
    east = np.abs(true).argmax()
    assert check.offset_cm("gnss")[east] == pytest.approx(true[east], abs=1.5)
    assert abs(check.offset_cm("no filter")[east] - true[east]) > 100
    for way in ("causal", "acausal"):
        assert abs(check.offset_cm(way)[east]) < 0.1 * abs(true[east])
        assert check.rms_cm(way, check.passed[way]).max() < 1


def test_the_same_stream_gives_the_same_motion(scene: Scene) -> None:
    time = times(52.24, scene.ground, after_s=5.0)
    one, two = (made(scene, DINGRI, time, scene.stream(7)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_the_page(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(rates, "MAGNITUDES", (6.0, 7.0))
    monkeypatch.setattr(rates, "DISTANCES_KM", (50.0, 100.0, 200.0))
    monkeypatch.setenv("SLIPBENCH_DATA", str(folder))
    pages = []
    for name in ("a", "b"):
        assert main(["--write", str(tmp_path / name), "--realisations", "2", "--seed", "5"]) == 0
        files = [Path(line) for line in capsys.readouterr().out.splitlines()]
        assert len(files) == 5
        pages.append([f.read_bytes() for f in files])
    assert pages[0] == pages[1]
    text = pages[0][0].decode()
    for figure in files[1:]:
        assert figure.read_bytes().startswith(b"\x89PNG")
        assert f"(../pictures/{figure.name})" in text
    assert "--realisations 2 --seed 5" in text
    assert "| 0.40 | 0.41 | 1.34 |" in text
    assert "was not positioned here: " in text
    assert "nan" not in text


def test_without_data_it_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("SLIPBENCH_DATA", raising=False)
    assert main(["--write", str(tmp_path / "docs")]) == 2
    monkeypatch.setenv("SLIPBENCH_DATA", str(tmp_path))
    assert main(["--write", str(tmp_path / "docs")]) == 2
    assert main(["--write", str(tmp_path / "docs"), "--realisations", "1"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("SLIPBENCH_DATA: is not set")
    assert not (tmp_path / "docs").exists()


@pytest.mark.real
def test_noise_of_the_real_record(data_dir: Path) -> None:
    """Document 003, figure 6: white above 1 Hz, coloured below; so is real noise, unfolded."""
    scene = scene_of(data_dir, 1)
    assert read_high_rate(data_dir / "high_rate" / f"{NOISE_OF}.npz")[0].step_s == 1
    for name in COMPONENTS:
        assert 0.2 < getattr(scene.noise, name).corner_hz < 1.2
        assert 1.5 < getattr(scene.noise, name).index < 2.3
