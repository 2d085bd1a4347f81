"""Where and how much the ground moved most: a ridge regression on the peak of the image."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class PeakOptions(Options):
    """Options of the regression."""

    baseline: Literal["peak"] = "peak"
    array: str = Field("img", description="image array, components east and north first")
    alpha: float = Field(1.0, ge=0, description="ridge penalty on the standardised features")


def peak_features(images: np.ndarray) -> np.ndarray:
    """Features of the pixel with the largest horizontal displacement.

    Parameters
    ----------
    images : ndarray, shape (n, rows, columns, c)
        Displacement; components 0 and 1 are east and north.

    Returns
    -------
    ndarray, shape (n, 6)
        Row and column of the pixel, its direction of motion (east and north cosine), log10 of its
        amplitude, log10 of the root mean square amplitude of the image.
    """
    n, _, columns, _ = images.shape
    horizontal = np.nan_to_num(np.asarray(images[..., :2], np.float64)).reshape(n, -1, 2)
    power = (horizontal**2).sum(axis=2)
    pixel = power.argmax(axis=1)
    # an image of zeros has no direction: the floor keeps it finite and its amplitude tiny
    floor = np.finfo(np.float32).tiny
    peak = np.sqrt(np.maximum(power[np.arange(n), pixel], floor))
    rms = np.sqrt(np.maximum(power.mean(axis=1), floor))
    direction = horizontal[np.arange(n), pixel] / peak[:, None]
    return np.column_stack([pixel // columns, pixel % columns, direction, np.log10(peak), np.log10(rms)])


@BASELINES.register(
    Info(
        "peak",
        "source",
        "ridge regression on place, direction and size of the largest displacement",
        "amplitude grows with 10^(1.5 Mw), Aki and Richards 2002",
        "BSD-3-Clause",
    )
)
class Peak(Baseline):
    """Linear in the peak's pixel, direction and log amplitude; fitted on the training rows."""

    Options = PeakOptions

    def unusable(self, store: Store) -> str:
        """It needs images."""
        return "" if self.options.array in store.names else f"the store holds no '{self.options.array}'"

    def _features(self, store: Store, rows: np.ndarray) -> np.ndarray:
        """Features of ascending `rows`, read shard by shard: the images need not fit into memory."""
        parts = []
        for shard, (images,) in store.shards(self.options.array):
            wanted = rows[(rows >= shard.start) & (rows < shard.stop)] - shard.start
            if len(wanted):
                parts.append(peak_features(images[wanted]))
        return np.concatenate(parts)

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Fit the regression."""
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._model = make_pipeline(StandardScaler(), Ridge(self.options.alpha))
        self._model.fit(self._features(store, rows), y)

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Apply it."""
        return np.asarray(self._model.predict(self._features(store, rows)))
