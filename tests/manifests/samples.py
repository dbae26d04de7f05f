"""Manifests for the tests of the language, and short ways to load them."""

from __future__ import annotations

from typing import Any

import yaml

from syncd.errors import Problem
from syncd.manifests import Declarations, ExternalSecret, Store, Validation
from syncd.manifests.items import Text
from syncd.manifests.loading import Loaded, load

STORE = """
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: shop}
spec: {provider: {vault: {server: "https://vault.example"}}}
"""


def entry(key: str = "token", **remote: Any) -> dict[str, Any]:
    """One entry of `spec.data`."""
    return {"secretKey": key, "remoteRef": {"key": "shop/stripe", **remote}}


def external_secret(name: str = "stripe", version: str = "v1", **spec: Any) -> str:
    """An ExternalSecret in `shop` with one entry; None takes a field of the spec away."""
    fields = {"secretStoreRef": {"name": "vault"}, "data": [entry()], **spec}
    return yaml.safe_dump(
        {
            "apiVersion": f"external-secrets.io/{version}",
            "kind": "ExternalSecret",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {field: value for field, value in fields.items() if value is not None},
        },
        sort_keys=False,
    )


def store(provider: dict[str, Any], kind: str = "SecretStore", version: str = "v1", **spec: Any) -> str:
    """A store called `vault`; a SecretStore lies in `shop`."""
    metadata = {"name": "vault", "namespace": "shop"} if kind == "SecretStore" else {"name": "vault"}
    return yaml.safe_dump(
        {
            "apiVersion": f"external-secrets.io/{version}",
            "kind": kind,
            "metadata": metadata,
            "spec": {"provider": provider, **spec},
        },
        sort_keys=False,
    )


def annotated(document: str, annotations: dict[str, Any]) -> str:
    """The object with these annotations."""
    content = yaml.safe_load(document)
    content["metadata"]["annotations"] = annotations
    return yaml.safe_dump(content, sort_keys=False)


def loaded(*documents: str, validation: Validation = Validation.STRICT) -> Loaded:
    """Loads documents as the file `shop.yaml`."""
    return load([Text("shop.yaml", "---\n".join(documents))], validation=validation)


def problems(*documents: str, validation: Validation = Validation.STRICT) -> list[Problem]:
    return list(loaded(*documents, validation=validation).problems)


def said(*documents: str, validation: Validation = Validation.STRICT) -> list[str]:
    """The problems without their places: `path: message`."""
    return [f"{problem.path}: {problem.message}" for problem in problems(*documents, validation=validation)]


def warned(*documents: str, validation: Validation = Validation.STRICT) -> list[str]:
    """The warnings without their places: `path: message`."""
    warnings = loaded(*documents, validation=validation).declarations.warnings
    return [f"{warning.path}: {warning.message}" for warning in warnings]


def declared(*documents: str) -> Declarations:
    return loaded(*documents).complete()


def declaration(**spec: Any) -> ExternalSecret:
    """The one ExternalSecret that this spec gives, loaded beside its store."""
    (one,) = declared(STORE, external_secret(**spec)).external_secrets
    return one


def only_store(document: str) -> Store:
    (one,) = declared(document).stores.values()
    return one
