"""The untrained module of a network for a store."""

from typing import Any

from slipbench.datasets.store.reader import Store
from slipbench.trainers.data import Content
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.module import Regression


def fresh_module(options: Any, store: Store, found: Content, **training: float) -> Regression:
    """A module with its first weights, drawn from torch's global generator.

    Parameters
    ----------
    options : Options
        Of the network.
    store : Store
        Sealed store that it will be trained on.
    found : Content
        What `data.content` says of it.
    **training
        ``learning_rate`` and ``weight_decay`` of `Regression`.
    """
    module = Regression(
        model=options.model_dump(mode="json"),
        network_version=MODELS.info(options.model).version,
        shape=found.shape,
        targets=found.targets,
        statistics=found.statistics,
        dataset_hash=store.dataset_hash,
        **training,
    )
    module.place(found.static, learn=True)
    return module
