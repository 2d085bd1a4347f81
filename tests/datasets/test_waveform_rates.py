"""Resampling, common epochs, differences and spectra of solutions: exact cases, scipy as the oracle, gaps."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.waveforms.difference import difference, rms_difference
from slipbench.datasets.waveforms.epochs import common_epochs
from slipbench.datasets.waveforms.psd import spectra_of_two, welch
from slipbench.datasets.waveforms.resample import PASS, STOP_DB, low_pass, resample

RATES = (1.0, 5.0, 10.0, 50.0)


def tone(frequency: float, rate: float, seconds: float = 120.0, phase: float = 0.3) -> np.ndarray:
    return np.cos(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate + phase)


@settings(max_examples=40, deadline=None)
@given(
    to=st.sampled_from(RATES[:3]),
    share=st.floats(0.05, PASS),
    phase=st.floats(0, 6.28),
    anti_alias=st.sampled_from(["none", "zero_phase"]),
)
def test_band_limited_signals_are_exact(to: float, share: float, phase: float, anti_alias: str) -> None:
    frequency = share * to / 2
    found = resample(tone(frequency, 50.0, phase=phase), 50.0, to, anti_alias)
    true = tone(frequency, to, phase=phase)
    assert found.shape == true.shape
    inner = slice(int(30 * to), int(90 * to))  # beyond the filter's reach from the ends
    limit = 3 * 10 ** (-STOP_DB / 20) if anti_alias == "zero_phase" else 1e-12
    np.testing.assert_allclose(found[inner], true[inner], atol=limit)


@pytest.mark.parametrize("to", RATES[:3])
def test_what_is_too_fast_folds_or_is_gone(to: float) -> None:
    fast = tone(0.7 * to, 50.0)
    folded = resample(fast, 50.0, to)
    np.testing.assert_allclose(folded, tone(0.3 * to, to, phase=-0.3), atol=1e-9)
    assert np.abs(resample(fast, 50.0, to, "zero_phase")[int(30 * to) : int(90 * to)]).max() < 3e-4


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), to=st.sampled_from([1.0, 5.0, 10.0]))
def test_there_and_back(seed: int, to: float) -> None:
    rng = np.random.default_rng(seed)
    f, phase, size = rng.uniform(0, PASS * to / 2, 5), rng.uniform(0, 6, 5), rng.normal(0, 1, 5)
    x = sum(a * tone(k, 50.0, phase=p) for a, k, p in zip(size, f, phase, strict=True))
    back = resample(resample(x, 50.0, to, "zero_phase"), to, 50.0, "zero_phase")
    inner = slice(40 * 50, 80 * 50)
    np.testing.assert_allclose(back[inner], np.asarray(x)[inner], atol=1e-3 * np.abs(size).sum())


def test_the_filter_is_as_described() -> None:
    taps = low_pass(10)
    f, response = scipy.signal.freqz(taps, worN=4096, fs=2.0)
    assert taps.sum() == pytest.approx(1)
    assert np.abs(np.abs(response[f <= PASS / 10]) - 1).max() < 2e-4
    assert np.abs(response[f >= 1 / 10]).max() < 2e-4


def test_picking_from_any_epoch_and_offsets_that_stay() -> None:
    x = np.arange(200.0).reshape(2, 100)
    np.testing.assert_array_equal(resample(x, 50.0, 5.0, first=3), x[:, 3::10])
    step = np.repeat([[0.0], [2.5]], 4000, axis=1)
    np.testing.assert_allclose(resample(step, 50.0, 1.0, "zero_phase"), step[:, ::50], atol=1e-12)
    np.testing.assert_array_equal(resample(x, 50.0, 50.0, "zero_phase"), x)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), to=st.sampled_from([1.0, 10.0, 30.0]))
def test_resampling_is_linear(seed: int, to: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 3, 500))
    both = resample(2 * x - y, 50.0, to, "zero_phase")
    parts = 2 * resample(x, 50.0, to, "zero_phase") - resample(y, 50.0, to, "zero_phase")
    np.testing.assert_allclose(both, parts, atol=1e-11)


def test_a_gap_is_missing_as_far_as_the_filter_reaches_and_changes_nothing_else() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 3000))
    holed = x.copy()
    holed[1, 1500] = np.nan
    full, found = (resample(v, 50.0, 10.0, "zero_phase") for v in (x, holed))
    missing = np.isnan(found)
    assert not missing[0].any()
    reach = (len(low_pass(5)) - 1) // 2
    expected = np.abs(np.arange(found.shape[1]) * 5 - 1500) <= reach
    np.testing.assert_array_equal(missing[1], expected)
    np.testing.assert_allclose(found[~missing], full[~missing], atol=1e-12)
    picked = resample(holed, 50.0, 10.0)
    assert np.isnan(picked).sum() == 1


@pytest.mark.parametrize(
    ("to", "anti_alias", "first"),
    [
        (3.0, "none", 0),
        (100.0, "none", 0),
        (10.0, "none", 5),
        (10.0, "zero_phase", 1),
        (np.pi, "zero_phase", 0),
    ],
)
def test_rates_that_cannot_be(to: float, anti_alias: str, first: int) -> None:
    with pytest.raises(ValueError, match=r"Hz|first epoch"):
        resample(np.zeros(100), 50.0, to, anti_alias, first)


@given(
    kept=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60),
    late=st.floats(-4e-4, 4e-4),
)
def test_common_epochs_of_solutions_with_gaps(kept: list[tuple[bool, bool]], late: float) -> None:
    time = 1.7e9 + np.arange(len(kept), dtype=float)
    one, two = (np.array([k[i] for k in kept]) for i in (0, 1))
    i, j = common_epochs(time[one], time[two] + late)
    np.testing.assert_array_equal(time[one][i], time[one & two])
    np.testing.assert_array_equal(time[two][j], time[one & two])


def test_epochs_that_are_no_pairs() -> None:
    i, j = common_epochs(np.arange(5.0), np.arange(5.0) + 0.5, 0.1)
    assert len(i) == len(j) == 0
    with pytest.raises(ValueError, match="must increase"):
        common_epochs(np.array([0.0, 0.0]), np.array([0.0]))
    with pytest.raises(ValueError, match="tolerance"):
        common_epochs(np.arange(3.0), np.arange(3.0), 0.5)


@given(
    seed=st.integers(0, 2**32),
    shift=st.floats(-100, 100),
    offset=st.sampled_from(["none", "mean", "median"]),
)
def test_rms_of_a_difference(seed: int, shift: float, offset: str) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(2, 4, 3, 50))
    one[rng.random(one.shape) < 0.2] = np.nan
    two[rng.random(two.shape) < 0.2] = np.nan
    one[0, 0] = np.nan
    rms, epochs = rms_difference(one + shift, two, offset)
    assert np.isnan(rms[0, 0])
    assert epochs[0, 0] == 0
    for k in range(1, 4):
        apart = (one + shift - two)[k, 1]
        apart = apart[np.isfinite(apart)]
        taken = {"none": 0.0, "mean": apart.mean(), "median": np.median(apart)}[offset]
        assert rms[k, 1] == pytest.approx(np.sqrt(np.mean((apart - taken) ** 2)), abs=1e-9)
        assert epochs[k, 1] == len(apart)
    if offset != "none":
        np.testing.assert_allclose(rms, rms_difference(one, two, offset)[0], atol=1e-9)
    np.testing.assert_array_equal(np.isnan(difference(one, two)), np.isnan(one) | np.isnan(two))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.sampled_from(RATES), segment=st.integers(8, 200))
def test_without_gaps_it_is_scipys_welch(seed: int, rate: float, segment: int) -> None:
    x = np.random.default_rng(seed).normal(size=(2, 3, 400))
    found = welch(x, rate, segment / rate)
    f, density = scipy.signal.welch(x, rate, nperseg=segment, noverlap=segment // 2)
    np.testing.assert_allclose(found.frequency_hz, f)
    np.testing.assert_allclose(found.density, density)
    assert found.segments.shape == (2, 3)


@given(seed=st.integers(0, 2**32), rate=st.sampled_from(RATES), n=st.integers(4, 300))
def test_parseval(seed: int, rate: float, n: int) -> None:
    x = np.random.default_rng(seed).normal(size=n).cumsum()
    found = welch(x, rate, n / rate, window="boxcar")
    step = found.frequency_hz[1]
    assert found.density.sum() * step == pytest.approx(x.var(), rel=1e-9)


def test_white_noise_keeps_its_variance_with_a_taper() -> None:
    x = np.random.default_rng(5).normal(0, 0.003, (20, 20_000))
    found = welch(x, 50.0, 10.0)
    assert found.density.sum(axis=-1).mean() * found.frequency_hz[1] == pytest.approx(9e-6, rel=0.01)


def test_segments_with_gaps_are_left_out() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(3, 400))
    holed = x.copy()
    holed[1, 150] = np.nan  # in the segments from 100 and from 150
    holed[2, ::60] = np.nan
    found = welch(holed, 1.0, 100.0)
    assert found.segments.tolist() == [7, 5, 0]
    starts = [k for k in range(0, 301, 50) if k not in (100, 150)]
    by_hand = [scipy.signal.welch(x[1, k : k + 100], 1.0, nperseg=100)[1] for k in starts]
    np.testing.assert_allclose(found.density[1], np.mean(by_hand, axis=0))
    assert np.isnan(found.density[2]).all()


def test_two_solutions_are_compared_on_the_same_epochs() -> None:
    rng = np.random.default_rng(8)
    one, two = rng.normal(size=(2, 400))
    two[150] = np.nan
    a, b, apart = spectra_of_two(one, two, 1.0, 100.0)
    assert a.segments == b.segments == apart.segments == 5
    # independent noise: the difference has the power of both
    many = rng.normal(size=(2, 50, 4000))
    a, b, apart = spectra_of_two(*many, 1.0, 100.0)
    ratio = apart.density.mean(0)[1:-1] / (a.density + b.density).mean(0)[1:-1]
    assert ratio.mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("seconds", [1.0, 500.0])
def test_segments_that_cannot_be(seconds: float) -> None:
    with pytest.raises(ValueError, match="segments of"):
        welch(np.zeros(400), 1.0, seconds)
