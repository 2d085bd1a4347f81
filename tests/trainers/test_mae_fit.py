"""A pre-training is resumed without a trace, sees no day unasked, and gives what the encoder loads."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.store.reader import Store
from slipbench.trainers import mae_fit
from slipbench.trainers.encoders.pretrained import read_pretraining
from slipbench.trainers.encoders.vit import Vit, VitOptions
from slipbench.trainers.mae_fit import check_mae, mae_hash, pretrain
from slipbench.trainers.mae_images import Images
from slipbench.trainers.record import Fit

from .toy_nowcast import mae_options, toy_nowcast

ENCODER = {"architecture": "vit_tiny_patch16_224", "image_size": 64, "weights": "mae", "device": "cpu"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return toy_nowcast(tmp_path_factory.mktemp("nowcast") / "store")


@pytest.fixture(scope="module")
def whole(store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fit, torch.nn.Module]:
    """A pre-training and the encoder that it kept last."""
    kept: list[torch.nn.Module] = []
    save = mae_fit._State.save_encoder

    def spy(self: mae_fit._State, *args: object) -> None:
        kept.append(copy.deepcopy(self.network.encoder))
        save(self, *args)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mae_fit._State, "save_encoder", spy)
        fit = pretrain(mae_options(), store, tmp_path_factory.mktemp("mae") / "out")
    return fit, kept[-1]


def _encoder(path: Path, **options: object) -> Vit:
    return Vit(VitOptions.model_validate({**ENCODER, "weights_path": path, **options}))


def test_the_encoder_loads_what_was_trained(whole: tuple[Fit, torch.nn.Module]) -> None:
    fit, trained = whole
    images = np.random.default_rng(0).normal(0, 8, (3, 12, 12, 3)).astype(np.float32)
    encoder = _encoder(fit.checkpoint)
    encoder.check()
    x = mae_fit.pixels(images, 20.0, 64, torch.device("cpu"))
    with torch.inference_mode():
        wanted = trained.eval().forward_features(x).mean(1).numpy()
    np.testing.assert_array_equal(encoder.encode(images), wanted)
    np.testing.assert_array_equal(_encoder(fit.checkpoint, weights="path").encode(images), wanted)
    assert encoder.identity()["weights_sha256"] == fit.sha256 == file_sha256(fit.checkpoint)
    assert "weights_path" not in encoder.identity()["options"]


def test_the_record_tells_every_epoch(whole: tuple[Fit, torch.nn.Module]) -> None:
    fit, _ = whole
    assert [e["epoch"] for e in fit.history] == [1, 2, 3]
    assert fit.epochs == 3
    assert fit.validation_loss == min(e["validation_loss"] for e in fit.history)
    assert sorted(p.name for p in fit.checkpoint.parent.iterdir()) == ["best.ckpt", "fit.json"]
    record = json.loads((fit.checkpoint.parent / "fit.json").read_text())
    assert record["result"]["sha256"] == fit.sha256
    assert read_pretraining(fit.checkpoint)["real_before"] is None
    assert read_pretraining(fit.checkpoint)["mask_ratio"] == 0.75


def test_an_interrupted_pre_training_ends_with_the_same_bytes(
    store: Store, tmp_path: Path, whole: tuple[Fit, torch.nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, made = Images.training, []

    def die_in_the_second_epoch(self: Images, step: int, n: int) -> object:
        made.append(step)
        if len(made) == 4:
            raise KeyboardInterrupt
        return real(self, step, n)

    monkeypatch.setattr(Images, "training", die_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        pretrain(mae_options(), store, tmp_path / "out")
    told: list[tuple] = []
    fit = pretrain(mae_options(), store, tmp_path / "out", lambda *t: told.append(t))
    assert made == [0, 1, 2, 3, 2, 3, 4, 5]
    assert told[0] == (1, 3, "resumed")
    assert [t[0] for t in told] == [1, 2, 3]
    assert fit.sha256 == whole[0].sha256
    losses = [[(e["train_loss"], e["validation_loss"]) for e in f.history] for f in (fit, whole[0])]
    assert losses[0] == losses[1]


def test_a_finished_one_is_returned_without_work(
    store: Store, whole: tuple[Fit, torch.nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Images, "training", lambda *args: pytest.fail("trained again"))
    out = whole[0].checkpoint.parent
    assert pretrain(mae_options(name="other", loader_workers=2), store, out).sha256 == whole[0].sha256
    with pytest.raises(InputError, match="holds fit"):
        pretrain(mae_options(seed=1), store, out)


def test_made_images_read_no_day_of_the_store(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    read = Store.read

    def spy(self: Store, name: str, *args: object) -> np.ndarray:
        names.append(name)
        return read(self, name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "read", spy)
    pretrain(mae_options(epochs=1), store, tmp_path / "made")
    assert set(names) == {"station_lat", "station_lon", "node_lat", "node_lon"}
    fit = pretrain(mae_options(epochs=1, real={"before": "2015-04-01"}), store, tmp_path / "real")
    assert "image" in names
    assert read_pretraining(fit.checkpoint)["real_before"] == "2015-04-01"
    assert read_pretraining(fit.checkpoint)["real_images"] > 0
    options = VitOptions(**ENCODER, weights_path=fit.checkpoint)
    assert Vit(options).seen_before == (np.datetime64("2015-04-01") - np.datetime64("1970-01-01")).astype(int)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "vit_small_patch16_224"}, "was pre-trained with architecture vit_tiny_patch16_224"),
        ({"image_size": 32}, "was pre-trained with image_size 64; expected image_size 32"),
        ({"scale_mm": 10.0}, "was pre-trained with scale_mm 20.0"),
    ],
)
def test_another_encoder_is_refused(whole: tuple[Fit, torch.nn.Module], change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _encoder(whole[0].checkpoint, **change).check()


def test_a_damaged_or_foreign_checkpoint_is_one_line(
    tmp_path: Path, whole: tuple[Fit, torch.nn.Module]
) -> None:
    path = tmp_path / "weights.ckpt"
    data = bytearray(whole[0].checkpoint.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="the file is damaged") as error:
        _encoder(path).check()
    assert "pretrain-mae" in str(error.value)
    assert "\n" not in str(error.value)
    torch.save({"state_dict": {}, "hyper_parameters": {"model": {"model": "img"}}}, path)
    with pytest.raises(InputError, match="was not pre-trained on masked images"):
        _encoder(path).check()
    with pytest.raises(InputError, match="no such file"):
        _encoder(tmp_path / "none.ckpt").check()


def test_a_loss_that_is_not_finite_stops(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = mae_fit._State.loss
    monkeypatch.setattr(mae_fit._State, "loss", lambda self, batch: loss(self, batch) * float("nan"))
    with pytest.raises(InputError, match="the loss is nan in epoch 1"):
        pretrain(mae_options(), store, tmp_path / "out")


def test_bf16_trains_too(store: Store, tmp_path: Path) -> None:
    fit = pretrain(mae_options(epochs=1, precision="bf16-mixed"), store, tmp_path / "out")
    state = torch.load(fit.checkpoint, weights_only=True)["state_dict"]
    assert {v.dtype for v in state.values()} == {torch.float32}


def test_the_hash_counts_what_decides_the_weights() -> None:
    base = mae_hash(mae_options(), "d")
    assert mae_hash(mae_options(name="x", loader_workers=3, accelerator="auto"), "d") == base
    for change in (
        {"seed": 1},
        {"mask_ratio": 0.5},
        {"real": {"before": "2015-04-01"}},
        {"patch_norm": False},
    ):
        assert mae_hash(mae_options(**change), "d") != base
    assert mae_hash(mae_options(), "e") != base


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decoder": {"width": 30, "heads": 4}}, "width must be a multiple of 4 and of heads"),
        ({"batch_size": 9}, "batch_size must not exceed images_per_epoch"),
        ({"dataset": {"recipe": "source_synthetic", "name": "s", "n_samples": 8}}, "of recipe nowcast"),
    ],
)
def test_options_that_do_not_go_together(change: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        mae_options(**change)


def test_wrong_networks_are_refused_before_anything_is_built() -> None:
    with pytest.raises(InputError, match="did you mean 'vit_tiny_patch16_224'"):
        check_mae(mae_options(architecture="vit_tinny_patch16_224"))
    with pytest.raises(InputError, match="a multiple of the 16-pixel patch"):
        check_mae(mae_options(image_size=65))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_input_error() -> None:
    with pytest.raises(InputError, match="no GPU is visible"):
        check_mae(mae_options(accelerator="gpu"))
