"""A Secret or ConfigMap as a YAML file that `kubectl apply -f` takes."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import yaml

from syncd.cluster.codec import Malformed, mapping, secret_from_json, secret_to_json, strings
from syncd.cluster.yamldoc import BadYaml, compose, construct
from syncd.model import ObjectName, SecretObject, SecretValue, TargetKind

_HEADER = "# Written by syncd (uid {uid}): the next sync undoes changes made here.\n"
_UID = re.compile(r"\A# Written by syncd \(uid ([0-9a-f]{16})\)")
_VERSION_KEY = secrets.token_bytes(16)
"""Versions are keyed hashes that only this process can make: a bare hash of a file would be a hash of its values."""

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def new_uid() -> str:
    return secrets.token_hex(8)


def encode(secret: SecretObject) -> bytes:
    text = yaml.dump(secret_to_json(secret), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1)
    return (_HEADER.format(uid=secret.uid) + text).encode()


def decode(content: bytes, name: ObjectName) -> SecretObject:
    """Raises Malformed, whose text begins with the line where one is known."""
    try:
        text = content.decode()
        nodes = compose(text)
        item = construct(nodes[0]) if len(nodes) == 1 else None
    except BadYaml as error:
        raise Malformed(f"line {error.line}: not valid YAML") from None
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if not isinstance(item, dict) or item.get("kind") != name.kind:
        raise Malformed(f"not one {name.kind}")
    secret = secret_from_json(_joined(item), name.kind)
    if secret.name not in (name, replace(name, namespace="")):
        raise Malformed(f"holds the {name.kind} `{secret.name}`, which belongs into another file")
    uid = found[1] if (found := _UID.search(text)) else _derived_uid(name)
    return replace(secret, name=name, uid=uid, resource_version=version(content))


def version(content: bytes) -> str:
    return blake2b(content, key=_VERSION_KEY, digest_size=16).hexdigest()


def _derived_uid(name: ObjectName) -> str:
    """For a file that syncd has not written yet."""
    return blake2b(str(name).encode(), digest_size=8).hexdigest()


def _joined(item: dict[str, Any]) -> dict[str, Any]:
    """`stringData` becomes `data`, and base64 may have line breaks, as for the API server."""
    if item["kind"] == TargetKind.CONFIG_MAP:
        return item
    data = {key: "".join(text.split()) for key, text in strings(item.get("data"), "data").items()}
    for key, text in mapping(item.get("stringData"), "stringData").items():
        data[key] = SecretValue(str(text)).base64()
    return {**item, "data": data}
