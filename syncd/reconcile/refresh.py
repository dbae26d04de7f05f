"""When the Secret of a declaration is made anew, as its manifest says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from syncd.manifests.extensions import PREFIX
from syncd.manifests.externalsecret import ExternalSecret, RefreshPolicy
from syncd.model import Refresh, RefreshMode
from syncd.reconcile.windows import permitted

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_DIGITS = 16


def refresh_of(declaration: ExternalSecret, now: datetime) -> Refresh:
    """The first of `refreshPolicy`, `refreshInterval: 0`, `syncWindows` and a generator that has a say.

    With interval 0 the reference passes over every later change of the declaration, which its users call a defect: here
    a change of `spec` counts, and one of labels and annotations does not.
    """
    spec = declaration.spec
    match spec.refresh_policy:
        case RefreshPolicy.CREATED_ONCE:
            return Refresh(RefreshMode.ONCE, reason="refreshPolicy CreatedOnce")
        case RefreshPolicy.ON_CHANGE:
            return Refresh(RefreshMode.ON_CHANGE, _digest(declaration), reason="refreshPolicy OnChange")
    if not spec.refresh_interval.refreshes:
        digest = _digest(declaration, metadata=False)
        return Refresh(RefreshMode.ON_CHANGE, digest, reason=f"refreshInterval {spec.refresh_interval.text}")
    opened = permitted(spec.sync_windows, now)
    if generates(declaration):
        return Refresh(RefreshMode.DUE, _digest(declaration), spec.refresh_interval.seconds if opened else 0.0)
    if spec.sync_windows is None:
        return Refresh()
    mode = RefreshMode.ALWAYS if opened else RefreshMode.ON_CHANGE
    return Refresh(mode, _digest(declaration), reason="syncWindows let no refresh happen now")


def generates(declaration: ExternalSecret) -> bool:
    """Whether it asks a generator whose values differ every time."""
    return any(source.generator and source.generator.kind != "Fake" for source in declaration.spec.data_from)


def _digest(declaration: ExternalSecret, *, metadata: bool = True) -> str:
    said = declaration.metadata
    parts = [declaration.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)]
    parts += [dict(said.labels), _counting(said.annotations)] if metadata else []
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


def _counting(annotations: Mapping[str, str]) -> dict[str, str]:
    """Those that say something of the Secret: not how syncd is to go about it, not what kubectl notes for itself."""
    return {key: value for key, value in annotations.items() if key != APPLIED and not key.startswith(PREFIX)}
