"""The settings of the process: one table, read from flags, environment, a file and defaults, in that order.

The setting `provider-timeout` is the flag `--provider-timeout`, the variable `SYNCD_PROVIDER_TIMEOUT` and the key
`provider-timeout` of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from syncd.errors import UsageError
from syncd.model import RestartMode

PREFIX = "SYNCD_"
CONFIG = "SYNCD_CONFIG"
"""Names the settings file, as `--config` does; so it cannot be a setting itself."""
_SERVICE_LINKS = re.compile(r"SYNCD_(SERVICE_|PORT(_|$))")
"""What Kubernetes sets in every container of a namespace that has a Service called `syncd`."""


class Validate(StrEnum):
    """What becomes of unknown fields in manifests."""

    STRICT = "strict"
    WARN = "warn"
    IGNORE = "ignore"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SettingType:
    """How the text of a setting is read. `parse` raises ValueError whose message goes after the setting's name."""

    metavar: str
    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str
    many: bool = False
    """A list: `parse` reads one of its items."""


def choice(options: type[StrEnum]) -> SettingType:
    names = [str(option) for option in options]

    def parse(text: str) -> StrEnum:
        if text not in names:
            raise ValueError(f"`{text}` is not one of {', '.join(names)}")
        return options(text)

    return SettingType("|".join(names), parse)


def count(minimum: int) -> SettingType:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < minimum:
            raise ValueError(f"`{text}` is not a whole number of {minimum} or more")
        return int(text)

    return SettingType("NUMBER", parse)


def _parse_flag(text: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"`{text}` is neither true nor false")


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def _parse_duration(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        seconds = float(text)
    elif re.fullmatch(f"({_PART.pattern})+", text):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    else:
        raise ValueError(f"`{text}` is not a duration such as 10s, 1m30s or plain seconds")
    if not 0 < seconds <= 86400:
        raise ValueError(f"`{text}` is not between zero and a day")
    return seconds


def _parse_share(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= value <= 1:
        raise ValueError(f"`{text}` is not a share such as 20% or 0.2")
    return value


def _parse_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?", text):
        raise ValueError(f"`{text}` is not a name of lower-case letters, digits, `-` and `.`")
    return text


FLAG = SettingType("", _parse_flag, show=lambda value: "true" if value else "false")
DURATION = SettingType("DURATION", _parse_duration, show=lambda seconds: f"{seconds:g}s")
SHARE = SettingType("SHARE", _parse_share, show=lambda value: f"{value:.4%}".rstrip("0%").rstrip(".") + "%")
NAME = SettingType("NAME", _parse_name)
IDS = SettingType("ID", _parse_name, show=lambda value: ",".join(value), many=True)


def _row(type_: SettingType, help_: str) -> dict[str, Any]:
    return {"type": type_, "help": help_}


@dataclass(frozen=True, slots=True)
class Settings:
    """The table: name, default, type and help of each setting; a new one needs a line here and a reader."""

    installation: str = field(
        default="default",
        metadata=_row(NAME, "Tells apart several syncds that write to one cluster: each has its own Secrets."),
    )
    adopt: bool = field(
        default=False,
        metadata=_row(FLAG, "Take over Secrets that exist and are not ours, and replace their data."),
    )
    prune: bool = field(
        default=False,
        metadata=_row(FLAG, "Delete Secrets of ours that no declaration asks for any more."),
    )
    restarts: RestartMode = field(
        default=RestartMode.AUTO,
        metadata=_row(
            choice(RestartMode),
            "Whom a changed Secret restarts when its declaration does not say: "
            "all its users, those that ask by annotation, or nobody.",
        ),
    )
    provider_timeout: float = field(
        default=10.0,
        metadata=_row(DURATION, "How long one call to a store may take, in total."),
    )
    readers: int = field(
        default=32,
        metadata=_row(count(1), "Threads that read stores."),
    )
    writers: int = field(
        default=8,
        metadata=_row(count(1), "Threads that write Secrets and workloads."),
    )
    guard_count: int = field(
        default=3,
        metadata=_row(count(0), "Deleting or emptying up to so many Secrets of a store in an hour is not too much."),
    )
    guard_share: float = field(
        default=0.2,
        metadata=_row(SHARE, "Deleting or emptying up to this share of a store's Secrets in an hour is not too much."),
    )
    allow_mass_change: tuple[str, ...] = field(
        default=(),
        metadata=_row(IDS, "Say yes, once, to a refusal of the guard, by its id. May be given several times."),
    )
    controller_class: str = field(
        default="default",
        metadata=_row(NAME, "Stores whose `spec.controller` names another class are left to that controller."),
    )
    system_namespace: str = field(
        default="",
        metadata=_row(
            NAME,
            "Namespace in the cluster where syncd keeps its fingerprint key and the guard's record; "
            "if not given, that of its own pod, else `syncd`.",
        ),
    )
    allow_git: bool = field(
        default=False,
        metadata=_row(FLAG, "Write into a folder although git tracks it or would add it."),
    )
    validate: Validate = field(
        default=Validate.STRICT,
        metadata=_row(choice(Validate), "Unknown fields in manifests are errors, warnings, or ignored."),
    )
    log_format: LogFormat = field(
        default=LogFormat.CONSOLE,
        metadata=_row(choice(LogFormat), "Form of log lines on standard error."),
    )
    log_level: LogLevel = field(
        default=LogLevel.INFO,
        metadata=_row(choice(LogLevel), "Least severe log lines that are shown."),
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    type: SettingType
    default: Any
    help: str

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        return PREFIX + self.attribute.upper()

    @property
    def attribute(self) -> str:
        return self.name.replace("-", "_")


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(row.name.replace("_", "-"), row.metadata["type"], row.default, row.metadata["help"])
    for row in fields(Settings)
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


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
    given |= {name: Given(tuple(texts), f"`--{name}`") for name, texts in flags.items()}
    values = {_BY_NAME[name].attribute: one.value(_BY_NAME[name]) for name, one in given.items()}
    return Settings(**values), warnings


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
    import yaml  # late: `--help` needs no YAML

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
        if name not in _BY_NAME:
            raise UsageError(f"{where}: `{name}` is no setting", hint=did_you_mean(name, _BY_NAME))
        if name in seen:
            raise UsageError(f"{where}: `{name}` is given twice")
        seen.add(name)
        if value.tag != "tag:yaml.org,2002:null":
            yield name, Given(_texts(value, _BY_NAME[name], where), f"{where}: `{name}`")


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
    from difflib import get_close_matches  # late: only needed when something is wrong

    close = get_close_matches(word.lower().replace("_", "-"), [one.lower().replace("_", "-") for one in known], n=1)
    original = {one.lower().replace("_", "-"): one for one in known}
    return f"did you mean `{original[close[0]]}`?" if close else ""
