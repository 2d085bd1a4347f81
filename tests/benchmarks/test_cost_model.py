"""The model of a large run: its parts behave as they must whatever was measured."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipbench.benchmarks.speed.cost_model import (
    Assumed,
    Limit,
    Measured,
    Network,
    build_on,
    fit_on,
    limits,
    money,
    search_seconds,
    shards,
    suite_seconds,
    suite_wall,
    verdict,
)

MADE = Measured(
    build_seconds=5e-3,
    build_efficiency=0.8,
    build_start=10.0,
    worker_bytes=6e8,
    sample_bytes=6e5,
    rows_per_shard=256,
    seal_seconds=1e-3,
    tasks_per_second=100.0,
    cell_seconds=0.5,
    scores_per_second=50.0,
    runs_per_second=40.0,
    search_start=9.0,
    networks={
        "img": Network("img", 2_000_000, 22_000, 2e5, 500.0),
        "its": Network("its", 4_000_000, 330_000, 2e4, 40.0),
    },
)
PRICES = ("core_hour", "gpu_hour", "tb_month")
positive = st.floats(1e-3, 1e3)
many = st.integers(1, 512)


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    """Any rates within three powers of ten of the made ones."""
    scaled = {
        name: getattr(MADE, name) * draw(positive)
        for name in ("build_seconds", "build_start", "seal_seconds", "tasks_per_second", "cell_seconds")
    }
    return replace(MADE, **scaled, build_efficiency=draw(st.floats(0.05, 1.0)))


@given(measured(), st.integers(2, 1000))
def test_twice_the_cores_halve_what_is_computed_and_nothing_else(found: Measured, cores: int) -> None:
    some, twice = (build_on(n, found, Assumed()).parts for n in (cores, 2 * cores))
    assert twice["computing"] == pytest.approx(some["computing"] / 2)
    assert {k: v for k, v in twice.items() if k != "computing"} == {
        k: v for k, v in some.items() if k != "computing"
    }


@given(measured(), many, many)
def test_more_cores_are_never_slower_once_there_are_two_and_never_save_core_hours(
    found: Measured, a: int, b: int
) -> None:
    few, more = sorted((a + 1, b + 1))
    slow, quick = (build_on(n, found, Assumed()) for n in (few, more))
    assert quick.wall <= slow.wall
    assert quick.core_hours >= slow.core_hours * (1 - 1e-9)
    assert quick.wall >= quick.parts["serial"]
    assert suite_wall(more, found, Assumed()) <= suite_wall(few, found, Assumed())


def test_a_build_by_hand() -> None:
    found = build_on(8, MADE, Assumed())
    assert shards(MADE, Assumed()) == 3907
    assert found.parts["computing"] == pytest.approx(1e6 * 5e-3 / (8 * 0.8))
    assert found.parts["writing"] == pytest.approx(6e11 / 1e10)
    assert found.parts["handing out"] == pytest.approx(39.07)
    assert found.parts["serial"] == pytest.approx(10 + 3.907)
    assert found.limit == "computing"
    assert found.wall == pytest.approx(781.25 + 13.907)
    assert build_on(1e5, MADE, Assumed()).parts["computing"] == pytest.approx(5e3 / (3907 * 0.8))


def test_a_fit_by_hand() -> None:
    found = fit_on("img", 1000, MADE, Assumed())
    assert found.storage_bytes == pytest.approx(64 * 1000 * 2.2e4)
    assert found.readers == pytest.approx(1000 / 2e5)
    assert found.reduced_bytes == pytest.approx(2 * 63 / 64 * 4 * 2e6)
    assert found.seconds == pytest.approx(100e6 / 64 * (1 / 1000 + found.reduction / 128), rel=1e-4)
    assert fit_on("its", 1000, MADE, Assumed()).rate == pytest.approx(80)


@given(st.floats(10, 1e6), st.floats(1, 100))
def test_faster_gpus_ask_for_more_and_end_no_later(images: float, factor: float) -> None:
    slow, fast = (fit_on("img", rate, MADE, Assumed()) for rate in (images, images * factor))
    assert fast.storage_bytes >= slow.storage_bytes
    assert fast.readers >= slow.readers
    assert fast.seconds <= slow.seconds
    assert search_seconds(images * factor, MADE, Assumed()) <= search_seconds(images, MADE, Assumed())


def test_storage_holds_a_fit_back() -> None:
    free, held = (fit_on("its", 1e5, MADE, Assumed(storage=s)).seconds for s in (1e9, 1.0))
    assert held > 2 * free
    assert held > 100 * 1e6 * 3.3e5 / 1e9


@given(st.sampled_from(PRICES), st.floats(0, 100))
def test_money_is_linear_in_each_price(name: str, factor: float) -> None:
    def all_of(price: float) -> float:
        prices = dict.fromkeys(PRICES, 0.0) | {name: price}
        return sum(money(64, 5000, MADE, Assumed(**prices)).values())

    assert all_of(0.0) == 0
    assert all_of(factor) == pytest.approx(factor * all_of(1.0))
    assert all_of(1.0) > 0


def test_a_suite_is_scored_and_tracked_after_its_cells() -> None:
    parts = suite_seconds(64, MADE, Assumed())
    assert parts == pytest.approx({"computing": 78.125, "handing out": 100, "scoring": 200, "tracking": 250})
    assert suite_wall(64, MADE, Assumed()) == pytest.approx(550)


@given(measured(), many, st.sampled_from((1e3, 5e3, 2e4)))
def test_the_first_to_break_is_the_largest_ratio(found: Measured, cores: int, images: float) -> None:
    ordered = limits(cores, images, found, Assumed())
    assert all(a.ratio >= b.ratio for a, b in pairwise(ordered))
    assert ordered[0].what in verdict(ordered[::-1])


def test_the_verdict_says_how_much_is_too_much_and_when_nothing_is() -> None:
    fine, tight = Limit("a", 1, 2, "s", "both measured"), Limit("b", 3, 4, "GB/s", "capacity assumed")
    assert verdict([fine, tight]).startswith("nothing breaks; closest to it is b: 3 GB/s against 4, 75%")
    broken = Limit("c", 10, 4, "GB/s", "capacity assumed")
    assert verdict([fine, broken]) == (
        "c breaks first: 10 GB/s against 4, 2.5 times too much (capacity assumed)"
    )
    assert verdict([broken, replace(broken, what="d", demand=5)]).endswith(
        "1 other is asked for too much as well"
    )
