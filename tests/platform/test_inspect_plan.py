from collections.abc import Callable


def test_inspect_shows_the_plan_of_a_dataset_that_is_not_built(slipbench: Callable) -> None:
    shown = slipbench("inspect", "source_demo", "--plan")
    assert shown.code == 0, shown.err
    assert "memory    at most" in shown.out
    assert shown.out == slipbench("plan", "source_demo").out
    both = slipbench("inspect", "source_demo", "--plan", "--png", "x.png")
    assert (both.code, both.err.count("\n")) == (2, 1)
    wrong = slipbench("inspect", "source_dem", "--plan")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "source_demo" in wrong.err
