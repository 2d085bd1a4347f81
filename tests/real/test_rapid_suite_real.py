"""Magnitudes of the measured earthquakes: near the catalogue where waves stand above the noise."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, leave_one_out
from slipbench.benchmarks.rapid.records import read_records
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.rapid_real import RapidReal
from slipbench.datasets.store.reader import Store

pytestmark = pytest.mark.real
CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@pytest.fixture(scope="module")
def records(data_dir, tmp_path_factory):
    raw = yaml.safe_load((CONFIGS / "datasets/rapid_real.yaml").read_text())
    folder = tmp_path_factory.mktemp("rapid") / "store"
    build(RapidReal(RapidReal.Options.model_validate(raw), data_dir).plan(), folder)
    return read_records(Store(folder))


@pytest.fixture(scope="module")
def estimates(records):
    raw = yaml.safe_load((CONFIGS / "benchmarks/rapid.yaml").read_text())["estimators"]
    wanted = {o["name"]: o for o in raw if o["estimator"] in ("pgd", "pgd_noise", "pgd_fitted")}
    found = {}
    for name, options in wanted.items():
        estimator = ESTIMATORS.get(options["estimator"])
        found[name] = leave_one_out(estimator(estimator.Options.model_validate(options)), records)
    return found


def final(records, estimates, name):
    return dict(zip(records.name, estimates[name].mw[:, -1] - records.mw, strict=True))


def test_every_station_reached_gives_a_magnitude_within_three_tenths(records, estimates):
    error = final(records, estimates, "pgd_all_mean")
    assert set(error) == set(records.name)
    assert all(abs(e) < 0.3 for e in error.values()), error


def test_noise_alone_would_do_for_the_faint_ones_only(records, estimates):
    error = final(records, estimates, "pgd_noise")
    assert error["tohoku2011"] < -1.5
    assert error["elmayor2010"] < -1
    assert error["parkfield2004"] < -1
    # of these the stations that are far away hold little but noise, and noise looks like the catalogue
    assert abs(error["nhonshu2012"]) < 0.4
    assert abs(error["anchorage2018"]) < 0.2


def test_what_stands_above_the_noise_is_screened(records, estimates):
    found = estimates["pgd_median"]
    stations = dict(zip(records.name, found.stations[:, -1], strict=True))
    assert stations["anchorage2018"] < 4
    assert np.isnan(final(records, estimates, "pgd_median")["anchorage2018"])
    assert stations["tohoku2011"] > 800
    assert 100 < stations["nhonshu2012"] < 200


def test_a_fit_without_the_great_earthquake_does_not_reach_it(records, estimates):
    assert final(records, estimates, "pgd_fitted_median")["tohoku2011"] > 0.5


def test_an_estimate_begins_when_the_front_has_reached_four_stations(records, estimates):
    begins = records.seconds[np.isfinite(estimates["pgd_all_mean"].mw).argmax(axis=1)]
    used = np.isfinite(records.displacement).all(axis=3).any(axis=2)
    km = np.where(used, records.hypocentral_km, np.inf)
    fourth = np.sort(km, axis=1)[:, 3] / 3.0
    assert (begins >= fourth).all()
    assert (begins[[k for k, n in enumerate(records.name) if n != "anchorage2018"]] < 90).all()
