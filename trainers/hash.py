"""What identifies a fit: everything that decides its weights."""

from slipbench.datasets.hashing import config_hash
from slipbench.trainers import module
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions

#: Options that change where and how fast a network is trained, or what happens before, not its weights.
NOT_IN_HASH = {"name", "dataset", "search", "accelerator", "loader_workers", "cache_mib", "start"}
#: Options that came later. With these values they change nothing, and older fits keep their hashes.
_LATER = {"schedule": "constant", "clip_norm": 0.0, "fresh_sources": False}


def fit_hash(options: TrainerOptions, dataset_hash: str, start_sha256: str = "") -> str:
    """SHA-256 of everything that decides a fit.

    Parameters
    ----------
    options : TrainerOptions
        Those that decide the weights count. So does the number of devices, each of which has its own dropout.
    dataset_hash : str
        Of the store.
    start_sha256 : str
        Of the checkpoint that it starts from, or empty.
    """
    idle = {name for name, value in _LATER.items() if getattr(options, name) == value}
    return config_hash(
        {
            "options": options.model_dump(mode="json", exclude=NOT_IN_HASH | idle),
            "dataset": dataset_hash,
            "start": start_sha256,
            "network_version": MODELS.info(options.model.model).version,
            "trainer_version": module.VERSION,
        }
    )
