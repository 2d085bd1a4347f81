"""What a model registry is to take: plain values, so that it can wait on disk."""

from collections.abc import Mapping
from dataclasses import dataclass

#: Files of a package.
WEIGHTS, CARD, EXAMPLE = "network.safetensors", "README.md", "input_example.json"


@dataclass(frozen=True)
class Registration:
    """A network with its package.

    Parameters
    ----------
    name : str
        Of the registered model.
    folder : str
        The package.
    sha256 : str
        Of its weights.
    board : str
        What scores are compared on: hash of test data, split, label and metric.
    score : float
        First metric there.
    higher_is_better : bool
        Whether a larger score is better.
    tags : mapping
        What the version tells, as texts.
    """

    name: str
    folder: str
    sha256: str
    board: str
    score: float
    higher_is_better: bool
    tags: Mapping[str, str]
