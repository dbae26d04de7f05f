"""`syncd render`: the Secrets and ConfigMaps that are asked for, as manifests, whatever the target holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from syncd.cli import failures
from syncd.cli.flags import Output
from syncd.cli.interrupt import in_order
from syncd.cli.progress import shown
from syncd.cli.reading import read_settings
from syncd.cli.request import Request
from syncd.cli.screen import Screen
from syncd.cli.session import beside_stores, declared, options
from syncd.cluster.codec import secret_to_json
from syncd.model import CreationPolicy, Desired, SecretObject, Unknown
from syncd.reconcile.changes import Refusal
from syncd.reconcile.decide import Rules, decide
from syncd.reconcile.fetch import Fetcher
from syncd.reconcile.options import now
from syncd.reconcile.plan import Plan
from syncd.reconcile.rendering import rendered
from syncd.reconcile.report import ExitCode
from syncd.settings import Settings
from syncd.sources.selection import select

MASK = "(sensitive value)"
"""Stands where a value would; it is not base64, so that no API server takes it for one."""


def run(request: Request, screen: Screen) -> int:
    """Manifests go to standard output, what could not be rendered to standard error. Writes nothing."""
    with in_order():
        found = _rendered(request, read_settings(request, screen), screen)
    unknowns = tuple(one for one in found if isinstance(one, Unknown))
    unfit = [one for one in found if isinstance(one, Desired) and one.unfit]
    refusals = tuple(made for one in unfit if isinstance(made := decide(one, None, Rules()), Refusal))
    secrets = [_manifest(secret, reveal=request.reveal) for one in found for secret in _asked_for(one, screen)]
    if not (request.quiet and request.output is Output.TEXT):
        screen.out.write(_written(secrets, request.output))
    for trouble in failures.without_repeats([*failures.of_plan(Plan(unknowns=unknowns, refusals=refusals))]):
        screen.error(trouble.message, trouble.hint)
    return ExitCode.FAILED if unknowns or refusals else ExitCode.CLEAN


def _rendered(request: Request, settings: Settings, screen: Screen) -> list[Desired | Unknown]:
    """Of a cluster, only what stores and templates refer to is read."""
    declarations, told = declared(request, settings, screen), options(settings)
    selected = select(declarations, request.names, request.selector)
    target = beside_stores(request, settings)
    try:
        with shown(screen.err, quiet=request.quiet) as progress:
            fetcher = Fetcher(target, told, progress)
            try:
                return rendered(declarations, selected, fetcher, told, now())
            finally:
                fetcher.close()
    finally:
        target.close()


def _asked_for(one: Desired | Unknown, screen: Screen) -> Iterator[SecretObject]:
    """The Secret as it would be created; of one that is merged, the part that is this declaration's."""
    if isinstance(one, Unknown) or one.unfit:
        return
    if one.data is None:
        screen.note(f"{one.declaration}: the store has nothing for it")
        return
    if one.policy.creation is CreationPolicy.MERGE:
        one = replace(one, policy=replace(one.policy, creation=CreationPolicy.CREATE_OR_MERGE))
    made = decide(one, None, Rules(now=now()))
    if isinstance(made, SecretObject):
        yield made
    else:
        screen.note(f"{one.declaration}: creationPolicy None writes nothing")


def _manifest(secret: SecretObject, *, reveal: bool) -> dict[str, Any]:
    manifest = secret_to_json(replace(secret, data=dict(sorted(secret.data.items()))))
    values = {part: dict.fromkeys(manifest[part], MASK) for part in ("data", "binaryData") if part in manifest}
    return manifest if reveal else manifest | values


def _written(manifests: Iterable[dict[str, Any]], output: Output) -> str:
    """A stream of YAML documents, or one List in JSON."""
    if output is Output.JSON:
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*manifests]}, indent=2) + "\n"
    import yaml  # late: only this form needs it

    return "".join(f"---\n{yaml.safe_dump(one, sort_keys=False, allow_unicode=False, width=1000)}" for one in manifests)
