"""Ray Tune for real, with trials that need no network."""

from pathlib import Path
from typing import Any

import pytest

from slipbench.platform import tune
from slipbench.trainers.options import TrainerOptions
from tests.trainers.toy_source import toy_options

pytestmark = pytest.mark.service


def _options() -> TrainerOptions:
    space = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    search: Any = {"trials": 3, "epochs": 1, "grace_epochs": 1, "space": space}
    return toy_options(search=search)


def test_a_trial_that_was_tried_again_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = tmp_path / "drawn"
    drawn.mkdir()

    def trial(config: dict[str, Any], **given: Any) -> None:
        from ray import tune as rt

        loss = config["learning_rate"]
        mark = drawn / rt.get_context().get_trial_id().rsplit("_", 1)[1]
        again = mark.exists()
        mark.write_text(repr(loss))
        if mark.name == "00000" and not again:
            raise ValueError("once")
        rt.report({"epoch": 1, tune.METRIC: loss, "losses": [loss]})

    monkeypatch.setattr(tune, "_trial", trial)
    found = tune.tune(_options(), tmp_path / "store", tmp_path / "out")
    numbered = [float(path.read_text()) for path in sorted(drawn.iterdir())]
    assert len(set(numbered)) == 3
    assert [t.validation_loss for t in found.trials] == numbered
