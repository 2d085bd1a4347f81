"""What every image encoder offers: images in, one row of features each out, nothing learnt from them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info

#: ``progress(images done, images in all)``
Progress = Callable[[int, int], None]


class Encoder(ABC):
    """A frozen network that turns images into feature rows.

    Nothing is fitted to the images, so encoding before rows are divided leaks nothing.

    Parameters
    ----------
    options : Options
        Validated options, an instance of the class attribute `Options`.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[Options]]

    def __init__(self, options: Any) -> None:
        self.options = options

    @abstractmethod
    def check(self) -> None:
        """Raise InputError for wrong names and missing weights; loads and downloads nothing."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Everything that decides the features (plain values; no paths), with ``weights_sha256``."""

    @property
    def seen_before(self) -> float:
        """Days since 1970-01-01: measured images of the days before were used in its pre-training."""
        return -math.inf

    @cached_property
    @abstractmethod
    def width(self) -> int:
        """Number of features of an image."""

    @abstractmethod
    def encode(self, images: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """Features of images.

        Parameters
        ----------
        images : ndarray, shape (n, height, width, 3)
            Displacement east, north, up in mm.
        progress : callable, optional
            Called after every batch.

        Returns
        -------
        ndarray, shape (n, `width`), float32
        """


def check_images(where: object, shape: tuple[int, ...]) -> None:
    """Raise InputError unless `shape` is (n, height, width, 3)."""
    if len(shape) != 4 or shape[-1] != 3 or 0 in shape[1:]:
        raise InputError(
            where,
            f"shape {tuple(shape)} is no stack of images",
            "shape (samples, height, width, 3)",
            "name an array of three-component images",
        )
