"""Station set: learned step filters, attention of latents to any stations, and a mixture of normals."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.trainers.attention import Attention
from slipbench.trainers.mixture_head import MixtureHead
from slipbench.trainers.mixture_network import MixtureNetwork
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.step_filters import StepFilters

#: Wavelengths of the places' Fourier features: from twice the network down, each half the one before.
WAVES = 6


class StationSetOptions(Options):
    """Options of the station set."""

    model: Literal["station_set"] = Field("station_set", description="this network")
    filters: int = Field(6, ge=1, description="step filters of a series")
    width: int = Field(64, ge=8, multiple_of=8, description="features of a station and of a latent")
    latents: int = Field(32, ge=1, description="latents that gather what the stations say")
    rounds: int = Field(3, ge=1, description="times that the latents look at the stations")
    heads: int = Field(4, ge=1, description="heads of attention; a divisor of width")
    components: int = Field(8, ge=1, description="normal components of the predicted mixture, of the latents")
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="most stations left out of a training sample; the share is drawn for each",
    )


@MODELS.register(
    Info(
        name="station_set",
        task="source",
        summary="step filters per station, attention of latents to the set of stations, mixture of normals",
        reference="Jaegle et al. 2021 (Perceiver); Lee et al. 2019; Bishop 1994",
        licence="Apache-2.0",
    )
)
class StationSet(MixtureNetwork):
    """Predicts a distribution of the targets from the positions of any set of stations.

    1. `StepFilters` measure the step at every station, exactly for any missing days.
    2. Steps are divided by the scatter of single days (the mean over the network), with and without their
       median over the stations, which is what all stations have in common. Inverse hyperbolic sines keep
       millimetres and metres apart; lengths and directions are given beside them.
    3. With the place of the station (Fourier features about the centre of the *training* network) each makes
       a token. The latents look at the tokens several times, and at each other in between; so they can find
       where the ground moved and look closer there. Stations without data are masked: they leave no trace.
    4. The first latents each make a component with a full covariance, normal but for tails of a learned
       weight; a wide one with a share of 0.001 lets no truth be impossible. Trained by the negative log
       density of the truth.

    The point is the geometric median of the first two targets (the place) and the median of each other one.

    Parameters
    ----------
    options : StationSetOptions
        Sizes.
    shape : tuple of int
        Row shape of the array: (stations, days, components).
    n_outputs : int
        Number of targets k. Outputs are the flat parameters of the mixture.
    """

    Options = StationSetOptions
    array = "ts"
    static = ("station_lat", "station_lon")
    free_axes = (0,)
    takes_gaps = True

    def __init__(self, options: StationSetOptions, shape: tuple[int, ...], n_outputs: int) -> None:
        super().__init__(options, shape, n_outputs)
        _, days, parts = shape
        o = options
        self.dropout = o.dropout
        self.filters = StepFilters(days, o.filters)
        per_filter = 2 * parts + parts + 1
        self.scale = nn.Parameter(torch.zeros(o.filters))
        self.token = nn.Sequential(
            nn.Linear(o.filters * per_filter + 1 + 2 + 4 * WAVES, o.width),
            nn.GELU(),
            nn.Linear(o.width, o.width),
            nn.LayerNorm(o.width),
        )
        self.latents = nn.Parameter(0.1 * torch.randn(o.latents, o.width))
        self.nothing = nn.Parameter(torch.randn(o.width))
        self.looks = nn.ModuleList(Attention(o.width, o.heads) for _ in range(o.rounds))
        self.talks = nn.ModuleList(Attention(o.width, o.heads) for _ in range(o.rounds))
        self.head = MixtureHead(o.width, min(o.components, o.latents), n_outputs)
        self.centre: Tensor
        self.extent: Tensor
        self.register_buffer("centre", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("extent", torch.ones((), dtype=torch.float64))

    def learn_static(self, *static: Tensor) -> None:
        """Take the centre and the extent of the training network; arguments (station,), degrees."""
        self.centre.copy_(torch.stack([v.mean() for v in static]))
        where = self._flat(*static)
        self.extent.copy_(where.abs().max().clamp(min=1e-3))

    def _flat(self, lat: Tensor, lon: Tensor) -> Tensor:
        """North and east of the centre (station, 2), degrees of a great circle."""
        lift = torch.cos(torch.deg2rad(self.centre[0]))
        return torch.stack([lat - self.centre[0], (lon - self.centre[1]) * lift], -1)

    def _places(self, static: tuple[Tensor, ...]) -> Tensor:
        """Features (station, 2 + 4 waves) of the stations' places."""
        where = self._flat(*static) / self.extent
        phase = torch.pi / 2 * 2.0 ** torch.arange(WAVES, device=where.device) * where[..., None]
        return torch.cat([where, phase.sin().flatten(1), phase.cos().flatten(1)], -1)

    def _features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What the series say (batch, station, features), and which stations count."""
        steps, counts, scatter = self.filters(x)
        if self.training and self.dropout:
            share = self.dropout * torch.rand(len(x), 1, device=x.device)
            counts = counts & (torch.rand(counts.shape, device=x.device) >= share)
        known = counts[..., None] & scatter.isfinite()
        count = known.sum(1)
        unit = torch.where(known, scatter, 0).sum(1) / count.clamp(min=1)
        unit = torch.where(unit > 0, unit, 1)  # (batch, component)
        scaled = steps / unit[:, None, :, None] * self.scale.exp()
        common = torch.where(counts[..., None, None], scaled, torch.nan).nanmedian(1, keepdim=True).values
        apart = torch.where(counts[..., None, None], scaled - common, 0)
        size = apart.square().sum(2, keepdim=True).add(1e-12).sqrt()
        own = torch.where(known, (scatter / unit[:, None]).clamp(min=1e-6).log(), 0).mean(-1, keepdim=True)
        parts = [scaled.asinh(), apart.asinh(), apart / (1 + size), size.log1p()]
        return torch.cat([torch.cat(parts, 2).flatten(2), own], -1), counts

    def forward(self, x: Tensor, *static: Tensor) -> Tensor:
        """Flat parameters of the mixture (batch, components (1 + tails + k + k (k + 1) / 2)).

        Parameters
        ----------
        x : Tensor, shape (batch, station, day, component)
            Normalised positions, NaN where missing.
        *static : Tensor, shape (station,)
            Latitude and longitude, degrees.
        """
        with torch.autocast(x.device.type, enabled=False):  # half precision would round millimetres away
            features, counts = self._features(x)
        places = self._places(static).to(features.dtype).expand(len(x), -1, -1)
        tokens = self.token(torch.cat([features, places], -1))
        tokens = torch.cat([tokens, self.nothing.to(tokens.dtype).expand(len(x), 1, -1)], 1)
        mask = functional.pad(counts, (0, 1), value=True)
        latents = self.latents.expand(len(x), -1, -1)
        for look, talk in zip(self.looks, self.talks, strict=True):
            latents = talk(look(latents, tokens, mask))
        return self.head(latents)
