"""ITS: IMG's extractor on every frame of an image series, attention over the frames (science S1)."""

import math
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.trainers.models.img import extractor, start_xavier
from slipbench.trainers.models.registry import MODELS, Network, TakeOver


class ItsOptions(Options):
    """Options of ITS."""

    model: Literal["its"] = Field("its", description="this network")
    width: float = Field(1.0, gt=0, le=4, description="factor on the extractor's channels (1: as published)")
    units: int = Field(32, ge=1, description="hidden units of the additive attention")
    dropout: float = Field(
        0.5, ge=0, lt=1, description="share dropped in training, after attention and pooling"
    )


class AdditiveAttention(nn.Module):
    """Self-attention whose scores come from a sum (Bahdanau et al. 2015), as in Mousavi et al. (2020).

    ``score(t, t') = v . tanh(Wq x_t + Wk x_t' + b)``, a softmax over t', and the mean of ``x_t'`` with these
    weights. With Wq and Wk the identity this is Keras's ``AdditiveAttention``. A constant added to all
    scores (theirs has one) does not change a softmax and is left out.

    Parameters
    ----------
    n_features : int
        Length of ``x_t``.
    units : int
        Length of the sum.
    """

    def __init__(self, n_features: int, units: int) -> None:
        super().__init__()
        self.query = nn.Linear(n_features, units, bias=True)
        self.key = nn.Linear(n_features, units, bias=False)
        self.score = nn.Linear(units, 1, bias=False)

    def weights(self, x: Tensor) -> Tensor:
        """Weights (batch, t, t') of x (batch, t', n_features); each row sums to 1."""
        both = self.query(x).unsqueeze(2) + self.key(x).unsqueeze(1)
        return self.score(both.tanh()).squeeze(-1).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time, n_features) to the same shape."""
        return self.weights(x) @ x


@MODELS.register(
    Info(
        name="its",
        task="source",
        summary="IMG's features of daily images, learned positions, additive self-attention, largest kept",
        reference="Costantino et al. 2023; Mousavi et al. 2020",
        licence="Apache-2.0",
        version=3,
    )
)
class Its(Network):
    """The extractor of `Img` on every frame, positional embedding, one self-attention layer, dense layer.

    A frame holds *positions* (document section 2.2.3), referred to the series' own zero: neither the mean
    before the event nor the first frame is subtracted. The extractor that it starts from was trained on
    differences of positions; the document does the same ("evolve from weights already learned by IMG").
    The document speaks of a Transformer with one global self-attention and names no other part of it, so
    there is no residual path, normalisation or feed-forward layer around the attention.

    Dropout of 0.5 follows the attention, global max pooling over time, dropout of 0.5 and one dense layer.
    The first dropout takes a feature from all frames at once, as in van den Ende and Ampuero (2020), to whose
    section the document refers there. Taken from single frames, the largest of 15 doubled values nearly
    always survives: training would see twice the features that prediction sees, and it never recovers.
    All weights, also the positional embedding, start Xavier-uniform, biases at zero.

    Parameters
    ----------
    options : ItsOptions
        Width, attention units and dropout.
    shape : tuple of int
        Row shape of the array: (frames, rows, columns, components).
    n_outputs : int
        Number of regressed targets.
    """

    Options = ItsOptions
    array = "its"
    takes_over = {"img": TakeOver(parts=("extractor",), same=("width",))}  # noqa: RUF012 (declared ClassVar)

    def __init__(self, options: ItsOptions, shape: tuple[int, ...], n_outputs: int) -> None:
        super().__init__(options, shape, n_outputs)
        frames, _, _, components = shape
        self.extractor, self.n_features = extractor(components, options.width)
        self.position = nn.Parameter(torch.empty(frames, self.n_features))
        self.attention = AdditiveAttention(self.n_features, options.units)
        self.dropout = nn.Dropout1d(options.dropout)
        self.head = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(self.n_features, n_outputs))
        start_xavier(self)
        bound = math.sqrt(6 / (frames + self.n_features))
        nn.init.uniform_(self.position, -bound, bound)

    def features(self, x: Tensor) -> Tensor:
        """Pooled features (batch, frame, n_features) of frames (batch, frame, row, column, component)."""
        images = x.flatten(0, 1).permute(0, 3, 1, 2)  # channels-last memory as it is stored: no copy
        return self.extractor(images).mean(dim=(2, 3)).unflatten(0, x.shape[:2])

    def forward(self, x: Tensor, *static: Tensor) -> Tensor:
        """Map frames (batch, frame, row, column, component) to scaled targets (batch, n_outputs)."""
        return self.head(self.pooled(self.features(x) + self.position))

    def pooled(self, x: Tensor) -> Tensor:
        """Largest attended features (batch, n_features) of features (batch, frame, n_features)."""
        return self.dropout(self.attention(x).transpose(1, 2)).amax(2)
