"""rapid_real on the measured files: the stations that are metres off are rejected, all events are usable."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from slipbench.datasets.recipes.rapid_real import RapidReal

pytestmark = pytest.mark.real
CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "datasets"


def plan(data_dir, **change):
    raw = yaml.safe_load((CONFIGS / "rapid_real.yaml").read_text())
    return RapidReal(RapidReal.Options.model_validate(raw | change), data_dir).plan()


def rows(made):
    return {
        e["event"]: made.make(e["row"], range(e["row"], e["row"] + 1), None) for e in made.attrs["events"]
    }


@pytest.mark.parametrize(
    ("event", "station", "metres"), [("nhonshu2012", "1117", "3.18"), ("tohoku2011", "0173", "17.96")]
)
def test_stations_that_are_metres_off_are_rejected(data_dir, event, station, metres):
    made = plan(data_dir, events=[event])
    (about,) = made.attrs["events"]
    assert f"{metres} m" in about["stations_left_out"][station]
    arrays = rows(made)[event].arrays
    codes = [bytes(c).rstrip(b"\0").decode() for c in arrays["station_code"][0]]
    k = codes.index(station)
    assert arrays["quality"][0, k] == 2
    assert np.isnan(arrays["displacement"][0, k]).all()
    # ... and what is left fits the known 5.3 m of the coast, or the centimetres of the smaller event
    largest = np.nanmax(np.linalg.norm(arrays["displacement"][0].astype(float), axis=-1))
    assert largest < {"nhonshu2012": 0.2, "tohoku2011": 7.0}[event]


def test_every_event_is_usable(data_dir):
    made = plan(data_dir)
    known = {e["event"]: e for e in made.attrs["events"]}
    assert set(known) == {
        "anchorage2018",
        "elmayor2010",
        "miyagi2011",
        "nhonshu2012",
        "parkfield2004",
        "tohoku2011",
    }
    assert known["elmayor2010"]["quiet_samples"] == known["parkfield2004"]["quiet_samples"] == 10
    for event in known.values():
        assert event["n_rejected"] <= 0.1 * (event["n_stations"] + event["n_rejected"])
    # few of the samples, most of them of receivers that lost lock in 2011
    assert known["tohoku2011"]["policies_applied"]["spikes"] < 0.006 * 1197 * 540


def test_twenty_minutes_before_are_there_where_they_were_recorded(data_dir):
    raw = yaml.safe_load((CONFIGS / "anomaly_real.yaml").read_text())
    raw |= {"events": ["anchorage2018", "parkfield2004"]}
    made = RapidReal(RapidReal.Options.model_validate(raw), data_dir).plan()
    assert (made.attrs["first_s"], made.arrays[0].shape[1]) == (-1200, 1681)
    found = rows(made)
    quiet = np.isfinite(found["anchorage2018"].arrays["displacement"][0, :, :1200]).all(axis=2)
    assert quiet.mean(axis=1).max() > 0.95
    assert np.isnan(found["parkfield2004"].arrays["displacement"][0, :, :1190]).all()
