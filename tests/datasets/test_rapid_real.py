"""rapid_real from made 1 Hz records."""

import pickle

import numpy as np
import pytest
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.rapid_real import RapidReal
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.verify import verify

from .real_events import ORIGIN, field_m, places, record


def options(**change):
    base = {"recipe": "rapid_real", "name": "made", "before_s": 50, "after_s": 200}
    return RapidReal.Options.model_validate(base | change)


def write(folder, name="one", n=40, wrong=None, **change):
    """A record at `n` stations of a smooth field; `wrong` maps station numbers to offsets (m). Returns m."""
    codes, lat, lon = (v[:n] for v in places(np.random.default_rng(5), 40))
    offset = field_m(lat, lon)
    for k, value in (wrong or {}).items():
        offset[k] = value
    record(folder / f"high_rate/{name}.npz", codes, lat, lon, offset, np.random.default_rng(9), **change)
    return offset


def rewrite(folder, change, name="one"):
    """Change the samples (0.1 mm) of a record in place."""
    path = folder / f"high_rate/{name}.npz"
    arrays = dict(np.load(path))
    arrays |= change(arrays) or {}
    np.savez(path, **arrays)


def made(folder, **change):
    build(RapidReal(options(**change), folder).plan(), folder / "store")
    return Store(folder / "store")


def test_arrays_and_attributes(tmp_path):
    write(tmp_path, "one", 40)
    write(tmp_path, "two", 25, mw=6.5, hypo=np.array([37.0, 142.0, 12.0]))
    store = made(tmp_path)
    assert verify(store.folder) == []
    displacement = store.read("displacement")
    assert displacement.shape == (2, 40, 251, 3)
    assert displacement.dtype == np.float32
    assert (store.attrs["first_s"], store.attrs["interval_s"]) == (-50, 1)
    np.testing.assert_array_equal(store.read("time"), np.arange(-50, 201))
    assert [bytes(e).rstrip(b"\0").decode() for e in store.read("event")] == ["one", "two"]
    assert store.read("event").shape == (2, 32)
    np.testing.assert_array_equal(store.read("mw"), [7.3, 6.5])
    np.testing.assert_array_equal(store.read("target"), [[38.3, 142.4, 7.3], [37.0, 142.0, 6.5]])
    np.testing.assert_array_equal(store.read("hypocentre"), [[38.3, 142.4, 29], [37, 142, 12]])
    np.testing.assert_array_equal(store.read("origin_time"), ORIGIN.timestamp())
    assert np.isnan(store.read("station_lat")[1, 25:]).all()
    assert np.isnan(displacement[1, 25:]).all()
    np.testing.assert_array_equal(store.read("quality")[1], [1] * 25 + [0] * 15)
    km = store.read("hypocentral_km")
    assert np.isnan(km[1, 25:]).all()
    assert (km[0] > 29).all()
    assert (store.read("split") == 2).all()
    assert set(store.attrs["policies"]) == set(store.attrs["policies_applied"])
    assert store.attrs["events"][1]["n_stations"] == 25
    store_again = recipe_of_store(store.folder, tmp_path)
    assert store_again.plan().dataset_hash == store.dataset_hash


def test_offsets_are_medians_before_and_the_field_is_what_is_left(tmp_path):
    offset = write(tmp_path)
    enu = made(tmp_path).read("displacement")[0].astype(np.float64)
    assert np.abs(np.median(enu[:, :50], axis=1)).max() < 2e-3
    np.testing.assert_allclose(np.median(enu[:, -20:], axis=1), offset, atol=6e-3)


def test_bad_stations_are_named_with_reasons(tmp_path):
    def break_it(arrays):
        arrays["enu_0p1mm"][4, :, 5:60] = -2147483648  # 5 of 60 quiet samples

    write(tmp_path, wrong={7: [18.0, 0.0, 0.0]})
    rewrite(tmp_path, break_it)
    store = made(tmp_path)
    (event,) = store.attrs["events"]
    left = event["stations_left_out"]
    assert set(left) == {"J007", "J004"}
    assert left["J007"].startswith(("east 18.00 m, its neighbours", "peak 18.0"))
    assert left["J004"] == "5 of 60 samples before the origin time"
    assert event["policies_applied"]["stations_off_their_neighbours"] == 1
    assert event["policies_applied"]["stations_without_quiet_samples"] == 1
    assert (event["n_stations"], event["n_rejected"]) == (38, 2)
    enu, quality = store.read("displacement")[0], store.read("quality")[0]
    assert np.isnan(enu[[4, 7]]).all()
    np.testing.assert_array_equal(np.flatnonzero(quality == 2), [4, 7])
    assert np.isfinite(store.read("station_lat")[0]).all()
    assert np.isfinite(enu[quality == 1]).all()


def test_a_station_that_moves_before_is_rejected(tmp_path):
    def drift(arrays):
        arrays["enu_0p1mm"][6, 2, :40] += np.linspace(5000, 0, 40).astype(np.int32)  # 0.5 m up, converging

    write(tmp_path)
    rewrite(tmp_path, drift)
    (event,) = made(tmp_path).attrs["events"]
    assert event["stations_left_out"] == {"J006": "moves by 0.13 m (RMS) before the earthquake"}
    assert event["policies_applied"]["stations_restless_before"] == 1
    calm = RapidReal(options(restless_m=0.3), tmp_path).plan().attrs["events"][0]
    assert calm["n_rejected"] == 0


def test_spikes_are_missing_and_counted_and_do_not_cost_the_station(tmp_path):
    def spike(arrays):
        arrays["enu_0p1mm"][3, 1, 250] += 20_000  # 2 m north, one epoch
        arrays["enu_0p1mm"][3, :, 300] = -2147483648

    write(tmp_path)
    rewrite(tmp_path, spike)
    (event,) = made(tmp_path, after_s=400).attrs["events"]
    assert event["policies_applied"]["spikes"] == 1
    assert event["policies_applied"]["epochs_missing"] == 1
    assert event["n_rejected"] == 0
    enu = Store(tmp_path / "store").read("displacement")[0]
    assert np.argwhere(np.isnan(enu).any(axis=2)).tolist() == [[3, 240], [3, 290]]
    kept = RapidReal(options(spikes=None), tmp_path).plan()
    assert "kept" in kept.attrs["policies"]["spikes"]
    assert kept.attrs["events"][0]["policies_applied"]["spikes"] == 0


def test_ten_seconds_before_are_enough(tmp_path):
    write(tmp_path)
    rewrite(
        tmp_path, lambda a: {"enu_0p1mm": a["enu_0p1mm"][:, :, 50:], "t0_unix": np.array(a["t0_unix"] + 50)}
    )
    store = made(tmp_path)
    enu = store.read("displacement")[0]
    assert store.attrs["events"][0]["quiet_samples"] == 10
    assert np.isnan(enu[:, :40]).all()
    assert np.isfinite(enu[:, 40:]).all()
    assert store.attrs["events"][0]["n_rejected"] == 0


def test_an_event_without_quiet_samples_cannot_be_used(tmp_path):
    write(tmp_path, t0_unix=ORIGIN.timestamp() - 3)
    with pytest.raises(InputError, match="no usable station: 3 of 3 samples before the origin time"):
        RapidReal(options(), tmp_path).plan()


def test_a_record_is_put_on_the_axis_by_its_nearest_samples(tmp_path):
    write(tmp_path, t0_unix=ORIGIN.timestamp() - 60.3)
    (event,) = made(tmp_path).attrs["events"]
    assert event["sample_shift_s"] == pytest.approx(-0.3, abs=1e-6)


@pytest.mark.parametrize(("interval", "step"), [(2.0, 1.0), (0.5, 1.0), (1.0, 0.4)])
def test_asked_for_an_interval_the_record_is_a_line_between_samples(tmp_path, interval, step):
    n = 40

    def ramp(arrays):
        t = np.arange(600) * step - 60 * step
        line = np.where(t > 0, 100 * t, 0)  # 10 mm/s
        enu = np.broadcast_to(line, arrays["enu_0p1mm"].shape).astype(np.int32).copy()
        enu[2, 0, 100] = -2147483648
        return {
            "enu_0p1mm": enu,
            "dt_s": np.array(step),
            "t0_unix": np.array(ORIGIN.timestamp() - 60 * step),
        }

    write(tmp_path, n=n)
    rewrite(tmp_path, ramp)
    store = made(tmp_path, before_s=20, after_s=100, interval_s=interval)
    time, enu = store.read("time"), store.read("displacement")[0]
    np.testing.assert_allclose(np.diff(time), interval)
    here = [k for k in range(n) if k != 2]
    np.testing.assert_allclose(
        enu[here], np.broadcast_to(np.maximum(0.01 * time, 0)[:, None], enu[here].shape), atol=1.2e-4
    )
    gone = np.isnan(enu[2]).any(axis=1)
    np.testing.assert_array_equal(gone, np.abs(time - 40 * step) < step - 1e-9)


def test_records_of_other_intervals_are_refused_unless_one_is_asked_for(tmp_path):
    write(tmp_path, "one")
    write(tmp_path, "two", dt_s=2.0, t0_unix=ORIGIN.timestamp() - 120)
    with pytest.raises(InputError, match="two has a sample every 2 s, one every 1 s"):
        RapidReal(options(), tmp_path).plan()
    assert RapidReal(options(interval_s=2), tmp_path).plan().attrs["interval_s"] == 2


def test_bytes_depend_on_nothing_but_the_options(tmp_path):
    write(tmp_path, "one")
    write(tmp_path, "two", 25)
    plan = RapidReal(options(), tmp_path).plan()
    again = pickle.loads(pickle.dumps(RapidReal(options(rows_per_shard=2), tmp_path).plan()))
    together = again.make(0, again.rows(0), again.rng(0)).arrays
    for k in (0, 1):
        alone = plan.make(k, plan.rows(k), plan.rng(k)).arrays
        for name, values in alone.items():
            np.testing.assert_array_equal(values, together[name][k : k + 1], err_msg=name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": ["onee"]}, r"events: no record 'onee'.*did you mean 'one'"),
        ({"events": ["one", "one"]}, "'one' twice"),
        ({"catalogue": "catalogs/none.csv"}, "no such file"),
        ({"before_s": 0.5}, "before_s: shorter than one interval"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, change, message):
    write(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        RapidReal(options(**change), tmp_path).plan()
    assert "\n" not in str(caught.value)


def test_without_a_data_folder():
    with pytest.raises(InputError, match="set SLIPBENCH_DATA"):
        RapidReal(options(), None).plan()


@pytest.mark.parametrize("change", [{"before_s": 0}, {"interval_s": -1}, {"spikes": {"agreement": 2}}])
def test_impossible_options(change):
    with pytest.raises(ValidationError):
        options(**change)


def test_the_picture(tmp_path):
    write(tmp_path)
    RapidReal.plot(made(tmp_path), tmp_path / "card.png")
    assert (tmp_path / "card.png").stat().st_size > 10_000
