"""Reads the settings: a flag beats a variable, a variable beats the file, the file beats the default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from syncd.errors import UsageError
from syncd.settings import BY_NAME, CONFIG, DEFAULTS, PREFIX, SETTINGS, Setting, Settings

_SERVICE_LINKS = re.compile(r"SYNCD_(SERVICE_|PORT(_|$))")
"""What Kubernetes sets in every container of a namespace that has a Service called `syncd`."""


@dataclass(frozen=True, slots=True)
class Given:
    """Texts that somebody gave for a setting, and where."""

    texts: tuple[str, ...]
    where: str

    def value(self, setting: Setting) -> Any:
        """Raises UsageError."""
        if not setting.type.many and len(self.texts) != 1:
            raise UsageError(f"{self.where}: one value is expected, not a list")
        try:
            values = tuple(setting.type.parse(text) for text in self.texts)
        except ValueError as error:
            raise UsageError(f"{self.where}: {error}") from None
        return values if setting.type.many else values[0]


def resolve(
    flags: Mapping[str, Sequence[str]], environ: Mapping[str, str], file: Path | None
) -> tuple[Settings, Sequence[str]]:
    """The settings, and warnings about variables that look like ours and are not. Raises UsageError.

    `flags` are the texts given on the command line, by the setting's name.
    """
    variables, warnings = _from_environment(environ)
    given = dict(_from_file(file)) if file else {}
    given |= variables
    given |= {name: Given(_from_flag(BY_NAME[name], texts), f"`--{name}`") for name, texts in flags.items()}
    values = {BY_NAME[name].attribute: one.value(BY_NAME[name]) for name, one in given.items()}
    return replace(DEFAULTS, **values), warnings


def _from_flag(setting: Setting, texts: Sequence[str]) -> tuple[str, ...]:
    """A list may have commas, too; an empty text stays, and is refused: it is a variable that was not set."""
    return tuple(part for text in texts for part in (setting.type.many and _split(text)) or (text,))


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Given], list[str]]:
    by_variable = {setting.variable: setting for setting in SETTINGS}
    given, warnings = {}, []
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and environ[name]):
        text = environ[variable]
        if setting := by_variable.get(variable):
            texts = _split(text) if setting.type.many else (text,)
            given[setting.name] = Given(texts, f"`{variable}`")
        elif variable != CONFIG and not _SERVICE_LINKS.match(variable):
            hint = did_you_mean(variable, by_variable)
            warnings.append(f"environment variable `{variable}` is no setting" + (f"; {hint}" if hint else ""))
    return given, warnings


def _from_file(file: Path) -> Iterator[tuple[str, Given]]:
    """Reads the nodes and not the values: they know their lines, and `1m` stays a text."""
    try:
        root = yaml.compose(file.read_bytes(), Loader=yaml.SafeLoader)
    except OSError as error:
        raise UsageError(f"settings file `{file}`: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{file}{line}: is not YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UsageError(f"settings file `{file}` is not YAML") from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"settings file `{file}` is not a mapping of settings")
    seen: set[str] = set()
    for key, value in root.value:
        where = f"{file}:{key.start_mark.line + 1}"
        name = key.value if key.id == "scalar" else "{…}"
        if name not in BY_NAME:
            raise UsageError(f"{where}: `{name}` is no setting", hint=did_you_mean(name, BY_NAME))
        if name in seen:
            raise UsageError(f"{where}: `{name}` is given twice")
        seen.add(name)
        if value.tag != "tag:yaml.org,2002:null":
            yield name, Given(_texts(value, BY_NAME[name], where), f"{where}: `{name}`")


def _texts(node: Any, setting: Setting, where: str) -> tuple[str, ...]:
    items = node.value if node.id == "sequence" else [node]
    if any(item.id != "scalar" for item in items):
        raise UsageError(f"{where}: `{setting.name}` must be a plain value" + (" or a list" * setting.type.many))
    texts = tuple(item.value for item in items)
    return _split(texts[0]) if setting.type.many and node.id == "scalar" else texts


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in (word.strip() for word in text.split(",")) if part)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the closest of the known words; empty when none is close."""
    close = get_close_matches(word.lower().replace("_", "-"), [one.lower().replace("_", "-") for one in known], n=1)
    original = {one.lower().replace("_", "-"): one for one in known}
    return f"did you mean `{original[close[0]]}`?" if close else ""
