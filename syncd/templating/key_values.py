"""Keys and values, or one value, out of a rendered text, as `templateFrom` reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syncd.errors import TemplateError
from syncd.templating.engine import Limits
from syncd.templating.golang.yaml_events import Spend, YAMLError
from syncd.templating.golang.yaml_reader import read_any, read_strings
from syncd.templating.meter import Meter, TooMuch


def read_key_values(text: bytes, *, name: str = "", limits: Limits | None = None) -> dict[str, bytes]:
    """The keys and values of a YAML mapping, as External Secrets reads `KeysAndValues`.

    Plain scalars become text after they are read: `0755` is `493`, `yes` is `true`, a float has single precision. Only
    the first document counts, and of equal keys the last. Raises TemplateError of kind `yaml` unless the text is a
    mapping of keys to scalars, and of kind `limit` when it is too large; the message holds no value.
    """
    pairs = _read(read_strings, text, name, limits, "keys and values")
    return {key.decode("utf-8", "replace"): value for key, value in pairs.items()}


def read_value(text: bytes, *, name: str = "", limits: Limits | None = None) -> Any:
    """The value of a YAML text of any kind: `bytes`, float, bool, None, list, or a mapping with keys of `bytes`.

    Raises TemplateError as `read_key_values` does.
    """
    return _read(read_any, text, name, limits, "a value")


def _read(read: Callable[[bytes, Spend], Any], text: bytes, name: str, limits: Limits | None, what: str) -> Any:
    where = f"template `{name}`" if name else "template"
    try:
        return read(text, Meter(limits or Limits()).spend)
    except YAMLError as problem:
        message = f"{where}: the result cannot be read as {what}: {problem}"
        hint = "quote what a template puts into YAML: `{{ .key | toJson }}`"
        raise TemplateError(message, kind="yaml", name=name, hint=hint) from None
    except (TooMuch, RecursionError):
        raise TemplateError(f"{where}: the result has too many keys and values", kind="limit", name=name) from None
