"""AWS's error codes, by what they mean to someone who reads secrets."""

from __future__ import annotations

from enum import StrEnum

from syncd.providers.api import Failure


class Reason(StrEnum):
    """Why a call failed."""

    ABSENT = "absent"
    """What is asked for does not exist."""
    PERMISSION = "permission"
    """The identity is known, and may not do this."""
    CREDENTIALS = "credentials"
    """The identity is not accepted, or there is none."""
    DECRYPTION = "decryption"
    """The key that the secret is encrypted with may not be used, or cannot."""
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

    @property
    def of_one_key(self) -> bool:
        """Whether a single key of a batch, or the right to batch, may have caused it for all."""
        return self in (Reason.ABSENT, Reason.PERMISSION, Reason.DECRYPTION, Reason.REQUEST)


_FAILURES = {
    Reason.ABSENT: Failure.MISCONFIGURED,
    Reason.PERMISSION: Failure.DENIED,
    Reason.CREDENTIALS: Failure.DENIED,
    Reason.DECRYPTION: Failure.DENIED,
    Reason.REQUEST: Failure.MISCONFIGURED,
    Reason.ENDPOINT: Failure.MISCONFIGURED,
    Reason.THROTTLED: Failure.THROTTLED,
    Reason.UNAVAILABLE: Failure.UNAVAILABLE,
    Reason.TIMEOUT: Failure.TIMEOUT,
}
_CODES = {
    Reason.ABSENT: "ParameterNotFound ResourceNotFound",
    Reason.PERMISSION: "AccessDenied AuthorizationError NotAuthorized OptInRequired Unauthorized UnauthorizedOperation",
    Reason.CREDENTIALS: (
        "AuthFailure ExpiredToken IDPRejectedClaim IncompleteSignature InvalidAccessKeyId InvalidClientTokenId"
        " InvalidIdentityToken InvalidSecurity InvalidSignature InvalidToken MissingAuthenticationToken RequestExpired"
        " RequestInTheFuture RequestTimeTooSkewed SignatureDoesNotMatch UnrecognizedClient"
    ),
    Reason.DECRYPTION: "DecryptionFailure InvalidKeyId KMSAccessDenied KMSDisabled KMSInvalidState KMSNotFound",
    Reason.REQUEST: (
        "InvalidAction InvalidContextAssertion InvalidFilterKey InvalidFilterOption InvalidFilterValue InvalidParameter"
        " InvalidParameterCombination InvalidParameterValue InvalidRequest InvalidResourceId InvalidResourceType"
        " MalformedPolicyDocument MissingAction MissingParameter PackedPolicyTooLarge ParameterVersionNotFound"
        " RegionDisabled Serialization UnknownOperation Validation ValidationError"
    ),
    Reason.THROTTLED: (
        "BandwidthLimitExceeded EC2Throttled LimitExceeded PriorRequestNotComplete ProvisionedThroughputExceeded"
        " RequestLimitExceeded RequestThrottled SlowDown Throttled Throttling TooManyRequests TransactionInProgress"
    ),
    # The token of a page that was lost: asking anew begins with the first page.
    Reason.UNAVAILABLE: (
        "IDPCommunicationError InternalError InternalFailure InternalServerError InternalServiceError InvalidNextToken"
        " ServiceFailure ServiceUnavailable Unavailable"
    ),
    Reason.TIMEOUT: "RequestTimeout",
}
_REASONS = {code: reason for reason, codes in _CODES.items() for code in codes.split()}


def reason_of(code: str, status: int) -> Reason:
    """What a code means, or where it is not known the HTTP status beside it."""
    known = _REASONS.get(_short(code))
    if known:
        return known
    if status in (401, 403):
        return Reason.PERMISSION
    if status == 429:
        return Reason.THROTTLED
    if status == 408:
        return Reason.TIMEOUT
    return Reason.UNAVAILABLE if status >= 500 else Reason.REQUEST


def is_another_servers(code: str, status: int) -> bool:
    """Whether a refusal comes from a proxy, or whoever stands between: AWS gives a code with each of its own.

    botocore puts the status in its place.
    """
    return (not code or code == str(status)) and (300 <= status < 400 or status in (403, 404, 405, 407))


def known_code(code: str) -> str:
    """The code if it is one of AWS's; `""` for what anybody may have written."""
    return code if _short(code) in _REASONS else ""


def _short(code: str) -> str:
    """Services add `Exception` to the same codes, or do not."""
    return code.removesuffix("Exception")
