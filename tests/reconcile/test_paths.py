"""Templates put at paths of a ConfigMap."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from syncd.model import Desired, TargetKind, Unknown
from syncd.reconcile.render import Context, render
from tests.reconcile.test_render import answered, data_of, declared, one

CONTEXT = Context(kinds=(TargetKind.SECRET, TargetKind.CONFIG_MAP))
MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap"}


def made_of(
    *sources: Mapping[str, Any],
    value: str = "eu",
    documents: Mapping[str, Mapping[str, str]] | None = None,
    annotations: Mapping[str, str] | None = None,
    **template: Any,
) -> Desired | Unknown:
    spec = {**one("a"), "target": {"manifest": MANIFEST, "template": {"templateFrom": [*sources], **template}}}
    answers = answered({"a": value}, documents=documents)
    return render(declared(spec, annotations=dict(annotations or {})), answers, CONTEXT)


def at(target: str, literal: str, **fields: Any) -> dict[str, Any]:
    return {"target": target, "literal": literal, **fields}


def items(target: str, *names: str, **fields: Any) -> dict[str, Any]:
    keys = [{"key": name, **fields} for name in names]
    return {"target": target, "configMap": {"name": "cm", "items": keys}}


def desired(made: Desired | Unknown) -> Desired:
    assert isinstance(made, Desired), made.reason
    return made


def reason(made: Desired | Unknown) -> str:
    assert isinstance(made, Unknown)
    return made.reason


def b64(text: bytes) -> str:
    return base64.b64encode(text).decode()


def test_a_key_of_data() -> None:
    """The text is the value of the one key."""
    assert {"region": "eu-west"} == data_of(made_of(at("data.region", "{{ .KEY }}-west")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("  plain \n", "plain"), ('"42"', "42"), ("'true'", "true"), ("2020-01-01", "2020-01-01"), ("", ""), ("~", "")],
)
def test_text_at_a_path_is_read_as_yaml(text: str, expected: str) -> None:
    """White space and quotes go; the API server reads null as an empty text."""
    assert {"region": expected} == data_of(made_of(at("data.region", text)))


@pytest.mark.parametrize(
    ("text", "what"), [("42", "a number"), ("true", "true or false"), ("a: b", "a mapping"), ("[a]", "a list")]
)
def test_only_text_can_be_a_value(text: str, what: str) -> None:
    """What YAML makes something else of, the API server refuses."""
    expected = (
        "spec.target.template.templateFrom[0]: "
        f"`data`: the value of `region` is {what}, and the API server takes text only"
    )
    assert expected == reason(made_of(at("data.region", text)))


def test_a_literal_that_is_no_yaml_is_refused(canary: Any) -> None:
    """With no word of its text."""
    value = canary("broken")
    said = reason(made_of(at("data.region", "a: : {{ .KEY }}"), value=value))
    assert ("the text is not valid YAML" in said, value in said) == (True, False)


def test_an_item_that_is_no_yaml_is_taken_as_it_is() -> None:
    """As in the reference, for templates that are one value."""
    made = made_of(items("data.region", "t"), documents={"cm": {"t": "a: : {{ .KEY }}\n"}})
    assert {"region": "a: : eu\n"} == data_of(made)


def test_items_are_decoded_before_they_are_read() -> None:
    """`valuesDecodingStrategy` is for single values; the key is the path's and not the item's."""
    source = {**items("data.region", "t"), "valuesDecodingStrategy": "Base64"}
    assert {"region": "eu"} == data_of(made_of(source, documents={"cm": {"t": "{{ .KEY | b64enc }}"}}))


def test_a_literal_at_a_path_is_not_decoded() -> None:
    """As in the reference."""
    made = made_of(at("data.region", b64(b"eu"), valuesDecodingStrategy="Base64"))
    assert {"region": b64(b"eu")} == data_of(made)


def test_of_two_at_one_path_the_later_wins() -> None:
    """And `template.data` over both."""
    sources = (at("data.a", "1st"), at("data.a", "2nd"), at("data.b", "1st"))
    assert {"a": "2nd", "b": "last"} == data_of(made_of(*sources, data={"b": "last"}))


def test_whole_fields_and_paths_go_together() -> None:
    """`Data` keeps what paths have set."""
    assert {"a": "1st", "b": "42"} == data_of(made_of(at("data.a", "1st"), at("data", "b: 42")))


def test_binary_data_is_base64() -> None:
    """Its bytes are what counts; text among them is written as text."""
    made = made_of(at("binaryData.a", "{{ .KEY | b64enc }}"), at("binaryData.b", b64(b"\xff\0")), data={"c": "3rd"})
    data = desired(made).data
    assert {"a": b"eu", "b": b"\xff\0", "c": b"3rd"} == {key: one.reveal() for key, one in (data or {}).items()}


def test_binary_data_as_a_whole_replaces() -> None:
    """A path of one step is replaced, in the reference."""
    made = made_of(at("binaryData.a", b64(b"1st")), at("binaryData", f"b: {b64(b'2nd')}"))
    assert {"b": "2nd"} == data_of(made)


def test_what_is_not_base64_is_refused(canary: Any) -> None:
    """With no word of the value."""
    value = canary("binary")
    said = reason(made_of(at("binaryData.a", "{{ .KEY }}"), value=value))
    assert (True, False) == ("`binaryData`: the value of `a` is not base64" in said, value in said)


def test_a_key_stands_in_one_field_only() -> None:
    """As the API server has it."""
    said = reason(made_of(at("binaryData.a", b64(b"1st")), at("data.a", "2nd")))
    assert "spec.target.template: the key `a` stands in `data` and in `binaryData`; it may stand in one" == said


def test_labels_and_annotations() -> None:
    """By key, and as mappings that are merged."""
    made = made_of(
        at("metadata.labels", "team: pay\ntier: one"),
        at("metadata.labels", "tier: two"),
        at("metadata.labels.region", "{{ .KEY }}"),
        at("metadata.annotations", "example.com/note: x"),
        at("metadata.annotations.plain", "z"),
    )
    metadata = desired(made).metadata
    assert {"team": "pay", "tier": "two", "region": "eu"} == metadata.labels
    assert {"example.com/note": "x", "plain": "z"} == metadata.annotations


def test_an_item_replaces_the_labels() -> None:
    """A template that is one value is put there as it is; so is an empty text."""
    documents = {"cm": {"t": "tier: two", "none": ""}}
    first = at("metadata.labels", "team: pay")
    replaced = desired(made_of(first, items("metadata.labels", "t"), documents=documents))
    emptied = desired(made_of(first, items("metadata.labels", "none"), documents=documents))
    assert ({"tier": "two"}, {}) == (replaced.metadata.labels, emptied.metadata.labels)


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        ("metadata.labels", "tier: 2", "`metadata.labels`: the value of `tier` is a number"),
        ("metadata.annotations.x", "a: b", "`metadata.annotations`: the value of `x` is a mapping"),
        ("metadata.annotations", "text", "`metadata.annotations` is a mapping, and the template gives text"),
        ("binaryData", "[a]", "`binaryData` is a mapping, and the template gives a list"),
        ("metadata.labels.tier", "'a b'", "the value of the label `tier` is not valid"),
        ("metadata.labels.-", "x", "`-` cannot be the name of a label"),
        ("data.a/b", "x", "the key `a/b` holds `/`"),
    ],
)
def test_what_the_api_server_would_refuse(target: str, text: str, expected: str) -> None:
    """Is refused when it is planned."""
    assert expected in reason(made_of(at(target, text)))


def test_nobody_says_whose_it_is() -> None:
    """Annotations of syncd are not a template's to set."""
    made = made_of(at("metadata.annotations", "syncd.dev/owner: x\nsyncd.dev/wrote: w\nnote: z"))
    assert {"note": "z"} == desired(made).metadata.annotations


URL = "postgres://app:hunter2@db/app"


@pytest.mark.parametrize(
    "source",
    [
        at("data.url", "{{ .KEY }}"),
        at("binaryData.url", "{{ .KEY | b64enc }}"),
        at("binaryData", "url: {{ .KEY | b64enc }}"),
        at("metadata.annotations.url", "{{ .KEY }}"),
        at("metadata.annotations", "url: {{ .KEY | toJson }}"),
        at("Annotations", "url: {{ .KEY | toJson }}"),
    ],
)
def test_what_looks_like_a_secret_is_seen_at_every_path(source: dict[str, Any]) -> None:
    """Encoded or not, unless the annotation says that it is none."""
    refused, allowed = (
        made_of(source, value=URL),
        made_of(source, value=URL, annotations={"syncd.dev/allow-plain": "true"}),
    )
    assert "holds a URL with a password, and a ConfigMap hides nothing" in desired(refused).unfit
    assert "" == desired(allowed).unfit


def test_a_secret_like_label_is_seen() -> None:
    """By its name."""
    assert (
        "the label `api-token` has the name of a secret"
        in desired(made_of(at("metadata.labels.api-token", "x1"))).unfit
    )


def test_a_literal_stands_beside_other_sources() -> None:
    """One entry may have several; the literal counts last."""
    source = {**items("Data", "t"), "literal": "t: last\nu: x"}
    assert {"t": "last", "u": "x"} == data_of(made_of(source, documents={"cm": {"t": "first"}}))
