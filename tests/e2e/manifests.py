"""Manifests for tests of whole commands, written as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.servers.openbao import OpenBao

Manifest = dict[str, Any]


def store(provider: Mapping[str, Any], name: str = "store", **metadata: Any) -> Manifest:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": name, **metadata},
        "spec": {"provider": dict(provider)},
    }


def vault(server: str, mount: str, auth: Mapping[str, Any] | None = None, **fields: Any) -> Manifest:
    """`spec.provider` of a KV mount; with the token of `token_secret` unless another way to log in is given."""
    auth = auth or {"tokenSecretRef": {"name": "vault-token", "key": "token"}}
    return {"vault": {"server": server, "path": mount, "auth": dict(auth), **fields}}


def token_secret(bao: OpenBao, name: str = "vault-token") -> Manifest:
    return secret(name, token=bao.token)


def secret(name: str, /, **texts: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": texts}


def external_secret(name: str, spec: Mapping[str, Any], store: str = "store", **metadata: Any) -> Manifest:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, **metadata},
        "spec": {"secretStoreRef": {"name": store}, **spec},
    }


def key(name: str, **reference: Any) -> Manifest:
    """One entry of `spec.data`, whose Secret key is `KEY`."""
    return {"secretKey": "KEY", "remoteRef": {"key": name, **reference}}


def deployment(name: str, uses: str, **annotations: str) -> Manifest:
    """With all keys of one Secret in its environment."""
    container = {"name": "main", "image": "example/app:1", "envFrom": [{"secretRef": {"name": uses}}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }


def write(path: Path, manifests: Sequence[Mapping[str, Any]]) -> Path:
    """One file of all; the path."""
    path.write_text(yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True))
    return path
