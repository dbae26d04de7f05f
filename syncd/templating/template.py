"""A template: parsed once for all who use the same text, and rendered often."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Final

from syncd.templating import functions as _functions  # noqa: F401 - registers every function
from syncd.templating.calls import FUNCTIONS, World
from syncd.templating.compiler import compile_template
from syncd.templating.engine import Engine, MissingKey
from syncd.templating.golang.text import encode
from syncd.templating.golang.values import StringMap
from syncd.templating.grammar import Functions, ParseError
from syncd.templating.machine import Instruction, Run
from syncd.templating.meter import Meter, TooMuch
from syncd.templating.nodes import Definition, Field, Literal, Output
from syncd.templating.parser import parse
from syncd.templating.source import Source

CACHED: Final = 4096
"""How many parsed templates are kept, the least recently used going first."""
LONGEST: Final = 2 * 1024 * 1024
"""Characters of a template."""
_DEFAULT: Final = Engine()


class _Parsed:
    """A parsed template; `plain` are text and key in turn when it has nothing but fields of the data."""

    def __init__(self, source: Source, definitions: dict[str, Definition], missing: MissingKey, used: set[str]) -> None:
        self.source = source
        self.definitions = definitions
        self.missing = missing
        self.varying = tuple(sorted(function for function in used if not FUNCTIONS[function].deterministic))
        self.plain, self.tail = _plain_parts(definitions)

    @cached_property
    def programs(self) -> dict[str, list[Instruction]]:
        """Compiled when first needed: a plain template needs it for errors only."""
        return compile_template(self.definitions, self.source, self.missing)


class Template:
    """A Go template with the functions of Sprig and External Secrets.

    `name` stands in errors, and a template can be called by it. `missing` says what a field does that is not in the
    data. Raises TemplateError of kind `parse`, or `limit` when the text is too long or nested too deep.
    """

    __slots__ = ("_parsed",)

    def __init__(
        self,
        text: str,
        *,
        name: str = "",
        missing: MissingKey = MissingKey.ERROR,
        delimiters: tuple[str, str] = ("{{", "}}"),
    ) -> None:
        self._parsed = _parse(text, name, missing, delimiters)

    @property
    def name(self) -> str:
        return self._parsed.source.name

    @property
    def deterministic(self) -> bool:
        """Whether the same data always gives the same text: no clock, no randomness, no fresh keys."""
        return not self._parsed.varying

    @property
    def varying(self) -> tuple[str, ...]:
        """The functions that it names and that give something else each time, sorted."""
        return self._parsed.varying

    def render(
        self, data: Mapping[str, bytes | str], *, engine: Engine = _DEFAULT, meter: Meter | None = None
    ) -> bytes:
        """The text with its actions carried out; `data` is the dot. Renderings that share a meter share its steps.

        Raises TemplateError of kind `missing-key`, `type`, `exec` or `limit`, whose message names place and function,
        and holds no value.
        """
        parsed = self._parsed
        if parsed.plain is not None:
            text = _fill(parsed, data, engine.limits.output)
            if text is not None:
                return text
        dot = StringMap((encode(key), value if type(value) is bytes else _bytes(value)) for key, value in data.items())
        try:
            return Run(World(engine, meter or Meter(engine.limits)), parsed.programs).execute(parsed.source.name, dot)
        except TooMuch as problem:
            raise parsed.source.error("limit", f"the template is stopped: {problem}", 0) from None
        except RecursionError:
            raise parsed.source.error("limit", "the template is stopped: values are nested too deep", 0) from None

    def __repr__(self) -> str:
        return f"Template(name={self.name!r})"


def _bytes(value: bytes | str) -> bytes:
    if isinstance(value, str):
        return encode(value)
    if isinstance(value, bytes):
        return bytes(value)
    raise TypeError(f"values of a template's data are bytes or str, not {type(value).__name__}")


def _fill(parsed: _Parsed, data: Mapping[str, bytes | str], limit: int) -> bytes | None:
    """The text of a template of plain fields; None when a key is missing, or the limit is reached."""
    out: list[bytes] = []
    for text, key in parsed.plain or ():
        value = data.get(key)
        if type(value) is not bytes:
            if value is None:
                return None
            value = _bytes(value)
        out.append(text)
        out.append(value)
    out.append(parsed.tail)
    filled = b"".join(out)
    return filled if len(filled) <= limit else None


def _hint(name: str) -> str:
    close = get_close_matches(name, FUNCTIONS, 1)
    return f"did you mean `{close[0]}`?" if close else ""


@lru_cache(CACHED)
def _parse(text: str, name: str, missing: MissingKey, delimiters: tuple[str, str]) -> _Parsed:
    left, right = delimiters[0] or "{{", delimiters[1] or "}}"
    source = Source(name, text, (left, right))
    used: set[str] = set()

    def known(function: str) -> bool:
        used.add(function)
        return function in FUNCTIONS

    if len(text) > LONGEST:
        raise source.error("limit", f"the template is longer than {LONGEST} characters", 0)
    try:
        definitions = parse(text, name, (left, right), Functions(known, _hint))
    except ParseError as problem:
        raise source.error("limit" if problem.limit else "parse", str(problem), problem.at, hint=problem.hint) from None
    except RecursionError:
        raise source.error("limit", "parentheses are nested too deep", 0) from None
    return _Parsed(source, definitions, missing, used)


def _plain_parts(definitions: dict[str, Definition]) -> tuple[tuple[tuple[bytes, str], ...] | None, bytes]:
    """Text and key in turn, and the text at the end; None when there is anything else."""
    if len(definitions) != 1:
        return None, b""
    (definition,) = definitions.values()
    parts: list[tuple[bytes, str]] = []
    text = b""
    for statement in definition.statements:
        if isinstance(statement, Literal):
            text += statement.text
            continue
        key = _plain_key(statement) if isinstance(statement, Output) else None
        if key is None:
            return None, b""
        parts.append((text, key))
        text = b""
    return tuple(parts), text


def _plain_key(statement: Output) -> str | None:
    """The key of a lone `.key`."""
    pipe = statement.pipe
    if pipe.declared or len(pipe.commands) != 1 or len(pipe.commands[0].args) != 1:
        return None
    operand = pipe.commands[0].args[0]
    return operand.names[0] if isinstance(operand, Field) and len(operand.names) == 1 else None
