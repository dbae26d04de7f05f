"""What `templateFrom` does with a rendered text: keys and values out of YAML, and values decoded."""

from __future__ import annotations

from enum import StrEnum

from syncd.errors import TemplateError
from syncd.templating.engine import Limits
from syncd.templating.golang.bases import BaseError, decode_base64
from syncd.templating.golang.yaml_reader import YAMLError, read_strings
from syncd.templating.meter import Meter, TooMuch


class Decoding(StrEnum):
    """How values are decoded: not at all, as base64 in one of its alphabets, or as whichever they happen to be."""

    NONE = "None"
    AUTO = "Auto"
    BASE64 = "Base64"
    BASE64URL = "Base64URL"


def read_key_values(text: bytes, *, name: str = "", limits: Limits | None = None) -> dict[str, bytes]:
    """The keys and values of a YAML mapping, as External Secrets reads `KeysAndValues`.

    Plain scalars become text after they are read: `0755` is `493`, `yes` is `true`, a float has single precision. Only
    the first document counts, and of equal keys the last. Raises TemplateError of kind `yaml` unless the text is a
    mapping of keys to scalars; the message holds no value.
    """
    where = f"template `{name}`" if name else "template"
    try:
        pairs = read_strings(text, Meter(limits or Limits()).spend)
    except YAMLError as problem:
        raise TemplateError(
            f"{where}: the result cannot be read as keys and values: {problem}", kind="yaml", name=name
        ) from None
    except (TooMuch, RecursionError):
        raise TemplateError(f"{where}: the result has too many keys and values", kind="limit", name=name) from None
    return {key.decode("utf-8", "replace"): value for key, value in pairs.items()}


def decode_value(value: bytes, decoding: Decoding) -> bytes:
    """The value decoded. Raises ValueError, without the value, when it is not what `decoding` says."""
    if decoding is Decoding.NONE:
        return value
    for url in (False, True):
        if decoding is Decoding.AUTO or url == (decoding is Decoding.BASE64URL):
            try:
                return decode_base64(value, url=url)
            except BaseError:
                continue
    if decoding is Decoding.AUTO:
        return value
    raise ValueError(f"the value is not valid {decoding}")
