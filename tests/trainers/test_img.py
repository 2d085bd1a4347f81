import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from slipbench.trainers.models.img import STAGES, Bottleneck, Img, ImgOptions, scaled_channels


@pytest.fixture(scope="module")
def full() -> Img:
    torch.manual_seed(0)
    return Img(ImgOptions(), (76, 36, 2), 3)


def test_published_size_gives_three_outputs_and_a_six_pixel_map(full: Img) -> None:
    x = torch.randn(2, 76, 36, 2)
    full.eval()
    with torch.inference_mode():
        assert full(x).shape == (2, 3)
        assert full.features(x).shape == (2, 320)
        assert full.extractor(x.permute(0, 3, 1, 2)).shape == (2, 320, 3, 2)


def expected_parameters(components: int, n_outputs: int) -> int:
    """Count from the published table: convolutions without bias, two numbers a channel for each norm."""
    total, n_in = 9 * components * 32 + 2 * 32, 32
    for expansion, n_out, repeats, _ in STAGES:
        for _ in range(repeats):
            wide = n_in * expansion
            total += (n_in * wide + 2 * wide) * (expansion > 1) + 9 * wide + 2 * wide
            total += wide * n_out + 2 * n_out
            n_in = n_out
    return total + n_in * n_outputs + n_outputs


def test_parameters_are_those_of_mobilenet_v2_without_its_classifier(full: Img) -> None:
    counted = sum(p.numel() for p in full.parameters())
    assert counted == expected_parameters(2, 3)
    # torchvision's extractor (2,223,872) has three input channels and a closing 320 -> 1280 convolution.
    assert counted - 3 * 321 + 9 * 32 + 320 * 1280 + 2 * 1280 == 2_223_872


def test_same_layers_as_the_reference_implementation(full: Img) -> None:
    reference = pytest.importorskip("torchvision").models.mobilenet_v2(weights=None).features

    def layers(network: nn.Module) -> list[tuple]:
        kinds = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        return [(m.out_channels, m.kernel_size, m.stride, m.groups) for m in kinds]

    assert layers(full.extractor) == layers(reference)[:-1]
    norms = [m.num_features for m in full.extractor.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms == [m.num_features for m in reference.modules() if isinstance(m, nn.BatchNorm2d)][:-1]
    residual = [m.residual for m in full.extractor.modules() if isinstance(m, Bottleneck)]
    assert residual == [m.use_res_connect for m in reference.modules() if hasattr(m, "use_res_connect")]


def test_same_values_as_the_reference_implementation(full: Img) -> None:
    reference = pytest.importorskip("torchvision").models.mobilenet_v2(weights=None).features[:-1]
    ours = [m for m in full.extractor.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    theirs = [m for m in reference.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    theirs[0].weight = nn.Parameter(torch.zeros(32, 2, 3, 3))
    for mine, other in zip(ours, theirs, strict=True):
        other.load_state_dict(mine.state_dict())
    x = torch.randn(2, 76, 36, 2)
    full.eval(), reference.eval()
    with torch.inference_mode():
        wanted = reference(x.permute(0, 3, 1, 2)).mean(dim=(2, 3))
        torch.testing.assert_close(full.features(x), wanted)


def test_strides_of_the_stages(full: Img) -> None:
    strides = [m.body[-5].stride[0] for m in full.extractor.modules() if isinstance(m, Bottleneck)]
    assert strides == [s if r == 0 else 1 for _, _, n, s in STAGES for r in range(n)]
    assert math.prod(strides) * 2 == 32


def test_weights_start_xavier_uniform_and_biases_at_zero(full: Img) -> None:
    for layer in full.modules():
        if isinstance(layer, nn.Conv2d):
            fan_in = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
            fan_out = layer.out_channels // layer.groups * math.prod(layer.kernel_size)
        elif isinstance(layer, nn.Linear):
            fan_in, fan_out = layer.in_features, layer.out_features
            assert not layer.bias.any()
        else:
            continue
        bound = math.sqrt(6 / (fan_in + fan_out))
        weight = layer.weight.detach()
        assert weight.abs().max() <= bound
        # U(-b, b) has mean square b^2 / 3; estimated from n values its relative error is sqrt(0.8 / n).
        assert weight.square().mean() == pytest.approx(bound**2 / 3, rel=5 * math.sqrt(0.8 / weight.numel()))


@given(st.integers(1, 400), st.floats(0.05, 4))
def test_scaled_channels_are_multiples_of_eight_and_not_much_below(channels: int, width: float) -> None:
    scaled = scaled_channels(channels, width)
    assert scaled % 8 == 0
    assert scaled >= 0.9 * channels * width
    assert scaled <= max(8, 1.1 * channels * width + 8)


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(1)
    network = Img(ImgOptions(width=0.1, dropout=0.5), (12, 8, 2), 3).train()
    features = torch.ones(4000, network.n_features)
    dropped = (network.head[0](features) == 0).float().mean()
    assert dropped == pytest.approx(0.5, abs=0.02)
    assert (network.eval().head[0](features) == 1).all()


def test_it_overfits_32_samples() -> None:
    torch.manual_seed(2)
    network = Img(ImgOptions(width=0.25, dropout=0.0), (24, 16, 2), 3)
    x, y = torch.randn(32, 24, 16, 2), torch.rand(32, 3)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(120):
        loss = nn.functional.mse_loss(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05 * y.var().item()
