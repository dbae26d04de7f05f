"""Where each key of a Secret comes from: the store, the remote key, the version that was found. Never a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from syncd.errors import Failure, RenderError, StoreError
from syncd.manifests.data import Data, DataFrom, Find
from syncd.manifests.externalsecret import ExternalSecret
from syncd.providers.api import Absent, Found, Matched
from syncd.providers.jobs import Answer, Item
from syncd.reconcile import keys
from syncd.reconcile.answers import Answers, find_query, remote_key, store_key
from syncd.reconcile.gather import CONVERTING, Gathering


@dataclass(frozen=True, slots=True)
class Origin:
    """One remote secret, and the keys that one entry of a declaration makes of it."""

    path: str
    """The entry: `spec.data[0]`."""
    store: str
    """`Kind/namespace/name`; of generated values the generator's kind."""
    remote: str
    property: str = ""
    version: str = ""
    """As it was found, in the words of the store; empty where it does not say."""
    keys: tuple[str, ...] = ()
    """Those that no later entry overrides."""
    failure: Failure | None = None
    trouble: str = ""
    """Why there are no keys."""
    hint: str = ""


def origins(declaration: ExternalSecret, gathering: Gathering, answers: Answers) -> tuple[Origin, ...]:
    """One for each remote secret that the declaration reads, in the order of its entries.

    Unlike rendering it does not stop at the first entry that fails.
    """
    tracing = _Tracing(declaration, gathering, answers)
    spec = declaration.spec
    found = [one for index, source in enumerate(spec.data_from) for one in tracing.source(index, source)]
    return _without_overridden([*found, *(tracing.key(index, item) for index, item in enumerate(spec.data))])


@dataclass(frozen=True, slots=True)
class _Tracing:
    declaration: ExternalSecret
    gathering: Gathering
    answers: Answers

    def key(self, index: int, item: Data) -> Origin:
        reference = item.remote_ref
        answer = self._answer(item, remote_key(reference))
        origin = Origin(f"spec.data[{index}]", self._store(item), reference.key, reference.property, _version(answer))
        return _with_keys(origin, partial(self._key_of, item), absent=isinstance(answer, Absent))

    def source(self, index: int, source: DataFrom) -> Sequence[Origin]:
        path, store = f"spec.dataFrom[{index}]", self._store(source)
        names = partial(self.gathering.source, source)
        if source.extract:
            answer = self._answer(source, remote_key(source.extract))
            origin = Origin(path, store, source.extract.key, source.extract.property, _version(answer))
            return [_with_keys(origin, names, absent=isinstance(answer, Absent))]
        if source.find:
            found = self._answer(source, find_query(source.find))
            whole = _with_keys(Origin(path, store, _words(source.find)), names)
            return self._each(whole, source, found) if isinstance(found, Matched) else [whole]
        if source.generator:
            return [_with_keys(Origin(path, source.generator.kind, source.generator.name), names)]
        return []

    def _each(self, whole: Origin, source: DataFrom, found: Matched) -> Sequence[Origin]:
        """One for each secret that matches, where it can be told which key it became; else one for all."""
        try:
            parts = [
                replace(whole, remote=name, version=_version(outcome), keys=self._renamed(source, name))
                for name, outcome in sorted(found.values.items())
            ]
        except RenderError:
            return [whole]
        return parts if whole.keys and {key for part in parts for key in part.keys} == {*whole.keys} else [whole]

    def _renamed(self, source: DataFrom, name: str) -> tuple[str, ...]:
        """The key that one name becomes; what some stores have converted is rewritten after that."""
        strategy = source.find.conversion_strategy if source.find else ""
        store = store_key(self.declaration, source)
        names = {name: b""}
        if store and self.answers.of(store, self.declaration.object_name.namespace).dialect in CONVERTING:
            names = keys.convert(strategy, names)
        if not source.rewrite:
            return tuple(keys.convert(strategy, names))
        from syncd.reconcile.rewrite import operations, rewrite  # late: it brings the template engine

        return tuple(rewrite(operations(source.rewrite), names))

    def _key_of(self, item: Data) -> Sequence[str]:
        return () if self.gathering.key(item) is None else (item.secret_key,)

    def _store(self, entry: Data | DataFrom) -> str:
        return str(store_key(self.declaration, entry) or "")

    def _answer(self, entry: Data | DataFrom, request: Item) -> Answer | None:
        key = store_key(self.declaration, entry)
        return self.answers.of(key, self.declaration.object_name.namespace).answers.get(request) if key else None


def _with_keys(origin: Origin, names: Callable[[], Iterable[str]], *, absent: bool = False) -> Origin:
    try:
        return replace(origin, keys=tuple(names()), trouble="the store has no such secret" if absent else "")
    except StoreError as error:
        return replace(origin, failure=error.failure, trouble=error.message, hint=error.hint)
    except RenderError as error:
        return replace(origin, failure=Failure.MISCONFIGURED, trouble=error.message, hint=error.hint)


def _version(answer: Answer | None) -> str:
    return answer.version if isinstance(answer, Found) else ""


def _words(find: Find) -> str:
    """What is looked for, for people."""
    parts = [f"below `{find.path}`"] * bool(find.path)
    parts += [f"named `{find.name.regexp}`"] if find.name else []
    parts += [f"tagged `{key}={value}`" for key, value in find.tags.items()]
    return " ".join(parts)


def _without_overridden(found: Sequence[Origin]) -> tuple[Origin, ...]:
    """A later entry wins; who has lost all its keys is left out."""
    last = {key: index for index, origin in enumerate(found) for key in origin.keys}
    kept: Iterator[tuple[Origin, Origin]] = (
        (origin, replace(origin, keys=tuple(key for key in origin.keys if last[key] == index)))
        for index, origin in enumerate(found)
    )
    return tuple(now for before, now in kept if now.keys or not before.keys)
