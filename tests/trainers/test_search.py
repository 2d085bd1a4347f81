import math
from pathlib import Path
from typing import Any

import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers.search import apply, check_search, fit_trial, searchable

from .toy_source import toy_options

SPACE = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "model.dropout": {"low": 0, "high": 0.5}}


def test_apply_replaces_dotted_values_only() -> None:
    base = toy_options()
    found = apply(base, {"learning_rate": 0.01, "model.dropout": 0.25, "batch_size": 8})
    assert (found.learning_rate, found.model.dropout, found.batch_size) == (0.01, 0.25, 8)
    same = {"learning_rate": 1e-3, "batch_size": 16, "model": base.model}
    assert found.model_copy(update=same) == base
    assert base.learning_rate == 1e-3


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("learning_rat", "did you mean 'learning_rate'"),
        ("model.dropuot", "did you mean 'model.dropout'"),
        ("dropout", "did you mean 'model.dropout'"),
        ("dataset.seed", "no such option"),
        ("model.model", "no such option"),
        ("search", "no such option"),
    ],
)
def test_unknown_key_names_the_nearest(key: str, hint: str) -> None:
    assert key not in searchable(toy_options())
    with pytest.raises(InputError, match=hint) as error:
        apply(toy_options(), {key: 1})
    assert error.value.where == f"search.space.{key}"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("model.dropout", 1.0, "less than 1"),
        ("learning_rate", 0.0, "greater than 0"),
        ("batch_size", 2.5, "integer"),
        ("precision", "8-bit", "32-true"),
    ],
)
def test_values_are_validated(key: str, value: Any, why: str) -> None:
    with pytest.raises(InputError, match=why) as error:
        apply(toy_options(), {key: value})
    assert error.value.where == f"search.space.{key}"


def test_a_space_is_checked_before_anything_starts() -> None:
    check_search(toy_options())
    check_search(toy_options(search={"space": SPACE}))
    check_search(toy_options(search={"space": {"batch_size": {"values": [8, 16]}}}))
    for space, why in (
        ({"model.dropout": {"low": 0, "high": 1.5}}, "less than 1"),
        ({"batch_size": {"low": 8, "high": 16}}, "whole numbers"),
        ({"batch_size": {"values": [8, 0]}}, "greater than or equal to 1"),
        ({"learningrate": {"low": 0, "high": 1}}, "learning_rate"),
    ):
        with pytest.raises(InputError, match=why):
            check_search(toy_options(search={"space": space}))


def test_a_trial_reports_every_epoch_once_and_resumes(toy_store: Store, tmp_path: Path) -> None:
    options = toy_options(search={"space": SPACE, "epochs": 3}, epochs=50)
    whole: list[dict[str, Any]] = []
    fit_trial(options, toy_store.folder, tmp_path / "whole", whole.append)
    assert [r["epoch"] for r in whole] == [1, 2, 3]

    class Stop(Exception):
        """What a scheduler raises to end a trial."""

    first: list[dict[str, Any]] = []

    def stop_after_two(result: dict[str, Any]) -> None:
        first.append(result)
        if len(first) == 2:
            raise Stop

    with pytest.raises(Stop):
        fit_trial(options, toy_store.folder, tmp_path / "stopped", stop_after_two)
    again: list[dict[str, Any]] = []
    fit_trial(options, str(toy_store.folder), tmp_path / "stopped", again.append)
    finished: list[dict[str, Any]] = []
    fit_trial(options, toy_store.folder.as_uri(), tmp_path / "stopped", finished.append)
    losses = [r["validation_loss"] for r in whole]
    assert [r["validation_loss"] for r in again] == losses
    assert finished == again


def test_a_trial_that_diverges_reports_infinity(toy_store: Store, tmp_path: Path) -> None:
    reports: list[dict[str, Any]] = []
    fit_trial(toy_options(learning_rate=1e30), toy_store.folder, tmp_path, reports.append)
    assert [math.isinf(r["validation_loss"]) for r in reports] == [True]
