"""No template error shows a value: every function is called with values of many shapes, most of which it refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from syncd.templating import Template, TemplateError
from syncd.templating.calls import FUNCTIONS
from tests.e2e.inprocess import home, syncd
from tests.e2e.leaks import Lab, pieces
from tests.e2e.manifests import external_secret, key, secret, store
from tests.servers.canary import Canaries, find_leaks

__all__ = ["home"]

CALLS = ("{f} .{s}", "{f} .{s} .{s}", "{f} 1 .{s}", '{f} (dict "a" .{s}) .{s}', '{f} "[" (list .{s}) .{s}')
"""`f` is a function, `s` a value."""
PHRASES = (
    "{{ .%s.below }}",
    "{{ index .%s 99999 }}",
    '{{ index .%s "x" }}',
    "{{ slice .%s 9999 }}",
    "{{ if eq .%s 1 }}{{ end }}",
    "{{ if lt .%s 1 }}{{ end }}",
    "{{ range .%s }}{{ .x }}{{ end }}",
    "{{ with .%s }}{{ .x }}{{ end }}",
    "{{ $x := .%s }}{{ $x.y.z }}",
    '{{ define "x" }}{{ .a }}{{ end }}{{ template "x" .%s }}',
    "{{ .%s 1 }}",
    "{{ call .%s }}",
    "{{ (fromJson .%s).x.y }}",
    "{{ printf .%s 1 }}{{ .nope }}",
    '{{ fail (printf "%%s" .%s) }}',
)
FROM_SECRET = 'password: "%s{{ nosuch }}"\nother: {{ "%s" | nosuch }}\n'


@dataclass(frozen=True, slots=True)
class Shapes:
    """One canary as it may stand in values of many kinds."""

    data: Mapping[str, bytes] = field(repr=False)

    def errors(self, templates: Iterable[str]) -> list[str]:
        """The templates that fail, each with all that is said of it."""
        said = []
        for text in templates:
            try:
                Template(text, name="KEY").render(self.data)
            except TemplateError as error:
                said.append(f"{text}: {error} {error.hint} {error!r}")
        return said


@pytest.fixture(scope="module")
def shapes(canary: Canaries) -> Shapes:
    value = canary("shape")
    texts = {
        "plain": value,
        "document": json.dumps({"a": value, "b": [value]}),
        "broken": f'{{"a": "{value}", "b": ',
        "yaml": f"a: {value}\n- b: {value}: x",
        "pem": f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(value.encode()).decode()}\n-----END CERTIFICATE-----\n",
        "regexp": f"[{value}",
        "url": f"http://[{value}:x/%zz",
        "number": f"12{value}",
        "version": f"1.2.3-{value}!",
        "format": f"%d %[1]q {value}",
    }
    return Shapes({name: text.encode() for name, text in texts.items()} | {"binary": value.encode() + b"\xff\xfe"})


def test_every_function(shapes: Shapes, canary: Canaries) -> None:
    """A function that fails says so without its arguments."""
    calls = (call.format(f=name, s=shape) for name in FUNCTIONS for call in CALLS for shape in shapes.data)
    said = shapes.errors(f"{{{{ {call} }}}}" for call in calls)
    assert len(said) > 5000
    assert [] == find_leaks(pieces(canary.values), ["\n".join(said)])


def test_every_phrase(shapes: Shapes, canary: Canaries) -> None:
    """Nor does the language itself show what it stumbles over."""
    said = {phrase: shapes.errors(phrase % shape for shape in shapes.data) for phrase in PHRASES}
    assert [] == [phrase for phrase in PHRASES if not said[phrase]]
    assert [] == find_leaks(pieces(canary.values), [f"{said}"])


def test_templates_in_manifests(home: Path, canary: Canaries, shapes: Shapes) -> None:
    """The same through commands; and a template that is itself the content of a Secret."""
    lab = Lab(home, canary)
    (lab.source / "keys").mkdir()
    (lab.source / "keys" / "broken").write_bytes(shapes.data["broken"])
    template = secret("template", text=FROM_SECRET % (canary("text"), canary("literal")))
    made_from = {"templateFrom": [{"secret": {"name": "template", "items": [{"key": "text"}]}}]}
    pairs = {"templateFrom": [{"literal": "{{ .KEY }}"}]}
    targets = {
        "from-secret": made_from,
        "from-literal": pairs,
        **{f"function-{number}": {"data": {"KEY": f"{{{{ {name} .KEY }}}}"}} for number, name in enumerate(FUNCTIONS)},
    }
    declared = [
        external_secret(name, {"data": [key("broken")], "target": {"template": target}})
        for name, target in targets.items()
    ]
    lab.declare(store({"file": {"path": "keys"}}), template, *declared)
    said = "".join(syncd("plan", "-f", lab.source, "--to", lab.out, *form).said for form in ((), ("-o", "json")))
    assert "there is no function `nosuch`" in said
    assert "the text is not valid YAML" in said
    assert [] == lab.leaks(said)
