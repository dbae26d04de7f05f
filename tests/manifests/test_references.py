"""Secrets, ConfigMaps and Namespaces among the manifests can be referred to."""

from __future__ import annotations

import pytest

from syncd.manifests import Validation
from syncd.model import ObjectName, SecretValue
from tests.manifests.samples import declared, loaded, said, warned

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: creds, namespace: shop, labels: {a: b}, annotations: {c: d}}
type: kubernetes.io/basic-auth
immutable: true
data: {token: "aHVu\\ndGVyMg==", empty: ~}
stringData: {user: admin, token2: "x"}
"""
CREDS = ObjectName("shop", "creds")


def test_secret() -> None:
    """`data` is decoded and `stringData` is taken as it is; a null is an empty text."""
    secret = declared(SECRET).references.secrets[CREDS]
    assert {"token": b"hunter2", "empty": b"", "user": b"admin", "token2": b"x"} == {
        key: value.reveal() for key, value in secret.data.items()
    }
    assert ("kubernetes.io/basic-auth", {"a": "b"}, {"c": "d"}, True) == (
        secret.type,
        secret.labels,
        secret.annotations,
        secret.immutable,
    )


def test_string_data_wins() -> None:
    """As the API server has it."""
    text = SECRET.replace("user: admin", "token: other")
    assert SecretValue("other") == declared(text).references.secrets[CREDS].data["token"]


def test_config_map() -> None:
    """A ConfigMap gives its texts."""
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tpl, namespace: shop}\ndata: {a: x}\nbinaryData: {b: eA==}\n"
    )
    assert {ObjectName("shop", "tpl"): {"a": "x"}} == declared(text).references.config_maps


def namespace(annotations: str, labels: str = "{}") -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}, annotations: {annotations}}}\n"


def test_namespace() -> None:
    """A Namespace gives its labels, and its pause; what else it carries is not looked at."""
    references = declared(namespace("{syncd.dev/pause: 'true', revision: 3}", "{team: a}")).references
    assert ({"shop": {"team": "a"}}, {"shop": "true"}) == (references.namespaces, references.pauses)


@pytest.mark.parametrize("value", ["soon", "true", "[]"])
def test_pause_of_a_namespace_that_is_none(value: str) -> None:
    """What is not quoted is no text: nothing is written on a doubt, so nothing is loaded."""
    [problem] = loaded(namespace(f"{{syncd.dev/pause: {value}}}")).problems
    assert ("Namespace shop", "metadata.annotations[syncd.dev/pause]") == (problem.subject, problem.path)


@pytest.mark.parametrize("order", [1, -1])
def test_a_pause_in_one_of_two_manifests_of_a_namespace(order: int) -> None:
    """It counts, whichever of them comes last."""
    both = [namespace("{syncd.dev/pause: 'true'}"), namespace("{syncd.dev/pause: 'false'}")][::order]
    assert {"shop": "true"} == declared("---\n".join(both)).references.pauses


def test_two_pauses_of_a_namespace() -> None:
    """Nobody can say which is meant."""
    both = [namespace(f"{{syncd.dev/pause: '{value}'}}") for value in ("true", "2031-01-31T18:00:00Z")]
    [problem] = loaded("---\n".join(both)).problems
    assert "another manifest of this Namespace names another pause" == problem.message


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('token: "aHVu\\ndGVyMg=="', "token: '%hunter2%'", "data"),
        ('token: "aHVu\\ndGVyMg=="', "hunter2: 5", "data"),
        ("stringData: {user: admin", "stringData: {hunter2: [hunter2]", "stringData"),
        ("stringData: {", "stringData: hunter2 #", "stringData"),
        ("type: kubernetes.io/basic-auth", "type: {hunter2: hunter2}", "type"),
        ("labels: {a: b}", "labels: {hunter2: [hunter2]}", "metadata.labels"),
    ],
)
def test_a_secret_that_cannot_be_used(old: str, new: str, path: str) -> None:
    """It is left out with a warning that shows none of its keys and values: most often nothing refers to it."""
    outcome = loaded(SECRET.replace(old, new))
    (warning,) = outcome.declarations.warnings
    assert ((), path, f"Secret {CREDS}") == (outcome.problems, warning.path, warning.subject)
    assert {} == outcome.declarations.references.secrets
    assert "hunter2" not in f"{warning} {warning.hint}"


def test_the_line_of_a_wrong_value() -> None:
    """The line is the value's, though its key is not said."""
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  good: eA==\n  bad: '%'\n"
    (warning,) = loaded(text).declarations.warnings
    assert "shop.yaml:6" == warning.where


def test_repeated_keys_of_a_secret() -> None:
    """They are errors without the key's name."""
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  hunter2: x\n  hunter2: y\n"
    assert ["stringData: the key occurs twice"] == said(text)


def test_the_same_secret_twice() -> None:
    """Equal ones are one; two that differ are an error."""
    assert [] == said(SECRET, SECRET)
    assert [": is defined twice, with different content"] == said(SECRET, SECRET.replace("admin", "root"))


def test_what_encrypts_secrets_stands_aside() -> None:
    """A Secret whose values are ciphertext is only a warning."""
    text = SECRET.replace('"aHVu\\ndGVyMg=="', "'ENC[AES256_GCM,data:x]'") + "sops: {version: 3}\n"
    assert ["data: the value is not base64, so the object is not used"] == warned(text)
    assert [] == warned(text, validation=Validation.IGNORE)


def test_references_do_not_show() -> None:
    """Printing what was loaded shows no value."""
    shown = repr(loaded(SECRET))
    assert "hunter2" not in shown
    assert "admin" not in shown
