"""A composed configuration checked against its options model, every mistake told in one line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from slipbench.datasets.errors import InputError
from slipbench.platform.config.compose import compose
from slipbench.platform.config.explain import explain


def load(path: Path, model: Any, overrides: Sequence[str] = ()) -> Any:
    """Options of type `model` from a YAML file.

    Parameters
    ----------
    path : Path
        The file.
    model : type
        A pydantic model or a union of models told apart by a literal field.
    overrides : sequence of str
        ``dotted.key=value`` items that win over the file.

    Raises
    ------
    InputError
        For anything wrong with the file or its values.
    """
    composed = compose(path, overrides)
    try:
        return TypeAdapter(model).validate_python(composed.values)
    except ValidationError as error:
        problems = explain(error, model)
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        where = composed.origin(first.key)
        raise InputError(
            f"{where}: {'.'.join(first.key) or 'the whole file'}",
            first.what,
            first.expected,
            first.todo + more,
        ) from error
