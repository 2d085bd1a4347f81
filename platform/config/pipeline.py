"""Options of a pipeline: what a YAML below ``configs/pipelines`` holds."""

from pydantic import Field

from slipbench.benchmarks.task import AnySuite
from slipbench.datasets.options import Options


class PipelineOptions(Options):
    """Suites that one ``slipbench run`` walks through, with everything that they need."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the pipeline in messages")
    suites: dict[str, AnySuite] = Field(min_length=1, description="suites by a short key, run in this order")
    tune: bool = Field(True, description="run the search of every trainer that has one before its final fit")
