"""Answers one vector with the code that a manifest reaches."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from syncd.errors import SyncdError
from syncd.manifests import durations
from syncd.providers import documents
from syncd.providers.api import Dialect
from syncd.reconcile import decode, keys, rewrite
from tests.conformance import templates

Case = Mapping[str, Any]
Answer = dict[str, Any]

_MERGE_FIELDS = {"priorityPolicy": "priority_policy", "conflictPolicy": "conflict_policy"}
_OPERATIONS: dict[str, Callable[..., rewrite.Operation]] = {
    "merge": rewrite.MergeRewrite,
    "regexp": rewrite.RegexpRewrite,
    "transform": rewrite.TransformRewrite,
}
"""In the order in which the reference looks for them."""
_BINARY = "-binary"
"""Ends the provider's name in vectors whose value is stored as bytes; they are read like text."""


def answer(case: Case) -> Answer:
    """`{"id": …}` with the result in `out` or `out_b64`, or in `error` its kind.

    A case that cannot be answered, or that nobody expected to fail, says so in `error` and has a `bug` beside it.
    """
    name = {"id": case.get("id")}
    answers = _ANSWERS.get(str(case.get("kind")))
    if answers is None:
        return {**name, "error": "unreadable" if "unreadable" in case else "unknown-kind", "bug": "no such case"}
    try:
        return {**answers(case), **name}
    except SyncdError as error:
        return {**name, "error": getattr(error, "kind", "render")}
    except Exception as error:  # noqa: BLE001  # one crash must not keep the other lines from being answered
        return {**name, "error": "unexpected", "bug": type(error).__name__}


def result(value: bytes | Mapping[str, bytes]) -> Answer:
    """A result as vectors write it: text, or base64 when any of it is not UTF-8."""
    try:
        return {"out": _each(value, bytes.decode)}
    except UnicodeDecodeError:
        return {"out_b64": _each(value, _base64)}


def _each(value: bytes | Mapping[str, bytes], change: Callable[[bytes], str]) -> str | dict[str, str]:
    return change(value) if isinstance(value, bytes) else {key: change(item) for key, item in value.items()}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _value(case: Case) -> bytes:
    return base64.b64decode(case["value_b64"]) if "value_b64" in case else str(case["value"]).encode()


def _data(case: Case) -> dict[str, bytes]:
    return {key: value.encode() for key, value in case["in"].items()}


def _dialect(case: Case) -> Dialect:
    return Dialect(case["provider"].removesuffix(_BINARY))


def _reverse(case: Case) -> Answer:
    return result(keys.reverse_unicode(_data(case)) if case["strategy"] == "ReverseUnicode" else _data(case))


def _rewrite(case: Case) -> Answer:
    operations = [_operation(kind, entry[kind]) for entry in case["ops"] for kind in _kinds(entry)]
    return result(rewrite.rewrite(operations, _data(case)))


def _kinds(entry: Mapping[str, Any]) -> list[str]:
    """The one operation that an entry stands for; none when it is empty."""
    return [kind for kind in _OPERATIONS if entry.get(kind) is not None][:1]


def _operation(kind: str, fields: Mapping[str, Any]) -> rewrite.Operation:
    """An operation as it stands in a vector, where it may lack fields, and have values that no manifest may."""
    given = {_MERGE_FIELDS.get(name, name): value for name, value in fields.items() if value is not None}
    if "priority" in given:
        given["priority"] = tuple(given["priority"])
    needed = {"regexp": ("source", "target"), "transform": ("template",)}.get(kind, ())
    return _OPERATIONS[kind](**{**dict.fromkeys(needed, ""), **given})


def _refresh_interval(case: Case) -> Answer:
    if case["raw"] is None:
        return {"out": {"unset": True}}
    try:
        duration = durations.parse(case["raw"])
    except ValueError:
        return {"error": "duration"}
    return {"out": {"ns": duration.nanoseconds, "text": duration.text, "refreshes": duration.refreshes}}


def _store_refresh_interval(case: Case) -> Answer:
    try:
        return {"out": {"ns": durations.parse_store_interval(case["raw"]).nanoseconds}}
    except ValueError:
        return {"error": "duration"}


_ANSWERS: dict[str, Callable[[Case], Answer]] = {
    "property": lambda case: result(documents.lookup(_dialect(case), _value(case), case["property"])),
    "extract": lambda case: result(documents.split(_dialect(case), _value(case), case["property"])),
    "decode": lambda case: result(decode.decode(case["strategy"], _value(case))),
    "decode-map": lambda case: result(decode.decode_map(case["strategy"], _data(case))),
    "convert": lambda case: result(keys.convert(case["strategy"], _data(case))),
    "reverse": _reverse,
    "validate-keys": lambda case: result(keys.validate(_data(case))),
    "find": lambda case: {"out": keys.matching(case["regexp"], case["names"])},
    "rewrite": _rewrite,
    "refresh-interval": _refresh_interval,
    "store-refresh-interval": _store_refresh_interval,
    "template": templates.answer,
    "template-from": templates.answer,
    "template-pattern": templates.answer,
}
