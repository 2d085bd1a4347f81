"""What identifies a fit: everything that decides its weights."""

from slipbench.datasets.hashing import config_hash
from slipbench.trainers import module
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions

#: Options that change where and how fast a network is trained, or what happens before, not its weights.
NOT_IN_HASH = {"name", "dataset", "search", "accelerator", "devices", "loader_workers", "cache_mib"}


def fit_hash(options: TrainerOptions, dataset_hash: str) -> str:
    """SHA-256 of the options that decide a fit, the store's hash and the versions of the code."""
    return config_hash(
        {
            "options": options.model_dump(mode="json", exclude=NOT_IN_HASH),
            "dataset": dataset_hash,
            "network_version": MODELS.info(options.model.model).version,
            "trainer_version": module.VERSION,
        }
    )
