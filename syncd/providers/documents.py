"""Reads what `remoteRef.property` and `extract` ask for out of a secret's text, in each provider's own way.

The differences are those of external-secrets 2.9, with whose results they are tested; `file` is ours.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping

import orjson

from syncd.errors import RenderError
from syncd.providers import gjson, gojson
from syncd.providers.api import Dialect
from syncd.providers.gjson_work import TooMuchWorkError
from syncd.providers.yaml_json import yaml_to_json

_HINTED = 10
_TOO_MUCH = (RecursionError, TooMuchWorkError)


class DocumentError(RenderError):
    """A secret's text does not hold what is asked for.

    `kind` is `missing` (there is no such property), `not-json`, or `provider` (it cannot be looked up).
    """

    def __init__(self, message: str, *, kind: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


def lookup(dialect: Dialect, value: bytes, property: str) -> bytes:  # noqa: A002  # the manifest's own word
    """What `property` selects in a secret's text; all of it when that is empty.

    Of Vault, `value` is the JSON object of a version; of Kubernetes, what `kubernetes_document` makes.
    Raises DocumentError.
    """
    try:
        return _LOOKUP[dialect](value, property)
    except _TOO_MUCH:
        raise _too_much() from None


def split(dialect: Dialect, value: bytes, property: str = "") -> dict[str, bytes]:  # noqa: A002  # as above
    """The keys and values that `dataFrom.extract` makes of a secret's text, or of what `property` selects in it.

    Raises DocumentError.
    """
    try:
        if dialect is Dialect.KUBERNETES:
            return _kubernetes_split(value, property)
        if dialect is Dialect.FILE:
            value = _file_json(value)
        if property or value == b"null":  # of Vault, `null` is a version without data
            value = _LOOKUP[dialect](value, property)
        if (plain := _plain_members(value)) is not None:
            return plain
        return _decoded_members(value) if dialect is Dialect.VAULT else _raw_members(value)
    except _TOO_MUCH:
        raise _too_much() from None


def dialect_of_metadata(dialect: Dialect) -> Dialect:
    """How what `metadataPolicy: Fetch` gives is read in a store that reads values like this."""
    return Dialect.GCP_METADATA if dialect is Dialect.GCP_SM else dialect


def kubernetes_document(data: Mapping[str, bytes]) -> bytes:
    """A Secret's data as JSON; bytes that are not UTF-8 stand as lone surrogates, and `lookup` gives them back."""
    return json.dumps({key: value.decode("utf-8", "surrogateescape") for key, value in data.items()}).encode()


def _too_much() -> DocumentError:
    return DocumentError("the secret or the property is too large or nested too deeply", kind="provider")


def _missing(name: str, keys: Callable[[], Collection[str]]) -> DocumentError:
    try:
        known = sorted(keys())
    except ValueError:
        return DocumentError(f"the secret is no JSON object, so it has no property `{name}`", kind="missing")
    hint = "it has " + ", ".join(f"`{key}`" for key in known[:_HINTED]) if known else ""
    if len(known) > _HINTED:
        hint += f" and {len(known) - _HINTED} more"
    return DocumentError(f"the secret has no property `{name}`", kind="missing", hint=hint)


def _not_an_object() -> DocumentError:
    hint = "`extract` needs `{…}`; for a plain value use `data`, for an object inside another add a `property`"
    return DocumentError("the value is not a JSON object", kind="not-json", hint=hint)


def _plain_members(value: bytes) -> dict[str, bytes] | None:
    """Members of the usual object of texts, which all providers read alike; None for any other document."""
    try:
        document = orjson.loads(value)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    members = {}
    for key, member in document.items():
        if isinstance(member, str):
            members[key] = member.encode()
        elif member is None or isinstance(member, bool):
            members[key] = gojson.value_bytes(member)
        else:
            return None
    return members


def _raw_members(value: bytes) -> dict[str, bytes]:
    """Strings without quotes, `null` empty, all else as it stands in the text."""
    try:
        members = gojson.members(value)
    except ValueError:
        raise _not_an_object() from None
    return {key: _raw(member) for key, member in members.items()}


def _raw(member: bytes) -> bytes:
    if member[:1] == b'"':
        return gojson.unquote(member).encode()
    return b"" if member == b"null" else member


def _decoded_members(value: bytes) -> dict[str, bytes]:
    """All else written anew, numbers after a time as float64."""
    try:
        document = gojson.float64(gojson.read(value))
    except ValueError:
        raise _not_an_object() from None
    if document is not None and not isinstance(document, dict):
        raise _not_an_object()
    return {key: gojson.value_bytes(member) for key, member in (document or {}).items()}


def _select(value: bytes, name: str, *, literal: bool) -> bytes:
    """A gjson path, tried as a name with dots in it first when it may be `literal`."""
    path = name.encode()
    if literal:
        result = gjson.get(value, path.replace(b".", b"\\."))
        if result.exists:
            return result.value
    result = gjson.get(value, path)
    if not result.exists:
        raise _missing(name, lambda: gojson.members(value))
    return result.value


def _aws(value: bytes, name: str) -> bytes:
    return _select(value, name, literal="." in name) if name else value


def _gcp(value: bytes, name: str) -> bytes:
    if not name:
        return value
    if not gojson.valid(value):
        raise DocumentError(f"the secret is not JSON, so it has no property `{name}`", kind="not-json")
    return _select(value, name, literal=name.find(".") > 0)


def _gcp_metadata(value: bytes, name: str) -> bytes:
    """`annotations`, `labels`, or one of them by its name, which may have dots and slashes."""
    if not name:
        return value
    document = json.loads(value)
    kind, dot, key = name.partition(".")
    if kind not in document or (dot and not key):
        raise _missing(name, document.keys)
    members = document[kind]
    if not dot:
        return gojson.write(members).encode()
    if key not in (members or {}):
        raise _missing(name, lambda: [f"{kind}.{known}" for known in members or ()])
    return str(members[key]).encode()


def _fake(value: bytes, name: str) -> bytes:
    return _select(value, name, literal=False) if name else value


def _file(value: bytes, name: str) -> bytes:
    return _gcp(_file_json(value), name) if name else value


def _file_json(value: bytes) -> bytes:
    if gojson.valid(value):
        return value
    try:
        return yaml_to_json(value)
    except ValueError:
        message = "the file is neither JSON nor YAML, so it has no properties"
        raise DocumentError(message, kind="not-json", hint="`data` without a `property` takes it as it is") from None


def _vault(value: bytes, name: str) -> bytes:
    """A key, or a path in the document written anew: compact, keys sorted, numbers as they stand."""
    if name and name in (plain := _plain_members(value) or {}):
        return plain[name]
    try:
        document = gojson.read(value)
    except ValueError:
        raise DocumentError("the secret is not JSON", kind="not-json") from None
    if document is None:
        raise DocumentError("the secret holds nothing", kind="missing")
    if not isinstance(document, dict):
        raise DocumentError("the secret is not a JSON object", kind="not-json")
    if name and name in document:
        return gojson.value_bytes(document[name])
    text = gojson.write(document).encode()
    return _select(text, name, literal=False) if name else text


def _kubernetes(value: bytes, name: str) -> bytes:
    """A key, or a key and a path in its JSON.

    Of metadata, `labels.` or `annotations.` and a name with any dots, or a name and a path in its JSON.
    """
    document = json.loads(value)
    if not name:
        return gojson.write(document, gojson.quote).encode()
    if name in document:
        return _kubernetes_bytes(document[name])
    key, _, path = name.partition(".")
    member = document.get(key)
    if isinstance(member, dict):
        if path in member:
            return _kubernetes_bytes(member[path])
        key, _, path = path.partition(".")
        member = member.get(key)
    if path and isinstance(member, str):
        result = gjson.get(_kubernetes_bytes(member), path.encode())
        if result.exists:
            return result.value
    raise _missing(name, document.keys)


def _kubernetes_bytes(member: gojson.Value) -> bytes:
    if isinstance(member, str):
        return member.encode("utf-8", "surrogateescape")
    return gojson.write(member, gojson.quote).encode()


def _kubernetes_split(value: bytes, name: str) -> dict[str, bytes]:
    """With a property, the members of a key's JSON stay JSON, texts in their quotes too: so the reference does it."""
    data = {key: _kubernetes_bytes(member) for key, member in json.loads(value).items()}
    if not name:
        return data
    encoded = gojson.write({key: base64.b64encode(text).decode() for key, text in data.items()}).encode()
    try:
        document = gojson.read(base64.b64decode(_aws(encoded, name), validate=True), gojson.finite)
    except ValueError:
        raise _not_an_object() from None
    if document is not None and not isinstance(document, dict):
        raise _not_an_object()
    return {key: gojson.write(member, gojson.quote).encode() for key, member in (document or {}).items()}


_LOOKUP: dict[Dialect, Callable[[bytes, str], bytes]] = {
    Dialect.AWS_SM: _aws,
    Dialect.AWS_PS: _aws,
    Dialect.GCP_SM: _gcp,
    Dialect.GCP_METADATA: _gcp_metadata,
    Dialect.VAULT: _vault,
    Dialect.FAKE: _fake,
    Dialect.KUBERNETES: _kubernetes,
    Dialect.FILE: _file,
}
