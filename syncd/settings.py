"""The settings of the process: one table of names, types, defaults and help.

The setting `provider-timeout` is the flag `--provider-timeout`, the variable `SYNCD_PROVIDER_TIMEOUT` and the key
`provider-timeout` of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from syncd.model import RestartMode, StoreAuth

PREFIX = "SYNCD_"
CONFIG = f"{PREFIX}CONFIG"
"""Names the settings file, as `--config` does; so it cannot be a setting itself."""


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


def _parse_file(text: str) -> str:
    if not text:
        raise ValueError("a file's name is empty")
    return text


def _parse_address(text: str) -> str:
    if text == "off":
        return text
    port = re.fullmatch(r"(?:[^\s\[\]:]*|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})", text)
    if not port or int(port[1]) > 65535:
        raise ValueError(f"`{text}` is neither an address such as 127.0.0.1:9753 nor `off`")
    return text


FLAG = SettingType("", _parse_flag, show=lambda value: "true" if value else "false")
DURATION = SettingType("DURATION", _parse_duration, show=lambda seconds: f"{seconds:g}s")
SHARE = SettingType("SHARE", _parse_share, show=lambda value: f"{value:.4%}".rstrip("0%").rstrip(".") + "%")
NAME = SettingType("NAME", _parse_name)
FILE = SettingType("FILE", _parse_file)
ADDRESS = SettingType("ADDRESS", _parse_address)
NAMES = SettingType("NAME", _parse_name, show=lambda value: ",".join(value), many=True)
IDS = SettingType("ID", _parse_name, show=lambda value: ",".join(value), many=True)


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


SETTINGS = (
    Setting(
        "installation",
        NAME,
        "default",
        "Tells apart several syncds that write to one cluster: each has its own Secrets.",
    ),
    Setting("adopt", FLAG, False, "Take over Secrets that exist and are not ours, and replace their data."),
    Setting("allow-configmaps", FLAG, False, "Write ConfigMaps too, where `spec.target.manifest` asks for one."),
    Setting("prune", FLAG, False, "Delete Secrets of ours that no declaration asks for any more."),
    Setting(
        "restarts",
        choice(RestartMode),
        RestartMode.AUTO,
        "Whom a changed Secret restarts when its declaration does not say: "
        "all its users, those that ask by annotation, or nobody.",
    ),
    Setting(
        "store-auth",
        choice(StoreAuth),
        StoreAuth.MANIFEST,
        "Log in to stores as their manifests say, or with what this machine has: `VAULT_TOKEN` or `~/.vault-token`, "
        "the credentials of AWS's own tools, the application-default credentials of GCP.",
    ),
    Setting("provider-timeout", DURATION, 10.0, "How long one call to a store may take, in total."),
    Setting("readers", count(1), 32, "Threads that read stores."),
    Setting("writers", count(1), 8, "Threads that write Secrets and workloads."),
    Setting(
        "guard-count",
        count(0),
        3,
        "Deleting or emptying up to so many Secrets of a store in an hour is not too much.",
    ),
    Setting(
        "guard-share",
        SHARE,
        0.2,
        "Deleting or emptying up to this share of a store's Secrets in an hour is not too much.",
    ),
    Setting(
        "allow-mass-change",
        IDS,
        (),
        "Say yes, once, to a refusal of the guard, by its id. May be given several times.",
    ),
    Setting(
        "controller-class",
        NAME,
        "default",
        "Stores whose `spec.controller` names another class are left to that controller.",
    ),
    Setting(
        "system-namespace",
        NAME,
        "",
        "Namespace in the cluster where syncd keeps its fingerprint key and the guard's record; "
        "if not given, that of its own pod, else `syncd`.",
    ),
    Setting(
        "namespaces",
        NAMES,
        (),
        "Write Secrets and restart workloads in these namespaces only, and list nothing in others; "
        "if not given, in all. May be given several times.",
    ),
    Setting("allow-git", FLAG, False, "Write into a folder although git tracks it or would add it."),
    Setting(
        "validate", choice(Validate), Validate.STRICT, "Unknown fields in manifests are errors, warnings, or ignored."
    ),
    Setting(
        "pause-writes", FLAG, False, "Plan and show everything, and write nothing. `run` reads it again on SIGHUP."
    ),
    Setting(
        "pause-restarts",
        FLAG,
        False,
        "Plan and show restarts, and make none: they stay owed. `run` reads it again on SIGHUP.",
    ),
    Setting(
        "listen",
        ADDRESS,
        "127.0.0.1:9753",
        "Where `run` serves metrics, health and status: `host:port`, `:port` for all interfaces, or `off`.",
    ),
    Setting(
        "tls-cert", FILE, "", "Certificate chain in PEM, with which `run` serves HTTPS; read again when it changes."
    ),
    Setting("tls-key", FILE, "", "Private key in PEM of `--tls-cert`."),
    Setting(
        "token-file",
        FILE,
        "",
        "File with the bearer token that `POST /-/sync` asks for; without one, nobody can ask `run` for a sync.",
    ),
    Setting("passes", count(1), 8, "Passes of `run` that may be under way at once; a store that hangs takes up one."),
    Setting("metrics-file", FILE, "", "Write metrics into a file for node_exporter's textfile collector, in `sync`."),
    Setting("log-format", choice(LogFormat), LogFormat.CONSOLE, "Form of log lines on standard error."),
    Setting("log-level", choice(LogLevel), LogLevel.INFO, "Least severe log lines that are shown."),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """A value for each row of the table."""

    installation: str
    adopt: bool
    allow_configmaps: bool
    prune: bool
    restarts: RestartMode
    store_auth: StoreAuth
    provider_timeout: float
    """Seconds."""
    readers: int
    writers: int
    guard_count: int
    guard_share: float
    """Between 0 and 1."""
    allow_mass_change: tuple[str, ...]
    controller_class: str
    system_namespace: str
    namespaces: tuple[str, ...]
    """Empty: all."""
    allow_git: bool
    validate: Validate
    pause_writes: bool
    pause_restarts: bool
    listen: str
    """`host:port` or `off`."""
    tls_cert: str
    """Empty: none, as for the other files."""
    tls_key: str
    token_file: str
    passes: int
    metrics_file: str
    """Empty: none."""
    log_format: LogFormat
    log_level: LogLevel


DEFAULTS = Settings(**{setting.attribute: setting.default for setting in SETTINGS})
