"""From answers to the Secret or ConfigMap that a declaration asks for. Pure: no clock, no store, no cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.errors import Failure, RenderError, StoreError, TemplateError
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.manifests.store import Store
from syncd.model import (
    CreationPolicy,
    DeletionPolicy,
    Desired,
    Metadata,
    ObjectName,
    Policy,
    RestartMode,
    SecretValue,
    TargetKind,
    TemplatePlace,
    Unknown,
)
from syncd.reconcile.admissible import check_metadata, check_type
from syncd.reconcile.answers import Answers, store_keys, stores_of
from syncd.reconcile.gather import Generators, gather, varying
from syncd.reconcile.keys import check_api_server
from syncd.reconcile.owners import owner_of, restart_mode
from syncd.reconcile.pause import EPOCH, paused
from syncd.reconcile.plain import looks_secret
from syncd.reconcile.refresh import generates, refresh_of
from syncd.reconcile.shape import Shaped, shape

MAX_BYTES = 1024 * 1024
"""What the API server takes for the data of one Secret."""


@dataclass(frozen=True, slots=True)
class Context:
    """What rendering needs to know of the pass."""

    installation: str = "default"
    restarts: RestartMode = RestartMode.AUTO
    now: datetime = EPOCH
    namespaces: tuple[str, ...] = ()
    """Where Secrets may be; empty: everywhere."""
    kinds: tuple[TargetKind, ...] = (TargetKind.SECRET,)
    """What may be written."""
    stores: Mapping[StoreKey, Store] = field(default_factory=dict, repr=False)
    generators: Generators = field(default_factory=dict, repr=False)
    paused: Mapping[str, str] = field(default_factory=dict)
    """Why nothing is written in a namespace, by its name."""


def render(declaration: ExternalSecret, answers: Answers, context: Context) -> Desired | Unknown:
    """The Secret that is asked for; `data` is None when the stores certainly have nothing for it.

    Unknown when a store could not be asked, or when what it gave cannot be made into this Secret. What nobody expected
    is a bug that concerns this declaration alone; its text may hold a value, so only its class is told.
    """
    try:
        return _desired(declaration, answers, context)
    except (StoreError, RenderError) as error:
        return _unknown(declaration, context, error)
    except Exception as error:  # noqa: BLE001  # one declaration must not stop the others
        bug = StoreError(Failure.BUG, f"{type(error).__name__} in syncd", hint=f"please report it: {_place(error)}")
        return _unknown(declaration, context, bug)


def _unknown(declaration: ExternalSecret, context: Context, error: StoreError | RenderError) -> Unknown:
    place = None
    if isinstance(error, TemplateError) and error.line:
        place = TemplatePlace(error.path, error.name, error.line, error.column)
    return Unknown(
        declaration=declaration.object_name,
        name=declaration.target_name,
        reason=error.message,
        failure=error.failure if isinstance(error, StoreError) else Failure.MISCONFIGURED,
        source=declaration.source,
        hint=error.hint,
        retry_after=error.retry_after if isinstance(error, StoreError) else None,
        stores=stores_of(declaration),
        owner=owner_of(declaration, context.installation),
        policy=_policy(declaration, context),
        place=place,
    )


def _place(error: BaseException) -> str:
    """Where it was raised, without its text."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}" if traceback else ""


def _desired(declaration: ExternalSecret, answers: Answers, context: Context) -> Desired:
    policy = _policy(declaration, context)
    _check_target(declaration.target_name, context)
    data = gather(declaration, answers, context.generators)
    empty = not data and policy.deletion is not DeletionPolicy.MERGE
    shaped = Shaped() if empty or policy.creation is CreationPolicy.NONE else shape(declaration, data, answers)
    kind = _type(declaration)
    _check(shaped, declaration.target_name.kind)
    if kind and policy.creation in (CreationPolicy.OWNER, CreationPolicy.ORPHAN) and not empty:  # a merge gives a part
        check_type(kind, shaped.data, shaped.annotations)
    return Desired(
        declaration=declaration.object_name,
        name=declaration.target_name,
        type=kind,
        data=None if empty else {key: SecretValue(value) for key, value in shaped.data.items()},
        metadata=Metadata(shaped.labels, shaped.annotations, shaped.finalizers),
        policy=policy,
        source=declaration.source,
        stores=stores_of(declaration),
        owner=owner_of(declaration, context.installation),
        paused=_paused(declaration, context),
        unfit=_unfit(declaration, shaped),
        anew=_anew(declaration, shaped),
    )


def _anew(declaration: ExternalSecret, shaped: Shaped) -> str:
    """What makes some of it another in each pass, as a plan says it."""
    parts = ["values are generated anew in each pass"] if generates(declaration) else []
    if names := shaped.varying | varying(declaration):
        functions = ", ".join(f"`{name}`" for name in sorted(names))
        parts.append(f"its template is not deterministic: {functions} may give something else in each pass")
    return "; ".join(parts)


def _type(declaration: ExternalSecret) -> str:
    """Empty where nothing says it: a Secret that is there keeps its own, and ConfigMaps have none."""
    if declaration.target_name.kind is TargetKind.CONFIG_MAP:
        return ""
    template = declaration.spec.target.template
    return template.type if template else ""


def _unfit(declaration: ExternalSecret, shaped: Shaped) -> str:
    """Why a ConfigMap must not hold this. Without a template its metadata is the declaration's, and as open as that."""
    if declaration.target_name.kind is TargetKind.SECRET or declaration.allows_plain:
        return ""
    found = [(f"the key `{key}`", looks_secret(key, value)) for key, value in sorted(shaped.data.items())]
    if declaration.spec.target.template:
        metadata = (("label", shaped.labels), ("annotation", shaped.annotations))
        found += [(f"the {w} `{k}`", looks_secret(k, v.encode())) for w, texts in metadata for k, v in texts.items()]
    return next((f"{what} {why}, and a ConfigMap hides nothing" for what, why in found if why), "")


def _policy(declaration: ExternalSecret, context: Context) -> Policy:
    target = declaration.spec.target
    return Policy(
        creation=target.creation_policy,
        deletion=target.deletion_policy,
        restart=restart_mode(declaration, context.restarts),
        immutable=target.immutable,
        refresh=refresh_of(declaration, context.now),
    )


def _paused(declaration: ExternalSecret, context: Context) -> str:
    """A declaration is paused by its own annotation, that of its Namespace, or that of any of its stores."""
    own = paused(declaration.metadata.annotations, context.now)
    if why := own or context.paused.get(declaration.metadata.namespace, ""):
        return why
    for key in store_keys(declaration):
        store = context.stores.get(key)
        if store and (why := paused(store.metadata.annotations, context.now)):
            return f"{key}: {why}"
    return ""


def _check_target(name: ObjectName, context: Context) -> None:
    if name.kind not in context.kinds:
        raise StoreError(
            Failure.DENIED,
            "`spec.target.manifest`: no ConfigMap is written unless the setting `allow-configmaps` is on",
            hint="give `--allow-configmaps`, with the rights that it needs, or leave `manifest` out",
        )
    if context.namespaces and name.namespace not in context.namespaces:
        message = f"namespace `{name.namespace}` is not among `--namespaces`"
        raise StoreError(Failure.DENIED, message, hint="add it there, with the rights in it, or leave the manifest out")


def _check(shaped: Shaped, kind: TargetKind) -> None:
    check_api_server(shaped.data)
    check_metadata(shaped.labels, shaped.annotations, shaped.finalizers)
    size = sum(len(value) for value in shaped.data.values())
    if size > MAX_BYTES:
        raise RenderError(f"the data has {size} bytes; a {kind} may have {MAX_BYTES}")
