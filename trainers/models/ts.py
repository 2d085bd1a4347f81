"""TS: convolutions of every station's position series, the largest features of all kept (science S1)."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.trainers.models.registry import MODELS, Network

#: Feature maps of the three blocks and units of the two dense layers at width 1.
MAPS = (8, 16, 32)
UNITS = (128, 128)
#: Convolutions in a block, days under a kernel, days that one pooling step joins.
DEPTH, KERNEL, POOL = 3, 5, 4


class TsOptions(Options):
    """Options of TS."""

    model: Literal["ts"] = Field("ts", description="this network")
    width: float = Field(
        1.0, gt=0, le=8, description="factor on feature maps and dense units (1: 8, 16, 32; 128)"
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="share of the pooled features dropped in training")


def fill_gaps(x: Tensor) -> tuple[Tensor, Tensor]:
    """Fill missing days, and say which stations count.

    The event is at the centre of the window, so a step lies between its halves: a missing day gets the mean
    of the days that its station has in the same half. A station without any day in one of the halves says
    nothing about the step and does not count.

    Parameters
    ----------
    x : Tensor, shape (batch, station, day, component)
        Positions; a day counts as missing where any component is NaN.

    Returns
    -------
    tuple of Tensor
        Positions without gaps, and weights (batch, station, 1): 1 where a station counts, else 0.
    """
    centre = x.shape[2] // 2
    filled, counts = [], []
    for half in (x[:, :, :centre], x[:, :, centre:]):
        seen = half.isfinite().all(-1, keepdim=True)
        total = torch.where(seen, half, 0).sum(2, keepdim=True)
        filled.append(torch.where(seen, half, total / seen.sum(2, keepdim=True).clamp(min=1)))
        counts.append(seen.any(2))
    return torch.cat(filled, 2), (counts[0] & counts[1]).to(x.dtype)


@MODELS.register(
    Info(
        name="ts",
        task="source",
        summary="1-D convolutions of every station's positions, coordinates joined, maximum over stations",
        reference="Costantino et al. 2023; van den Ende and Ampuero 2020",
        licence="Apache-2.0",
    )
)
class Ts(Network):
    """Convolutions over days, coordinates, dense layers per station, maximum over stations, dense layer.

    Three blocks of three convolutions with ReLU, each block closed by max pooling over time; the same
    weights for every station. The largest value over the remaining days and the station's latitude and
    longitude pass two dense layers; what is left of a station that does not count (`fill_gaps`) is
    multiplied by 0 before the maximum, which is to leave it out because nothing after a ReLU is negative.
    Dropout 0.5 and one dense layer close the network. Weights start orthogonal (Saxe et al. 2014), biases at
    zero.

    Where Costantino et al. are silent, van den Ende and Ampuero (2020) decide: kernels of 5, pooling by 4,
    8, 16 and 32 feature maps (their fourth, unpooled block is not part of the document's three), maximum
    over the days that are left, two dense layers of 128. Their spatial dropout is left out. No day is
    dropped by pooling: 100, 25, 7, 2 days.

    Coordinates are scaled to (0, 1) by the smallest and largest latitude and longitude of the *training*
    stations, which are kept with the weights. The stations are those of the store that is predicted: any
    number, anywhere; outside the training network's box the scaled coordinates leave (0, 1).

    Parameters
    ----------
    options : TsOptions
        Width and dropout.
    shape : tuple of int
        Row shape of the array: (stations, days, components).
    n_outputs : int
        Number of regressed targets.
    """

    Options = TsOptions
    array = "ts"
    static = ("station_lat", "station_lon")
    free_axes = (0,)
    takes_gaps = True

    def __init__(self, options: TsOptions, shape: tuple[int, ...], n_outputs: int) -> None:
        super().__init__(options, shape, n_outputs)
        _, _, channels = shape
        layers: list[nn.Module] = []
        for maps in MAPS:
            for _ in range(DEPTH):
                n_out = max(1, round(maps * options.width))
                layers += [nn.Conv2d(channels, n_out, (1, KERNEL), padding=(0, KERNEL // 2)), nn.ReLU()]
                channels = n_out
            layers.append(nn.MaxPool2d((1, POOL), ceil_mode=True))
        # Two-dimensional kernels one station high: the stored layout (station, day, component) is
        # channels-last memory of an image, and no copy is needed.
        self.blocks = nn.Sequential(*layers)
        channels += len(self.static)
        layers = []
        for units in UNITS:
            n_out = max(1, round(units * options.width))
            layers += [nn.Linear(channels, n_out), nn.ReLU()]
            channels = n_out
        self.station = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(channels, n_outputs))
        self.low: Tensor
        self.range: Tensor
        self.register_buffer("low", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("range", torch.ones(2, dtype=torch.float64))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.orthogonal_(layer.weight)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)

    def learn_static(self, *static: Tensor) -> None:
        """Take the range of coordinates from the training stations; both arguments (station,), degrees."""
        for k, values in enumerate(static):
            low, high = values.min(), values.max()
            self.low[k] = low
            self.range[k] = high - low if high > low else 1.0

    def forward(self, x: Tensor, *static: Tensor) -> Tensor:
        """Scaled targets (batch, n_outputs).

        Parameters
        ----------
        x : Tensor, shape (batch, station, day, component)
            Normalised positions, NaN where missing.
        *static : Tensor, shape (station,)
            Latitude and longitude, degrees.
        """
        x, weight = fill_gaps(x)
        features = self.blocks(x.permute(0, 3, 1, 2)).amax(3).transpose(1, 2)  # (batch, station, maps)
        where = ((torch.stack(static, -1) - self.low) / self.range).to(features.dtype)
        joined = torch.cat([features, where.expand(len(x), -1, -1)], -1)
        return self.head((self.station(joined) * weight).amax(1))
