"""Explanations as text: a Secret with its sources and users, or a workload with its Secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from syncd.cli.explanations import Part
from syncd.cli.rows import Row, Symbol, lines
from syncd.cli.screen import Color, Stream, printable
from syncd.cli.show_plan import SYMBOLS, explained
from syncd.cli.subjects import Secret
from syncd.cli.upcoming import Upcoming
from syncd.reconcile.changes import Action, Change
from syncd.reconcile.explain import Explanation, Standing, State, User, Word
from syncd.reconcile.origins import Origin
from syncd.reconcile.users import Reference

_STANDINGS = {
    Standing.OWED: Symbol.RESTART,
    Standing.PAUSED: Symbol.PAUSED,
    Standing.CURRENT: Symbol.KEPT,
    Standing.UNNOTED: Symbol.KEPT,
    Standing.LEFT: Symbol.KEPT,
    Standing.BY_HAND: Symbol.REFUSED,
    Standing.UNKNOWN: Symbol.UNKNOWN,
}
_STATES = {
    State.IN_STEP: Symbol.KEPT,
    State.REFUSED: Symbol.REFUSED,
    State.UNKNOWN: Symbol.UNKNOWN,
    State.WAITING: Symbol.UNKNOWN,
    State.FOREIGN: Symbol.KEPT,
}


def explanation_text(parts: Sequence[Part], upcoming: Upcoming, stream: Stream) -> str:
    """The whole answer of `syncd explain`, with its last newline."""
    blocks = [block for part in parts for block in _part(part, upcoming, stream)]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _part(part: Part, upcoming: Upcoming, stream: Stream) -> Iterator[list[str]]:
    if not isinstance(part.subject, Secret):
        yield [stream.paint(printable(str(part.subject)), Color.BOLD)]
        if not part.explanations:
            yield ["  uses no Secret"]
    for one in part.explanations:
        yield [*_head(one, upcoming, stream), *lines(list(_secret(one)), stream)]
        if one.users:
            yield list(lines([_user(user) for user in one.users], stream))
        elif one.blind:
            row = Row(Symbol.UNKNOWN, "users", "unknown", one.blind.reason, one.blind.hint)
            yield list(lines([row], stream))
        else:
            yield ["  nothing uses it"]


def _head(one: Explanation, upcoming: Upcoming, stream: Stream) -> Iterator[str]:
    yield stream.paint(printable(str(one.name)), Color.BOLD)
    for declaration in one.declarations:
        rhythm, due = upcoming.of(declaration)
        next_time = f", next at {due.isoformat()}" if due else ""
        where = f"{declaration.source.location}: " if declaration.source.location else ""
        yield printable(f"  {where}ExternalSecret {declaration.object_name}; `syncd run` reads it {rhythm}{next_time}")


def _secret(one: Explanation) -> Iterator[Row]:
    """What a plan says of it, with its keys below, and what could not be read."""
    *first, last = [_word(word, one.name.kind) for word in one.words]
    yield from first
    yield replace(last, details=(*_keys(one), *_templated(one)))
    for origin in one.origins:
        if origin.failure:
            yield Row(Symbol.UNKNOWN, origin.path, origin.failure, origin.trouble, origin.hint)
        elif not origin.keys:
            yield Row(Symbol.KEPT, origin.path, "empty", f"{_source(origin)}: {origin.trouble or 'nothing matches'}")


def _word(word: Word, kind: str) -> Row:
    change = word.change
    if change and word.state is State.CHANGE:
        text = f"{explained(change)}{_changed(change)}"
        if change.paused:
            return Row(Symbol.PAUSED, kind, "paused", f"{change.action}, {change.paused}: {text}")
        return Row(SYMBOLS[change.action], kind, change.action, text)
    retry = f"; can be asked again in {word.retry_after:g} s" if word.retry_after else ""
    return Row(_STATES[word.state], kind, word.state, f"{word.text}{retry}", word.hint)


def _changed(change: Change) -> str:
    """The keys of an update, with the signs of a plan."""
    if change.action is not Action.UPDATE or not change.keys:
        return ""
    keys = [*(f"+{key}" for key in change.keys.added), *(f"~{key}" for key in change.keys.changed)]
    return f": {', '.join([*keys, *(f'-{key}' for key in change.keys.removed)])}"


def _keys(one: Explanation) -> Iterator[str]:
    sources = {key: _source(origin) for origin in one.origins for key in origin.keys}
    width = max((len(printable(key)) for key in sources), default=0)
    for key in sorted(sources):
        yield f"{printable(key).ljust(width)}  {sources[key]}"


def _templated(one: Explanation) -> Iterator[str]:
    if one.made:
        yield f"of which the template makes {', '.join(one.made)}"


def _source(origin: Origin) -> str:
    parts = [f"property `{origin.property}`"] * bool(origin.property)
    parts += [f"version {origin.version}"] * bool(origin.version)
    return f"{origin.store} {origin.remote}" + (f" ({', '.join(parts)})" if parts else "")


def _user(user: User) -> Row:
    decided = "" if user.decided in ("", user.reason) else user.decided
    last = f"last restarted at {user.last_restart}" if user.last_restart else ""
    words = "; ".join(filter(None, (decided, last)))
    details = [_place(reference) for reference in user.references]
    name, symbol = str(user.workload.name), _STANDINGS[user.standing]
    return Row(symbol, name, user.standing, user.reason, user.hint, details=(*details, *[words] * bool(words)))


def _place(reference: Reference) -> str:
    keys = "" if reference.use.whole else f": {', '.join(sorted(reference.use.keys))}"
    return f"{reference}{keys}"
