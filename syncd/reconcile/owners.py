"""Who a Secret belongs to: the value of `syncd.dev/owner` of each declaration."""

from __future__ import annotations

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import ObjectName


def owner_of(declaration: ExternalSecret, installation: str) -> str:
    """`<installation>/<source>/<namespace>/<name>`."""
    return f"{installation}/{declaration.source.kind}/{declaration.object_name}"


def targets(declarations: Declarations, installation: str) -> dict[str, ObjectName]:
    """The Secrets that all declarations name, by owner."""
    return {owner_of(one, installation): one.target_name for one in declarations.external_secrets}
