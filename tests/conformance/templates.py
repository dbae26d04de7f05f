"""Answers vectors of the kinds `template`, `template-from` and `template-pattern`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from syncd.errors import RenderError, TemplateError
from syncd.reconcile.decode import decode_map
from syncd.templating import Template, read_key_values

ITEM = "item"
"""What the only item of a `template-from` case is called."""


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """`{"out": …}`, `{"out_b64": …}` when a value is not UTF-8, or `{"error": class}`."""
    data: dict[str, bytes | str] = dict(case.get("data") or {})
    data |= {key: base64.b64decode(value) for key, value in (case.get("data_b64") or {}).items()}
    try:
        if case["kind"] == "template-from":
            return _several(_template_from(case, data))
        return _single(Template(case["template"], name="key").render(data))
    except TemplateError as problem:
        return {"error": problem.kind}
    except RenderError:
        return {"error": "decode"}


def _template_from(case: Mapping[str, Any], data: Mapping[str, bytes | str]) -> dict[str, bytes]:
    values = case["scope"] == "Values"
    rendered = Template(case["template"], name=ITEM if values else case["template"]).render(data)
    pairs = {ITEM: rendered} if values else read_key_values(rendered)
    return decode_map(case.get("decoding") or "None", pairs)


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _single(value: bytes) -> dict[str, Any]:
    text = _text(value)
    return {"out_b64": base64.b64encode(value).decode()} if text is None else {"out": text}


def _several(values: Mapping[str, bytes]) -> dict[str, Any]:
    texts = {key: _text(value) for key, value in values.items()}
    if None in texts.values():
        return {"out_b64": {key: base64.b64encode(value).decode() for key, value in values.items()}}
    return {"out": texts}
