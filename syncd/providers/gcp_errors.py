"""What a failed call to GCP means: its statuses as sentences of ours, the same for gRPC and REST.

GCP's own texts can hold names and policies that nobody checked, so none of them is shown: only statuses and reasons
that are known, and the name of the right that is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from syncd.providers.api import Failed, Failure, StoreError
from syncd.providers.gcp_endpoints import Service, override_variable


class Reason(StrEnum):
    """Why a call failed."""

    ABSENT = "absent"
    """What is asked for does not exist."""
    STATE = "state"
    """It exists, and is disabled or destroyed."""
    PERMISSION = "permission"
    """The identity is known, and may not do this."""
    API = "api"
    """The project has not enabled the service, or does not pay for it."""
    CREDENTIALS = "credentials"
    """The identity is not accepted, or there is none."""
    REQUEST = "request"
    """The call itself is wrong."""
    ENDPOINT = "endpoint"
    """Something else answered."""
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"

    @property
    def failure(self) -> Failure:
        return _FAILURES[self]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call was about, for messages: the right that it needs, on what, who called, and where."""

    permission: str
    """`secretmanager.versions.access`."""
    subject: str
    identity: str
    host: str = "GCP"

    def __str__(self) -> str:
        return f"`{self.permission}` on `{self.subject}`"


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says, however it came."""

    status: str = ""
    """A name of google.rpc.Code, `NOT_FOUND`; empty when the answer has not the form of GCP's."""
    http: int = 0
    reason: str = ""
    """`google.rpc.ErrorInfo.reason`, or the error code of OAuth."""
    text: str = field(default="", repr=False)
    """Never shown."""
    retry_after: float | None = None

    @property
    def known(self) -> str:
        """What of it may be shown."""
        status = self.status if self.status in _STATUSES else f"HTTP {self.http}" if self.http else "no status"
        return ": ".join(filter(None, (status, self.reason if self.reason in _REASONS else "")))


class GcpError(StoreError):
    """A call that failed; `reason` says why, more finely than `failure`."""

    def __init__(self, reason: Reason, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason.failure, message, hint=hint, retry_after=retry_after)
        self.reason = reason


def as_outcome(error: StoreError) -> Failed:
    return Failed(error.failure, error.message, error.hint, error.retry_after)


def from_said(said: Said, asked: Asked) -> GcpError:
    """The error of an answer that is one."""
    reason = reason_of(said)
    if reason is Reason.PERMISSION and (found := _PERMISSION.search(said.text)):
        asked = Asked(found[1], asked.subject, asked.identity, asked.host)
    message, hint = _sentence(reason, said, asked)
    return GcpError(reason, message, hint=hint, retry_after=said.retry_after)


def nonsense(host: str) -> GcpError:
    """The error of an answer that says neither what was asked for nor why not."""
    message = f"the answer makes no sense: something that is not GCP answers at `{host}`"
    return GcpError(Reason.UNAVAILABLE, message, hint=_ENDPOINT_HINT)


def reason_of(said: Said) -> Reason:
    """Why, by the most exact thing that is known of it."""
    if said.reason in _API_REASONS:
        return Reason.API
    if said.status in _STATUSES:
        return _STATUSES[said.status]
    if 300 <= said.http < 400:
        return Reason.ENDPOINT
    return _HTTP.get(said.http, Reason.UNAVAILABLE if said.http >= 500 or not said.http else Reason.REQUEST)


_FAILURES = {
    Reason.ABSENT: Failure.MISCONFIGURED,
    Reason.STATE: Failure.MISCONFIGURED,
    Reason.PERMISSION: Failure.DENIED,
    Reason.API: Failure.DENIED,
    Reason.CREDENTIALS: Failure.DENIED,
    Reason.REQUEST: Failure.MISCONFIGURED,
    Reason.ENDPOINT: Failure.MISCONFIGURED,
    Reason.THROTTLED: Failure.THROTTLED,
    Reason.UNAVAILABLE: Failure.UNAVAILABLE,
    Reason.TIMEOUT: Failure.TIMEOUT,
}
_STATUSES = {
    "CANCELLED": Reason.UNAVAILABLE,
    "UNKNOWN": Reason.UNAVAILABLE,
    "INVALID_ARGUMENT": Reason.REQUEST,
    "DEADLINE_EXCEEDED": Reason.TIMEOUT,
    "NOT_FOUND": Reason.ABSENT,
    "ALREADY_EXISTS": Reason.REQUEST,
    "PERMISSION_DENIED": Reason.PERMISSION,
    "RESOURCE_EXHAUSTED": Reason.THROTTLED,
    "FAILED_PRECONDITION": Reason.STATE,
    "ABORTED": Reason.UNAVAILABLE,
    "OUT_OF_RANGE": Reason.REQUEST,
    "UNIMPLEMENTED": Reason.ENDPOINT,
    "INTERNAL": Reason.UNAVAILABLE,
    "UNAVAILABLE": Reason.UNAVAILABLE,
    "DATA_LOSS": Reason.UNAVAILABLE,
    "UNAUTHENTICATED": Reason.CREDENTIALS,
}
# Without a status of GCP's own a 404 says nothing about a secret: a proxy or another server wrote it.
_HTTP = {
    401: Reason.CREDENTIALS,
    403: Reason.PERMISSION,
    404: Reason.ENDPOINT,
    407: Reason.ENDPOINT,
    408: Reason.TIMEOUT,
    409: Reason.UNAVAILABLE,
    429: Reason.THROTTLED,
    499: Reason.UNAVAILABLE,
    501: Reason.ENDPOINT,
    504: Reason.TIMEOUT,
}
_API_REASONS = ("SERVICE_DISABLED", "BILLING_DISABLED", "CONSUMER_INVALID", "USER_PROJECT_DENIED")
_REASONS = (
    *_API_REASONS,
    "IAM_PERMISSION_DENIED",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "ACCESS_TOKEN_EXPIRED",
    "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    "ACCOUNT_STATE_INVALID",
    "CREDENTIALS_MISSING",
    "RATE_LIMIT_EXCEEDED",
    "RESOURCE_QUOTA_EXCEEDED",
    "SECURITY_POLICY_VIOLATED",
    "LOCATION_POLICY_VIOLATED",
    "ORG_RESTRICTION_VIOLATION",
    "RESOURCE_PROJECT_INVALID",
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_target",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "access_denied",
)
_PERMISSION = re.compile(r"[Pp]ermission '?((?:secretmanager|iam|serviceusage)\.[A-Za-z]+\.[A-Za-z]+)'? ")
_ROLES = {
    "secretmanager.versions.access": "roles/secretmanager.secretAccessor",
    "secretmanager.secrets.get": "roles/secretmanager.viewer",
    "secretmanager.secrets.list": "roles/secretmanager.viewer",
    "secretmanager.versions.list": "roles/secretmanager.viewer",
    "iam.serviceAccounts.getAccessToken": "roles/iam.workloadIdentityUser",
    "iam.serviceAccounts.signJwt": "roles/iam.serviceAccountTokenCreator",
    "serviceusage.services.use": "roles/serviceusage.serviceUsageConsumer",
}
_ENDPOINT_HINT = f"check `location`, proxies, and {override_variable(Service.SECRETS)}"


def _sentence(reason: Reason, said: Said, asked: Asked) -> tuple[str, str]:
    """Message and hint."""
    match reason:
        case Reason.ABSENT:
            return f"there is no `{asked.subject}`", ""
        case Reason.STATE:
            return _state(said, asked)
        case Reason.PERMISSION:
            role = f" (`{_ROLES[asked.permission]}` has it)" if asked.permission in _ROLES else ""
            hint = f"grant `{asked.permission}`{role}; GCP says the same of a project that does not exist"
            return f"GCP denies {asked} to {asked.identity} ({said.known})", hint
        case Reason.API:
            hint = "gcloud services enable secretmanager.googleapis.com; check `projectID`, its billing and its quota"
            return f"the project of `{asked.subject}` cannot use Secret Manager ({said.known})", hint
        case Reason.CREDENTIALS:
            hint = "check that the account and its key or trust exist, are enabled and have not expired"
            return f"GCP does not accept {asked.identity} ({said.known})", hint
        case Reason.ENDPOINT:
            return f"`{asked.host}` is not GCP's service ({said.known})", _ENDPOINT_HINT
        case Reason.THROTTLED:
            return f"GCP asks to slow down ({said.known})", ""
        case Reason.TIMEOUT:
            return f"GCP did not answer in time ({said.known})", ""
        case Reason.UNAVAILABLE:
            return f"GCP could not answer ({said.known})", ""
    return f"GCP refused `{asked.subject}` ({said.known})", "check the key, its version, `projectID` and `location`"


def _state(said: Said, asked: Asked) -> tuple[str, str]:
    hint = "add a version, enable this one, or set `secretVersionSelectionPolicy: LatestOrFetch`"
    for state in ("DISABLED", "DESTROYED"):
        if f"{state} state" in said.text:
            return f"`{asked.subject}` is {state.lower()}", hint
    hint = "check the version, and the key of Cloud KMS that it is encrypted with"
    return f"`{asked.subject}` cannot be read in its state ({said.known})", hint
