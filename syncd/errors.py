"""Every error that a person can see, as one tree.

* SyncdError
  * UsageError            the command line or a setting is wrong
  * ManifestError         manifests that do not load; holds every problem of every file
  * MissingExtra          a provider's library is not installed
  * PluginError           a provider plugin is broken, or two claim one name
  * StoreError            a store cannot be opened or asked: denied, misconfigured, unavailable
  * RenderError           the values are there, and the Secret cannot be made from them
    * TemplateError       a template does not parse or does not execute
  * ClusterError          the API server or the folder
    * Denied              a right is missing
      * Unauthenticated   the credentials themselves are not accepted
    * Conflict            somebody else wrote first
    * Rejected            the API server refused the object
    * Unreachable         no answer, or a broken one

Messages say what is wrong, where and why; `hint` says what to do. No message holds a secret value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """Why something did not work, by who must act on it."""

    DENIED = "denied"
    """Credentials or permissions: a person must grant something. Not retried."""
    MISCONFIGURED = "misconfigured"
    """The manifest or a setting is wrong: a person must change it. Not retried."""
    UNAVAILABLE = "unavailable"
    """The other side does not work now. Retried."""
    THROTTLED = "throttled"
    """The other side asks to slow down. Waited for, then retried."""
    TIMEOUT = "timeout"
    """No answer before the deadline. Retried."""
    BUG = "bug"
    """Something nobody expected, in syncd or a plugin."""

    @property
    def retryable(self) -> bool:
        return self in (Failure.UNAVAILABLE, Failure.THROTTLED, Failure.TIMEOUT)


class SyncdError(Exception):
    """Base of all errors of syncd: a sentence, and a hint where there is one."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(SyncdError):
    """The command line or a setting is wrong."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a manifest.

    `where` is `file:line`, `subject` is `Kind namespace/name`, `path` is the field's path.
    """

    where: str
    subject: str
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.subject, self.path, self.message) if part)


class ManifestError(SyncdError):
    """Manifests that do not load, with every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class MissingExtra(SyncdError):
    """A provider's library is not installed.

    `provider` is the name in `spec.provider`, `extra` the one in `pip install 'syncd[extra]'`.
    """

    def __init__(self, provider: str, extra: str) -> None:
        super().__init__(
            f"provider `{provider}` needs a library that is not installed",
            hint=f"pip install 'syncd[{extra}]'",
        )
        self.extra = extra


class PluginError(SyncdError):
    """A provider plugin cannot be loaded, or its name is claimed twice."""


class StoreError(SyncdError):
    """A store cannot be opened or asked."""

    def __init__(self, failure: Failure, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.failure = failure
        self.retry_after = retry_after
        """Seconds to wait before the next try, when the other side said so."""


class RenderError(SyncdError):
    """The values are there, and the Secret cannot be made from them."""


class TemplateError(RenderError):
    """A template does not parse or does not execute.

    `kind` is one of `parse`, `missing-key`, `type`, `exec`, `yaml`, `limit`; `line` and `column` count from 1.
    """

    path: tuple[str | int, ...] = ()
    """The steps to the field that it stands in."""

    def __init__(
        self, message: str, *, kind: str = "exec", name: str = "", line: int = 0, column: int = 0, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.name = name
        self.line = line
        self.column = column


class ClusterError(SyncdError):
    """The API server, or the folder, did not do what was asked."""

    failure = Failure.UNAVAILABLE
    """Who must act on it."""


class Denied(ClusterError):
    """A right is missing; the message names verb, resource and namespace."""

    failure = Failure.DENIED


class Unauthenticated(Denied):
    """The API server does not accept the credentials, or there are none: nothing is known about single rights."""


class Conflict(ClusterError):
    """Somebody else wrote first: what was decided on is no longer so."""


class Rejected(ClusterError):
    """The API server refused the object itself."""

    failure = Failure.MISCONFIGURED


class Unreachable(ClusterError):
    """No answer from the API server, or one that makes no sense."""
