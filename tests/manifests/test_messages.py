"""Hints say what was probably meant."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests.faults import KUSTOMIZE
from syncd.manifests.messages import FLUX, HELM
from tests.manifests.samples import STORE, entry, external_secret, problems, store

EXTRACT = {"extract": {"key": "shop/stripe"}}


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
        ({"data": None, "dataFrom": [{**EXTRACT, "secretKey": "a"}]}, "entries with `secretKey` belong in `data`"),
        ({"data": entry()}, "an entry of a list begins with `- `"),
        ({"target": {"name": "${APP}-env"}}, FLUX),
        ({"target": {"name": "$APP-env"}}, FLUX),
        ({"target": {"name": "{{ .Values.name }}"}}, HELM),
        ({"target": {"name": "<your-app>"}}, "a placeholder that nobody has filled in"),
        ({"target": {"$patch": "delete"}}, KUSTOMIZE),
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


def test_fields_beside_a_provider() -> None:
    """They were meant to stand in it."""
    (problem,) = problems(store({"vault": {"server": "x"}, "path": "secret"}))
    assert "did you mean `vault.path`? It belongs one level deeper" == problem.hint
    (problem,) = problems(store({"GCPSM": {}}))
    assert "did you mean `gcpsm`?" == problem.hint


def test_hints_in_providers() -> None:
    """The providers of ours have them too."""
    (problem,) = problems(store({"vault": {"server": "x", "auth": {"tokenSecretReff": {}}}}))
    assert "did you mean `tokenSecretRef`?" == problem.hint
