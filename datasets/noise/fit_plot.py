"""Picture of a noise fit: spectra of data and model, correlation against distance."""

import io

import numpy as np

from slipbench.datasets.noise.fit import COMPONENTS, NoiseFit
from slipbench.datasets.noise.fit_check import FitCheck, correlation_at

_COLOURS = ("tab:blue", "tab:green", "tab:red")


def picture(fit: NoiseFit, check: FitCheck, title: str) -> bytes:
    """PNG with one panel of spectra per component and one of correlations."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    figure = Figure(figsize=(15, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 4)
    for ax, name, colour, data, model in zip(
        axes, COMPONENTS, _COLOURS, check.data_psd, check.model_psd, strict=False
    ):
        size = getattr(fit.options, name)
        ax.loglog(check.frequency, data, ".", ms=4, color=colour, label="data, mean over series")
        ax.loglog(check.frequency, model, color="black", lw=1.2, label="model")
        ax.set_title(
            f"{name}: white {size.white_mm:.2f} mm, flicker {size.flicker_mm:.1f} mm/yr$^{{1/4}}$,\n"
            f"random walk {size.random_walk_mm:.1f} mm/yr$^{{1/2}}$",
            fontsize=9,
        )
        ax.set_xlabel("frequency (cycles per day)")
        ax.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(2, 0.5)))
        ax.yaxis.set_major_formatter(LogFormatter(labelOnlyBase=False))
        ax.grid(alpha=0.3, which="both")
        ax.legend(fontsize=8)
    axes[0].set_ylabel("power spectral density (mm² day)")
    space, o = axes[3], fit.options
    for name, colour, values in zip(COMPONENTS, _COLOURS, check.data_correlation, strict=True):
        space.plot(check.distance_km, values, "o", ms=4, color=colour, label=f"data, {name}")
    if len(check.distance_km):
        km = np.linspace(1.0, check.distance_km[-1] * 1.05, 300)
        space.plot(km, correlation_at(o, km), color="black", lw=1.2, label="model")
    space.set_title(
        f"common mode {o.common_mode:.3f}, local {o.local:.3f},\nlength {o.correlation_km:.0f} km", fontsize=9
    )
    space.set_xlabel("distance between stations (km)")
    space.set_ylabel("correlation of whitened series")
    space.set_ylim(min(0.0, space.get_ylim()[0]), None)
    space.grid(alpha=0.3)
    space.legend(fontsize=8)
    figure.suptitle(title, fontsize=11)
    out = io.BytesIO()
    # without the library's version, so that the same fit gives the same bytes
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()
