"""The network and its checkpoint, in the TabPFN package's architecture and format (Hollmann et al. 2025)."""

import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.quiet import silence_dependencies
from slipbench.trainers.pfn.checkpoint import ABOUT
from slipbench.trainers.pfn.options import NetworkOptions, PretrainOptions
from slipbench.trainers.pfn.tasks import draw_tasks

ARCHITECTURE = "tabpfn_v2"
#: Batches whose targets give the borders of the bars; their numbers lie beyond those of any training.
_BORDER_STEPS = range(1 << 40, (1 << 40) + 64)
_NARROWEST = 1e-3


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
    """The package's module with weights drawn from torch's global generator.

    Called as ``network(x, y)`` with x (rows, tasks, features) and y (context rows, tasks) it gives the logits
    of the bars for the other rows, (queries, tasks, buckets).
    """
    silence_dependencies()
    from tabpfn.architectures import ARCHITECTURES

    module = ARCHITECTURES[ARCHITECTURE]
    config, _ = module.parse_config(network_config(options))
    return module.get_architecture(config)


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
