"""Small stores of the real recipe, for what needs displacement that physics made."""

from pathlib import Path
from typing import Any

from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store


def made_source(folder: Path, options: dict[str, Any], **change: Any) -> Store:
    """Build `source_synthetic` of these options, some of them changed; without a data folder."""
    changed = SourceSynthetic.Options.model_validate(options | change)
    build(SourceSynthetic(changed, None).plan(), folder)
    return Store(folder)
