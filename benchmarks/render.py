"""Time to render templates: 10,000 ExternalSecrets with 5 plain actions, and 1,000 with 20 actions of all sorts.

`first` parses and renders, `after` is the median of what follows, with other data each time. The peer is `gotpl` of
PyPI, measured in the same run where it is installed; ratios above 1 say that it takes longer.
"""

from __future__ import annotations

import importlib
import os
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from syncd.templating import Template

ROUNDS = int(os.environ.get("ROUNDS", "3"))
PLAIN = ("user", "password", "host", "port", "name")
TWENTY = (
    "{{ .user }}", "{{ .user | upper }}", "{{ .password | b64enc }}", "{{ .host | quote }}", "{{ .port }}",
    '{{ default "x" .name }}', '{{ printf "%s:%s" .host .port }}', "{{ .password | sha256sum }}",
    "{{ if .user }}a{{ end }}",
    '{{ index . "name" }}', "{{ .name | trunc 3 }}", '{{ .host | replace "." "-" }}', "{{ add 1 2 }}",
    '{{ list .user .name | join "," }}', "{{ dict `user` .user | toJson }}", '{{ ternary "a" "b" true }}',
    "{{ .name | indent 2 }}", '{{ .user | hasPrefix "u" }}', '{{ splitList "-" .host | first }}', "{{ .port | int }}",
)  # fmt: skip
Render = Callable[[dict[str, str]], object]


@dataclass(frozen=True, slots=True)
class Load:
    """Texts, and how many ExternalSecrets have them."""

    name: str
    count: int
    text: str

    def data(self) -> Iterable[dict[str, str]]:
        """Other values for each ExternalSecret."""
        return ({key: f"{key}-{number}" for key in PLAIN} for number in range(self.count))


LOADS = (
    Load("5 plain actions", 10_000, "\n".join(f"{key}={{{{ .{key} }}}}" for key in PLAIN)),
    Load("20 actions", 1_000, "\n".join(TWENTY)),
)


def microseconds(parse: Callable[[str], Render], text: str, data: dict[str, str]) -> float:
    start = time.perf_counter()
    parse(text)(data)
    return (time.perf_counter() - start) * 1e6


def measure(load: Load, parse: Callable[[str], Render]) -> tuple[float, float]:
    """The first rendering with its parse, and the median of all others, in µs."""
    # A comment makes the text a new one, which no cache knows.
    texts = [f"{{{{/* {time.perf_counter_ns()} {number} */}}}}{load.text}" for number in range(ROUNDS)]
    sample = next(iter(load.data()))
    first = statistics.median(microseconds(parse, text, sample) for text in texts)
    microseconds(parse, load.text, sample)
    after = statistics.median(microseconds(parse, load.text, data) for data in load.data())
    return first, after


def ours(text: str) -> Render:
    """As a pass does it: a Template per rendering, whose text is parsed once."""
    return Template(text).render


def peer() -> Callable[[str], Render] | None:
    """`gotpl` with its cache of parsed templates at hand; None where it is not installed."""
    try:
        gotpl = importlib.import_module("gotpl")
        sprig = importlib.import_module("gotpl.funcs.sprig")
    except ImportError:
        return None
    functions = sprig.text_func_map()
    parsed: dict[str, Render] = {}

    def parse(text: str) -> Render:
        if text not in parsed:
            parsed[text] = gotpl.Template(text, functions=functions, missing_key="error").render
        return parsed[text]

    return parse


def main() -> None:
    other = peer()
    for load in LOADS:
        first, after = measure(load, ours)
        print(f"{load.name:16} {load.count:6} renderings: first {first:8.1f} µs, after {after:7.1f} µs")
        if other is None:
            continue
        their_first, their_after = measure(load, other)
        print(f"{'  gotpl':16} {load.count:6} renderings: first {their_first:8.1f} µs, after {their_after:7.1f} µs")
        print(f"{'':16} that is {their_first / first:.1f} and {their_after / after:.1f} times ours")
    if other is None:
        print("`gotpl` is not installed, so there is nothing to compare with: `pip install gotpl`")


if __name__ == "__main__":
    main()
