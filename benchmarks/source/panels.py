"""What the figures of the source report share: panels of models, colours of magnitudes, running medians."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

#: Magnitude is the colour of every figure; the scale keeps clear of white.
MAGNITUDE_COLOURS = colormaps["viridis"]


def canvas(
    rows: int,
    columns: int,
    width: float = 3.2,
    height: float = 2.8,
    share: bool = True,
    layout: Literal["constrained", "compressed"] = "constrained",
) -> tuple[Figure, np.ndarray]:
    """A figure of equal panels, with common axes along a row if `share`, and its axes (rows, columns).

    Panels of fixed aspect (maps) need the ``compressed`` layout.
    """
    figure = Figure(figsize=(width * columns + 0.8, height * rows + 0.4), layout=layout)
    return figure, figure.subplots(
        rows, columns, squeeze=False, sharex="row" if share else False, sharey="row" if share else False
    )


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG that does not depend on when it was made."""
    figure.savefig(path, dpi=110, metadata={"Software": None})
    return path


def magnitude_scale(samples: pd.DataFrame) -> Normalize:
    """Colour scale over the true magnitudes."""
    return Normalize(float(samples["mw"].min()), float(samples["mw"].max()))


def class_colours(n: int) -> list[tuple[float, ...]]:
    """Colours of `n` magnitude classes, small to large."""
    return [MAGNITUDE_COLOURS(x) for x in np.linspace(0.05, 0.92, n)]


def running_median(x: np.ndarray, y: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Medians of `x` and `y` over a sliding window of samples in the order of `x`; empty for too few."""
    order = np.argsort(x, kind="stable")
    both = pd.DataFrame({"x": x[order], "y": y[order]}).rolling(window, center=True).median().dropna()
    return both["x"].to_numpy(), both["y"].to_numpy()


def grid_of(ax: Axes) -> None:
    """Faint lines to read values by."""
    ax.grid(alpha=0.25, linewidth=0.6)


def titles(axes: np.ndarray, models: Sequence[str]) -> None:
    """Names of the models over the columns."""
    for ax, model in zip(axes[0], models, strict=True):
        ax.set_title(model, fontsize=11, fontweight="bold")
