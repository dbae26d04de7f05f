"""What a failed call to AWS means: its error codes as sentences of ours.

AWS's own texts can hold names and policies that nobody checked, so of them only known phrases are shown, and the
name of the right that is missing. Request ids are never shown: they would make every failure a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from syncd.providers.api import Failed, StoreError
from syncd.providers.aws_codes import Reason, is_another_servers, known_code, reason_of

_PHRASES = (
    "no identity-based policy allows",
    "no resource-based policy allows",
    "no permissions boundary allows",
    "no session policy allows",
    "no service control policy allows",
    "no VPC endpoint policy allows",
    "explicit deny in an identity-based policy",
    "explicit deny in a resource-based policy",
    "explicit deny in a permissions boundary",
    "explicit deny in a session policy",
    "explicit deny in a service control policy",
    "explicit deny in a resource control policy",
    "explicit deny in a VPC endpoint policy",
    "Access to KMS is not allowed",
    "ciphertext refers to a customer master key that does not exist",
    "No OpenIDConnect provider found",
    "Incorrect token audience",
    "Couldn't retrieve verification key",
    "Token must expire within",
    "security token included in the request is expired",
    "security token included in the request is invalid",
    "signature we calculated does not match",
    "Signature expired",
    "Signature not yet current",
    "marked for deletion",
    "currently marked deleted",
    "Invalid name",
    "is not a valid ARN",
)
_MARKED = ("marked for deletion", "marked deleted", "was deleted")
_KMS = ("Access to KMS is not allowed", "perform: kms:", "ciphertext refers to")
_ACTION = re.compile(r"not authorized to perform:? ((?:secretsmanager|ssm|kms|sts):[A-Z][A-Za-z]+)")
_ENDPOINT_HINT = "check proxies and the variables that name AWS's endpoints"
_CLOCK = ("Signature expired", "Signature not yet current")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call was about, for messages: the right that it needs, the secret or role, and who called."""

    action: str
    """`secretsmanager:GetSecretValue`."""
    subject: str
    identity: str

    def __str__(self) -> str:
        return f"`{self.action}`" + (f" on `{self.subject}`" if self.subject else "")


class AwsError(StoreError):
    """A call that failed; `reason` says why, more finely than `failure`."""

    def __init__(self, reason: Reason, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason.failure, message, hint=hint, retry_after=retry_after)
        self.reason = reason


def as_outcome(error: StoreError) -> Failed:
    return Failed(error.failure, error.message, error.hint, error.retry_after)


def from_code(code: str, said: str, asked: Asked, *, status: int = 0, retry_after: float | None = None) -> AwsError:
    """The error of an answer with an error code; `status` is HTTP's, 0 when the answer as a whole went well."""
    reason = _reason(code, said, status)
    phrases = "; ".join(phrase for phrase in _PHRASES if phrase in said)
    known = ": ".join(filter(None, (known_code(code) or (f"HTTP {status}" if status else "unknown code"), phrases)))
    if found := _ACTION.search(said):
        asked = Asked(found[1], asked.subject, asked.identity)
    message, hint = _sentence(reason, asked, known)
    if any(phrase in said for phrase in _CLOCK):
        hint = "check the clock of this machine"
    return AwsError(reason, message, hint=hint, retry_after=retry_after)


def nonsense(asked: Asked) -> AwsError:
    """The error of an answer that says neither what was asked for nor why not."""
    message = f"the answer to `{asked.action}` makes no sense: something that is not AWS answered"
    return AwsError(Reason.UNAVAILABLE, message, hint=_ENDPOINT_HINT)


def _reason(code: str, said: str, status: int) -> Reason:
    if is_another_servers(code, status):
        return Reason.ENDPOINT
    reason = reason_of(code, status)
    if reason is Reason.REQUEST and any(phrase in said for phrase in _MARKED):
        return Reason.ABSENT
    if reason is Reason.PERMISSION and any(phrase in said for phrase in _KMS):
        return Reason.DECRYPTION
    return reason


def _sentence(reason: Reason, asked: Asked, known: str) -> tuple[str, str]:
    """Message and hint."""
    match reason:
        case Reason.ABSENT:
            return f"there is no `{asked.subject}`", ""
        case Reason.PERMISSION:
            hint = f"grant `{asked.action}`{f' on `{asked.subject}`' if asked.subject else ''} to that identity"
            if asked.action.startswith("sts:"):
                hint += ", and let the trust policy of the role name it"
            return f"AWS denies {asked} to {asked.identity} ({known})", hint
        case Reason.CREDENTIALS:
            hint = "check that the keys or the token belong together, are active and have not expired"
            return f"AWS does not accept {asked.identity} for `{asked.action}` ({known})", hint
        case Reason.DECRYPTION:
            hint = "grant `kms:Decrypt` on the key of the secret, and check that the key is enabled"
            return f"`{asked.subject}` cannot be decrypted by {asked.identity} ({known})", hint
        case Reason.ENDPOINT:
            return f"something that is not AWS refuses `{asked.action}` ({known})", _ENDPOINT_HINT
        case Reason.THROTTLED:
            return f"AWS asks to slow down (`{asked.action}`, {known})", ""
        case Reason.TIMEOUT | Reason.UNAVAILABLE:
            return f"AWS could not answer `{asked.action}` ({known})", ""
    return f"AWS refused {asked} ({known})", "check the key, its version, and the region of the store"
