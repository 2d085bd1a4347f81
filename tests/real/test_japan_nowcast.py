"""The nowcast on the measured files: figures of the science page and of the data folder's notes."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from slipbench.datasets.readers.catalogue import read_catalogue
from slipbench.datasets.readers.daily import read_daily
from slipbench.datasets.recipes.nowcast import Nowcast
from slipbench.datasets.recipes.nowcast_inputs import CATALOGUE, DAILY
from slipbench.datasets.recipes.nowcast_options import NowcastOptions
from slipbench.datasets.seismicity.completeness import maximum_curvature
from slipbench.datasets.seismicity.kde import scott_bandwidth

pytestmark = pytest.mark.real
CONFIG = Path(__file__).resolve().parents[2] / "configs" / "datasets" / "nowcast_japan18.yaml"


def day(text):
    return int(np.datetime64(text, "D").astype(int))


@pytest.fixture(scope="module")
def catalogue(data_dir):
    return read_catalogue(data_dir / CATALOGUE)[0]


@pytest.fixture(scope="module")
def plan(data_dir):
    return Nowcast(NowcastOptions(**yaml.safe_load(CONFIG.read_text())), data_dir).plan()


def test_bandwidth_of_the_science_page(catalogue):
    box = catalogue.inside(22, 46, 123, 148).between(day("2009-01-01"), day("2020-01-01")).at_least(4.5)
    assert len(catalogue) == 37_581
    assert len(box) == 9_724
    assert scott_bandwidth(box.time) == pytest.approx(165, abs=0.5)


def test_the_catalogue_is_complete_from_four_and_a_half(catalogue):
    box = catalogue.inside(22, 46, 123, 148)
    assert maximum_curvature(box.between(day("2009-01-02"), day("2018-04-15")).magnitude) == 4.5


def test_daily_positions(data_dir):
    series = read_daily(data_dir / DAILY)
    assert len(series.stations) == 18
    on = series.on_days(day("2009-01-02"), 3390)
    assert np.isfinite(on).all(axis=2).mean() > 0.99
    step = series.on_days(day("2011-03-10"), 3)
    east = step[2, :, 0] - step[0, :, 0]
    # Tohoku moved all of Honshu's stations east, I001 (Tochigi) most of these 18.
    assert np.nanmax(east) > 300
    assert np.nanargmax(east) in (series.stations.index("I001"), series.stations.index("J188"))


def test_every_day_has_its_events_and_its_place(plan):
    assert plan.n_rows == 3390 - 3
    assert len(plan.attrs["stations"]) == 18
    shard = plan.make(0, plan.rows(0), plan.rng(0))
    assert shard.counts["stations_without_coordinates"] == 0
    assert shard.counts["catalogue_rows_dropped"] == 0
    assert shard.counts["rows_dropped_window_below_min_events"] == 0
    assert plan.make.ready["event_count"].min() == 64
    b = plan.make.ready["ab"][:, 1]
    assert 0.8 < b.min() < b.max() < 2.3
    assert plan.make.ready["label_causal"].argmax() > plan.make.ready["label_two_sided"].argmax()


def test_the_tohoku_day_is_the_largest_image(plan):
    size = np.nanmax(np.abs(plan.make.displacement), axis=(1, 2))
    row = int(size.argmax())
    assert plan.make.ready["time"][row] in (day("2011-03-10"), day("2011-03-11"), day("2011-03-12"))
    image, fallbacks = plan.make.gridder.transform(plan.make.displacement[row : row + 1])
    assert fallbacks[0] == 0
    lat, lon = (next(v for s, v in plan.static if s.name == n) for n in ("node_lat", "node_lon"))
    near = image[0, np.abs(lat - 39.7).argmin(), np.abs(lon - 140.2).argmin()]
    assert near[0] > 200  # mm east at Akita
