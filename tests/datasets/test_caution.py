"""False anomalies by chance: rates against simulation and exact values, and the size of the shift test."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.signal import lfilter

from slipbench.datasets.anomaly.caution import (
    Before,
    Caution,
    long_run_rate,
    quiet_rate,
    rule_rate,
    shift_p_value,
)
from slipbench.datasets.anomaly.quartiles import Method, sliding_bounds


def ar1(rng: np.random.Generator, memory: float, shape: tuple[int, int]) -> np.ndarray:
    noise = rng.standard_normal((shape[0], shape[1] + 200))
    return lfilter([1.0], [1.0, -memory], noise)[:, 200:]


def marks(x: np.ndarray, window: int, method: Method = "halves") -> np.ndarray:
    low, high = sliding_bounds(x, window, method)
    return np.where(np.isnan(low), np.nan, (x < low) | (x > high))


def test_the_rate_of_known_quartiles() -> None:
    assert long_run_rate() == pytest.approx(0.0069766, abs=1e-7)  # both bounds; each has half
    z = stats.norm.ppf(0.25)
    assert long_run_rate() / 2 == pytest.approx(stats.norm.cdf(z - 1.5 * (-2 * z)))
    rng = np.random.default_rng(0)
    x = rng.standard_t(3, 400_000)
    low, high = np.quantile(x, [0.25, 0.75])
    beyond = (x < low - 1.5 * (high - low)) | (x > high + 1.5 * (high - low))
    assert long_run_rate(3) == pytest.approx(beyond.mean(), rel=0.03)


@pytest.mark.parametrize("method", ["halves", "linear"])
@pytest.mark.parametrize(("window", "memory"), [(30, 0.0), (30, 0.7), (12, 0.3)])
def test_the_rate_of_bounds_from_a_few_values(window: int, memory: float, method: Method) -> None:
    found = marks(ar1(np.random.default_rng(window), memory, (400, 500)), window, method)
    rate = rule_rate(window, method, memory)
    assert rate == pytest.approx(np.nanmean(found), rel=0.05)
    assert rate > 1.2 * long_run_rate()


def test_heavy_tails_give_more_and_long_windows_what_is_exact() -> None:
    assert rule_rate(30, tail=3) > 3 * rule_rate(30)
    assert rule_rate(1500) == pytest.approx(long_run_rate(), rel=0.05)
    with pytest.raises(ValueError, match="a correlation of 1"):
        rule_rate(30, memory=1.0)


def test_the_rate_on_quiet_data_with_its_interval() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(200):
        flags = np.repeat(rng.random((2, 60)) < 0.1, 5, axis=1).astype(float)
        flags[:, :30] = np.nan
        share, low, high = quiet_rate(flags, 15)
        assert share == pytest.approx(np.nanmean(flags))
        inside += low <= 0.1 <= high
    assert 0.85 <= inside / 200 <= 0.99
    share, low, high = quiet_rate(np.array([0.0, 1.0, 0.0]), 5)
    assert share == pytest.approx(1 / 3)
    assert np.isnan([low, high]).all()
    assert np.isnan(quiet_rate(np.full(4, np.nan), 2)).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(8, 40))
def test_the_shifts_by_their_definition(seed: int, before: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    flags = np.where(rng.random(n) < 0.1, np.nan, rng.random(n) < 0.2)
    events = rng.integers(before, n + 1, 3)

    def hits(shift: int) -> int:
        moved = np.roll(np.nan_to_num(flags), -shift)
        return sum(bool(moved[e - before : e].any()) for e in events)

    wanted = np.mean([hits(s) >= hits(0) for s in range(n)])
    assert shift_p_value(flags, events, before) == pytest.approx(wanted)


def test_the_shift_test_keeps_its_size_and_finds_what_is_planted() -> None:
    """Anomalies of AR(1) series by the quartile rule, clustered as they are, against unrelated events."""
    rng = np.random.default_rng(5)
    found = marks(ar1(rng, 0.8, (1500, 500)), 30)
    null, planted = [], []
    for flags in found:
        events = rng.integers(35, 500, 15)
        null.append(shift_p_value(flags, events, 5))
        flags = flags.copy()
        flags[events[:8] - 2] = 1
        planted.append(shift_p_value(flags, events, 5))
    for level in (0.05, 0.1, 0.2):
        share = np.mean(np.array(null) <= level)
        # whole numbers of hits: at most the nominal size (3 standard errors), and not far below it
        assert 0.4 * level <= share <= level + 3 * np.sqrt(level * (1 - level) / len(null))
    assert np.mean(np.array(planted) <= 0.05) > 0.8


def test_a_mark_on_the_event_or_after_is_not_before() -> None:
    flags = np.zeros(50)
    flags[20] = 1
    assert shift_p_value(flags, [20], 3) == 1.0
    assert shift_p_value(flags, [21], 3) == pytest.approx(3 / 50)
    assert shift_p_value(np.r_[np.zeros(49), 1], [50], 3) == pytest.approx(3 / 50)
    for events, before in (([2], 3), ([51], 3), ([], 3), ([20], 0)):
        with pytest.raises(ValueError, match="steps before"):
            shift_p_value(flags, events, before)


def test_the_text_says_what_was_counted() -> None:
    flags = np.zeros(400)
    flags[198] = 1
    plain = Caution(tests=370, found=9, window=30).text()
    assert "370 values were tested, 9 are beyond" in plain
    assert "0.70% (0.35% at each bound)" in plain
    assert f"{rule_rate(30):.2%} where they come from 30 values" in plain
    full = Caution(370, 9, 30, quiet=(0.02, 0.01, 0.03), related=Before(flags, [200], 4)).text()
    assert "marks 2.00% [1.00%, 3.00%], so about **7.4 false anomalies**" in full
    assert "within 4 days before the event: **p = 0.01**" in full
    assert "\n" not in full
