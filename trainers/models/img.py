"""IMG: the MobileNetV2 feature extractor on one gridded image, pooled, with a dense head (science S1)."""

import math
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.trainers.models.registry import MODELS, Network
from slipbench.trainers.models.relu6 import Relu6

#: Channels of the first convolution at width 1.
STEM = 32
#: Sandler et al. 2018, table 2: expansion, channels at width 1, repeats, stride of the first repeat.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class ImgOptions(Options):
    """Options of IMG."""

    model: Literal["img"] = Field("img", description="this network")
    width: float = Field(1.0, gt=0, le=4, description="factor on every channel count (1: as published)")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of the pooled features dropped in training")


def scaled_channels(channels: int, width: float) -> int:
    """Channel count at a width: the nearest multiple of 8, never over 10 % below the exact product."""
    exact = channels * width
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * exact else rounded + 8


def convolution(n_in: int, n_out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Convolution without bias, padded to keep the size at stride 1, with batch normalisation."""
    return [
        nn.Conv2d(n_in, n_out, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(n_out),
    ]


def xavier_bound(layer: nn.Conv2d | nn.Linear) -> float:
    """Half-width of the uniform Xavier distribution (Glorot and Bengio 2010, eq. 16).

    Fans count the connections of one unit: 9 and 9 in a depthwise 3 x 3 convolution, where
    ``torch.nn.init.xavier_uniform_`` counts the outputs of all groups and shrinks the layer.
    """
    n_out, n_in, *kernel = layer.weight.shape
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    return math.sqrt(6 / (math.prod(kernel) * (n_in + n_out // groups)))


class Bottleneck(nn.Module):
    """Inverted residual with a linear bottleneck (Sandler et al. 2018, table 1).

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output; the input is added to the output when they agree and `stride` is 1.
    stride : int
        Stride of the depthwise convolution.
    expansion : int
        Factor from `n_in` to the channels of the depthwise convolution.
    """

    def __init__(self, n_in: int, n_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = n_in * expansion
        widen = [] if expansion == 1 else [*convolution(n_in, wide, 1), Relu6()]
        depthwise = [*convolution(wide, wide, 3, stride, groups=wide), Relu6()]
        self.body = nn.Sequential(*widen, *depthwise, *convolution(wide, n_out, 1))
        self.residual = stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, rows, columns) to (batch, n_out, rows / stride, columns / stride)."""
        return x + self.body(x) if self.residual else self.body(x)


def extractor(components: int, width: float) -> tuple[nn.Sequential, int]:
    """First convolution and seven stages, and the channels of their output (320 at width 1)."""
    channels = scaled_channels(STEM, width)
    layers: list[nn.Module] = [*convolution(components, channels, 3, stride=2), Relu6()]
    for expansion, published, repeats, first_stride in STAGES:
        n_out = scaled_channels(published, width)
        for repeat in range(repeats):
            layers.append(Bottleneck(channels, n_out, first_stride if repeat == 0 else 1, expansion))
            channels = n_out
    return nn.Sequential(*layers), channels


def start_xavier(network: nn.Module) -> None:
    """Draw all weights Xavier-uniform (Glorot and Bengio 2010) and set biases to zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.uniform_(layer.weight, -xavier_bound(layer), xavier_bound(layer))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@MODELS.register(
    Info(
        name="img",
        task="source",
        summary="MobileNetV2 features of the co-seismic displacement image, pooled, dense head",
        reference="Costantino et al. 2023; Sandler et al. 2018",
        licence="Apache-2.0",
        version=2,
    )
)
class Img(Network):
    """First convolution, seven bottleneck stages, global average pooling, dropout, dense layer.

    The closing 1 x 1 convolution to 1,280 channels of the ImageNet classifier is not part of it: the
    document lists the first convolution and the seven stages only. All weights start Xavier-uniform
    (Glorot and Bengio 2010), biases at zero.

    Parameters
    ----------
    options : ImgOptions
        Width and dropout.
    shape : tuple of int
        Row shape of the array: (rows, columns, components).
    n_outputs : int
        Number of regressed targets.
    """

    Options = ImgOptions
    array = "img"

    def __init__(self, options: ImgOptions, shape: tuple[int, ...], n_outputs: int) -> None:
        super().__init__(options, shape, n_outputs)
        _, _, components = shape
        self.extractor, self.n_features = extractor(components, options.width)
        self.head = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(self.n_features, n_outputs))
        start_xavier(self)

    def features(self, x: Tensor) -> Tensor:
        """Pooled features (batch, n_features) of normalised images (batch, rows, columns, components)."""
        # The permuted view of the stored layout already is channels-last memory: no copy.
        return self.extractor(x.permute(0, 3, 1, 2)).mean(dim=(2, 3))

    def forward(self, x: Tensor, *static: Tensor) -> Tensor:
        """Map normalised images (batch, rows, columns, components) to scaled targets (batch, n_outputs)."""
        return self.head(self.features(x))
