"""Renders a text with the data that all tests of templates share."""

from __future__ import annotations

from typing import Final

import pytest

from syncd.templating import Template, TemplateError

DATA: Final[dict[str, bytes | str]] = {
    "a": "text", "n": "42", "empty": "", "json": '{"k":[1,2.5,null],"m":{"b":1,"a":"x"}}', "raw": b"\xff\x00",
}  # fmt: skip


def rendered(text: str) -> str:
    """What the template gives."""
    return Template(text, name="key").render(DATA).decode("utf-8", "surrogateescape")


def failure(text: str, data: dict[str, bytes | str] | None = None) -> TemplateError:
    """The error with which it fails."""
    with pytest.raises(TemplateError) as caught:
        Template(text, name="key").render(DATA if data is None else data)
    return caught.value
