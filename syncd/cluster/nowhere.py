"""Stands for a cluster where none is configured: what a command may do without one goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NoReturn

from syncd.errors import Unreachable
from syncd.model import ObjectName, Observed, Unreadable

_WHY = "no cluster is configured"


class Nowhere:
    """What stores may read of a target; nothing is here, and nothing is known to be missing."""

    def read_secrets(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Observed]:
        return dict.fromkeys(names, _nothing("Secret"))

    def read_configmap(self, *_: object, **__: object) -> Unreadable:
        return _nothing("ConfigMap")

    def service_account_token(self, *_: object, **__: object) -> NoReturn:
        raise Unreachable(_WHY, hint="give --kubeconfig, or set KUBECONFIG")

    service_account_annotations = service_account_token

    def close(self) -> None:
        """There is nothing to close."""


def _nothing(kind: str) -> Unreadable:
    return Unreadable(_WHY, f"put the {kind} among the files, give --kubeconfig, or log in with --store-auth ambient")
