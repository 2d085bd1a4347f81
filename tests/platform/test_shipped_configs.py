"""Every shipped YAML is valid against its options."""

from pathlib import Path
from typing import Any

import pytest

from slipbench.benchmarks.task import AnySuite
from slipbench.datasets.dataset import Dataset
from slipbench.datasets.noise.fit_file import NoiseFile
from slipbench.datasets.noise.high_rate_file import HighRateNoiseFile
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.platform.config.cluster import AnyCluster
from slipbench.platform.config.load import load
from slipbench.platform.config.pipeline import PipelineOptions
from slipbench.trainers.mae_options import MaeOptions
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.pfn.options import PretrainOptions
from slipbench.trainers.search import check_search

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
KINDS: dict[str, Any] = {
    "datasets": Dataset,
    "trainers": TrainerOptions | MaeOptions,
    "benchmarks": AnySuite,
    "pipelines": PipelineOptions,
    "clusters": AnyCluster,
    "noise": NoiseFile | HighRateNoiseFile,
    "positioning": PositionOptions,
}


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*/*.yaml")), ids=lambda p: str(p.relative_to(CONFIGS)))
def test_a_shipped_configuration_loads(path: Path) -> None:
    kind = path.relative_to(CONFIGS).parts[0]
    assert kind in KINDS, f"{kind}: a folder of configurations that nothing reads"
    model = PretrainOptions if path.name.startswith("pfn_") else KINDS[kind]
    options = load(path, model)
    assert kind == "clusters" or options.name
    if isinstance(options, TrainerOptions):
        check_search(options)


def test_there_is_something_of_every_kind() -> None:
    for kind in KINDS:
        assert list((CONFIGS / kind).glob("*.yaml")), kind
