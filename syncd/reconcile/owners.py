"""Who a Secret belongs to: the value of `syncd.dev/owner` of each declaration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from syncd.manifests.declarations import Declarations
from syncd.manifests.extensions import RESTART
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import ObjectName, RestartMode


def owner_of(declaration: ExternalSecret, installation: str) -> str:
    """`<installation>/<source>/<namespace>/<name>`."""
    return f"{installation}/{declaration.source.kind}/{declaration.object_name}"


def targets(declarations: Declarations, installation: str) -> dict[str, ObjectName]:
    """The Secrets that all declarations name, by owner."""
    return {owner_of(one, installation): one.target_name for one in declarations.external_secrets}


def restart_mode(declaration: ExternalSecret, default: RestartMode) -> RestartMode:
    """What the declaration says, or the default where it says nothing."""
    return declaration.restart if RESTART in declaration.metadata.annotations else default


def strongest_mode(modes: Iterable[RestartMode]) -> RestartMode:
    """That of a Secret whose declarations differ."""
    said = {*modes}
    return next((mode for mode in (RestartMode.AUTO, RestartMode.ANNOTATED) if mode in said), RestartMode.OFF)


def shared_modes(declarations: Declarations, default: RestartMode) -> dict[ObjectName, RestartMode]:
    """The restart modes of the Secrets that several declarations share."""
    said: dict[ObjectName, list[RestartMode]] = defaultdict(list)
    for one in declarations.external_secrets:
        said[one.target_name].append(restart_mode(one, default))
    return {name: strongest_mode(modes) for name, modes in said.items() if len(modes) > 1}
