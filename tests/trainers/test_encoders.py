"""Every registered encoder keeps the contract; the ViT does what its page says."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from pydantic import TypeAdapter, ValidationError
from safetensors.torch import save_file

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.trainers.encoders.pixels import pixels
from slipbench.trainers.encoders.registry import ENCODERS
from slipbench.trainers.encoders.vit import Vit, VitOptions

ARCH = "vit_tiny_patch16_224"
SMALL = {"vit": {"architecture": ARCH, "image_size": 32}}


def _encoder(name: str, **change: object):
    part = ENCODERS.get(name)
    return part(part.Options(encoder=name, **{**SMALL[name], **change}))


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(5).normal(0, 10, (5, 20, 30, 3)).astype(np.float32)


@pytest.mark.parametrize("name", ENCODERS.names())
class TestEveryEncoder:
    def test_info_is_filled(self, name: str) -> None:
        info = ENCODERS.info(name)
        assert info.name == name
        assert info.task in ("source", "nowcast", "any")
        assert all((info.summary, info.reference, info.licence))

    def test_options_forbid_extras_and_describe_themselves(self, name: str) -> None:
        options = ENCODERS.get(name).Options
        with pytest.raises(ValidationError, match="Extra inputs"):
            options(encoder=name, colour="red")
        fields = {k: f for k, f in options.model_fields.items() if k != "encoder"}
        assert all(f.description for f in fields.values())
        found = TypeAdapter(ENCODERS.union("encoder")).validate_python({"encoder": name})
        assert isinstance(found, options)

    def test_one_finite_row_of_features_an_image(self, name: str, pictures: np.ndarray) -> None:
        encoder = _encoder(name)
        encoder.check()
        seen: list[tuple[int, int]] = []
        features = encoder.encode(pictures, lambda *p: seen.append(p))
        assert features.shape == (5, encoder.width)
        assert features.dtype == np.float32
        assert np.isfinite(features).all()
        assert seen[-1] == (5, 5)
        assert len(np.unique(features, axis=0)) == 5

    def test_same_seed_same_features(self, name: str, pictures: np.ndarray) -> None:
        once, again = _encoder(name), _encoder(name)
        assert once.identity() == again.identity()
        np.testing.assert_array_equal(once.encode(pictures), again.encode(pictures))

    def test_wrong_shape_is_refused(self, name: str, pictures: np.ndarray) -> None:
        with pytest.raises(InputError, match="no stack of images"):
            _encoder(name).encode(pictures[..., :2])


def test_features_are_the_mean_of_all_197_tokens(pictures: np.ndarray) -> None:
    encoder = _encoder("vit", image_size=224, scale_mm=10.0)
    torch.manual_seed(0)
    network = timm.create_model(ARCH, num_classes=0).eval()
    x = torch.from_numpy(np.clip(pictures / 10.0, -1, 1)).permute(0, 3, 1, 2)
    x = torch.nn.functional.interpolate(x, (224, 224), mode="bilinear", align_corners=False)
    with torch.inference_mode():
        tokens = network.forward_features(x)
    assert tokens.shape == (5, 197, 192)
    np.testing.assert_allclose(encoder.encode(pictures), tokens.mean(1).numpy(), atol=1e-5)


def test_the_document_s_network_gives_768_features() -> None:
    assert Vit(VitOptions()).width == 768
    assert VitOptions().architecture == "vit_base_patch16_224"


def test_drawing_weights_leaves_the_global_stream_alone(pictures: np.ndarray) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = _encoder("vit", seed=3).encode(pictures)
    assert torch.equal(before, torch.get_rng_state())
    assert not np.array_equal(first, _encoder("vit", seed=4).encode(pictures))


def test_missing_pixels_count_as_no_displacement(pictures: np.ndarray) -> None:
    gap, zero = pictures.copy(), pictures.copy()
    gap[2, 3:5], zero[2, 3:5] = np.nan, 0.0
    encoder = _encoder("vit")
    np.testing.assert_array_equal(encoder.encode(gap), encoder.encode(zero))


def test_values_beyond_the_scale_are_clipped(pictures: np.ndarray) -> None:
    encoder = _encoder("vit", scale_mm=5.0)
    np.testing.assert_array_equal(encoder.encode(pictures), encoder.encode(np.clip(pictures, -5, 5)))


@pytest.mark.parametrize("precision", ["bf16", "bf16-mixed"])
def test_bf16_agrees_to_three_digits_and_a_bit(pictures: np.ndarray, precision: str) -> None:
    single, half = (_encoder("vit", precision=p).encode(pictures) for p in ("32-true", precision))
    assert np.abs(single - half).max() < 0.03 * np.abs(single).max()
    assert half.dtype == np.float32
    assert not np.array_equal(single, half)


@pytest.mark.parametrize("kind", ["safetensors", "pt", "wrapped"])
def test_weights_from_a_local_file(tmp_path: Path, pictures: np.ndarray, kind: str) -> None:
    torch.manual_seed(11)
    network = timm.create_model(ARCH, num_classes=7, img_size=32).eval()
    path = tmp_path / f"weights.{'safetensors' if kind == 'safetensors' else 'pt'}"
    state = network.state_dict()
    if kind == "safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state} if kind == "wrapped" else state, path)
    encoder = _encoder("vit", weights="path", weights_path=path)
    encoder.check()
    x = pixels(pictures, 20.0, 32, torch.device("cpu"))
    with torch.inference_mode():
        wanted = network.forward_features(x).mean(1).numpy()
    np.testing.assert_array_equal(encoder.encode(pictures), wanted)
    assert encoder.identity()["weights_sha256"] == file_sha256(path)
    assert str(tmp_path) not in str(encoder.identity())


def test_position_embedding_is_resampled_to_another_size(tmp_path: Path, pictures: np.ndarray) -> None:
    path = tmp_path / "weights.pt"
    torch.save(timm.create_model(ARCH, num_classes=0).state_dict(), path)
    encoder = _encoder("vit", weights="path", weights_path=path, image_size=64)
    encoder.check()
    assert encoder.encode(pictures).shape == (5, 192)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    state = timm.create_model(ARCH, num_classes=0).state_dict()
    torch.save(state, path)
    with pytest.raises(InputError, match=r"shape \(192,\); expected shape \(384,\) in vit_small"):
        _encoder("vit", architecture="vit_small_patch16_224", weights="path", weights_path=path).check()
    torch.save({k: v for k, v in state.items() if k != "norm.bias"}, path)
    with pytest.raises(InputError, match=r"'norm\.bias' is missing"):
        _encoder("vit", weights="path", weights_path=path).check()
    torch.save(state | {"blocks.12.norm1.bias": torch.zeros(192)}, path)
    with pytest.raises(InputError, match="no such tensor in vit_tiny_patch16_224"):
        _encoder("vit", weights="path", weights_path=path).check()


class _Trap:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("trap-was-sprung"),))


def test_a_weights_file_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": _Trap()}, tmp_path / "weights.pt")
    with pytest.raises(InputError, match="not readable"):
        _encoder("vit", weights="path", weights_path=tmp_path / "weights.pt").check()
    assert not (tmp_path / "trap-was-sprung").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"", "not readable"), (b"not weights at all", "not readable")],
)
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_unusable_weights_files(tmp_path: Path, content: bytes | None, message: str, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        _encoder("vit", weights="path", weights_path=path).check()


def test_unknown_architecture_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'vit_tiny_patch16_224'"):
        _encoder("vit", architecture="vit_tinny_patch16_224").check()
    with pytest.raises(InputError, match="unknown vision transformer 'resnet18'"):
        _encoder("vit", architecture="resnet18").check()


def test_a_size_that_patches_do_not_fill_is_refused() -> None:
    with pytest.raises(InputError, match="a multiple of the 16-pixel patch"):
        _encoder("vit", image_size=225).check()


def test_published_weights_are_never_fetched_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        InputError, match=r"vit_tiny_patch16_224.augreg_in21k: not in the cache.*weights_path"
    ):
        _encoder("vit", weights="in21k").check()
    with pytest.raises(InputError, match="no published 'augreg_in21k' weights"):
        _encoder("vit", architecture="vit_xsmall_patch16_clip_224", image_size=224, weights="in21k").check()


def test_published_weights_come_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: np.ndarray
) -> None:
    from huggingface_hub import constants

    folder = tmp_path / f"models--timm--{ARCH}.augreg_in21k"
    snapshot = folder / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0" * 40)
    network = timm.create_model(ARCH, num_classes=3).eval()
    save_file(network.state_dict(), snapshot / "model.safetensors")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    encoder = _encoder("vit", weights="in21k", image_size=224)
    encoder.check()
    with torch.inference_mode():
        wanted = network.forward_features(pixels(pictures, 20.0, 224, torch.device("cpu"))).mean(1).numpy()
    np.testing.assert_array_equal(encoder.encode(pictures), wanted)


@pytest.mark.parametrize("weights", [{"weights": "path"}, {"weights": "mae"}, {"weights_path": "x.pt"}])
def test_path_and_weights_go_together(weights: dict) -> None:
    with pytest.raises(ValidationError, match="weights_path is needed with weights: path or mae"):
        VitOptions(**weights)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_input_error() -> None:
    with pytest.raises(InputError, match="no GPU is visible"):
        _encoder("vit", device="gpu").check()
