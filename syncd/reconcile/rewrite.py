"""Renames and merges keys: the operations of `dataFrom[].rewrite`, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from syncd.errors import RenderError
from syncd.manifests.data import (
    ConflictPolicy,
    MergeStrategy,
    PriorityPolicy,
    Rewrite,
    RewriteMerge,
    RewriteRegexp,
    RewriteTransform,
)
from syncd.manifests.expressions import expression
from syncd.providers import gojson
from syncd.reconcile.located import located
from syncd.templating import Limits, Meter, MissingKey, Template

_CACHED = 256
_STEPS, _STEPS_OF_KEY = 400_000, 100
"""What a transform may do with all keys together."""
_WORK = 10_000_000
"""So many groups may be put into new names, if every character of a key were a match."""


@dataclass(frozen=True, slots=True)
class RegexpRewrite:
    """Replaces in each key what matches `source`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class TransformRewrite:
    """Renames each key to the output of a template, in which `.value` is the key."""

    template: str


@dataclass(frozen=True, slots=True)
class MergeRewrite:
    """Merges the JSON objects in the values: by sorted keys, those of `priority` last and so strongest.

    Unknown policies are as strict as the default, an unknown strategy gives nothing: as in external-secrets,
    and for its test vectors only, since no manifest with one loads.
    """

    into: str = ""
    priority: tuple[str, ...] = ()
    priority_policy: str = PriorityPolicy.STRICT
    conflict_policy: str = ConflictPolicy.ERROR
    strategy: str = MergeStrategy.EXTRACT


Operation = RegexpRewrite | TransformRewrite | MergeRewrite


def operations(manifest: Iterable[Rewrite]) -> tuple[Operation, ...]:
    """The operations of an entry as its manifest writes them."""
    return tuple(_operation(entry.operation) for entry in manifest)


def _operation(entry: RewriteRegexp | RewriteTransform | RewriteMerge) -> Operation:
    if isinstance(entry, RewriteRegexp):
        return RegexpRewrite(entry.source, entry.target)
    if isinstance(entry, RewriteTransform):
        return TransformRewrite(entry.template)
    return MergeRewrite(entry.into, entry.priority, entry.priority_policy, entry.conflict_policy, entry.strategy)


def rewrite(operations: Sequence[Operation], data: Mapping[str, bytes]) -> dict[str, bytes]:
    """The data after all operations, each of which works on what the one before it made.

    Raises RenderError, which names the operation; also when keys with different values become one,
    of which external-secrets keeps any.
    """
    result = dict(data)
    for index, operation in enumerate(operations):
        with located("rewrite", index):
            try:
                match operation:
                    case RegexpRewrite() | TransformRewrite():
                        result = _renamed(result, _new_name(operation, result), last=index == len(operations) - 1)
                    case MergeRewrite():
                        result = _merge(operation, result)
            except RecursionError:
                raise RenderError("a value is nested too deeply") from None
    return result


def _new_name(operation: RegexpRewrite | TransformRewrite, keys: Collection[str]) -> Callable[[str], str]:
    if isinstance(operation, TransformRewrite):
        template, meter = _template(operation.template), Meter(Limits(steps=_STEPS + _STEPS_OF_KEY * len(keys)))
        return lambda key: template.render({"value": key}, meter=meter).decode("utf-8", "replace")
    compiled, target = expression(operation.source), operation.target
    each = 1 + target.count("$") + compiled.groups**2 // 64
    if each * sum(len(key) + 1 for key in keys) > _WORK:
        raise RenderError("it is too much work", hint="fewer references in `target`, and fewer groups in `source`")
    return lambda key: compiled.replace(key, target)


@lru_cache(_CACHED)
def _template(text: str) -> Template:
    return Template(text, name="transform", missing=MissingKey.DEFAULT)


def _renamed(data: Mapping[str, bytes], rename: Callable[[str], str], *, last: bool) -> dict[str, bytes]:
    """With new keys; those that are empty in the end are dropped later, so it does not matter which one that is."""
    origins: dict[str, str] = {}
    for key in sorted(data):
        new = rename(key)
        if data[origins.setdefault(new, key)] != data[key] and (new or not last):
            message = f"the keys `{origins[new]}` and `{key}` both become `{new}`, and their values differ"
            raise RenderError(message, hint="make the new names differ, or fetch one of the two by `data`")
    return {new: data[key] for new, key in origins.items()}


def _merge(operation: MergeRewrite, data: Mapping[str, bytes]) -> dict[str, bytes]:
    merged: dict[str, gojson.Value] = {}
    conflicts: set[str] = set()
    for key in _merge_order(operation, data):
        members = _members(key, data[key])
        conflicts |= merged.keys() & members.keys()
        merged |= members
    if conflicts and operation.conflict_policy != ConflictPolicy.IGNORE:
        names = ", ".join(f"`{name}`" for name in sorted(conflicts))
        hint = "set `conflictPolicy: Ignore`, and order the keys with `priority`: the last one wins"
        raise RenderError(f"several keys hold {names}", hint=hint)
    match operation.strategy:
        case MergeStrategy.EXTRACT | "":
            return {name: gojson.value_bytes(value) for name, value in merged.items()}
        case MergeStrategy.JSON if operation.into:
            return {**data, operation.into: gojson.write(merged, gojson.quote).encode()}
        case MergeStrategy.JSON:
            raise RenderError("`strategy: JSON` needs `into`", hint="name the key that gets the merged JSON")
    return {}


def _merge_order(operation: MergeRewrite, data: Mapping[str, bytes]) -> list[str]:
    missing = [key for key in operation.priority if key not in data]
    if missing and operation.priority_policy != PriorityPolicy.IGNORE_NOT_FOUND:
        hint = "`priorityPolicy: IgnoreNotFound` passes over keys that are not there"
        raise RenderError(f"there is no key `{missing[0]}`, which `priority` names", hint=hint)
    return [*sorted(data.keys() - set(operation.priority)), *(key for key in operation.priority if key in data)]


def _members(key: str, value: bytes) -> dict[str, gojson.Value]:
    try:
        document = gojson.read(value, gojson.finite)
    except ValueError:
        document = False
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise RenderError(f"the value of `{key}` is not a JSON object", hint="only JSON objects can be merged")
    return document
