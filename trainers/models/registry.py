"""The registry of networks. A network is one file here that registers a ``torch.nn.Module``."""

from slipbench.datasets.registry import Registry

#: Each entry: ``Options`` (with ``model: Literal["<name>"]``), ``array`` (store array that it reads),
#: and ``__init__(options, shape, n_outputs)`` with the array's row shape.
MODELS: Registry[type] = Registry("network", "slipbench.trainers.models")
