"""Picture of a fit of high-rate noise: spectra of records and model."""

import io

import numpy as np

from slipbench.datasets.noise.high_rate import COMPONENTS
from slipbench.datasets.noise.high_rate_fit import MEAN_OVER_MEDIAN, HighRateFit

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
#: Values of a long record's spectrum that are averaged before they are drawn, per factor of 10 in frequency.
_PER_DECADE = 20


def picture(fit: HighRateFit) -> bytes:
    """PNG with one panel per component: medians over the stations of each record, and the fitted spectrum."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3, sharey=True)
    for c, (ax, name) in enumerate(zip(axes, COMPONENTS, strict=True)):
        law = getattr(fit.noise, name)
        for number, s in enumerate(fit.spectra):
            median = np.median(s.power[:, c], axis=0) * MEAN_OVER_MEDIAN
            colour = _COLOURS[number % len(_COLOURS)]
            label = f"{s.name}, {len(s.power)} stations"
            ax.loglog(*_smooth(s.frequency, 1e6 * median), ".-", ms=4, lw=0.8, color=colour, label=label)
        f = np.geomspace(
            min(s.frequency[0] for s in fit.spectra), max(s.frequency[-1] for s in fit.spectra), 200
        )
        ax.loglog(f, 1e6 * law.density(f), color="black", lw=1.6, label="model, median station")
        ax.set_title(f"{name}: white {law.white_mm:.2f} mm, index {law.index:.2f}", fontsize=10)
        ax.set_xlabel("frequency (Hz)")
        ax.grid(alpha=0.3, which="both")
    axes[0].set_ylabel("power spectral density (mm²/Hz)")
    axes[0].legend(fontsize=8)
    out = io.BytesIO()
    # without the library's version, so that the same fit gives the same bytes
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()


def _smooth(frequency: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    band = np.floor(np.log10(frequency) * _PER_DECADE)
    bands = np.unique(band)
    return tuple(np.array([v[band == b].mean() for b in bands]) for v in (frequency, power))  # type: ignore[return-value]
