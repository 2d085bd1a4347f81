"""The dataset card: what a sealed store says about itself, and one small picture of it."""

from typing import Any

import numpy as np

from slipbench.datasets.location import files_below
from slipbench.datasets.store.reader import SPLITS, Store
from slipbench.datasets.virtual import virtual_arrays

SHADES = " ·:-=+*#%@"
PICTURE_COLUMNS = 64


def card(store: Store) -> dict[str, Any]:
    """Everything that a reader of the store should know, as plain values."""
    attrs = store.attrs
    counts = {
        name: int((store.read("split") == code).sum())
        for name, code in SPLITS.items()
        if "split" in store.names
    }
    arrays = []
    for name in store.names:
        array = store.array(name)
        arrays.append(
            {
                "name": name,
                "shape": list(array.shape),
                "dtype": str(array.dtype),
                "units": array.attrs.get("units", "1"),
                "about": array.attrs.get("about", ""),
            }
        )
    for name, made in virtual_arrays(store).items():
        arrays.append(
            {
                "name": name,
                "shape": [len(store), *made["shape"]],
                "dtype": "made",
                "units": made["units"],
                "about": f"made on the device that trains: {made['about']}",
            }
        )
    size = sum(size for _, size in files_below(store.folder))
    shown = {"arrays", "static", "options", "statistics", "sources", "policies_applied", "recipe"}
    shown |= {"schema_version", "dataset_hash"}
    return {
        "store": str(store.folder),
        "recipe": attrs["recipe"],
        "rows": len(store),
        "rows_by_split": counts,
        "shards": len(store.manifest.shards),
        "bytes": size,
        "dataset_hash": store.dataset_hash,
        "options": attrs["options"],
        "sources": attrs["sources"],
        "policies_applied": attrs["policies_applied"],
        "statistics": attrs["statistics"],
        "arrays": arrays,
        "more": {k: v for k, v in attrs.items() if k not in shown},
    }


def picture(store: Store) -> tuple[str, list[str]] | None:
    """One sample of the first image-like array as lines of shades; dark is small, dense is large.

    Returns
    -------
    tuple or None
        Title (array, component, units, range) and text lines, north up; None without such an array.
    """
    for name in store.attrs["arrays"]:
        array = store.array(name)
        if len(array.shape) < 3 or min(array.shape[1:3]) < 4 or array.dtype.kind != "f":
            continue
        row = len(store) // 2
        sample = store.read(name, slice(row, row + 1))[0]
        sample = sample[..., 0] if sample.ndim > 2 else sample
        if not np.isfinite(sample).any():
            continue
        low, high = float(np.nanmin(sample)), float(np.nanmax(sample))
        title = (
            f"{name}, sample {row}, first component: {low:.3g} … {high:.3g} {array.attrs.get('units', '')}"
        )
        return title, _shade(sample[::-1], low, high)  # rows of an image run from south to north
    return None


def _shade(sample: np.ndarray, low: float, high: float) -> list[str]:
    # a character is about twice as high as it is wide, so rows are thinned twice as much as columns
    step = max(1, -(-sample.shape[1] // PICTURE_COLUMNS))
    wide = 2 if sample.shape[1] // step * 2 <= PICTURE_COLUMNS else 1
    thin = sample[:: step * (2 if wide == 1 else 1), ::step]
    scaled = (thin - low) / ((high - low) or 1.0) * (len(SHADES) - 1)
    index = np.where(np.isfinite(scaled), np.rint(scaled), 0).astype(int)
    return ["".join(SHADES[i] * wide for i in line) for line in index]
