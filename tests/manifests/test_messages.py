"""Hints say what was probably meant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.manifests.samples import STORE, entry, external_secret, problems, store


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ({"data": [entry(propety="a")]}, "did you mean `property`?"),
        ({"data": [entry(Property="a")]}, "did you mean `property`?"),
        ({"data": [entry(zzz="a")]}, ""),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "path": "b"}]},
            "did you mean `find.path`? It belongs one level deeper",
        ),
        ({"target": {"type": "Opaque"}}, "did you mean `template.type`? It belongs one level deeper"),
        ({"target": {"creationPolicy": "owner"}}, "did you mean `Owner`?"),
        ({"target": {"template": {"data": {"a": {"nested": "x"}}}}}, ""),
    ],
)
def test_hints(spec: dict[str, Any], hint: str) -> None:
    """Fields and values that are close, or a level away."""
    (problem,) = problems(STORE, external_secret(**spec))
    assert hint == problem.hint


@pytest.mark.parametrize("value", [True, 1, 1.5])
def test_text_without_quotes(value: object) -> None:
    """Why `on` is no text is explained."""
    (problem,) = problems(STORE, external_secret(data=[entry(version=value)]))
    assert problem.hint.startswith("put it in quotes")


def test_hints_in_providers() -> None:
    """The providers of ours have them too."""
    (problem,) = problems(store({"vault": {"server": "x", "auth": {"tokenSecretReff": {}}}}))
    assert "did you mean `tokenSecretRef`?" == problem.hint
