import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from slipbench.trainers.models.img import Img, ImgOptions
from slipbench.trainers.models.its import AdditiveAttention, Its, ItsOptions

SHAPE = (15, 76, 36, 2)


@pytest.fixture(scope="module")
def full() -> Its:
    """Not dropping, and normalised by each batch: the running statistics of a fresh network mean nothing."""
    torch.manual_seed(0)
    return Its(ItsOptions(dropout=0), SHAPE, 3).train()


def test_the_extractor_is_that_of_img(full: Its) -> None:
    image = Img(ImgOptions(), SHAPE[1:], 3).train()
    image.extractor.load_state_dict(full.extractor.state_dict())
    x = torch.randn(2, *SHAPE)
    with torch.inference_mode():
        features = full.features(x)
        assert features.shape == (2, 15, 320)
        assert features.std() > 0.1
        wanted = image.features(x.flatten(0, 1)).unflatten(0, (2, 15))
        torch.testing.assert_close(features, wanted, rtol=1e-4, atol=1e-5)


def test_parameters_are_counted_by_hand(full: Its) -> None:
    extractor = sum(p.numel() for p in Img(ImgOptions(), SHAPE[1:], 3).extractor.parameters())
    attention = 320 * 32 + 32 + 320 * 32 + 32
    assert sum(p.numel() for p in full.parameters()) == extractor + 15 * 320 + attention + 320 * 3 + 3


def by_hand(layer: AdditiveAttention, x: Tensor) -> Tensor:
    """Scores one by one."""
    steps = x.shape[1]
    out = torch.empty_like(x)
    for b in range(len(x)):
        for t in range(steps):
            scores = [
                layer.score.weight[0]
                @ torch.tanh(layer.query.weight @ x[b, t] + layer.query.bias + layer.key.weight @ x[b, other])
                for other in range(steps)
            ]
            share = torch.stack(scores).exp()
            share = share / share.sum()
            out[b, t] = sum(share[k] * x[b, k] for k in range(steps))
    return out


@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 4), st.integers(0, 99))
def test_additive_attention(steps: int, n_features: int, units: int, seed: int) -> None:
    torch.manual_seed(seed)
    layer = AdditiveAttention(n_features, units).double()
    x = torch.randn(2, steps, n_features, dtype=torch.float64)
    with torch.no_grad():
        weights = layer.weights(x)
        assert weights.shape == (2, steps, steps)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, steps, dtype=torch.float64))
        torch.testing.assert_close(layer(x), by_hand(layer, x))


def test_the_order_of_frames_matters_through_their_positions_alone(full: Its) -> None:
    x = torch.randn(2, *SHAPE)
    order = torch.randperm(15)
    with torch.inference_mode():
        assert not torch.allclose(full(x[:, order]), full(x), rtol=2e-2, atol=1e-3)
        kept = full.position.data.clone()
        full.position.data.zero_()
        torch.testing.assert_close(full(x[:, order]), full(x), rtol=2e-3, atol=1e-4)
        full.position.data.copy_(kept)


def test_weights_start_xavier_uniform(full: Its) -> None:
    known = {
        "attention.query": (full.attention.query.weight, 320 + 32),
        "attention.key": (full.attention.key.weight, 320 + 32),
        "position": (full.position, 15 + 320),
        "head": (full.head[1].weight, 320 + 3),
    }
    for name, (weight, fans) in known.items():
        bound = math.sqrt(6 / fans)
        assert weight.abs().max() <= bound, name
        n = weight.numel()
        assert weight.square().mean().item() == pytest.approx(bound**2 / 3, rel=5 * math.sqrt(0.8 / n)), name
    assert not full.attention.query.bias.any()


def test_two_dropouts_of_one_half() -> None:
    network = Its(ItsOptions(width=0.1), SHAPE, 3)
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout | nn.Dropout1d)] == [0.5, 0.5]


def test_training_sees_on_average_what_prediction_sees() -> None:
    """Fails where single frames are dropped: the largest doubled value is twice the largest value."""
    torch.manual_seed(0)
    network = Its(ItsOptions(width=0.1), SHAPE, 3)
    features = 1 + torch.rand(1, SHAPE[0], network.n_features)
    with torch.inference_mode():
        network.eval()
        wanted = network.pooled(features)
        network.train()
        draws = network.pooled(features.expand(4000, -1, -1))
    torch.testing.assert_close(draws.mean(0, keepdim=True), wanted, rtol=0.1, atol=0.0)
    assert (draws == 0).float().mean().item() == pytest.approx(0.5, abs=0.01)
