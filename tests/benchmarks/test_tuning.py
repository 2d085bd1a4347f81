import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.benchmarks.decoders.ridge import RidgeOptions
from slipbench.benchmarks.tuning import TuneOptions, inner_split, tuned


@given(
    st.lists(st.integers(0, 2000), min_size=4, max_size=100, unique=True),
    st.floats(0.05, 0.9),
    st.floats(0, 500),
    st.integers(1, 40),
)
@settings(deadline=None)
def test_the_last_rows_judge_and_the_embargo_is_kept_where_it_leaves_enough(days, share, embargo, least):
    time = np.sort(np.array(days, float))
    fit, judge = inner_split(time, share, embargo, least)
    assert len(fit) > 0
    assert len(judge) > 0
    assert judge[-1] == len(time) - 1
    assert fit[-1] < judge[0]
    far = (time[: judge[0]] <= time[judge[0]] - embargo).sum()
    assert len(fit) == (far if far >= least else judge[0])


def test_the_penalty_that_fits_the_last_rows_is_found_again_and_noted():
    """Noise in many features: leave-one-out and a fair block agree that a large penalty is better."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 60))
    y = x[:, 0] + 2 * rng.normal(size=120)
    start = RidgeOptions(alpha_low=1e-3, alpha_high=1e-3, alphas=1)
    rows = inner_split(np.arange(120.0), 0.25, 0.0, 10)
    found = [tuned(start, TuneOptions(trials=8), 3, x, y, rows) for _ in range(2)]
    assert found[0] == found[1]
    options, note = found[0]
    assert options.alpha_low == options.alpha_high > 1
    assert note.startswith("tuned in 8 trials: alpha_low ")
    assert options.name == "ridge"


def test_equal_trials_keep_what_was_given():
    x, y = np.zeros((40, 2)), np.arange(40.0)
    options, note = tuned(RidgeOptions(), TuneOptions(trials=3), 0, x, y, (np.arange(30), np.arange(30, 40)))
    assert options == RidgeOptions()
    assert note == "tuned in 3 trials: as given"
