"""The evaluation counts what it says."""

from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.trainers.pfn.evaluate import (
    OURS,
    Score,
    Table,
    interval,
    main,
    prior_tables,
    report,
    score,
    toy_tables,
    write_card,
)
from slipbench.trainers.pfn.options import PretrainOptions, TaskOptions
from slipbench.trainers.pfn.pretrain import pretrain


def test_held_out_tables_are_as_many_as_asked_for() -> None:
    options = TaskOptions(rows=(16, 24), features=(1, 3), cells=128, priors={"gp": 1, "trees": 2, "mlp": 0})
    tables = list(prior_tables(options, 3))
    assert sorted(t.group for t in tables) == ["gp"] * 3 + ["trees"] * 3
    for table in tables:
        assert table.x.shape[0] == len(table.y) > table.n_context
        assert table.y[: table.n_context].std() > 0


def test_toy_tables_hold_every_row_once() -> None:
    tables = list(toy_tables())
    names = [t.group for t in tables]
    assert len(set(names)) == 7
    assert all(names.count(name) == 5 for name in names)
    first, second = tables[:2]
    assert not np.array_equal(first.y, second.y)
    np.testing.assert_array_equal(np.sort(first.y), np.sort(second.y))


def test_scores_are_errors_over_that_of_the_mean(tmp_path: Path) -> None:
    options = PretrainOptions(
        name="toy",
        steps=1,
        accelerator="cpu",
        network={"width": 16, "layers": 1, "heads": 2, "buckets": 12},
        tasks={"rows": (12, 24), "features": (1, 2), "cells": 128},
    )
    checkpoint = pretrain(options, tmp_path).checkpoint
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    found = score(Table("line", x, 3 * x[:, 0] + 100, 40), checkpoint)
    assert found.error["ridge"] < 0.01  # a line without noise is ridge's own
    assert 0 < found.error["random forest"] < 0.6
    assert 0 < found.error[OURS] < 1.5
    assert 0 <= found.covered <= 1


def test_an_interval_is_that_of_a_mean() -> None:
    values = np.random.default_rng(3).normal(2, 1, 400)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def _scores(gap: float, groups: int = 6) -> list[Score]:
    rng = np.random.default_rng(1)
    errors = rng.uniform(0.3, 0.9, (groups * 4, 3))
    errors[:, 0] = errors[:, 1] + gap + rng.normal(0, 0.01, len(errors))
    names = (OURS, "ridge", "random forest")
    return [Score(f"g{i % groups}", dict(zip(names, e, strict=True)), 0.9) for i, e in enumerate(errors)]


@pytest.mark.parametrize(("gap", "verdict"), [(-0.1, "better"), (0.1, "worse"), (0.0, "not told apart")])
@pytest.mark.parametrize(("unit", "n"), [("task", 24), ("set", 6)])
def test_the_verdict_follows_the_paired_interval(gap: float, verdict: str, unit: str, n: int) -> None:
    lines = report(_scores(gap), unit)
    line = next(text for text in lines if text.startswith(f"- {OURS} minus ridge"))
    assert line.endswith(f"over {n} {unit}s: **{verdict}**")
    assert sum(text.startswith("| g") for text in lines) == 6


def test_a_card_keeps_what_is_around_the_marks(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("head\n<!-- evaluation: begin -->\nold\n<!-- evaluation: end -->\nfoot\n")
    write_card(card, "new")
    write_card(card, "newer")
    text = card.read_text()
    assert text.startswith("head\n")
    assert text.endswith("\nfoot\n")
    assert "newer" in text
    assert "old" not in text
    card.write_text("no marks")
    with pytest.raises(InputError, match="no marks"):
        write_card(card, "new")


def test_files_that_are_no_checkpoint_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from slipbench.trainers.pfn.tiny import write_tiny_checkpoint

    (tmp_path / "text.ckpt").write_text("text")
    write_tiny_checkpoint(tmp_path / "tiny.ckpt")
    for name in ("missing.ckpt", "text.ckpt", "tiny.ckpt"):
        assert main([str(tmp_path / name)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
