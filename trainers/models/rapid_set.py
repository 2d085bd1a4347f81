"""Rapid set: attention of latents to what any stations know at one second, and a mixture of normals."""

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

#: Powers of ten by which ruptures grow over a range of four magnitudes: half of one for each.
_GROWTH = 2.0


class RapidSetOptions(Options):
    """Options of the rapid set."""

    model: Literal["rapid_set"] = Field("rapid_set", description="this network")
    width: int = Field(64, ge=8, multiple_of=8, description="features of a station and of a latent")
    latents: int = Field(8, ge=1, description="latents that gather what the stations say")
    rounds: int = Field(2, ge=1, description="times that the latents look at the stations")
    heads: int = Field(4, ge=1, description="heads of attention; a divisor of width")
    components: int = Field(4, ge=1, description="normal components of the predicted mixture, of the latents")
    dropout: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="most stations left out of a training sample; the share is drawn for each",
    )


@MODELS.register(
    Info(
        name="rapid_set",
        task="rapid",
        summary="attention of latents to the features of any stations at one second, mixture of normals",
        reference="Jaegle et al. 2021 (Perceiver); Lee et al. 2019; Bishop 1994",
        licence="Apache-2.0",
        limits="hypocentre and origin time must be known",
    )
)
class RapidSet(MixtureNetwork):
    """Predicts a distribution of centroid and magnitude from a snapshot of any stations.

    Each station that counts makes a token; the latents look at the tokens several times, and at each other in
    between. Stations that do not count are masked: they leave no trace. The first latents each make a
    component.

    Parameters
    ----------
    options : RapidSetOptions
        Sizes.
    shape : tuple of int
        Row shape of the array: (stations, features).
    n_outputs : int
        Number of targets k. Outputs are the flat parameters of the mixture.
    """

    Options = RapidSetOptions
    array = "snapshot"
    free_axes = (0,)
    takes_gaps = True

    def __init__(self, options: RapidSetOptions, shape: tuple[int, ...], n_outputs: int) -> None:
        super().__init__(options, shape, n_outputs)
        o, self.dropout = options, options.dropout
        self.token = nn.Sequential(
            nn.Linear(shape[1], 2 * o.width),
            nn.GELU(),
            nn.Linear(2 * o.width, o.width),
            nn.GELU(),
            nn.Linear(o.width, o.width),
            nn.LayerNorm(o.width),
        )
        self.latents = nn.Parameter(0.1 * torch.randn(o.latents, o.width))
        self.nothing = nn.Parameter(torch.randn(o.width))
        self.looks = nn.ModuleList(Attention(o.width, o.heads) for _ in range(o.rounds))
        self.talks = nn.ModuleList(Attention(o.width, o.heads) for _ in range(o.rounds))
        self.head = MixtureHead(o.width, min(o.components, o.latents), n_outputs, _GROWTH)

    def forward(self, x: Tensor) -> Tensor:
        """Flat parameters of the mixture of normalised features (batch, station, feature), NaN where none."""
        counts = x.isfinite().all(-1)
        if self.training and self.dropout:
            share = self.dropout * torch.rand(len(x), 1, device=x.device)
            counts = counts & (torch.rand(counts.shape, device=x.device) >= share)
        tokens = self.token(torch.where(counts[..., None], x, 0))
        tokens = torch.cat([tokens, self.nothing.to(tokens.dtype).expand(len(x), 1, -1)], 1)
        mask = functional.pad(counts, (0, 1), value=True)
        latents = self.latents.expand(len(x), -1, -1)
        for look, talk in zip(self.looks, self.talks, strict=True):
            latents = talk(look(latents, tokens, mask))
        return self.head(latents)
