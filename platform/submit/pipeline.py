"""The pipeline that is submitted, as one file with all of it: the cluster runs what was checked here."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from slipbench.benchmarks.task import suite_of
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash
from slipbench.platform.config.cluster import Ray, Stages
from slipbench.platform.config.compose import compose
from slipbench.platform.config.find import find
from slipbench.platform.config.load import load
from slipbench.platform.config.pipeline import PipelineOptions
from slipbench.platform.stages import dataset_key, datasets_of_suite


@dataclass(frozen=True)
class Pipeline:
    """A checked pipeline.

    Parameters
    ----------
    options : PipelineOptions
        What it does.
    text : str
        YAML of all of it, with its defaults, overrides and interpolations filled in.
    """

    options: PipelineOptions
    text: str

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return self.options.name

    @property
    def hash(self) -> str:
        """SHA-256 of the options: the same wherever the pipeline runs."""
        return config_hash(self.options)

    def label(self, name: str = "", key: str = "", most: int = 47) -> str:
        """A name for clusters, such as ``slipbench-quickstart-1a2b3c4d``.

        Letters, digits and hyphens, of at most `most` characters: KubeRay takes 47 for a RayJob.
        """
        words = re.sub(r"[^a-z0-9]+", "-", (name or self.name).lower())
        return f"{f'slipbench-{words}'[: most - 9].rstrip('-')}-{(key or self.hash)[:8]}"

    def datasets(self) -> Iterator[Any]:
        """Options of every dataset that the pipeline reads, each once."""
        all_of_them = [d for o in self.options.suites.values() for d in datasets_of_suite(suite_of(o))]
        yield from {dataset_key(d): d for d in all_of_them}.values()


def cluster_text(stages: Stages) -> str:
    """YAML of the cluster that a run finds itself in, once it was submitted: a Ray with these requests."""
    return yaml_text(Ray(stages=stages).model_dump(mode="json", exclude={"dashboard"}))


def read_pipeline(pipeline: str, overrides: Sequence[str]) -> Pipeline:
    """A pipeline with everything that its file refers to.

    Raises
    ------
    InputError
        For anything wrong with the file or its values, and for a value that a single file cannot hold.
    """
    path = find("pipelines", pipeline)
    options = load(path, PipelineOptions, overrides)
    text = yaml_text(compose(path, overrides).values)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "pipeline.yaml"
        copy.write_text(text)
        if config_hash(load(copy, PipelineOptions)) != config_hash(options):
            raise InputError(path, "changes when it is written", "plain values", "write ${...} out")
    return Pipeline(options, text)


def yaml_text(values: Any) -> str:
    """YAML that OmegaConf reads back as the same values."""
    return OmegaConf.to_yaml(OmegaConf.create(values))
