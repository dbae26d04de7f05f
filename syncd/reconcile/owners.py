"""Who a Secret belongs to: the value of `syncd.dev/owner` of each declaration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.manifests.declarations import Declarations
from syncd.manifests.extensions import RESTART
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import ObjectName, RestartMode


def owner_of(declaration: ExternalSecret, installation: str) -> str:
    """`<installation>/<source>/<namespace>/<name>`."""
    return f"{installation}/{declaration.source.kind}/{declaration.object_name}"


def restart_mode(declaration: ExternalSecret, default: RestartMode) -> RestartMode:
    """What the declaration says, or the default where it says nothing."""
    return declaration.restart if RESTART in declaration.metadata.annotations else default


def strongest_mode(modes: Iterable[RestartMode]) -> RestartMode:
    """That of a Secret whose declarations differ."""
    said = {*modes}
    return next((mode for mode in (RestartMode.AUTO, RestartMode.ANNOTATED) if mode in said), RestartMode.OFF)


@dataclass(frozen=True, slots=True)
class Claims:
    """What all declarations there are ask for."""

    declarations: Declarations
    installation: str
    default: RestartMode
    targets: Mapping[str, ObjectName]
    """The Secrets that they name, by owner."""
    modes: Mapping[ObjectName, RestartMode]
    """The restart modes of the Secrets that several of them share."""

    @classmethod
    def of(cls, declarations: Declarations, installation: str, default: RestartMode) -> Claims:
        targets: dict[str, ObjectName] = {}
        said: dict[ObjectName, list[RestartMode]] = defaultdict(list)
        for one in declarations.external_secrets:
            name = targets[owner_of(one, installation)] = one.target_name
            said[name].append(restart_mode(one, default))
        modes = {name: strongest_mode(modes) for name, modes in said.items() if len(modes) > 1}
        return cls(declarations, installation, default, targets, modes)

    def made_of(self, declarations: Declarations, installation: str, default: RestartMode) -> bool:
        return self.declarations is declarations and (self.installation, self.default) == (installation, default)
