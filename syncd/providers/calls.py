"""The edge to plugin code: whatever a plugin does, exactly one outcome comes back for each thing that was asked.

Nothing that a plugin raises is shown: its text may hold a value. The class of the exception names the bug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from syncd.errors import Failure, MissingExtra, StoreError
from syncd.providers.api import (
    Absent,
    Credentials,
    Dialect,
    Failed,
    FindQuery,
    Found,
    Matched,
    Outcome,
    Plugin,
    Provider,
    RemoteKey,
    SecretValue,
    StoreConfig,
    StoreHealth,
)

_T = TypeVar("_T")


def open_store(plugin: type[Plugin], store: StoreConfig, credentials: Credentials) -> Provider | Failed:
    """Opens a store; what goes wrong is the answer to everything that its declarations ask for."""
    name = store.provider

    def opened() -> Provider | Failed:
        provider = plugin.open(store, credentials)
        wrong = _wrong_attribute(provider)
        return _bug(f"{wrong} in provider `{name}`") if wrong else provider

    return _guarded(opened, name)


def fetch(provider: Provider, keys: Sequence[RemoteKey], name: str) -> dict[RemoteKey, Outcome]:
    """One outcome for each of `keys`; `name` is the provider's, for messages."""

    def asked() -> dict[RemoteKey, Outcome] | Failed:
        answers: Any = provider.fetch(keys)
        if not isinstance(answers, Mapping):
            return _bug(f"`fetch` answered {type(answers).__name__} in provider `{name}`")
        return {key: _outcome(answers.get(key), name) for key in keys}

    answers = _guarded(asked, name)
    return dict.fromkeys(keys, answers) if isinstance(answers, Failed) else answers


def find(provider: Provider, query: FindQuery, name: str) -> Matched | Failed:
    """All that matches, or Failed; `name` is the provider's, for messages."""

    def asked() -> Matched | Failed:
        found: Any = provider.find(query)
        if isinstance(found, Failed):
            return found
        if not isinstance(found, Matched):
            return _bug(f"`find` answered {type(found).__name__} in provider `{name}`")
        return Matched({str(key): _outcome(outcome, name) for key, outcome in found.values.items()})

    return _guarded(asked, name)


def check(provider: Provider, name: str) -> StoreHealth | Failed:
    """The store's health, or why it has none; `name` is the provider's, for messages."""
    health = _guarded(provider.check, name)
    if isinstance(health, StoreHealth | Failed):
        return health
    return _bug(f"`check` answered {type(health).__name__} in provider `{name}`")


def close(provider: Provider, name: str) -> None:
    """Closes the store; what goes wrong is nobody's concern any more."""
    _guarded(provider.close, name)


def _guarded(call: Callable[[], _T], name: str) -> _T | Failed:
    try:
        return call()
    except StoreError as exc:
        return Failed(exc.failure, exc.message, exc.hint, exc.retry_after)
    except MissingExtra as exc:
        return Failed(Failure.MISCONFIGURED, exc.message, exc.hint)
    except KeyboardInterrupt:
        raise
    except BaseException as exc:  # noqa: BLE001  # `sys.exit` and panics of Rust libraries are no Exception
        return _bug(f"{type(exc).__name__} in provider `{name}`", _place(exc))


def _bug(message: str, place: str = "") -> Failed:
    at = f" at {place}" if place else ""
    return Failed(Failure.BUG, message, hint=f"a bug of the provider{at}, not of your manifests: please report it")


def _outcome(answer: Any, name: str) -> Outcome:
    """What the contract allows, or the bug that it is something else."""
    if isinstance(answer, Found):
        if isinstance(answer.value, SecretValue):
            return answer
        return _bug(f"a value is {type(answer.value).__name__}, not SecretValue, in provider `{name}`")
    if isinstance(answer, Absent | Failed):
        return answer
    if answer is None:
        return _bug(f"no outcome for a key in provider `{name}`")
    return _bug(f"{type(answer).__name__} is no outcome in provider `{name}`")


def _wrong_attribute(provider: Any) -> str:
    """Which attribute of the contract is missing or makes no sense; empty when all are right."""
    if not isinstance(getattr(provider, "dialect", None), Dialect):
        return "`dialect` is not a Dialect"
    for attribute in ("batch", "width"):
        value = getattr(provider, attribute, None)
        if not isinstance(value, int) or value < 1:
            return f"`{attribute}` is not a number above 0"
    if not isinstance(getattr(provider, "lane", None), str) or not provider.lane:
        return "`lane` is not a text"
    if not isinstance(provider, Provider):
        return "a method is missing"
    return ""


def _place(exc: BaseException) -> str:
    """Where it was raised, from the inside out, as `module:line`: a traceback that can hold no value."""
    places = []
    traceback = exc.__traceback__
    while traceback:
        places.append(f"`{traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}`")
        traceback = traceback.tb_next
    return " < ".join(reversed(places[-3:]))
