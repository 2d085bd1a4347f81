"""Figures of the report on electron content, from the results table alone."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.tec.judge import SIZES, size_names

#: Days before and after the shown anomaly.
_DAYS_BEFORE, _DAYS_AFTER = 24, 10
_INDEX_TITLES = {"f107": "F10.7 (10⁻²² W m⁻² Hz⁻¹)", "ap": "Ap (nT)", "sunspots": "sunspot number"}
#: Maps of a day in a figure.
_MAPS = 6


def values(rows: pd.DataFrame, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, y_true and y_pred of one quantity of a cell."""
    row = rows.loc[rows["quantity"] == quantity].iloc[0]
    return tuple(np.asarray(row[k], float) for k in ("time", "y_true", "y_pred"))  # type: ignore[return-value]


def draw_series(example: pd.DataFrame, path: Path) -> Path:
    """Content with bounds above, what is beyond them below; planted anomalies, explained days, events."""
    time, tec, anomaly = values(example, "series")
    _, low, high = values(example, "bounds")
    start, size, hours = values(example, "anomalies")
    shown = float(values(example, "map_place")[0][0])
    some = (time > np.floor(shown) - _DAYS_BEFORE) & (time < np.floor(shown) + _DAYS_AFTER)
    figure, axes = canvas(2, 1, width=11, height=2.9)
    top, bottom = axes[:, 0]
    at = _dates(time[some])
    top.fill_between(at, low[some], high[some], color="0.85", label="bounds from the 30 days before")
    top.plot(at, tec[some], "k-", lw=0.9, label="content")
    top.set_ylabel("TECU")
    bottom.bar(at, anomaly[some], width=1 / 14, color=COLOURS[0], label="beyond the bounds")
    bottom.axhline(0, color="k", lw=0.6)
    bottom.set_ylabel("anomaly (TECU)")
    for ax in (top, bottom):
        marked = False
        for begin, amount, length in zip(start, size, hours, strict=True):
            if amount and time[some][0] < begin < time[some][-1]:
                ends = _dates(np.array([begin, begin + length / 24]))
                ax.axvspan(*ends, color=COLOURS[1], alpha=0.45, lw=0, label=None if marked else "planted")
                marked = True
        days, explained, _ = values(example, "explained")
        for k, day in enumerate(
            days[(explained > 0) & (days >= time[some][0] - 1) & (days < time[some][-1])]
        ):
            label = None if k else "explained by space weather"
            ax.axvspan(*_dates(np.array([day, day + 1])), color=COLOURS[5], alpha=0.3, lw=0, label=label)
        for k, day in enumerate(d for d in values(example, "events")[1] if abs(d - shown) < _DAYS_BEFORE):
            if time[some][0] < day < time[some][-1]:
                ax.axvline(_dates(np.array([day + 0.5]))[0], color="k", ls=":", lw=1.2,
                           label=None if k else "earthquake")  # fmt: skip
        _date_axis(ax, time[some][[0, -1]])
    top.legend(fontsize=8, ncols=5, loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False)
    bottom.legend(*_own(bottom), fontsize=8, loc="upper left", frameon=False)
    return save(figure, path)


def draw_map(example: pd.DataFrame, path: Path) -> Path:
    """The anomaly of the shown day at every node, six maps around the planted one."""
    time, _, anomaly = values(example, "map")
    lat, lon = values(example, "map_lat")[1], values(example, "map_lon")[1]
    start, place_lat, place_lon = (float(v[0]) for v in values(example, "map_place"))
    maps = anomaly.reshape(-1, len(lat), len(lon))
    epochs = time.reshape(maps.shape)[:, 0, 0]
    first = int(np.clip(np.searchsorted(epochs, start) - 1, 0, max(len(maps) - _MAPS, 0)))
    figure, axes = canvas(2, 3, width=4, height=2.3)
    most = float(np.nanmax(np.abs(maps[first : first + _MAPS])))
    for ax, k in zip(axes.ravel(), range(first, first + _MAPS), strict=True):
        drawn = ax.pcolormesh(lon, lat, maps[k], cmap="RdBu_r", vmin=-most, vmax=most, shading="nearest")
        ax.plot(*values(example, "map_others")[:0:-1], "kx", ms=6)
        ax.plot(place_lon, place_lat, "k*", ms=8)
        ax.set_title(_epoch(epochs[k]), fontsize=9)
    figure.colorbar(drawn, ax=axes.ravel().tolist(), label="TECU beyond the bounds", shrink=0.8)
    figure.supxlabel(
        "longitude (degrees east); star: the site; crosses: sites with other anomalies of the day", fontsize=9
    )
    figure.supylabel("latitude (degrees north)", fontsize=9)
    return save(figure, path)


def draw_sizes(rows: pd.DataFrame, path: Path) -> Path:
    """Share of planted anomalies that each rule hits, by their size, on all days and on unexplained ones."""
    splits = list(dict.fromkeys(rows["split"]))
    figure, axes = canvas(1, len(splits), width=4.6, height=3.2)
    classes = [f"{100 * low:.0f}–{100 * high:.0f} %" for low, high in pairwise(SIZES[:-1])]
    classes.append(f"≥ {100 * SIZES[-2]:.0f} %")
    for ax, split in zip(axes[0], splits, strict=True):
        here = rows[(rows["split"] == split) & (rows["modality"] == rows["modality"].iloc[0])]
        each = zip(COLOURS, "osDv", here.groupby("model", sort=False), strict=False)
        for k, (colour, mark, (model, cell)) in enumerate(each):
            found = [values(cell, name) for name in size_names()]
            share = [p.sum() / t.sum() if t.sum() else np.nan for _, t, p in found]
            line = {"marker": mark, "ms": 9 - 2 * k, "lw": 3 - 0.7 * k, "color": colour}
            ax.plot(classes, np.array(share) * 100, label=str(model), **line)
        ax.set_title(split.replace("_", " "), fontsize=10)
        ax.set_xlabel("planted size, share of the content there")
        ax.set_ylim(0, 103)
        grid_of(ax)
    axes[0, 0].set_ylabel("hit (%)")
    axes[0, -1].legend(fontsize=8)
    return save(figure, path)


def draw_indices(rows: pd.DataFrame, path: Path) -> Path:
    """The measured indices with bounds and marked days."""
    figure, axes = canvas(len(_INDEX_TITLES), 1, width=10, height=1.9)
    event = values(rows, "event")[0]
    for ax, (name, title) in zip(axes[:, 0], _INDEX_TITLES.items(), strict=True):
        day, value, beyond = values(rows, f"index_{name}")
        _, low, high = values(rows, f"bounds_{name}")
        at, marked = _dates(day + 0.5), beyond != 0
        ax.fill_between(at, low, high, color="0.85", label="bounds from the 30 days before")
        ax.plot(at, value, "k.-", lw=0.9, ms=4)
        ax.plot(at[marked], value[marked], "o", color=COLOURS[1], ms=6, label="beyond the bounds")
        ax.axvline(_dates(event)[0], color="k", ls=":", lw=1.2, label="earthquake")
        ax.set_ylabel(title, fontsize=9)
        _date_axis(ax, day[[0, -1]] + 0.5)
    axes[0, 0].legend(fontsize=8, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False)
    return save(figure, path)


def draw_files(rows: pd.DataFrame, path: Path) -> Path:
    """The measured maps nearest to 14 h local time at the epicentre above, the curves there below."""
    names = names_of(rows)
    figure, axes = canvas(2, len(names), width=3.6, height=2.4, share=False, layout="constrained")
    _, place_lat, place_lon = (float(v[0]) for v in values(rows, "map_place"))
    for k, name in enumerate(names):
        mine = of_name(rows, name)
        lat, lon = values(mine, "map_lat")[1], values(mine, "map_lon")[1]
        time, tec, _ = values(mine, "map")
        top, bottom = axes[:, k]
        drawn = top.pcolormesh(lon, lat, tec.reshape(len(lat), len(lon)), vmin=0, shading="nearest")
        top.plot(place_lon, place_lat, "r*", ms=7)
        top.set_title(f"{name}\n{_epoch(time[0])}", fontsize=9)
        figure.colorbar(drawn, ax=top, location="bottom", label="TECU", shrink=0.9)
        at, linear, rotated = values(mine, "curve")
        hour = (at - np.floor(at[0])) * 24
        bottom.plot(hour, linear, color=COLOURS[0], lw=1.6, label="linear")
        bottom.plot(hour, rotated, color=COLOURS[1], lw=1.0, ls="--", label="rotated")
        bottom.set_xticks(range(0, 25, 6))
        bottom.set_xlabel("hour (UTC)")
        bottom.set_ylim(bottom=0)
        grid_of(bottom)
    axes[0, 0].set_ylabel("latitude (degrees north)")
    axes[1, 0].set_ylabel("TECU at the star")
    axes[1, 0].legend(fontsize=8)
    return save(figure, path)


def names_of(rows: pd.DataFrame) -> list[str]:
    """Names of the measured files."""
    return [str(n[0]) for n in rows.loc[rows["quantity"] == "curve", "name"]]


def of_name(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of one measured file."""
    return rows[[len(n) > 0 and n[0] == name for n in rows["name"]]]


def _dates(days: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(days) * 86400).astype("datetime64[s]")


def _epoch(day: float) -> str:
    return f"{_dates(np.array([day]))[0].astype('datetime64[m]').item():%Y-%m-%d %H:%M} UTC"


def _date_axis(ax: Axes, days: np.ndarray) -> None:
    first, last = days
    every = np.arange(np.ceil(first), last, max(round((last - first) / 9), 1))
    ax.set_xticks(_dates(every), [str(d)[:10] for d in _dates(every)], fontsize=8)
    grid_of(ax)


def _own(ax: Axes) -> tuple[list, list]:
    """Handles and labels of bars alone: the rest is explained above."""
    handles, labels = ax.get_legend_handles_labels()
    both = [(h, t) for h, t in zip(handles, labels, strict=True) if t == "beyond the bounds"]
    return [h for h, _ in both], [t for _, t in both]
