"""The network and its checkpoint, in the TabPFN package's architecture and format (Hollmann et al. 2025)."""

import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.quiet import silence_dependencies
from slipbench.trainers.pfn.checkpoint import ABOUT
from slipbench.trainers.pfn.options import NetworkOptions, PretrainOptions
from slipbench.trainers.pfn.tasks import draw_tasks

ARCHITECTURE = "tabpfn_v2"
#: Batches whose targets give the borders of the bars; their numbers lie beyond those of any training.
_BORDER_STEPS = range(1 << 40, (1 << 40) + 64)
#: Batches that the first read-out is fitted to.
_READ_OUT_STEPS = _BORDER_STEPS[:32]
_NARROWEST = 1e-3
#: Factor on the queries of new attention between rows: how much more like cells count than others.
_SHARPNESS = 3.0


def network_config(options: NetworkOptions) -> dict[str, Any]:
    """Options of the package's architecture."""
    return {
        "emsize": options.width,
        "nlayers": options.layers,
        "nhead": options.heads,
        "features_per_group": 2,
        "max_num_classes": 0,  # the package takes 0 as "a regressor": outputs are the buckets
        "num_buckets": options.buckets,
        "seed": 0,
    }


def new_network(options: NetworkOptions) -> Any:
    """The package's module with weights drawn from torch's global generator, see `_open`.

    Called as ``network(x, y)`` with x (rows, tasks, features) and y (context rows, tasks) it gives the logits
    of the bars for the other rows, (queries, tasks, buckets).
    """
    silence_dependencies()
    from tabpfn.architectures import ARCHITECTURES

    module = ARCHITECTURES[ARCHITECTURE]
    config, _ = module.parse_config(network_config(options))
    network = module.get_architecture(config)
    for block in network.blocks:
        _open(block)
    return network


@torch.no_grad()
def _open(block: Any) -> None:
    """Start a block as a smoother, in place of the package's zeros behind every attention.

    From zeros nothing is passed on, between features or between rows, until both have grown: a saddle on
    which a short training stays. Here a cell starts with the mean of its row's cells and of like cells in
    its column: keys equal queries, and what is read is put back where it was.
    """
    between_features = block.per_sample_attention_between_features
    nn.init.orthogonal_(between_features.v_projection.weight)
    between_features.out_projection.weight.copy_(between_features.v_projection.weight.T)
    between_rows = block.per_column_attention_between_cells
    n, size = between_rows.num_heads, between_rows.head_dim
    # rows to predict read the first head's keys and values with every head's queries
    key = nn.init.orthogonal_(between_rows.k_projection.weight[:size].clone())
    value = nn.init.orthogonal_(between_rows.v_projection.weight[:size].clone())
    between_rows.k_projection.weight.copy_(key.repeat(n, 1))
    between_rows.q_projection.weight.lerp_(key.repeat(n, 1), 0.8).mul_(_SHARPNESS)
    between_rows.v_projection.weight.copy_(value.repeat(n, 1))
    between_rows.out_projection.weight.copy_(value.T.repeat(1, n) / n)


@torch.no_grad()
def fit_read_out(network: Any, options: PretrainOptions, borders: torch.Tensor) -> None:
    """Set the last layers to the normal distribution that linear regression on the embeddings predicts.

    With m the regression's mean and s its residual spread, the logit of a bar at c is
    ``c m / s^2 - c^2 / (2 s^2)`` plus the logarithm of its width: linear in the embedding.
    ``gelu(a) - gelu(-a) = a`` carries m through the hidden layer; its other units start without effect.
    """
    first, _, last = network.output_projection
    device = first.weight.device
    embedded, targets = [], []
    for step in _READ_OUT_STEPS:
        tasks = draw_tasks(options.tasks, options.seed, step)
        network.seed = step  # new embeddings of the columns, as in every step of the training
        y = tasks.y.to(device)
        out = network(tasks.x.to(device), y[: tasks.n_context], only_return_standard_out=False)
        embedded.append(out["test_embeddings"].flatten(0, 1).double())
        targets.append(y[tasks.n_context :].flatten().double())
    e, y = torch.cat(embedded), torch.cat(targets)
    centre, mean = e.mean(0), y.mean()
    ridge = 1e-3 * len(e) * torch.eye(e.shape[1], dtype=e.dtype, device=device)
    weights = torch.linalg.solve((e - centre).T @ (e - centre) + ridge, (e - centre).T @ (y - mean))
    offset = mean - weights @ centre
    variance = (y - e @ weights - offset).square().mean()
    bars = ((borders[1:] + borders[:-1]) / 2).double().to(device)
    widths = borders.diff().double().to(device)
    sign = torch.tensor([1.0, -1.0], dtype=e.dtype, device=device)
    first.weight[:2], first.bias[:2] = sign[:, None] * weights, sign * offset
    last.weight.zero_()
    last.weight[:, :2] = bars[:, None] / variance * sign
    last.bias.copy_(widths.log() - bars.square() / (2 * variance))


def new_borders(options: PretrainOptions) -> torch.Tensor:
    """Borders between the bars, (buckets + 1,) float32, in spreads of the context's targets; symmetric.

    Bars are equally likely under the targets of the prior and their mirror images. The outermost bars are
    half-normal tails, half of whose mass lies within the bar's width, so that width holds half a bar's share.
    """
    n = options.network.buckets
    y = torch.cat([draw_tasks(options.tasks, options.seed, step).query.flatten() for step in _BORDER_STEPS])
    levels = np.concatenate([[0.5], np.arange(1, n), [n - 0.5]]) / n
    edges = np.quantile(np.concatenate([y, -y]).astype(np.float64), levels)
    widths = np.maximum(np.diff(edges), _NARROWEST)
    edges = np.concatenate([[0], np.cumsum(widths)])
    return torch.from_numpy((edges - edges[-1] / 2).astype(np.float32))


def new_bars(borders: torch.Tensor) -> Any:
    """The package's distribution over bars; called with logits and targets: the negative log density."""
    silence_dependencies()
    from tabpfn.architectures.shared.bar_distribution import FullSupportBarDistribution

    return FullSupportBarDistribution(borders)


def write_checkpoint(
    path: Path, options: PretrainOptions, network: Any, borders: torch.Tensor, about: dict[str, Any]
) -> None:
    """Write the file that ``TabPFNRegressor(model_path=...)`` loads.

    Parameters
    ----------
    path : Path
        The file. Equal contents give equal bytes, whatever it is called.
    options : PretrainOptions
        Of the pre-training.
    network : module
        From `new_network`.
    borders : (buckets + 1,) tensor
        From `new_borders`.
    about : dict
        Plain values that say how the weights came about; the package ignores them.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    state["criterion.borders"] = borders.cpu()
    state["criterion.losses_per_bucket"] = torch.zeros(len(borders) - 1)
    content = {
        "state_dict": state,
        "config": network_config(options.network),
        "architecture_name": ARCHITECTURE,
        "inference_config": _inference(options),
        ABOUT: about,
    }
    # Saved to a file, torch puts the file's name into the archive.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomic(path, buffer.getvalue())


def _inference(options: PretrainOptions) -> dict[str, Any]:
    """How the package prepares tables for these weights: as the prior's tables are, and no wider.

    Half of the estimators see the columns as they are, half with their distributions made normal. Neither
    fingerprints nor singular vectors are added: training has seen none.
    """
    from tabpfn.inference_config import InferenceConfig
    from tabpfn.preprocessing import PreprocessorConfig

    widest = 2 * options.tasks.features[1]
    transforms: list[Any] = [
        PreprocessorConfig(name, categorical_name="numeric", max_features_per_estimator=widest)
        for name in ("none", "quantile_norm_coarse")
    ]
    return asdict(
        InferenceConfig(
            PREPROCESS_TRANSFORMS=transforms,
            SOFTMAX_TEMPERATURE=1.0,
            FINGERPRINT_FEATURE=False,
            REGRESSION_Y_PREPROCESS_TRANSFORMS=(None,),
            MAX_NUMBER_OF_FEATURES=options.max_features,
            MAX_NUMBER_OF_SAMPLES=options.max_rows,
        )
    )
