"""The registry of encoders. An encoder is one file here that registers an `Encoder`."""

from slipbench.datasets.registry import Registry
from slipbench.trainers.encoders.base import Encoder

ENCODERS: Registry[type[Encoder]] = Registry("encoder", "slipbench.trainers.encoders")
