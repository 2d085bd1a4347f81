"""The registry of decoders. A decoder is one file here that registers a `Decoder`."""

from slipbench.benchmarks.decoders.base import Decoder
from slipbench.datasets.registry import Registry

#: ``DECODERS.union("decoder")`` is the type of "the options of any decoder" in a suite's options.
DECODERS: Registry[type[Decoder]] = Registry("decoder", "slipbench.benchmarks.decoders")
