"""The page of scale from made rates, and what its parts time, at the smallest size."""

import sys

import pytest

from slipbench.benchmarks.speed import scale, scaling
from slipbench.benchmarks.speed.cost_model import Assumed, Network
from slipbench.benchmarks.speed.limits_of_scale import Sealed, Serial, Stored, sealed
from slipbench.benchmarks.speed.scaling import Scaled, Timed, in_turn, law

NAMES = ("build", "build on Ray", "search", "cells", "cells alone", "fit")


def _scaled(name: str) -> Scaled:
    """Each command of its own speed, the build's is 1."""
    slower = 1 + NAMES.index(name)
    one, several = (Timed(1000, slower * s, slower * each) for s, each in ((30.0, 0.02), (20.0, 0.0125)))
    return Scaled(name, "sample", one, several)


def _found(tracked: float = 40.0) -> scale.Found:
    return scale.Found(
        {name: _scaled(name) for name in NAMES},
        [Sealed(100, 0.2, 0.01, 0.02, 10**5), Sealed(1100, 1.2, 0.1, 0.2, 10**6)],
        Serial("0.1", 90.0, 60.0, 30.0, {"SQLite": tracked}),
        Stored(6e5, (Network("img", 10**6, 22_000, 1e5, 500.0), Network("its", 10**6, 330_000, 1e4, 40.0))),
    )


def test_a_command_is_a_start_and_its_work() -> None:
    timed = law(10, 50, 7.0, 15.0)
    assert (timed.each, timed.start_up) == pytest.approx((0.2, 5.0))
    found = Scaled("build", "sample", timed, law(10, 50, 6.0, 11.0))
    assert found.speed_up == pytest.approx(15 / 11)
    assert found.efficiency == pytest.approx(15 / 22)
    assert found.work_efficiency == pytest.approx(0.2 / 0.125 / 2)


@pytest.mark.parametrize("quick", [16.0, 1.0])
def test_sizes_that_cannot_be_told_apart_count_as_work(quick: float) -> None:
    assert law(10, 50, quick, 15.0).start_up == pytest.approx(0)


def test_ways_are_timed_in_turn_and_the_quickest_counts() -> None:
    told: list[tuple[str, int]] = []

    def way(name: str, seconds: list[float]) -> scaling.Run:
        def run(n: int) -> tuple[float, int]:
            told.append((name, n))
            return seconds.pop(0), n

        return run

    a, b = in_turn((1, 3), 2, way("a", [5.0, 9.0, 4.0, 8.0]), way("b", [3.0, 5.0, 3.0, 7.0]))
    assert told[:4] == [("a", 1), ("b", 1), ("a", 3), ("b", 3)]
    assert (a.seconds, a.each, a.peak_bytes) == (8.0, 2.0, 3)
    assert (b.seconds, b.each) == (5.0, 1.0)


def test_rates_of_the_model_are_those_that_were_measured() -> None:
    found = scale.rates(_found())
    assert found.build_seconds == 0.02
    assert found.build_efficiency == pytest.approx(0.8)
    assert found.build_start == pytest.approx(7.5)
    assert found.seal_seconds == pytest.approx(1e-3)
    assert found.search_start == pytest.approx(3 * 7.5)
    assert found.cell_seconds == pytest.approx(5 * 0.02)
    assert found.tasks_per_second == 60
    assert {name: n.reader_rate for name, n in found.networks.items()} == {"img": 1e5, "its": 1e4}


def test_the_page_follows_from_the_figures() -> None:
    text = scale.page(_found(), Assumed(), "made")
    assert "| build | 30 | 20 | 1.5 | 75% |" in text
    assert "| price of a core for an hour | 0.05 | assumed: `--core-hour` |" in text
    assert "At 20,000 images/s a GPU, tracking the cells' runs" in scale.page(_found(1e-3), Assumed(), "made")
    assert "At 20,000 images/s a GPU, reading the store for all GPUs, its breaks first" in scale.page(
        _found(1e9), Assumed(storage=1e-3), "made"
    )
    assert "nan" not in text


def test_an_assumption_of_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["scale", "--gpus", "0"])
    with pytest.raises(SystemExit):
        scale.main()
    assert "--gpus is 0" in capsys.readouterr().err


def test_more_shards_make_a_longer_manifest() -> None:
    few, more = sealed(3), sealed(9)
    assert more.manifest_bytes > 2 * few.manifest_bytes
    assert min(few.seal, few.open, few.read) > 0
