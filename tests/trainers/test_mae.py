"""Masked pre-training: what the encoder sees, what the loss counts, and that training learns."""

import numpy as np
import pytest
import timm
import torch
from torch import Tensor

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.datasets.synthesis.nowcast_images import NowcastImages, VirtualImages
from slipbench.trainers.mae import MaskedAutoencoder, sine_positions, visible_count
from slipbench.trainers.mae_images import Images, ahead, real_images
from slipbench.trainers.mae_options import Decoder, RealImages

from .toy_nowcast import toy_nowcast

SIDE = 64


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return toy_nowcast(tmp_path_factory.mktemp("nowcast") / "store")


def _images(store: Store, **changes: object) -> Images:
    made = NowcastImages(store, VirtualImages())
    values = {"made": made, "real": None, "share": 0.0, "patches": 16, "visible": 4, "seed": 0}
    return Images(**(values | changes))  # type: ignore[arg-type]


def _network(architecture: str = "vit_tiny_patch16_224", patch_norm: bool = True) -> MaskedAutoencoder:
    torch.manual_seed(0)
    encoder = timm.create_model(architecture, num_classes=0, img_size=SIDE, depth=2)
    return MaskedAutoencoder(encoder, Decoder(width=32, depth=1, heads=2), patch_norm)


def _pictures(n: int = 3) -> Tensor:
    return torch.rand((n, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(1)) * 2 - 1


VISIBLE = torch.tensor([[0, 5, 6, 15], [1, 2, 3, 4], [3, 7, 8, 9]])


@pytest.mark.parametrize(
    ("patches", "ratio", "count"), [(196, 0.75, 49), (49, 0.75, 12), (100, 0.9, 10), (4, 0.99, 1)]
)
def test_share_of_masked_patches(patches: int, ratio: float, count: int) -> None:
    assert visible_count(patches, ratio) == count


def test_every_image_has_its_own_mask_of_the_exact_size(store: Store) -> None:
    images = _images(store, patches=196, visible=49)
    visible = images.training(0, 6).visible
    assert visible.shape == (6, 49)
    assert all(len(set(row)) == 49 and row.min() >= 0 and row.max() < 196 for row in visible)
    assert len({tuple(row) for row in visible}) == 6
    counts = np.bincount(np.concatenate([images.training(s, 16).visible.ravel() for s in range(8)]))
    assert counts.shape == (196,)
    assert 10 < counts.min() <= counts.max() < 60  # each patch is seen in a quarter of 128 images


def test_a_batch_follows_from_seed_and_step_alone(store: Store) -> None:
    first, again = (_images(store).training(7, 3) for _ in range(2))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.visible, again.visible)
    others = [
        _images(store).training(8, 3),
        _images(store, seed=1).training(7, 3),
        _images(store).validation(3),
    ]
    for other in others:
        assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("workers", [0, 2])
def test_threads_keep_the_order(store: Store, workers: int) -> None:
    images = _images(store)
    made = list(ahead(lambda step: images.training(step, 2), range(3, 9), workers))
    assert len(made) == 6
    for step, batch in zip(range(3, 9), made, strict=True):
        np.testing.assert_array_equal(batch.images, images.training(step, 2).images)


def test_sines_tell_every_place_apart() -> None:
    table = sine_positions(4, 32, 1)
    assert table.shape == (1, 17, 32)
    assert not table[0, 0].any()
    distance = torch.cdist(table[0, 1:], table[0, 1:]) + torch.eye(16)
    assert distance.min() > 0.5
    column = torch.sin(torch.tensor(2.0))
    assert table[0, 1 + 2, 0] == pytest.approx(float(column))  # third column of the first row
    assert table[0, 1 + 2 * 4, 16] == pytest.approx(float(column))  # third row of the first column


def test_only_visible_patches_pass_through_the_encoder() -> None:
    network, pictures = _network().eval(), _pictures()
    seen: list[tuple[int, ...]] = []
    for block in network.encoder.blocks:
        block.register_forward_hook(lambda _, args, out: seen.append(tuple(args[0].shape)))
    with torch.inference_mode():
        tokens = network.encode(pictures, VISIBLE)
        assert seen == [(3, 1 + 4, 192)] * 2
        blind, changed = network.patches(pictures).clone(), network.patches(pictures).clone()
        masked = torch.ones(3, 16, dtype=torch.bool).scatter(1, VISIBLE, False)
        blind[masked] = 9.0
        changed[1, 2] = 9.0
        np.testing.assert_array_equal(network.encode(_joined(blind), VISIBLE), tokens)
        other = network.encode(_joined(changed), VISIBLE)
    assert not torch.equal(other[1], tokens[1])
    assert torch.equal(other[[0, 2]], tokens[[0, 2]])


def _joined(patches: Tensor) -> Tensor:
    """Images of patches of 16 x 16 pixels, four a row."""
    rows = [torch.cat(list(p.reshape(16, 3, 16, 16)), dim=2) for p in patches]
    return torch.stack([torch.cat(row.split(SIDE, dim=2), dim=1) for row in rows])


@pytest.mark.parametrize("architecture", ["vit_tiny_patch16_224", "vit_wee_patch16_reg1_gap_256"])
def test_all_patches_visible_is_the_whole_network(architecture: str) -> None:
    network, pictures = _network(architecture).eval(), _pictures(2)
    every = torch.arange(16).expand(2, -1)
    with torch.inference_mode():
        torch.testing.assert_close(
            network.encode(pictures, every), network.encoder.forward_features(pictures)
        )


def test_patches_are_in_the_order_of_the_tokens() -> None:
    network, pictures = _network(), _pictures()
    patches = network.patches(pictures)
    assert patches.shape == (3, 16, 768)
    np.testing.assert_array_equal(patches[1, 6].reshape(3, 16, 16), pictures[1, :, 16:32, 32:48])
    np.testing.assert_array_equal(_joined(patches), pictures)


@pytest.mark.parametrize("patch_norm", [True, False])
def test_the_loss_counts_masked_patches_alone(monkeypatch: pytest.MonkeyPatch, patch_norm: bool) -> None:
    network, pictures = _network(patch_norm=patch_norm), _pictures()
    wanted = network.patches(pictures)
    if patch_norm:
        wanted = (wanted - wanted.mean(-1, keepdim=True)) / wanted.std(-1, keepdim=True)
    shown = torch.zeros(3, 16, 1).scatter(1, VISIBLE[..., None], 1.0)
    monkeypatch.setattr(network, "decode", lambda tokens, visible: wanted + 5 * shown)
    assert float(network(pictures, VISIBLE)) == pytest.approx(0, abs=1e-6)
    monkeypatch.setattr(network, "decode", lambda tokens, visible: wanted + 0.5 * (1 - shown))
    assert float(network(pictures, VISIBLE)) == pytest.approx(0.25, rel=1e-4)


def test_biases_norms_and_tokens_do_not_decay() -> None:
    network = _network()
    decays, stays = network.groups(0.05)
    assert (decays["weight_decay"], stays["weight_decay"]) == (0.05, 0.0)
    ids = {id(p): name for name, p in network.named_parameters()}
    assert {"encoder.cls_token", "mask_token", "norm.weight", "narrow.bias"} <= {
        ids[id(p)] for p in stays["params"]
    }
    assert all(ids[id(p)].endswith("weight") and p.ndim > 1 for p in decays["params"])
    assert set(ids.values()) - {ids[id(p)] for p in decays["params"] + stays["params"]} == {
        "encoder.pos_embed"
    }


def test_the_loss_falls_on_a_few_images(store: Store) -> None:
    from slipbench.trainers.encoders.pixels import pixels

    network = _network()
    batch = _images(store).training(0, 4)
    x = pixels(batch.images, 20.0, SIDE, torch.device("cpu"))
    visible = torch.from_numpy(batch.visible)
    optimizer = torch.optim.AdamW(network.groups(0.0), 2e-3, (0.9, 0.95))
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = network(x, visible)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_real_images_end_before_the_date(store: Store) -> None:
    ends = int(store.attrs["training_ends_before_day"])
    everything = real_images(store, RealImages(before=_date(ends)))
    assert len(everything) == (store.read("split") == 0).sum()
    early = real_images(store, RealImages(before=_date(ends - 30)))
    rows = np.flatnonzero(store.read("time") + 1 < ends - 30)
    assert 0 < len(rows) < len(everything)
    np.testing.assert_array_equal(early, store.read("image", rows))
    with pytest.raises(InputError, match=r"real\.before.*where the store's test days begin"):
        real_images(store, RealImages(before=_date(ends + 1)))
    with pytest.raises(InputError, match="no image before 2014-01-01"):
        real_images(store, RealImages(before="2014-01-01"))


def _date(day: int) -> object:
    return np.datetime64(day, "D").astype(object)


def test_measured_images_take_their_share(store: Store) -> None:
    real = real_images(store, RealImages(before=_date(int(store.attrs["training_ends_before_day"]))))
    known = {image.tobytes() for image in real}

    def measured(share: float, step: int) -> int:
        images = _images(store, real=real, share=share)
        assert not any(i.tobytes() in known for i in images.validation(4).images)
        return sum(image.tobytes() in known for image in images.training(step, 8).images)

    assert measured(1.0, 0) == 8
    assert 20 <= sum(measured(0.5, step) for step in range(10)) <= 60
    assert sum(image.tobytes() in known for image in _images(store).training(0, 8).images) == 0
