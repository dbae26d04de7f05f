"""Makes the names of remote secrets into keys of a Secret, and refuses what cannot be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from syncd.errors import RenderError
from syncd.manifests.expressions import expression

_LONGEST = 253
_UNUSUAL = re.compile(r"[^-._a-zA-Z0-9]")
_ESCAPED = re.compile(r"_U([0-9a-fA-F]{4,5})_")
_HINT = "rename it with `rewrite`, or leave `rewrite` out so that `conversionStrategy` replaces such characters"


def convert(strategy: str, data: Mapping[str, bytes]) -> dict[str, bytes]:
    """Keys with all but letters, digits, `-`, `.` and `_` replaced: by `_` (`Default`, empty) or `_U002f_` (`Unicode`).

    Letters and digits are those of Unicode, as in external-secrets; see `check_api_server`.
    Raises RenderError when two keys become one.
    """
    match strategy:
        case "" | "Default":
            return _renamed(data, lambda key: _UNUSUAL.sub(_underscore, key))
        case "Unicode":
            return _renamed(data, lambda key: _UNUSUAL.sub(_escape, key))
    return dict(data)


def reverse_unicode(data: Mapping[str, bytes]) -> dict[str, bytes]:
    """Keys with `_U002f_` made `/` again, and so on: PushSecret's `ReverseUnicode`.

    Raises RenderError when two keys become one.
    """
    return _renamed(data, lambda key: _ESCAPED.sub(_unescape, key))


def validate(data: Mapping[str, bytes]) -> dict[str, bytes]:
    """The data without an empty key. Raises RenderError for a key that external-secrets refuses."""
    for key in sorted(data):
        if len(key.encode()) > _LONGEST:
            raise RenderError(f"the key `{key[:32]}…` is longer than {_LONGEST} bytes", hint=_HINT)
        for character in _UNUSUAL.findall(key):
            if not _is_letter_or_number(character):
                raise RenderError(f"the key `{key}` holds {_name(character)}", hint=_HINT)
    return {key: value for key, value in data.items() if key}


def check_api_server(data: Iterable[str]) -> None:
    """Raises RenderError for a key that the API server would refuse, and the whole Secret with it."""
    for key in sorted(data):
        if unusual := _UNUSUAL.search(key):
            message = f"the key `{key}` holds {_name(unusual[0])}, and a Secret's keys are ASCII"
            raise RenderError(message, hint="rename it with `rewrite`, or in `target.template.data`")
        if not 0 < len(key) <= _LONGEST:
            raise RenderError(f"the key `{key[:32]}` has {len(key)} characters, and may have 1 to {_LONGEST}")
        if key == "." or key.startswith(".."):
            raise RenderError(
                f"the key `{key}` is not possible in a Secret", hint="a key may not be `.` or begin with `..`"
            )


def matching(regexp: str, names: Iterable[str]) -> list[str]:
    """The names in which `find.name.regexp` matches anywhere. Raises RenderError when it is not RE2."""
    compiled = expression(regexp)
    return [name for name in names if compiled.search(name)]


def _renamed(data: Mapping[str, bytes], rename: Callable[[str], str]) -> dict[str, bytes]:
    origins: dict[str, str] = {}
    for key in sorted(data):
        new = rename(key)
        if new in origins:
            raise RenderError(
                f"the keys `{origins[new]}` and `{key}` both become `{new}`", hint="rename one with `rewrite`"
            )
        origins[new] = key
    return {new: data[key] for new, key in origins.items()}


def _is_letter_or_number(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def _underscore(match: re.Match[str]) -> str:
    return match[0] if _is_letter_or_number(match[0]) else "_"


def _escape(match: re.Match[str]) -> str:
    return match[0] if _is_letter_or_number(match[0]) else f"_U{ord(match[0]):04x}_"


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _name(character: str) -> str:
    """A character, so that also an invisible one can be told."""
    name = unicodedata.name(character, "a control character")
    return f"`{character}` ({name})" if character.isprintable() and character != "`" else name
