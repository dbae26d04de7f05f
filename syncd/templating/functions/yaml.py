"""External Secrets' `toYaml` and `fromYaml`."""

from __future__ import annotations

from typing import Any

from syncd.templating.calls import SLOW, World, function
from syncd.templating.golang import yaml_reader
from syncd.templating.golang.gojson import JSONError
from syncd.templating.golang.yaml_events import YAMLError


@function("toYaml")
def to_yaml(world: World, value: Any) -> bytes:
    """Without the last line feed; nothing, when the value has no YAML."""
    try:
        return yaml_reader.write(value, world.meter.room, world.meter.spend).removesuffix(b"\n")
    except (JSONError, YAMLError):
        return b""


@function("fromYaml", pace=SLOW)
def from_yaml(world: World, text: bytes) -> dict[bytes, Any]:
    """The first document as a map; when it is none, a map with the reason under `Error`."""
    try:
        return yaml_reader.read_object(text, world.meter.spend)
    except YAMLError as problem:
        return {b"Error": str(problem).encode("utf-8", "replace")}
