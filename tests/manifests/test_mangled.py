"""Whatever is in a file: declarations or problems come out, no traceback, and no value of a Secret."""

from __future__ import annotations

import base64
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.manifests import Validation
from syncd.manifests.items import Text
from syncd.manifests.loading import Loaded, load
from tests.manifests.samples import STORE, external_secret, store

VALUE = "Canary7hunter2"
SECRET = f"""
apiVersion: v1
kind: Secret
metadata:
  name: creds
  namespace: shop
stringData:
  token: {VALUE}
data:
  other: {base64.b64encode(VALUE.encode()).decode()}
"""
FAKE = store({"fake": {"data": [{"key": "a", "value": VALUE}]}})
GOOD = "---\n".join((STORE, external_secret(), SECRET, FAKE.replace("name: vault", "name: fake")))
PIECES = st.sampled_from(
    [*"{}[]'\"|%#~é", "\n", "\t", "\x00", "  ", "- ", ": ", "&a ", "*a", "<<: ", "!!int ", "---\n"],
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.one_of(st.just(""), PIECES)), min_size=1, max_size=6
)


def mangled(edits: list[tuple[int, int, str]]) -> str:
    """The good text with pieces cut out and others put in, but never within a value."""
    text = GOOD
    for at, length, piece in edits:
        cut = text[at : at + length]
        text = text[:at] + piece + text[at + length :] if not _touches_a_value(text, at, len(cut)) else text
    return text


def _touches_a_value(text: str, at: int, length: int) -> bool:
    values = (VALUE, base64.b64encode(VALUE.encode()).decode())
    around = [(found, found + len(value)) for value in values for found in _all(text, value)]
    return any(begin < at + length and at < end for begin, end in around)


def _all(text: str, value: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(value, at)]


def shown(outcome: Loaded) -> str:
    every = (*outcome.problems, *outcome.declarations.warnings)
    return "\n".join([repr(outcome), *(f"{problem} {problem.hint}" for problem in every)])


@given(EDITS, st.sampled_from(Validation))
@settings(max_examples=150, deadline=None)
def test_mangled_manifests(edits: list[tuple[int, int, str]], validation: Validation) -> None:
    """Edits anywhere give declarations and problems that show no value."""
    text = shown(load([Text("a.yaml", mangled(edits))], validation=validation))
    assert VALUE not in text
    assert base64.b64encode(VALUE.encode()).decode() not in text


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text(text: str) -> None:
    """Any text at all can be loaded, or is refused with a sentence."""
    outcome = load([Text("a.yaml", text)])
    assert all(problem.message for problem in outcome.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["metadata", "spec", "data", "target", "provider", "conditions", "kind", "items"]))
@settings(max_examples=150, deadline=None)
def test_any_value_in_any_place(value: object, place: str) -> None:
    """A value of the wrong shape anywhere in an object is a problem with a path."""
    for kind in ("ExternalSecret", "ClusterSecretStore", "List"):
        content: dict[str, object] = {"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": {"name": "a"}}
        spec: dict[str, object] = {"secretStoreRef": {"name": "vault"}, "provider": {"vault": {"server": "x"}}}
        (content if place in ("metadata", "spec", "kind", "items") else spec)[place] = value
        content.setdefault("spec", spec)
        load([Text("a.json", json.dumps(content))])
