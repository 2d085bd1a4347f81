"""Walking an options model by pydantic's error locations.

A location mixes keys, list positions and the names of union members; only the annotations tell which
is which, and they also hold the field names and descriptions that a good message needs.
"""

import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Node:
    """One place in an options model.

    Parameters
    ----------
    annotation : type
        What may stand there.
    tag : str
        Discriminating field of a union, or empty.
    about : str
        Description of the field.
    """

    annotation: Any
    tag: str = ""
    about: str = ""

    @property
    def name(self) -> str:
        """Name of the type for people."""
        return " or ".join(getattr(m, "__name__", str(m)) for m in self.members())

    def members(self) -> list[Any]:
        """Types of a union, or the one type."""
        if get_origin(self.annotation) in (Union, types.UnionType):
            return [a for a in get_args(self.annotation) if a is not type(None)]
        return [self.annotation]

    def tags(self) -> list[str]:
        """Values of the discriminating field over all members."""
        return [t for m in self.members() if _is_model(m) for t in _literals(m, self.tag)]

    def fields(self) -> list[str]:
        """Names of the model's fields."""
        return [name for m in self.members() if _is_model(m) for name in m.model_fields]

    def step(self, part: int | str) -> tuple["Node", bool]:
        """The place below at one part of a location, and whether the part is a key of the file."""
        members = self.members()
        if len(members) > 1:
            for member in members:
                named = _is_model(member) and (part in _literals(member, self.tag) or part == member.__name__)
                if named or part == getattr(member, "__name__", None):
                    return Node(member, about=self.about), False
            if not any(_is_model(m) and part in m.model_fields for m in members):
                return self, False  # a label such as literal['auto'] or function-after[...]
            members = [m for m in members if _is_model(m) and part in m.model_fields]
        (inner, *_) = members
        if _is_model(inner):
            field = inner.model_fields.get(part)
            return (_of_field(field), True) if field else (Node(Any), True)
        origin, arguments = get_origin(inner), get_args(inner)
        if origin is dict and part != "[key]":
            return root(arguments[1]), True
        if origin in (list, tuple, set, frozenset) and isinstance(part, int):
            return root(
                arguments[min(part, len(arguments) - 1)] if arguments[-1] is not ... else arguments[0]
            ), True
        return Node(Any, about=self.about), isinstance(part, int)


def root(annotation: Any) -> Node:
    """The node of a bare annotation."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        infos = [e for e in extras if isinstance(e, FieldInfo)]
        tags = [i.discriminator for i in infos if isinstance(i.discriminator, str)]
        about = [i.description for i in infos if i.description]
        return Node(inner, tags[0] if tags else "", about[0] if about else "")
    return Node(annotation)


def _of_field(field: FieldInfo) -> Node:
    inner = root(field.annotation)
    tag = field.discriminator if isinstance(field.discriminator, str) else inner.tag
    return Node(inner.annotation, tag, field.description or inner.about)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _literals(model: type[BaseModel], field: str) -> list[str]:
    info = model.model_fields.get(field)
    if info is None or get_origin(info.annotation) is not Literal:
        return []
    return [str(v) for v in get_args(info.annotation)]
