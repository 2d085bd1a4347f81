"""The fits of a suite's networks: one for every seed."""

from collections.abc import Mapping, Sequence

from slipbench.trainers.options import TrainerOptions


def fit_name(network: str, seed: int) -> str:
    """Name of one fit among a suite's checkpoints."""
    return f"{network}-seed{seed}"


def fits(networks: Mapping[str, TrainerOptions], seeds: Sequence[int]) -> dict[str, TrainerOptions]:
    """Every network with every seed; the suite's seeds replace the trainers' own."""
    return {
        fit_name(name, seed): trainer.model_copy(update={"seed": seed})
        for name, trainer in networks.items()
        for seed in seeds
    }
