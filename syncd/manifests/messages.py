"""Turns pydantic's errors into sentences, none of which holds a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from syncd.manifests.content import at, nulls, type_name
from syncd.manifests.faults import KUSTOMIZE, Fault, Path, Severity, did_you_mean
from syncd.manifests.schema import fields, model_at, nested, sibling

QUOTES = (
    "put it in quotes: YAML takes words such as `on`, `off`, `yes` and `no` for true and false, digits for a number"
)

FLUX = "fill its variables in first: `flux envsubst < FILE | syncd validate -f -`"
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$[A-Z_]+")
_ANGLES = re.compile(r"<[^<>]+>")

LEAVE_OUT = "leave the field out"

HELM = "render the Helm template first: `helm template … | syncd validate -f -`"

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
}


def unknown_fields(error: ValidationError) -> list[Path]:
    """The paths of the fields that the models do not know."""
    return [one["loc"] for one in _errors(error) if one["type"] == "extra_forbidden"]


def unknown_nulls(model: type[BaseModel], content: Any) -> Iterator[Fault]:
    """The fields that a model does not know and that are null, which are no part of what is validated."""
    for path in nulls(content):
        around = model_at(model, path[:-1]) if isinstance(path[-1], str) else None
        if around and around.model_config.get("extra") != "allow" and path[-1] not in fields(around):
            yield unknown_field(model, path)


def unknown_field(model: type[BaseModel], path: Path) -> Fault:
    """What is said of a field that its mapping does not know."""
    around = model_at(model, path[:-1])
    name = str(path[-1])
    if name == "$patch":
        return Fault(path, "unknown field", KUSTOMIZE, Severity.STRICT)
    if around is None:
        return Fault(path, "unknown field", severity=Severity.STRICT)
    hint = did_you_mean(name, fields(around))
    below = nested(around, name)
    if not hint and below:
        hint = f"did you mean `{below}.{name}`? It belongs one level deeper"
    other = sibling(model_at(model, path[:-3]), name) if len(path) > 2 and isinstance(path[-2], int) else ""
    if not hint and other:
        hint = f"entries with `{name}` belong in `{other}`"
    return Fault(path, "unknown field", hint, Severity.STRICT)


def faults(error: ValidationError, content: Any) -> Iterator[Fault]:
    """What is wrong besides unknown fields; `content` is what was validated."""
    for one in _errors(error):
        if one["type"] != "extra_forbidden":
            yield _fault(one, content)


def _errors(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _fault(error: ErrorDetails, content: Any) -> Fault:
    path, kind = error["loc"], error["type"]
    context = error.get("ctx", {})
    value = at(content, path)
    if kind == "refused":
        return Fault((*path, *context["at"]), context["sentence"], context["hint"] or _placeholder(value))
    if kind == "missing":
        return Fault(path, "required")
    if kind in _EXPECTED:
        hint = QUOTES if kind == "string_type" and isinstance(value, bool | int | float) else ""
        if kind == "tuple_type" and isinstance(value, dict):
            hint = "an entry of a list begins with `- `"
        return Fault(path, f"must be {_EXPECTED[kind]}, not {type_name(value)}", hint)
    if kind in ("enum", "literal_error"):
        return _choice(path, context["expected"], value)
    if kind == "string_too_short":
        return Fault(path, "must not be empty")
    if kind == "string_too_long":
        return Fault(path, f"must not be longer than {context['max_length']} characters")
    return Fault(path, f"is not valid ({kind.replace('_', ' ')})")


def _placeholder(value: Any) -> str:
    """What to do about a text that another tool has not filled in yet."""
    if not isinstance(value, str):
        return ""
    if "{{" in value:
        return HELM
    if _VARIABLE.search(value):
        return FLUX
    return "a placeholder that nobody has filled in" if _ANGLES.search(value) else ""


def _choice(path: Path, expected: str, value: Any) -> Fault:
    names = [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]
    hint = did_you_mean(value, names) if value and isinstance(value, str) else ""
    if not isinstance(value, str):
        return Fault(path, f"must be one of {_listed(names)}, not {type_name(value)}")
    if not value:
        return Fault(path, f"must be one of {_listed(names)}, not empty", LEAVE_OUT)
    return Fault(path, f"must be one of {_listed(names)}", hint)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
