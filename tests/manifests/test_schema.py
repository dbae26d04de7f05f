"""Models are searched by field path."""

from __future__ import annotations

import pytest

from syncd.manifests.data import RemoteRef
from syncd.manifests.externalsecret import ExternalSecret, Target
from syncd.manifests.faults import Path
from syncd.manifests.schema import all_fields, model_at, nested
from syncd.manifests.store import SecretStore
from syncd.manifests.stores.vault import VaultAuth


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ExternalSecret),
        (("spec", "target"), Target),
        (("spec", "data", 3, "remoteRef"), RemoteRef),
        (("spec", "data"), None),
        (("spec", "target", "template", "data"), None),
        (("spec", "nowhere", "deeper"), None),
        (("metadata", "name", "x"), None),
    ],
)
def test_model_at(path: Path, expected: type | None) -> None:
    """Lists and optional fields are looked through; what has no model has none."""
    assert expected is model_at(ExternalSecret, path)


def test_model_at_of_a_provider() -> None:
    """The providers of ours are found below a store."""
    assert VaultAuth is model_at(SecretStore, ("spec", "provider", "vault", "auth"))


def test_nested() -> None:
    """A field is found one level deeper."""
    assert "template" == nested(Target, "mergePolicy")
    assert "" == nested(Target, "nothing")


def test_all_fields() -> None:
    """Paths are written as in messages, lists with empty brackets."""
    fields = set(all_fields(ExternalSecret))
    assert {"spec.data[].remoteRef.key", "spec.target.template.templateFrom[].configMap.items[].templateAs"} <= fields
