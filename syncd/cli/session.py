"""Puts the parts together: declarations from files, a target, and a reconciler between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncd.cli.progress import shown
from syncd.cli.reading import read_manifests
from syncd.cli.request import Request
from syncd.cli.screen import Screen
from syncd.cluster.folder import FolderTarget
from syncd.cluster.git import check_git
from syncd.cluster.kubeconfig import default_namespace
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.cluster.nowhere import Nowhere
from syncd.errors import UsageError
from syncd.manifests import Declarations
from syncd.reconcile.guard import Limits
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
from syncd.settings import Settings

Target = KubernetesTarget | FolderTarget


@dataclass(frozen=True, slots=True)
class Session:
    reconciler: Reconciler
    target: Target
    declarations: Declarations


@contextmanager
def opened(request: Request, settings: Settings, screen: Screen) -> Iterator[Session]:
    """Whatever is opened is closed again; what the target has to say is said then.

    Raises ManifestError, UsageError and ClusterError.
    """
    declarations = declared(request, settings, screen)
    target = target_of(request, settings)
    try:
        with shown(screen.err, quiet=request.quiet) as progress:
            reconciler = Reconciler(lambda: declarations, target, options(settings), progress=progress)
            try:
                yield Session(reconciler, target, declarations)
            finally:
                reconciler.close()
        for warning in target.warnings:
            screen.warning(warning)
    finally:
        target.close()


def declared(request: Request, settings: Settings, screen: Screen) -> Declarations:
    """The manifests; objects that name no namespace are where kubectl would have them.

    Raises ManifestError and UsageError.
    """
    return read_manifests(request, settings, screen, namespace=usual_namespace(request))


def usual_namespace(request: Request) -> str:
    """Where objects are that name no namespace. Raises UsageError."""
    return default_namespace(request.kubeconfig, request.context) if request.to is None else "default"


def beside_stores(request: Request, settings: Settings) -> Target | Nowhere:
    """Where stores find credentials that are not among the files. Not having a cluster is an answer, too.

    Raises UsageError.
    """
    if request.to is not None:
        return FolderTarget(request.to, namespace=request.namespace or "default")
    try:
        return target_of(request, settings)
    except UsageError:
        if request.kubeconfig or request.context:
            raise
        return Nowhere()


def options(settings: Settings) -> Options:
    return Options(
        installation=settings.installation,
        adopt=settings.adopt,
        configmaps=settings.allow_configmaps,
        prune=settings.prune,
        restarts=settings.restarts,
        limits=Limits(count=settings.guard_count, share=settings.guard_share),
        allowed=frozenset(settings.allow_mass_change),
        controller_class=settings.controller_class,
        namespaces=settings.namespaces,
        store_auth=settings.store_auth,
        provider_timeout=settings.provider_timeout,
        readers=settings.readers,
        writers=settings.writers,
        pause_writes=settings.pause_writes,
        pause_restarts=settings.pause_restarts,
    )


def target_of(request: Request, settings: Settings) -> Target:
    """Where Secrets are written. Raises UsageError."""
    if request.to is None:
        return KubernetesTarget.connect(
            request.kubeconfig,
            request.context,
            system_namespace=settings.system_namespace or None,
            namespaces=settings.namespaces,
        )
    folder = Path(request.to)
    if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
        raise UsageError(f"`{request.to}` is no folder", hint="name a folder, or one that is to be made")
    check_git(request.to, allow=settings.allow_git)
    return FolderTarget(request.to, namespace=request.namespace or "default")
