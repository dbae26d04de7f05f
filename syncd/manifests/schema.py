"""Looks fields up in the models: which may stand at a path, and all that a kind has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from syncd.manifests.faults import Path


@cache
def fields(model: type[BaseModel]) -> dict[str, Any]:
    """The types of a model's fields, by the names that they have in manifests."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


@cache
def _model(annotation: Any, *, items: bool = False) -> type[BaseModel] | None:
    """The model in an annotation such as `tuple[Data, ...]`; with `items` only inside of a list."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if items else annotation
    if origin is tuple:
        return _model(get_args(annotation)[0]) if items else None
    inner = get_args(annotation) if origin in (Union, UnionType) else get_args(annotation)[:1]
    if origin not in (Union, UnionType, Annotated):
        return None
    return next((found for one in inner if (found := _model(one, items=items))), None)


def model_at(root: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model of the mapping that stands at a path; None when it has none."""
    model: type[BaseModel] | None = root
    annotation: Any = root
    for step in path:
        if isinstance(step, int):
            model = _model(annotation, items=True)
            annotation = model
        elif model is not None:
            annotation = fields(model).get(step)
            model = _model(annotation)
        else:
            return None
    return model


def nested(model: type[BaseModel], name: str) -> str:
    """The field of a model that is a mapping with a field of this name; empty when there is none."""
    inner = ((field, _model(annotation)) for field, annotation in fields(model).items())
    return next((field for field, found in inner if found and name in fields(found)), "")


def sibling(model: type[BaseModel] | None, name: str) -> str:
    """The field of a model that is a list whose entries have a field of this name; empty when there is none."""
    inner = ((field, _model(annotation, items=True)) for field, annotation in fields(model).items()) if model else ()
    return next((field for field, found in inner if found and name in fields(found)), "")


def all_fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every field path of a model, such as `spec.data[].remoteRef.key`."""
    for name, annotation in fields(model).items():
        path = f"{prefix}.{name}" if prefix else name
        yield path
        items = _model(annotation, items=True)
        inner = items or _model(annotation)
        if inner:
            yield from all_fields(inner, f"{path}[]" if items else path)
