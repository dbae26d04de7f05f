"""What a template makes, put where `templateFrom[].target` says.

Semantics of paths: the reference's `runtime/template/v2`. Text at a path is read as YAML; of a text of keys and values
a mapping is merged into the labels or annotations that are there, and everything else replaces what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.errors import RenderError, TemplateError
from syncd.manifests.paths import ManifestField, ManifestPath, Misplaced, Place
from syncd.reconcile import decode
from syncd.reconcile.gather import Values

_QUOTES = "the text is read as YAML: quote it, as in `{{ .key | toJson }}`, or name the key in it, with `target: Data`"


@dataclass(frozen=True, slots=True)
class Piece:
    """A rendered template; `name` is that of the key it comes from."""

    name: str
    text: bytes = field(repr=False)
    pairs: bool
    """Whether it is a text of keys and values."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields of an object as templates fill them, one after another."""

    data: Values = field(repr=False)
    binary: Values = field(default_factory=dict, repr=False)
    labels: Values = field(default_factory=dict, repr=False)
    annotations: Values = field(default_factory=dict, repr=False)

    def put(self, path: ManifestPath, piece: Piece, strategy: str) -> None:
        """Raises RenderError for what the API server would refuse at this path."""
        try:
            place = path.place()
        except Misplaced as error:
            raise RenderError(error.message, hint=error.hint) from None
        value = _value(piece, strategy)
        if place.key:
            self._of(place)[place.key] = _bytes(place, value)
            return
        if not isinstance(value, Mapping | None):
            raise RenderError(f"`{place.field}` is a mapping, and the template gives {_what(value)}", hint=_QUOTES)
        given = {key.decode(errors="replace"): item for key, item in (value or {}).items()}
        entries = {key: _bytes(Place(place.field, key), item) for key, item in given.items()}
        merges = piece.pairs and value is not None and place.field is not ManifestField.BINARY_DATA
        if not merges:
            self._of(place).clear()
        self._of(place).update(entries)

    def together(self) -> Values:
        """All of its data. Raises RenderError for a key that is there as text and as bytes."""
        if twice := self.data.keys() & self.binary.keys():
            raise RenderError(f"the key `{min(twice)}` stands in `data` and in `binaryData`; it may stand in one")
        return self.data | self.binary

    def _of(self, place: Place) -> Values:
        match place.field:
            case ManifestField.DATA:
                return self.data
            case ManifestField.BINARY_DATA:
                return self.binary
            case ManifestField.LABELS:
                return self.labels
        return self.annotations


def _value(piece: Piece, strategy: str) -> Any:
    """What YAML makes of it; a single value that is no YAML stays as it is. `strategy` is for single values only."""
    from syncd.templating import read_value  # late: see `shape`

    if piece.pairs:
        return read_value(piece.text, name=piece.name)
    text = decode.decode(strategy, piece.text)
    try:
        return read_value(text, name=piece.name)
    except TemplateError as error:
        if error.kind == "yaml":
            return text
        raise


def _bytes(place: Place, value: Any) -> bytes:
    """A value as the API server takes it: it has nothing but text, and reads null as an empty one."""
    text = b"" if value is None else value
    if not isinstance(text, bytes):
        message = f"`{place.field}`: the value of `{place.key}` is {_what(value)}, and the API server takes text only"
        raise RenderError(message, hint=_QUOTES)
    if place.field is not ManifestField.BINARY_DATA:
        return text
    try:
        return decode.decode("Base64", text)
    except RenderError:
        message = f"`{place.field}`: the value of `{place.key}` is not base64"
        raise RenderError(message, hint="encode it: `{{ .key | b64enc }}`") from None


def _what(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case float():
            return "a number"
        case bytes():
            return "text"
        case list():
            return "a list"
    return "a mapping"
