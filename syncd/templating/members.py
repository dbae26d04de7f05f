"""What values have behind a dot: keys of maps, fields and methods of structs."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from syncd.templating.engine import MissingKey
from syncd.templating.golang.text import decode
from syncd.templating.golang.values import NIL, NamedInt, StringMap, Struct, type_name
from syncd.templating.source import Source

_KEYS_SHOWN: Final = 20


class Members:
    """Looks names up in values, and says what is wrong when there is none."""

    def __init__(self, source: Source, missing: MissingKey) -> None:
        self.source = source
        self.missing = missing

    def absent(self, mapping: dict[bytes, Any], name: str, at: int) -> None:
        """A key that is not in its map: nothing, or an error that names the keys of the template's data."""
        if self.missing is MissingKey.DEFAULT:
            return
        hint = ""
        if isinstance(mapping, StringMap):
            keys = sorted(decode(key) for key in mapping)
            close = get_close_matches(name, keys, 1)
            more = ", …" if len(keys) > _KEYS_SHOWN else ""
            hint = f"did you mean `{close[0]}`?" if close else f"the keys are: {', '.join(keys[:_KEYS_SHOWN])}{more}"
        raise self.source.error("missing-key", f"there is no key `{name}`", at, hint=hint)

    def find(self, receiver: Any, name: str, at: int, *, takes: bool) -> Any:
        """A method, bound to its value, as a Function; or the value of a field. `takes` says that it gets arguments."""
        if receiver is None:
            if self.missing is MissingKey.DEFAULT:
                return None
            raise self.source.error("type", f"there is no `{name}` in nothing: the value before it is nil", at)
        if isinstance(receiver, (Struct, NamedInt)):
            method = type(receiver).methods.get(name)
            if method is not None:
                return replace(method, call=partial(method.call, receiver))
            if isinstance(receiver, Struct) and name in receiver.visible and not takes:
                return dict(receiver.fields())[name]
        if isinstance(receiver, dict):
            raise self.source.error("type", f"`{name}` is a key, not a function: it takes no arguments", at)
        what = "nil" if receiver is NIL else f"a `{type_name(receiver)}`"
        raise self.source.error("type", f"there is no field `{name}` in {what}", at)
