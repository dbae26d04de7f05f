"""Explanations as JSON or YAML, in the form that docs/plan-output.schema.json describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncd.cli.answer import Document
from syncd.cli.documents import keys_document, secret_document, source_document, workload_document
from syncd.cli.show_plan import explained
from syncd.cli.subjects import Secret, Subject
from syncd.cli.upcoming import Upcoming
from syncd.manifests.externalsecret import ExternalSecret
from syncd.reconcile.explain import Explanation, Standing, State, User, Word
from syncd.reconcile.origins import Origin
from syncd.reconcile.report import ExitCode
from syncd.reconcile.users import Reference


@dataclass(frozen=True, slots=True)
class Part:
    """What one name of the command line stands for: a Secret with its users, or a workload with its Secrets."""

    subject: Subject
    explanations: tuple[Explanation, ...]


def explanation_document(parts: Sequence[Part], upcoming: Upcoming, *, target: str, code: ExitCode) -> Document:
    return {
        "kind": "Explanation",
        "target": target,
        "exitCode": int(code),
        "subjects": [
            {**_subject(part.subject), "secrets": [_secret(one, upcoming) for one in part.explanations]}
            for part in parts
        ],
    }


def _subject(subject: Subject) -> Document:
    return secret_document(subject.name) if isinstance(subject, Secret) else workload_document(subject)


def _secret(one: Explanation, upcoming: Upcoming) -> Document:
    return {
        **secret_document(one.name),
        "declarations": [_declaration(declaration, upcoming) for declaration in one.declarations],
        "standing": [_word(word) for word in one.words],
        "origins": [_origin(origin) for origin in one.origins],
        "templated": list(one.made),
        "users": [_user(user) for user in one.users],
        "blind": {"reason": one.blind.reason, "hint": one.blind.hint or None} if one.blind else None,
    }


def _declaration(declaration: ExternalSecret, upcoming: Upcoming) -> Document:
    rhythm, due = upcoming.of(declaration)
    return {
        "name": str(declaration.object_name),
        "source": source_document(declaration.source),
        "rhythm": rhythm,
        "nextSync": due.isoformat() if due else None,
    }


def _word(word: Word) -> Document:
    change = word.change
    return {
        "state": _hyphened(word.state),
        "action": str(change.action) if change else None,
        "keys": keys_document(change.keys) if change else None,
        "reason": (explained(change) if change and word.text == change.reason else word.text) or None,
        "hint": word.hint or None,
        "paused": (change.paused or None) if change else None,
        "retryAfter": word.retry_after,
    }


def _origin(origin: Origin) -> Document:
    return {
        "path": origin.path,
        "store": origin.store or None,
        "remoteKey": origin.remote,
        "property": origin.property or None,
        "version": origin.version or None,
        "keys": list(origin.keys),
        "failure": str(origin.failure) if origin.failure else None,
        "reason": origin.trouble or None,
        "hint": origin.hint or None,
    }


def _user(user: User) -> Document:
    return {
        **workload_document(user.workload.name),
        "references": [_reference(reference) for reference in user.references],
        "standing": _hyphened(user.standing),
        "reason": user.reason,
        "decidedBy": user.decided or None,
        "changed": None if "*" in user.changed else sorted(user.changed),
        "lastRestart": user.last_restart or None,
        "hint": user.hint or None,
    }


def _reference(reference: Reference) -> Document:
    """`keys` is null where the whole Secret is used."""
    return {"place": str(reference), "keys": None if reference.use.whole else sorted(reference.use.keys)}


def _hyphened(word: State | Standing) -> str:
    return word.replace(" ", "-")
