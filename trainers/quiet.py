"""Lightning without its advice, and torch's global state put back after a fit."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils import deterministic as _switches

# a module whose attributes are properties, which its types do not tell
_MEMORY: Any = _switches
_LOGGERS = ("pytorch_lightning", "lightning_fabric")


def be_silent() -> None:
    """Hide Lightning's messages, tips and warnings from now on; errors still come through."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module=rf"{name}(\..*)?")


@contextmanager
def silent() -> Iterator[None]:
    """`be_silent` for a while."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    try:
        with warnings.catch_warnings():
            be_silent()
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def reproducible(deterministic: bool) -> Iterator[None]:
    """Keep the caller's random state and, where asked, allow deterministic algorithms only."""
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = _MEMORY.fill_uninitialized_memory
    with torch.random.fork_rng():
        torch.use_deterministic_algorithms(deterministic)
        # torch would write NaN to all new memory first, a tenth of an IMG step; no network reads it unwritten
        _MEMORY.fill_uninitialized_memory = False
        try:
            yield
        finally:
            _MEMORY.fill_uninitialized_memory = filled
            torch.use_deterministic_algorithms(before, warn_only=warn_only)
