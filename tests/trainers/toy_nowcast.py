"""A small simulated nowcast store and a pre-training of a few steps on it."""

from pathlib import Path
from typing import Any

from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.nowcast import Nowcast
from slipbench.datasets.store.reader import Store
from slipbench.trainers.mae_options import MaeOptions

DATASET = {
    "recipe": "nowcast",
    "name": "toy",
    "source": "simulated",
    "start": "2015-01-01",
    "end": "2015-06-30",
    "grid_size": 12,
    "window_days": 16,
    "min_events": 5,
    "simulated_stations": 7,
}


def toy_nowcast(folder: Path) -> Store:
    """Half a year of 12 x 12 images of 7 stations."""
    build(Nowcast(Nowcast.Options.model_validate(DATASET), None).plan(), folder)
    return Store(folder)


def mae_options(**changes: Any) -> MaeOptions:
    """ViT-Tiny on 16 patches of 64 x 64 pixels, two steps an epoch."""
    values: dict[str, Any] = {
        "name": "toy",
        "dataset": DATASET,
        "image_size": 64,
        "decoder": {"width": 32, "depth": 1, "heads": 2},
        "epochs": 3,
        "images_per_epoch": 8,
        "validation_images": 6,
        "batch_size": 4,
        "learning_rate": 1e-3,
        "accelerator": "cpu",
    }
    return MaeOptions.model_validate(values | changes)
