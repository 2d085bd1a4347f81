"""High-rate noise and snapshots of the records in the data folder."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from slipbench.datasets.noise.high_rate import COMPONENTS, HighRateNoise, draw_noise
from slipbench.datasets.noise.high_rate_fit import fit_high_rate
from slipbench.datasets.physics.pgd import running_pgd
from slipbench.datasets.preprocess.snapshot import FEATURES, event_snapshots
from slipbench.datasets.recipes.high_rate_records import Record, read_records
from slipbench.datasets.recipes.rapid_virtual_network import real_networks

pytestmark = pytest.mark.real
NAMES = [name for name, _ in FEATURES]


@pytest.fixture(scope="module")
def records(data_dir: Path) -> list[Record]:
    return list(read_records((), data_dir, "events"))


def quiet(record: Record) -> tuple[np.ndarray, float]:
    samples = max(0, -int(record.start_s // record.data.step_s))
    return record.data.enu_m[:, :, :samples], record.data.step_s


def test_the_shipped_fit_is_that_of_the_records(records: list[Record]) -> None:
    path = Path(__file__).resolve().parents[2] / "configs/noise/high_rate.yaml"
    shipped = yaml.safe_load(path.read_text())
    fit = fit_high_rate({r.name: quiet(r) for r in records})
    assert fit.noise == HighRateNoise.model_validate(shipped["high_rate"])
    assert {s.name for s in fit.spectra} == {"anchorage2018", "miyagi2011", "nhonshu2012", "tohoku2011"}
    assert all(0.7 < r < 1.3 for ratios in fit.ratio.values() for r in ratios)


def test_made_noise_wanders_as_the_records_do(records: list[Record]) -> None:
    """Median increments over 1 to 60 s of GEONET before the earthquake of Miyagi, within a third."""
    (miyagi,) = (r for r in records if r.name == "miyagi2011")
    x, step = quiet(miyagi)
    made = draw_noise(HighRateNoise(), 40, 25, x.shape[-1], step, np.random.default_rng(0)).transpose(
        0, 1, 3, 2
    )
    for lag in (1, 5, 20, 60):
        real, drawn = (
            np.median(np.abs(v[..., lag:] - v[..., :-lag]), axis=-1).reshape(-1, 3) for v in (x, made)
        )
        ratio = np.median(drawn, axis=0) / np.nanmedian(real, axis=0)
        assert (np.abs(np.log(ratio)) < np.log(1.5)).all(), (lag, dict(zip(COMPONENTS, ratio, strict=True)))


def test_snapshots_of_tohoku_tell_what_was_known(records: list[Record]) -> None:
    (tohoku,) = (r for r in records if r.name == "tohoku2011")
    x = tohoku.data.enu_m.transpose(0, 2, 1)
    event, stations = tohoku.event, tohoku.stations
    seconds = np.array([10, 60, 120, 300])
    found = event_snapshots(
        x,
        tohoku.start_s,
        tohoku.data.step_s,
        stations.lat,
        stations.lon,
        np.array([event.lat, event.lon, event.depth_km]),
        seconds,
        64,
        600.0,
    )
    assert found.shape == (4, 64, len(FEATURES))
    there = np.isfinite(found[..., 0])
    assert there.mean() > 0.95
    east, up = found[..., 3], found[..., NAMES.index("asinh of the last 30 s, up")]
    near = there[3] & (10 ** found[3, :, NAMES.index("log10 of the hypocentral distance")] < 200)
    assert near.sum() >= 20
    assert (np.abs(np.sinh(east[0][near])) < 10).mean() > 0.95  # nothing but noise, in cm, after 10 s
    assert (np.sinh(east[3][near]) > 100).mean() > 0.9  # the Pacific coast went east by metres
    assert (np.sinh(up[3][near]) < 0).mean() > 0.8  # and down
    peak = 10 ** found[..., NAMES.index("log10 of the peak displacement so far")]
    assert (np.diff(peak[:, near], axis=0) >= 0).all()
    whole = running_pgd(x - np.nanmedian(x[:, : int(-tohoku.start_s)], axis=1, keepdims=True))
    largest = np.nanmax(whole[:, : int(300 - tohoku.start_s) + 1])
    assert np.nanmax(peak[3][near]) <= largest * (1 + 1e-6)


def test_the_same_network_counts_once(data_dir: Path) -> None:
    networks, sources = real_networks(data_dir)
    assert sorted(len(lat) for lat, _ in networks) == [12, 23, 93, 1217]
    assert len(sources) == 6
