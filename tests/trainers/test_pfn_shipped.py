"""The shipped network is the one that its card describes."""

import re
from pathlib import Path

from slipbench.datasets.hashing import file_sha256
from slipbench.trainers.pfn.checkpoint import read_about
from slipbench.trainers.pfn.evaluate import HELD_OUT
from slipbench.trainers.pfn.shipped import CHECKPOINT, NAME

CARD = Path(__file__).resolve().parents[2] / "docs" / "pfn_small.md"


def test_the_card_belongs_to_the_shipped_checkpoint() -> None:
    about = read_about(CHECKPOINT)
    text = CARD.read_text()
    assert about["name"] == NAME
    assert about["seed"] != HELD_OUT
    assert set(re.findall(r"sha256 `([0-9a-f]{64})`", text)) == {file_sha256(CHECKPOINT)}
    assert f"{about['steps']} steps, {about['tasks']} tasks, seed {about['seed']}" in text
    assert CHECKPOINT.stat().st_size < 20e6
