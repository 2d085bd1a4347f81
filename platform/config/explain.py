"""What pydantic found wrong, in words: the key as the user wrote it, the value, and what would fit."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from slipbench.datasets.registry import nearest
from slipbench.platform.config.schema import Node, root


@dataclass(frozen=True)
class Problem:
    """One mistake: dotted key (as parts), what stands there, what was expected, what to do."""

    key: tuple[str, ...]
    what: str
    expected: str
    todo: str


def explain(error: ValidationError, model: Any) -> list[Problem]:
    """Every mistake that `error` reports about `model`, one per key, unknown keys first.

    Where a value may be one of several types pydantic reports each type's complaint; they become one
    problem whose expectations are joined by "or".
    """
    found: dict[tuple[str, ...], list[Problem]] = {}
    for item in error.errors(include_url=False):
        problem = _problem(dict(item), model)
        found.setdefault(problem.key, []).append(problem)
    merged = [_join(problems) for problems in found.values()]
    return sorted(merged, key=lambda p: not p.what.startswith("unknown"))


def _join(problems: list[Problem]) -> Problem:
    first = next((p for p in problems if p.todo.startswith("did you mean")), problems[0])
    expected = list(dict.fromkeys(p.expected for p in problems))
    return Problem(first.key, first.what, " or ".join(expected), first.todo)


def _problem(item: Mapping[str, Any], model: Any) -> Problem:
    kind, value, context = item["type"], item["input"], item.get("ctx") or {}
    node, key = _walk(root(model), item["loc"])
    correct = f"correct it ({node.about})" if node.about else "correct it"
    if kind == "extra_forbidden":
        parent, above = _walk(root(model), item["loc"][:-1])
        name = str(item["loc"][-1])
        key = (*above, name)
        return Problem(
            key, f"unknown key '{name}'", f"an option of {parent.name}", nearest(name, parent.fields())
        )
    if kind == "missing":
        return Problem(key, "missing", node.about or "a value", "add it")
    if kind == "union_tag_not_found":
        name = str(context["discriminator"]).strip("'")
        return Problem((*key, name), "missing", f"one of {', '.join(node.tags())}", "add it")
    if kind == "union_tag_invalid":
        name, tag = str(context["discriminator"]).strip("'"), str(context["tag"])
        return Problem((*key, name), f"unknown {name} '{tag}'", f"a known {name}", nearest(tag, node.tags()))
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", context["expected"])
        todo = nearest(value, names) if isinstance(value, str) and names else correct
        return Problem(key, _show(value), str(context["expected"]), todo)
    message = re.sub(r"^(Input should be( an?)?|Value error,|Assertion failed,) ?", "", item["msg"])
    if kind == "value_error" and isinstance(value, Mapping):  # of several options, each good by itself
        return Problem(key, message, "options that fit together", "change one of them")
    message = message.replace("String should match pattern", "text that matches").replace("valid ", "")
    message = message.replace("dictionary or object to extract fields from", "a mapping")
    message = re.sub(r"dictionary or instance of \w+", "a mapping", message)
    message = re.sub(r", unable to parse string as an? \w+", "", message)
    return Problem(key, _show(value), message[:1].lower() + message[1:], correct)


def _walk(node: Node, location: tuple[int | str, ...]) -> tuple[Node, tuple[str, ...]]:
    """The schema node at pydantic's `location` and the key without the names of union members."""
    key: list[str] = []
    for part in location:
        node, is_key = node.step(part)
        if is_key:
            key.append(str(part))
    return node, tuple(key)


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text if len(text) <= 80 else text[:77] + "..."
    return f"'{text}'" if isinstance(value, str) else text
