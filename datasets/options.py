"""Base of every option model: unknown keys are errors, values do not change after validation."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Validated options of one part; fields carry a description with their unit."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, protected_namespaces=())
