"""``slipbench pretrain-pfn``: a checkpoint and its record, or one line and nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL = [
    *("steps=3", "save_every=1", "accelerator=cpu", "network.width=16", "network.layers=1"),
    *("tasks.rows=[12,16]", "tasks.features=[1,2]", "tasks.cells=64"),
]


def test_it_trains_and_says_where_the_checkpoint_is(slipbench: Callable[..., Any], tmp_path: Path) -> None:
    first = slipbench("pretrain-pfn", "pfn_small", *SMALL)
    assert first.code == 0, first.err
    assert "3 steps, " in first.out
    assert "pretrain slipbench-pfn-small: 3 of 3" in first.err
    again = slipbench("pretrain-pfn", "pfn_small", *SMALL, "--json")
    told = json.loads(again.out)
    checkpoint = Path(told["checkpoint"])
    assert checkpoint.is_file()
    assert checkpoint.is_relative_to(tmp_path / "home" / "fits")
    assert told["sha256"] in first.out
    assert len(told["history"]) == 3


def test_bad_options_start_nothing(slipbench: Callable[..., Any], tmp_path: Path) -> None:
    for wrong in ("tasks.cells=64", "network.heads=3", "steps=0", "widht=3"):
        ran = slipbench("pretrain-pfn", "pfn_small", wrong)
        assert ran.code == 2
        assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "home").exists()
