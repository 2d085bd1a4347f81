"""Images and masks of masked pre-training: those of a step follow from the seed and its number alone."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import SPLITS, Store
from slipbench.datasets.synthesis.nowcast_images import NowcastImages
from slipbench.trainers.mae_options import RealImages

_TRAINING, _VALIDATION = 0, 1


@dataclass(frozen=True)
class Batch:
    """Images (n, rows, columns, 3) in mm, and the numbers (n, k) of the patches that are not masked."""

    images: np.ndarray
    visible: np.ndarray


@dataclass(frozen=True)
class Images:
    """Makes batches.

    Parameters
    ----------
    made : NowcastImages
        The made images.
    real : ndarray, shape (m, rows, columns, 3), or None
        The measured ones that may be used.
    share : float
        Of measured images in a training batch; validation images are made ones.
    patches, visible : int
        Patches of an image, and how many of them the encoder sees.
    seed : int
        Root of all random numbers.
    """

    made: NowcastImages
    real: np.ndarray | None
    share: float
    patches: int
    visible: int
    seed: int

    def training(self, step: int, n: int) -> Batch:
        """`n` images of a training step."""
        rng = self._rng(_TRAINING, step)
        measured = 0 if self.real is None else int(rng.binomial(n, self.share))
        images = self.made.draw(n - measured, rng) if measured < n else None
        if self.real is not None and measured:
            some = self.real[rng.integers(len(self.real), size=measured)]
            images = some if images is None else np.concatenate([images, some])
        assert images is not None
        return Batch(images, self._unmasked(n, rng))

    def validation(self, n: int) -> Batch:
        """`n` images that no training step has."""
        rng = self._rng(_VALIDATION, 0)
        return Batch(self.made.draw(n, rng), self._unmasked(n, rng))

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(self.seed, spawn_key=stream)))

    def _unmasked(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Each image's own patches, without regard to where they are."""
        return np.sort(rng.random((n, self.patches)).argsort(axis=1)[:, : self.visible], axis=1)


def real_images(store: Store, options: RealImages) -> np.ndarray:
    """Images of the store's training rows all of whose days come before ``options.before``.

    Returns
    -------
    ndarray, shape (m, rows, columns, 3), float32, mm

    Raises
    ------
    InputError
        When ``before`` lies beyond the training period, or no image before it.
    """
    before = int(np.datetime64(options.before, "D").astype(int))
    ends = int(store.attrs["training_ends_before_day"])
    if before > ends:
        raise InputError(
            "real.before",
            options.before.isoformat(),
            f"{np.datetime64(ends, 'D')} or earlier, where the store's test days begin",
            "choose an earlier day",
        )
    last_day = store.read("time") + store.attrs["feature_reach_days"]
    rows = np.flatnonzero((store.read("split") == SPLITS["train"]) & (last_day < before))
    if not len(rows):
        raise InputError(
            "real.before",
            f"no image before {options.before.isoformat()}",
            "one or more",
            "choose a later day or drop real",
        )
    return store.read("image", rows)


def ahead(make: Callable[[int], Batch], steps: Iterable[int], workers: int) -> Iterator[Batch]:
    """``make(step)`` of every step in order, made by `workers` threads ahead of time."""
    if not workers:
        yield from map(make, steps)
        return
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for step in steps:
            waiting.append(pool.submit(make, step))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
