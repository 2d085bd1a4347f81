"""No test label or feature window overlaps a training one beyond what the split's name promises."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.benchmarks.splits import LEAKY, SPLITTERS, embargo_days
from slipbench.datasets.recipes.nowcast_options import REACH_DAYS

DAYS = st.lists(st.integers(14000, 17000), min_size=4, max_size=120, unique=True).map(np.array)
ATTRS = st.fixed_dictionaries(
    {
        "feature_window_days": st.integers(1, 300),
        "label_lead_days": st.integers(REACH_DAYS + 1, 300),
        "bandwidth_days": st.floats(0.1, 200),
        "causal_bandwidth_days": st.floats(0.1, 200),
        "label_horizon_days": st.integers(1, 700),
    }
)


def spans(attrs, day):
    """What a row with this label day has seen: [begin, end) of its features and of each of its labels.

    Kernels are taken to end after three bandwidths, the two-sided one halfway: two of them whose halves do
    not overlap share less than 13 % of their mass (2 Phi(-3/2)).
    """
    wide, causal = attrs["bandwidth_days"], attrs["causal_bandwidth_days"]
    begin = day - attrs["label_lead_days"] - attrs["feature_window_days"] + 1
    return {
        "features": (begin, day - attrs["label_lead_days"] + REACH_DAYS + 1),
        "two_sided": (day - 1.5 * wide, day + 1 + 1.5 * wide),
        "causal": (day - 3 * causal, day + 1),
        "next_window_count": (day, day + attrs["label_horizon_days"]),
    }


def reaches(attrs, day):
    """The same with the whole of each kernel."""
    wide = attrs["bandwidth_days"]
    return spans(attrs, day) | {"two_sided": (day - 3 * wide, day + 1 + 3 * wide)}


def overlap(one, other):
    """Which training rows (down) overlap which test rows (across)."""
    return (one[0][:, None] < other[1]) & (other[0] < one[1][:, None])


def overlaps(attrs, train, test):
    """Pairs of rows of which any window of one overlaps any that it must not touch of the other."""
    ours, theirs = spans(attrs, train), spans(attrs, test)
    wide_ours, wide_theirs = reaches(attrs, train), reaches(attrs, test)
    found = overlap(ours["features"], theirs["features"])
    for label in ("two_sided", "causal", "next_window_count"):
        found |= overlap(wide_ours[label], theirs["features"]) | overlap(ours["features"], wide_theirs[label])
        if label != "two_sided":
            found |= overlap(ours[label], theirs[label])
        else:  # a label's own day is whole, which the distance of the kernels does not count
            found |= np.abs(train[:, None] - test) < 3 * attrs["bandwidth_days"]
    return found


@given(st.sampled_from(sorted(SPLITTERS)), DAYS, ATTRS, st.integers(0, 10**6), st.floats(0.02, 0.95))
@settings(max_examples=200, deadline=None)
def test_windows_overlap_only_where_the_split_s_name_says_so(name, days, attrs, seed, fraction):
    split = SPLITTERS[name](days, attrs, seed, fraction)
    train, test = days[split.train], days[split.test]
    assert not set(train) & set(test)
    shared = overlaps(attrs, train, test)
    assert split.leaky == (name in LEAKY) == (name == "random")
    if name == "blocked":
        assert not shared.any()
        assert split.embargo_days == embargo_days(attrs)
    if name == "chronological":  # no gap is promised, only that nothing of the future trains
        assert train.max() < test.min()
        beyond = test - train.max() >= embargo_days(attrs)
        assert not shared[:, beyond].any()


@given(ATTRS, st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_the_mark_of_the_random_split_is_deserved_and_the_embargo_no_longer_than_needed(attrs, seed):
    days = np.arange(14000, 14200)
    split = SPLITTERS["random"](days, attrs, seed)
    assert split.leaky
    shared = overlaps(attrs, days[split.train], days[split.test])
    assert shared.any(axis=0).mean() > 0.8
    longest = max(
        3 * attrs["bandwidth_days"], 3 * attrs["causal_bandwidth_days"], attrs["label_horizon_days"]
    )
    assert embargo_days(attrs) == attrs["feature_window_days"] + attrs["label_lead_days"] + longest
    if longest != 3 * attrs["causal_bandwidth_days"]:  # which looks back, never ahead
        near = int(np.ceil(embargo_days(attrs))) - 3
        assert overlaps(attrs, np.array([0]), np.array([near])).any()
