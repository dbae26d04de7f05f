"""`syncd explain`: where each key comes from, who uses it, and why it was restarted or was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from syncd.cli.answer import answer
from syncd.cli.explanations import Part, explanation_document
from syncd.cli.interrupt import in_order
from syncd.cli.reading import read_settings
from syncd.cli.request import Request
from syncd.cli.screen import Screen
from syncd.cli.session import Session, opened
from syncd.cli.show_explanation import explanation_text
from syncd.cli.subjects import Secret, Subject, subject
from syncd.cli.upcoming import Upcoming
from syncd.cluster.api import Target
from syncd.errors import ClusterError, UsageError
from syncd.model import NamespaceWorkloads, ObjectName, TargetKind, Unreadable, WorkloadName
from syncd.reconcile.explain import Explainer
from syncd.reconcile.options import Selection, now
from syncd.reconcile.report import ExitCode, plan_exit_code
from syncd.reconcile.survey import Survey
from syncd.reconcile.users import Users, uses


def run(request: Request, screen: Screen) -> int:
    """Writes nothing. Raises ManifestError, UsageError and ClusterError."""
    if not request.names:
        hint = "name an ExternalSecret (`shop/stripe`) or a workload (`deployment/web -n shop`)"
        raise UsageError("nothing is named that should be explained", hint=hint)
    with in_order(), opened(request, read_settings(request, screen), screen) as session:
        code, parts = _explained(session, request.names)
        target, upcoming = session.target.description, Upcoming.of_all(session.declarations, now())
    text = explanation_text(parts, upcoming, screen.out)
    answer(request, screen, text, explanation_document(parts, upcoming, target=target, code=code))
    return code


def _explained(session: Session, names: Sequence[str]) -> tuple[ExitCode, Sequence[Part]]:
    declarations = session.declarations
    subjects = list(dict.fromkeys(subject(name, declarations) for name in names))
    namespaces = {one.name.namespace for one in subjects}
    users: Mapping[str, Users] = {name: session.target.read_workloads(name) for name in sorted(namespaces)}
    declared = {one.target_name for one in declarations.external_secrets}
    secrets = {one: _secrets(one, users[one.name.namespace], session.target, declared) for one in subjects}
    wanted = {name for names in secrets.values() for name in names}
    selected = [str(one.object_name) for one in declarations.external_secrets if one.target_name in wanted]
    # What `prune` would delete does not matter here, and it cannot stand beside names.
    session.reconciler.options = replace(session.reconciler.options, prune=False)
    survey = session.reconciler.survey(Selection(tuple(selected))) if selected else Survey(declarations)
    explainer = Explainer(survey, users)
    parts = [
        Part(one, tuple(explainer.secret(name, (one,) if isinstance(one, WorkloadName) else ()) for name in names))
        for one, names in secrets.items()
    ]
    blind = any(isinstance(here, Unreadable) for here in users.values())
    failed = blind or plan_exit_code(survey.plan) is ExitCode.FAILED
    return (ExitCode.FAILED if failed else ExitCode.CLEAN), parts


def _secrets(one: Subject, here: Users, target: Target, declared: Set[ObjectName]) -> tuple[ObjectName, ...]:
    """The Secret itself, or those that a workload uses, and its declared ConfigMaps.

    Raises ClusterError and UsageError.
    """
    if isinstance(one, Secret):
        return (one.name,)
    if not isinstance(here, NamespaceWorkloads):
        raise ClusterError(
            f"the workloads of namespace `{one.name.namespace}` cannot be read: {here.reason}", hint=here.hint
        )
    workload = next((each for each in here.workloads if each.name == one), None)
    if workload is None:
        raise UsageError(f"there is no {one.kind} `{one.name}` in {target.description}", hint="see `-n`")
    used = (ObjectName.within(one.name.namespace, name) for name in uses(workload, here.pull_secrets))
    return tuple(sorted(name for name in used if name.kind is TargetKind.SECRET or name in declared))
