"""Plans and reports made by hand, with everything in them that the command line has to show."""

from __future__ import annotations

import io

from syncd.cli.screen import Stream
from syncd.errors import Failure
from syncd.model import (
    ObjectName,
    SecretObject,
    SecretValue,
    Source,
    SourceKind,
    Unknown,
    Unreadable,
    Workload,
    WorkloadKind,
    WorkloadName,
)
from syncd.reconcile.apply import Applied, NoteWrite, Result, Write
from syncd.reconcile.changes import (
    Action,
    Change,
    KeyChanges,
    Orphan,
    Refusal,
    RefusalKind,
    Settled,
    Waiting,
)
from syncd.reconcile.owed import Owed
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report, Round
from syncd.reconcile.restart import Restarted

CANARY = "canary-7f3a"
SOURCE = Source(SourceKind.FILES, "shop.yaml:3")


def stream(*, color: bool = False, unicode: bool = True) -> Stream:
    return Stream(io.StringIO(), color=color, unicode=unicode)


def name(text: str) -> ObjectName:
    namespace, _, rest = text.partition("/")
    return ObjectName(namespace, rest)


def secret(text: str, *keys: str, value: str = CANARY, **labels: str) -> SecretObject:
    return SecretObject(name(text), data={key: SecretValue(value) for key in keys}, labels=labels)


def change(action: Action, before: SecretObject | None, after: SecretObject | None, **more: str) -> Change:
    subject = after or before
    assert subject
    return Change(
        subject.name,
        action,
        more.get("reason", "content differs"),
        before,
        after,
        KeyChanges.between(before, after),
        declarations=(subject.name,),
        stores=("SecretStore/shop/vault",),
        source=SOURCE,
        paused=more.get("paused", ""),
    )


CREATE = change(Action.CREATE, None, secret("payments/stripe-api-key", "STRIPE_KEY"), reason="it does not exist")
UPDATE = change(
    Action.UPDATE,
    secret("web/session-keys", "SIGNING_KEY", "OLD_KEY", value="before"),
    secret("web/session-keys", "SIGNING_KEY"),
)
RELABEL = change(Action.UPDATE, secret("web/tls", "a"), secret("web/tls", "a", team="x"), reason="metadata differs")
ADOPT = change(Action.ADOPT, secret("web/adopted", "a"), secret("web/adopted", "a"), reason="content is equal already")
DELETE = change(Action.DELETE, secret("web/gone", "a"), None, reason="the store has nothing for it")
PRUNE = change(Action.PRUNE, secret("web/pruned", "a"), None, reason="no declaration asks for it any more")
PAUSED = change(Action.CREATE, None, secret("web/waits", "a"), reason="it does not exist", paused="paused")
REFUSAL = Refusal(
    name("web/legacy"),
    "exists and is not managed by syncd",
    "`--adopt` takes it over and replaces its data",
    declaration=name("web/legacy"),
    source=SOURCE,
)
GUARDED = Refusal(name("web/many"), "too many", "say so once", kind=RefusalKind.GUARD, source=SOURCE, id="abc123")
UNKNOWN = Unknown(
    name("data/warehouse"),
    name("data/warehouse"),
    "store `vault-eu`: timed out after 10 s",
    Failure.TIMEOUT,
    SOURCE,
    retry_after=2.5,
    stores=("SecretStore/data/vault-eu",),
)
WAITING = Waiting(
    change(Action.UPDATE, secret("web/held", "a", value="x"), secret("web/held", "a")),
    "who uses it is unknown: not allowed",
    "grant list on deployments",
)
BLIND = Unreadable("Secret `syncd/syncd-key` cannot be read", "grant get on it")


def workload(text: str, **more: str) -> Workload:
    return Workload(WorkloadName(WorkloadKind.DEPLOYMENT, name(text)), "uid", **more)  # type: ignore[arg-type]  # texts only


def owed(text: str = "web/frontend", keys: str = "SIGNING_KEY", *, paused: str = "") -> Owed:
    because = {name("web/session-keys"): frozenset({keys})} if keys else {}
    return Owed(workload(text), frozenset(because), None, "{}", "{}", because, paused)


def using(text: str, used: str, **more: str) -> Workload:
    """A workload that takes its environment from a Secret."""
    one = workload(text, **more)
    spec = {"containers": [{"envFrom": [{"secretRef": {"name": used}}]}]}
    return Workload(one.name, one.uid, pod_spec=spec, location=one.location, untouchable=one.untouchable)


EVERYTHING = Plan(
    changes=(CREATE, UPDATE, RELABEL, ADOPT, DELETE, PRUNE, PAUSED),
    workloads=(owed(), owed("web/any", "*"), owed("web/later", paused="paused"), owed("web/noted", "")),
    refusals=(REFUSAL, GUARDED),
    unknowns=(UNKNOWN,),
    waiting=(WAITING,),
    settled=(
        Settled(name("web/a"), name("web/a")),
        Settled(name("web/kept"), name("web/kept"), "the store has nothing for it: kept by deletionPolicy Retain"),
    ),
    orphans=(Orphan(name("web/old"), "default/files/web/old"),),
    untouchable=(using("web/chart", "session-keys", untouchable="holds Helm braces", location="chart.yaml:1"),),
    hints=("grant list on secrets",),
    blind=BLIND,
)
CLEAN = Plan(settled=(Settled(name("web/a"), name("web/a")), Settled(name("web/b"), name("web/b"))))
SKETCH = Plan(changes=(CREATE, UPDATE), workloads=(owed(),), refusals=(REFUSAL,), unknowns=(UNKNOWN,))


def done(one: Change) -> Write:
    return Write(one, Result.DONE, one.after)


def report(plan: Plan, *writes: Write, restarts: tuple[NoteWrite, ...] = (), interrupted: bool = False) -> Report:
    return Report((Round(plan, Applied(writes=writes), Restarted(restarts)),), interrupted=interrupted)


MIXED = report(
    EVERYTHING,
    done(CREATE),
    done(UPDATE),
    Write(RELABEL, Result.FAILED, message="the API server refused it", hint="ask it why"),
    Write(DELETE, Result.CONFLICT, message="it is gone"),
    restarts=(NoteWrite(owed(), Result.DONE), NoteWrite(owed("web/any", "*"), Result.FAILED, "no right", "grant it")),
)
