"""Why things stand as they do: each Secret with its sources, each user with the reference that makes it one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.template import MergePolicy
from syncd.model import (
    RESTARTED,
    Desired,
    NamespaceWorkloads,
    ObjectName,
    Unreadable,
    Workload,
    WorkloadName,
)
from syncd.reconcile.changes import Change
from syncd.reconcile.origins import Origin, origins
from syncd.reconcile.owed import Keyring, Owed, Tracked, noted
from syncd.reconcile.plan import Plan
from syncd.reconcile.survey import Survey
from syncd.reconcile.tracking import strongest
from syncd.reconcile.users import Reference, Users, references, restart_wish


class State(StrEnum):
    """How a Secret stands, or one declaration of it."""

    CHANGE = "change"
    IN_STEP = "in step"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    FOREIGN = "not declared"


@dataclass(frozen=True, slots=True)
class Word:
    """What a plan says of one Secret."""

    state: State
    text: str = ""
    hint: str = ""
    change: Change | None = None
    retry_after: float | None = None
    """Seconds, when a store said so."""


class Standing(StrEnum):
    """Whether a workload is restarted for a Secret."""

    OWED = "restart"
    """It runs with keys that have changed."""
    PAUSED = "paused"
    CURRENT = "up to date"
    UNNOTED = "not noted"
    """Nothing says yet what it runs with."""
    LEFT = "left alone"
    """By its own word, or by the declaration's."""
    BY_HAND = "by hand"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class User:
    workload: Workload
    references: tuple[Reference, ...]
    standing: Standing
    reason: str
    decided: str = ""
    """What decides whether it may be restarted: an annotation, or the declaration's mode."""
    changed: frozenset[str] = frozenset()
    """The keys that it is owed a restart for; `*` when its note cannot say which."""
    hint: str = ""

    @property
    def last_restart(self) -> str:
        """When syncd restarted it, in RFC 3339; empty when it did not, or when somebody took the mark away."""
        return self.workload.pod_annotations.get(RESTARTED, "").partition("/")[0]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one Secret."""

    name: ObjectName
    declarations: tuple[ExternalSecret, ...]
    words: tuple[Word, ...]
    origins: tuple[Origin, ...] = ()
    made: tuple[str, ...] = ()
    """Keys that come out of the template."""
    users: tuple[User, ...] = ()
    blind: Unreadable | None = None
    """Why its users are not known."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains Secrets out of one survey; `users` are those of their namespaces."""

    survey: Survey
    users: Mapping[str, Users]

    def secret(self, name: ObjectName, only: Collection[WorkloadName] = ()) -> Explanation:
        """One Secret with all its users, or with `only` some of them."""
        declarations = tuple(one for one in self.survey.selected if one.target_name == name)
        here = self.users.get(name.namespace, Unreadable("nobody looked"))
        return Explanation(
            name=name,
            declarations=declarations,
            words=tuple(self._words(name)) or (Word(State.FOREIGN, "no declaration asks for it"),),
            origins=tuple(origin for one in declarations for origin in self._origins(one)),
            made=tuple(sorted(key for one in declarations for key in self._made(one))),
            users=tuple(self._users(name, here, only)) if isinstance(here, NamespaceWorkloads) else (),
            blind=here if isinstance(here, Unreadable) else None,
        )

    def _words(self, name: ObjectName) -> Iterator[Word]:
        plan = self.survey.plan
        for change in (one for one in (*plan.changes, *plan.unconfirmed) if one.name == name):
            yield Word(State.CHANGE, change.reason, change=change)
        for refusal in (one for one in plan.refusals if one.name == name):
            yield Word(State.REFUSED, refusal.reason, refusal.hint)
        for unknown in (one for one in plan.unknowns if one.name == name):
            yield Word(State.UNKNOWN, unknown.reason, unknown.hint, retry_after=unknown.retry_after)
        for waiting in (one for one in plan.waiting if one.change.name == name):
            yield Word(State.WAITING, waiting.reason, waiting.hint, waiting.change)
        for settled in (one for one in plan.settled if one.name == name):
            yield Word(State.IN_STEP, settled.remark)

    def _origins(self, declaration: ExternalSecret) -> Iterable[Origin]:
        return origins(declaration, self.survey.gathering(declaration), self.survey.answers)

    def _made(self, declaration: ExternalSecret) -> Iterable[str]:
        """The keys that the template makes, if it makes any."""
        template = declaration.spec.target.template
        if template is None or not (template.data or template.template_from):
            return ()
        mine = (one for one in self.survey.desired if one.declaration == declaration.object_name)
        keys = {key for one in mine if isinstance(one, Desired) for key in one.data or ()}
        if template.merge_policy is MergePolicy.MERGE:
            keys -= {key for origin in self._origins(declaration) for key in origin.keys} - {*template.data}
        return keys

    def _users(self, name: ObjectName, here: NamespaceWorkloads, only: Collection[WorkloadName]) -> Iterator[User]:
        for workload in sorted(here.workloads, key=lambda one: one.name):
            if only and workload.name not in only:
                continue
            mine = tuple(one for one in references(workload, here.pull_secrets) if one.secret == name.local)
            if mine:
                yield self._user(name, workload, mine)

    def _user(self, name: ObjectName, workload: Workload, mine: tuple[Reference, ...]) -> User:
        plan = self.survey.plan
        declared = [one for one in self.survey.desired if one.name == name]
        if not declared:
            return User(workload, mine, Standing.LEFT, "no declaration asks for the Secret")
        tracked = plan.tracked.get(name)
        wanted, who = restart_wish(workload, name.local, tracked.mode if tracked else strongest(declared))
        if not wanted:
            return User(workload, mine, Standing.LEFT, who, who)
        if workload.untouchable:
            return User(workload, mine, Standing.BY_HAND, workload.untouchable, who)
        if tracked is None:
            return User(workload, mine, Standing.LEFT, "the Secret is not syncd's, or cannot be read", who)
        if plan.blind:
            return User(workload, mine, Standing.UNKNOWN, plan.blind.reason, who, hint=plan.blind.hint)
        owed = next((one for one in plan.workloads if one.workload.name == workload.name), None)
        return _judged(
            User(workload, mine, Standing.CURRENT, "runs with what the Secret holds", who), tracked, owed, plan
        )


def _judged(user: User, tracked: Tracked, owed: Owed | None, plan: Plan) -> User:
    """Whether a restart is owed, by the workload's note."""
    if owed and (changed := owed.because.get(tracked.name)):
        keys = ", ".join(f"`{key}`" for key in sorted(changed - {"*"})) or "data"
        reason = f"runs with an older {keys}" if changed != {"*"} else "runs with older data"
        if owed.paused:
            return replace(user, standing=Standing.PAUSED, reason=f"{owed.paused}: {reason}", changed=changed)
        return replace(user, standing=Standing.OWED, reason=reason, changed=changed)
    keyring = plan.keyring if isinstance(plan.keyring, Keyring) else None
    if tracked.name.local in noted(user.workload, keyring).secrets:
        return user
    if tracked.before is None:
        reason = "the Secret does not exist yet, and that it comes into being restarts nobody"
    else:
        reason = "has no note yet: a sync notes what it runs with, and restarts it for what changes then"
    return replace(user, standing=Standing.UNNOTED, reason=reason)
