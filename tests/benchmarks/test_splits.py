import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slipbench.benchmarks.splits import LEAKY, SPLITTERS, embargo_days

DAYS = st.lists(st.integers(14000, 18000), min_size=4, max_size=300, unique=True).map(np.array)
ATTRS = st.builds(
    lambda window, lead, width: {
        "feature_window_days": window,
        "label_lead_days": lead,
        "bandwidth_days": width,
    },
    st.integers(1, 200),
    st.integers(1, 300),
    st.floats(0.5, 150),
)
NAMES = st.sampled_from(sorted(SPLITTERS))


@given(NAMES, DAYS, ATTRS, st.integers(0, 1000), st.floats(0.05, 0.9))
def test_rows_are_disjoint_known_ascending_and_repeatable(name, times, attrs, seed, fraction):
    split = SPLITTERS[name](times, attrs, seed, fraction)
    again = SPLITTERS[name](times, attrs, seed, fraction)
    assert np.array_equal(split.train, again.train)
    assert np.array_equal(split.test, again.test)
    both = np.concatenate([split.train, split.test])
    assert len(np.unique(both)) == len(both)
    assert set(both) <= set(range(len(times)))
    assert len(split.test) > 0
    assert (np.diff(split.train) > 0).all()
    assert (np.diff(split.test) > 0).all()
    assert split.leaky == (name in LEAKY)
    if name != "blocked":
        assert len(both) == len(times)


@given(DAYS, ATTRS, st.integers(0, 1000), st.floats(0.05, 0.9), st.integers(1, 100))
def test_blocked_keeps_the_embargo_and_a_contiguous_block(times, attrs, seed, fraction, min_train):
    split = SPLITTERS["blocked"](times, attrs, seed, fraction, min_train)
    if len(split.train):
        train, test = times[split.train][:, None], times[split.test][None, :]
        first_feature_day = (
            np.maximum(train, test) - attrs["label_lead_days"] - attrs["feature_window_days"] + 1
        )
        label_ends = np.minimum(train, test) + 1 + 3 * attrs["bandwidth_days"]
        assert (label_ends <= first_feature_day).all()
    block = times[split.test]
    inside = (times >= block.min()) & (times <= block.max())
    assert inside.sum() == len(split.test)
    left_out = np.setdiff1d(np.arange(len(times)), np.concatenate([split.train, split.test]))
    gap = np.abs(times[left_out][:, None] - block).min(axis=1) if len(left_out) else np.zeros(0)
    assert (gap < split.embargo_days).all()  # nothing is left out without need


def test_block_moves_with_the_seed_but_only_where_enough_training_rows_remain():
    times, attrs = np.arange(1000), {"feature_window_days": 100, "label_lead_days": 2, "bandwidth_days": 50}
    splits = [SPLITTERS["blocked"](times, attrs, seed, 0.3, 400) for seed in range(40)]
    assert len({s.test[0] for s in splits}) > 10
    assert min(len(s.train) for s in splits) >= 400


def test_too_long_embargo_leaves_no_training_rows():
    attrs = {"feature_window_days": 500, "label_lead_days": 2, "bandwidth_days": 500}
    split = SPLITTERS["blocked"](np.arange(1000), attrs, 0, 0.3, 50)
    assert len(split.train) == 0
    assert len(split.test) == 300


def test_chronological_trains_on_the_past_only_and_random_does_not():
    times, attrs = np.arange(200)[::-1], {"feature_window_days": 1, "label_lead_days": 2, "bandwidth_days": 1}
    split = SPLITTERS["chronological"](times, attrs, 0)
    assert times[split.train].max() < times[split.test].min()
    assert len(split.test) == 60
    drawn = SPLITTERS["random"](times, attrs, 0)
    assert times[drawn.train].max() > times[drawn.test].min()
    assert not np.array_equal(drawn.test, SPLITTERS["random"](times, attrs, 1).test)


def test_the_longer_bandwidth_sets_the_embargo():
    attrs = {"feature_window_days": 32, "label_lead_days": 2, "bandwidth_days": 10}
    assert embargo_days(attrs) == 64
    assert embargo_days(attrs | {"causal_bandwidth_days": 20}) == 94
