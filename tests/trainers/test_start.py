from pathlib import Path
from typing import Any

import pytest
import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.fit import fit
from slipbench.trainers.hash import fit_hash
from slipbench.trainers.record import Fit
from slipbench.trainers.search import fit_trial
from slipbench.trainers.start import check_start, start_options, take_over

from .test_networks import regression
from .toy_source import toy_options

IMG: dict[str, Any] = {"model": "img", "width": 0.1}
ITS: dict[str, Any] = {"model": "its", "width": 0.1, "units": 8}


@pytest.fixture(scope="module")
def image(view_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """A trained IMG."""
    return fit(toy_options(model=IMG, epochs=2), view_store, tmp_path_factory.mktemp("image"))


def plain(**values: Any) -> dict[str, Any]:
    return toy_options(**values).model_dump()


def test_its_takes_over_the_extractor_and_nothing_else(view_store: Store, image: Fit) -> None:
    module, fresh = (regression("its", view_store) for _ in range(2))
    take_over(module, image.checkpoint)
    trained = load(image.checkpoint).network.state_dict()
    for key, value in module.network.state_dict().items():
        wanted = trained[key] if key.startswith("extractor.") else fresh.network.state_dict()[key]
        assert torch.equal(value, wanted), key
    assert not torch.equal(fresh.network.extractor[0].weight, module.network.extractor[0].weight)
    assert torch.equal(module.input_mean, fresh.input_mean)


def test_a_network_goes_on_from_its_own_kind(view_store: Store, image: Fit) -> None:
    module = regression("img", view_store)
    take_over(module, image.checkpoint)
    trained = load(image.checkpoint).network.state_dict()
    assert all(torch.equal(v, trained[k]) for k, v in module.network.state_dict().items())


def test_a_fit_starts_where_the_other_ended(view_store: Store, image: Fit, tmp_path: Path) -> None:
    options = toy_options(model=ITS, epochs=1, start=str(image.checkpoint))
    named = fit(options, view_store, tmp_path / "named")
    before = toy_options(model=ITS, epochs=1, start=plain(model=IMG, epochs=2))
    given = fit(before, view_store, tmp_path / "given", start=image.checkpoint)
    anew = fit(toy_options(model=ITS, epochs=1), view_store, tmp_path / "anew")
    assert named.sha256 == given.sha256 != anew.sha256
    reports: list[dict[str, Any]] = []
    fit_trial(before, view_store.folder, tmp_path / "trial", reports.append, image.checkpoint)
    assert [r["validation_loss"] for r in reports] == [given.validation_loss]


def test_the_start_is_part_of_the_hash() -> None:
    options = toy_options(model=ITS, start="img.ckpt")
    assert len({fit_hash(options, "d", sha) for sha in ("", "a", "b")}) == 3
    assert fit_hash(options, "d", "a") == fit_hash(toy_options(model=ITS, start="moved.ckpt"), "d", "a")


def test_the_seed_is_that_of_the_fit() -> None:
    options = toy_options(model=ITS, seed=4, start=plain(model=IMG, seed=9))
    before = start_options(options)
    assert before is not None
    assert before.seed == 4
    assert start_options(toy_options(model=ITS, start="x.ckpt")) is start_options(toy_options()) is None


def test_a_start_that_was_not_made_ready(view_store: Store, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="start is None"):
        fit(toy_options(model=ITS, start=plain(model=IMG)), view_store, tmp_path)


@pytest.mark.parametrize(
    ("model", "start", "message"),
    [
        (ITS, plain(model=IMG | {"width": 0.2}), "start: trainer toy: width 0.2; expected 0.1"),
        (ITS, plain(model={"model": "ts"}), "holds network 'ts'; .*choose one of: img, its"),
        (IMG, plain(model=ITS), "holds network 'its'; .*choose one of: img"),
        (ITS, plain(model=ITS | {"units": 9}), "units 9; expected 8"),
        (ITS, plain(model=ITS, start=plain(model={"model": "ts"})), "holds network 'ts'"),
        (ITS, "/nowhere/img.ckpt", "/nowhere/img.ckpt: no such file"),
    ],
)
def test_what_does_not_go_together_is_told_before(model: dict, start: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_start(toy_options(model=model, start=start))


def test_what_goes_together(image: Fit) -> None:
    check_start(toy_options())
    check_start(toy_options(model=ITS, start=plain(model=IMG | {"dropout": 0.1})))
    check_start(toy_options(model=ITS, start=str(image.checkpoint)))
    check_start(toy_options(model=ITS, start=plain(model=ITS, start=str(image.checkpoint))))
