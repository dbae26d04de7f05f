"""Properties and extracts, beyond what the conformance vectors hold."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import SyncdError
from syncd.providers import documents
from syncd.providers.api import Dialect
from syncd.providers.documents import DocumentError, lookup, split

OBJECT = b'{"user":"u","db":{"user":"inner"},"db.user":"literal","port":5432}'
OTHERS = [dialect for dialect in Dialect if dialect not in (Dialect.KUBERNETES, Dialect.GCP_METADATA)]
METADATA = b'{"annotations":{"a.b":"c","example.com/owner":"ann","x":"<1>"},"labels":null}'


@pytest.mark.parametrize("dialect", OTHERS)
def test_plain_name(dialect: Dialect) -> None:
    """A name of the top level is the same to all."""
    assert (b"u", b"5432") == (lookup(dialect, OBJECT, "user"), lookup(dialect, OBJECT, "port"))


@pytest.mark.parametrize("dialect", OTHERS)
def test_dotted_name(dialect: Dialect) -> None:
    """A name with dots is a literal name first, but not to the fake store."""
    assert (b"inner" if dialect is Dialect.FAKE else b"literal") == lookup(dialect, OBJECT, "db.user")


@pytest.mark.parametrize("dialect", OTHERS)
def test_extract_texts(dialect: Dialect) -> None:
    """Texts, booleans and nulls are the same to all."""
    document = b'{"a":"x","t":true,"f":false,"n":null,"e":"\\u00e9"}'
    assert {"a": b"x", "t": b"true", "f": b"false", "n": b"", "e": "é".encode()} == split(dialect, document)


@pytest.mark.parametrize("dialect", OTHERS)
def test_missing_property_names_what_is_there(dialect: Dialect) -> None:
    """The hint has names, never values."""
    with pytest.raises(DocumentError, match=r"^the secret has no property `nope`$") as caught:
        lookup(dialect, OBJECT, "nope")
    assert ("missing", "it has `db`, `db.user`, `port`, `user`") == (caught.value.kind, caught.value.hint)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", METADATA),
        ("annotations", b'{"a.b":"c","example.com/owner":"ann","x":"\\u003c1\\u003e"}'),
        ("annotations.example.com/owner", b"ann"),
        ("annotations.a.b", b"c"),
        ("labels", b"null"),
    ],
)
def test_metadata_of_gcp(name: str, expected: bytes) -> None:
    """Annotations and labels are found by their whole names, and none of them are `null`."""
    dialect = documents.dialect_of_metadata(Dialect.GCP_SM)
    assert expected == lookup(dialect, METADATA, name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("annotations.a", "it has `annotations.a.b`, `annotations.example.com/owner`, `annotations.x`"),
        ("annotations.", "it has `annotations`, `labels`"),
        ("owner", "it has `annotations`, `labels`"),
        ("labels.a", ""),
    ],
)
def test_metadata_that_gcp_has_not(name: str, hint: str) -> None:
    """The hint says what there is."""
    with pytest.raises(DocumentError, match=rf"^the secret has no property `{name}`$") as caught:
        lookup(Dialect.GCP_METADATA, METADATA, name)
    assert hint == caught.value.hint


def test_extracts_of_metadata_of_gcp() -> None:
    """Each annotation is a key; no labels are no keys."""
    assert {"a.b": b"c", "example.com/owner": b"ann", "x": b"<1>"} == split(
        Dialect.GCP_METADATA, METADATA, "annotations"
    )
    assert {} == split(Dialect.GCP_METADATA, METADATA, "labels")


@pytest.mark.parametrize("dialect", [Dialect.AWS_SM, Dialect.AWS_PS])
@pytest.mark.parametrize("text", [b"hunter2", b"\x00\xff", b"a,b"])
def test_what_is_no_json_has_no_properties(dialect: Dialect, text: bytes) -> None:
    """The message says why there is no such property."""
    with pytest.raises(DocumentError, match=r"^the secret is no JSON object, so it has no property `a`$"):
        lookup(dialect, text, "a")


def test_hint_is_short() -> None:
    """Of many names ten are told."""
    many = json.dumps({f"k{i}": "" for i in range(12)}).encode()
    with pytest.raises(DocumentError) as caught:
        lookup(Dialect.AWS_SM, many, "nope")
    assert (10, True) == (caught.value.hint.count("`k"), caught.value.hint.endswith(" and 2 more"))


@pytest.mark.parametrize("dialect", OTHERS)
@pytest.mark.parametrize("text", [b"hunter2", b'{"a":"hunter2', b'["hunter2"]', b'"hunter2"', b"a: [hunter2"])
def test_errors_hold_no_value(dialect: Dialect, text: bytes) -> None:
    """Neither the message nor the hint nor the chain of causes repeats the secret."""
    for ask in (lambda: lookup(dialect, text, "b"), lambda: split(dialect, text), lambda: split(dialect, text, "0")):
        with pytest.raises(DocumentError) as caught:
            ask()
        assert "hunter2" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"


def test_vault_writes_the_document_anew() -> None:
    """Keys sorted, no blanks, numbers as they stand, HTML's characters escaped."""
    document = b'{ "b" : 1.50, "a" : "<" }'
    assert b'{"a":"\\u003c","b":1.50}' == lookup(Dialect.VAULT, document, "")


def test_vault_version_without_data() -> None:
    """`null` is a secret that holds nothing."""
    for ask in (lambda: lookup(Dialect.VAULT, b"null", "a"), lambda: split(Dialect.VAULT, b"null")):
        with pytest.raises(DocumentError) as caught:
            ask()
        assert "missing" == caught.value.kind


@pytest.mark.parametrize("dialect", [Dialect.AWS_SM, Dialect.AWS_PS, Dialect.GCP_SM, Dialect.FAKE])
def test_null_has_no_keys(dialect: Dialect) -> None:
    """The others take `null` for an object without members."""
    assert {} == split(dialect, b"null")


def test_vault_empty_name_is_the_whole_secret() -> None:
    """No property is the whole secret, also when a key is empty."""
    assert b'{"":"x"}' == lookup(Dialect.VAULT, b'{"":"x"}', "")


@pytest.mark.parametrize("dialect", Dialect)
def test_too_deep(dialect: Dialect) -> None:
    """A document nested beyond reason is an error like any other."""
    text = b'{"a":' * 3000 + b"1" + b"}" * 3000
    with pytest.raises(DocumentError):
        split(
            dialect,
            text if dialect is not Dialect.KUBERNETES else documents.kubernetes_document({"a": text}),
            "a.@pretty",
        )


class TestKubernetes:
    """Secrets of a cluster."""

    data = documents.kubernetes_document(
        {"user": b"u", "file.json": b'{"a":1}', "conf": b'{"x":{"y":"z"},"n":1.0,"h":"<"}', "raw": b"\x00\xff\xfe"}
    )

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("user", b"u"),
            ("file.json", b'{"a":1}'),
            ("conf.x.y", b"z"),
            ("conf.x", b'{"y":"z"}'),
            ("raw", b"\x00\xff\xfe"),
        ],
    )
    def test_property(self, name: str, expected: bytes) -> None:
        """A key, or a key and a path in its JSON; bytes come through."""
        assert expected == lookup(Dialect.KUBERNETES, self.data, name)

    @pytest.mark.parametrize("name", ["nope", "nope.x", "conf.", ".conf", "user.x", "us*"])
    def test_missing(self, name: str) -> None:
        """Keys are never patterns."""
        with pytest.raises(DocumentError) as caught:
            lookup(Dialect.KUBERNETES, self.data, name)
        assert "missing" == caught.value.kind

    def test_whole(self) -> None:
        """Without a property: JSON with sorted keys; what is not UTF-8 cannot stand in it."""
        document = documents.kubernetes_document({"b": b"<", "a": b"\xff"})
        assert b'{"a":"\\ufffd","b":"<"}' == lookup(Dialect.KUBERNETES, document, "")

    def test_extract(self) -> None:
        """All keys, byte for byte."""
        assert {"a": b"\xff", "b": b""} == split(
            Dialect.KUBERNETES, documents.kubernetes_document({"a": b"\xff", "b": b""})
        )

    def test_extract_of_a_property(self) -> None:
        """The members of a key's JSON stay JSON, as in the reference."""
        expected = {"x": b'{"y":"z"}', "n": b"1", "h": b'"<"'}
        assert expected == split(Dialect.KUBERNETES, self.data, "conf")

    def test_metadata(self) -> None:
        """Labels and annotations are found by names with dots."""
        document = b'{"annotations":{"example.com/team":"a"},"labels":{"app":"x"}}'
        assert b"a" == lookup(Dialect.KUBERNETES, document, "annotations.example.com/team")
        assert b'{"app":"x"}' == lookup(Dialect.KUBERNETES, document, "labels")
        assert {"app": b'"x"'} == split(Dialect.KUBERNETES, document, "labels")

    def test_a_path_leads_into_the_json_of_an_annotation(self) -> None:
        """As it does into that of a key."""
        document = b'{"annotations": {"conf": "{\\"a\\": {\\"b\\": 1}}"}, "labels": null}'
        assert b"1" == lookup(Dialect.KUBERNETES, document, "annotations.conf.a.b")
        for name in ("annotations.conf.x", "annotations.none", "labels.a", "labels."):
            with pytest.raises(DocumentError):
                lookup(Dialect.KUBERNETES, document, name)

    @given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.binary()))
    def test_any_bytes_come_through(self, data: dict[str, bytes]) -> None:
        """The document loses nothing."""
        assert data == split(Dialect.KUBERNETES, documents.kubernetes_document(data))


class TestFile:
    """Files of a folder."""

    yaml = b"db:\n  user: u\n  pin: 0755\ndb.user: literal\nport: 5432\nratio: 1.50\non: yes\nempty: ~\nlist: [a, 1]\n"

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("db.user", b"literal"),
            ("db.pin", b"0755"),
            ("port", b"5432"),
            ("ratio", b"1.5"),
            ("on", b"yes"),
            ("empty", b""),
            ("list.#", b"2"),
            ("db", b'{"pin":"0755","user":"u"}'),
        ],
    )
    def test_yaml_property(self, name: str, expected: bytes) -> None:
        """Plain scalars that are not JSON's are text, as written."""
        assert expected == lookup(Dialect.FILE, self.yaml, name)

    def test_yaml_extract(self) -> None:
        """As of JSON: numbers as they stand."""
        assert {"a": b"1.50", "b": b"x", "c": b'["1"]'} == split(Dialect.FILE, b"a: 1.50\nb: x\nc: ['1']\n")

    def test_yaml_merges_and_tags(self) -> None:
        """Anchors, merge keys and `!!str` count."""
        text = b"base: &b {a: 1}\nuse: {<<: *b, c: !!str 2}\n"
        assert b'{"a":1,"c":"2"}' == lookup(Dialect.FILE, text, "use")

    def test_plain_content(self) -> None:
        """Without a property the content is the value."""
        assert b"plain\n" == lookup(Dialect.FILE, b"plain\n", "")

    @pytest.mark.parametrize(
        "text",
        [
            b"plain",
            b"- a: [",
            b"a: &a [*a]",
            b"? [x]\n: 1",
            b"\xff",
            b"a: 1\n---\nb: 2\n",
            b"",
            b"-----BEGIN X-----\nabc=\n",
        ],
    )
    def test_neither_json_nor_yaml(self, text: bytes) -> None:
        """A property of such content is an error."""
        with pytest.raises(DocumentError) as caught:
            lookup(Dialect.FILE, text, "a")
        assert "not-json" == caught.value.kind

    def test_aliases_are_bounded(self) -> None:
        """A small file cannot become a huge document."""
        lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
        with pytest.raises(DocumentError):
            lookup(Dialect.FILE, "\n".join(lines).encode(), "a0")


@pytest.mark.parametrize("dialect", OTHERS)
@given(document=st.binary() | st.text().map(str.encode), name=st.text())
def test_any_text_is_read_or_refused(dialect: Dialect, document: bytes, name: str) -> None:
    """Whatever a secret holds and a property asks for, it gives bytes or a SyncdError."""
    with suppress(SyncdError):
        assert isinstance(lookup(dialect, document, name), bytes)
    with suppress(SyncdError):
        assert all(isinstance(value, bytes) for value in split(dialect, document, name).values())
