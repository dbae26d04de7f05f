"""Who a Secret belongs to: the value of `syncd.dev/owner` of each declaration."""

from __future__ import annotations

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret


def owner_of(declaration: ExternalSecret, installation: str) -> str:
    """`<installation>/<source>/<namespace>/<name>`."""
    return f"{installation}/{declaration.source.kind}/{declaration.object_name}"


def owners(declarations: Declarations, installation: str) -> frozenset[str]:
    """The owners that all declarations stand for."""
    return frozenset(owner_of(one, installation) for one in declarations.external_secrets)
