"""Every error code and every exception of the AWS libraries has a sentence, and no text of AWS gets out unseen."""

from __future__ import annotations

import inspect
import ssl

import boto3.exceptions
import botocore.exceptions as aws
import pytest
import urllib3.exceptions
from botocore.parsers import ResponseParserError
from botocore.session import Session

from syncd.providers.api import Failure
from syncd.providers.aws_codes import Reason, known_code, reason_of
from syncd.providers.aws_errors import Asked, from_code
from syncd.providers.aws_exceptions import EXCEPTIONS, from_exception

CANARY = "kanarie-aws-44d1"
REQUEST_ID = "6b1c2f0e-3c5f-41f4-9c0b-4b7d0b1c2d3e"
ASKED = Asked("secretsmanager:GetSecretValue", "app/db", "role `reader`")
CALLS = {
    "secretsmanager": ("GetSecretValue", "BatchGetSecretValue", "ListSecrets", "DescribeSecret"),
    "ssm": ("GetParameter", "GetParameters", "GetParametersByPath", "DescribeParameters", "ListTagsForResource"),
    "sts": ("AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"),
}
COMMON = (
    "AccessDeniedException ExpiredTokenException IncompleteSignature InternalFailure InvalidClientTokenId"
    " MissingAuthenticationToken NotAuthorized OptInRequired RequestExpired ServiceUnavailable ThrottlingException"
    " UnrecognizedClientException ValidationError ValidationException InvalidSignatureException SerializationException"
)
"""What any service may answer."""


def exceptions(module: object) -> list[type[Exception]]:
    classes = [item for _, item in inspect.getmembers(module, inspect.isclass) if issubclass(item, Exception)]
    return [kind for kind in classes if not issubclass(kind, Warning)]


def made(kind: type[Exception]) -> Exception:
    """An instance with a secret in each text, however the class is made."""
    error = kind.__new__(kind)
    error.args = (CANARY,)
    error.__dict__.update(kwargs={"error": CANARY, "endpoint_url": "https://ssm.test/"}, msg=CANARY, response={})
    return error


def declared() -> list[str]:
    """The codes that the services say they answer to the calls that are made here."""
    session = Session()
    models = [(session.get_service_model(service), names) for service, names in CALLS.items()]
    shapes = [shape for model, names in models for name in names for shape in model.operation_model(name).error_shapes]
    return sorted({shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes})


def client_error(code: str, message: str = "", *, retry_after: str = "") -> aws.ClientError:
    headers = {"retry-after": retry_after} if retry_after else {}
    answer = {"HTTPStatusCode": 400, "HTTPHeaders": headers, "RequestId": REQUEST_ID}
    return aws.ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": answer}, "GetSecretValue")  # type: ignore[typeddict-item]  # the rest is not looked at


@pytest.mark.parametrize("kind", [*exceptions(aws), *exceptions(boto3.exceptions), ResponseParserError])
def test_every_exception_is_mapped(kind: type[Exception]) -> None:
    """Each class is caught, is somebody's to act on, never a bug, and its own text is not shown."""
    assert issubclass(kind, EXCEPTIONS)
    error = from_exception(made(kind), ASKED)
    assert error.failure is not Failure.BUG
    assert CANARY not in f"{error.message}{error.hint}"


@pytest.mark.parametrize("code", [*declared(), *COMMON.split()])
def test_every_code_is_known(code: str) -> None:
    """What the services declare, and what any of them may answer, has a meaning of its own."""
    assert code == known_code(code)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (aws.NoCredentialsError(), Failure.DENIED),
        (aws.PartialCredentialsError(provider="env", cred_var="x"), Failure.DENIED),
        (aws.UnauthorizedSSOTokenError(), Failure.DENIED),
        (aws.CredentialRetrievalError(provider="process", error_msg="x"), Failure.UNAVAILABLE),
        (aws.MetadataRetrievalError(error_msg="x"), Failure.UNAVAILABLE),
        (aws.ProfileNotFound(profile="x"), Failure.MISCONFIGURED),
        (aws.NoRegionError(), Failure.MISCONFIGURED),
        (aws.InvalidRegionError(region_name="a b"), Failure.MISCONFIGURED),
        (aws.ParamValidationError(report="x"), Failure.MISCONFIGURED),
        (aws.ConnectTimeoutError(endpoint_url="x"), Failure.TIMEOUT),
        (aws.ReadTimeoutError(endpoint_url="x"), Failure.TIMEOUT),
        (aws.EndpointConnectionError(endpoint_url="x"), Failure.UNAVAILABLE),
        (aws.ConnectionClosedError(endpoint_url="x"), Failure.UNAVAILABLE),
        (aws.ProxyConnectionError(proxy_url="x"), Failure.UNAVAILABLE),
        (aws.SSLError(endpoint_url="x", error=ssl.SSLCertVerificationError(1, "no")), Failure.MISCONFIGURED),
        (aws.SSLError(endpoint_url="x", error=ssl.SSLError(1, "no")), Failure.UNAVAILABLE),
        (aws.HTTPClientError(error=TimeoutError()), Failure.TIMEOUT),
        (urllib3.exceptions.ProtocolError(), Failure.UNAVAILABLE),
        (ResponseParserError(), Failure.UNAVAILABLE),
        (FileNotFoundError(), Failure.DENIED),
        (TimeoutError(), Failure.TIMEOUT),
    ],
)
def test_who_must_act(error: Exception, failure: Failure) -> None:
    """What can pass by itself is tried again; what a person wrote is not."""
    assert failure is from_exception(error, ASKED).failure


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("403", 403, Reason.ENDPOINT),
        ("", 404, Reason.ENDPOINT),
        ("407", 407, Reason.ENDPOINT),
        ("302", 302, Reason.ENDPOINT),
        ("AccessDenied", 403, Reason.PERMISSION),
        ("503", 503, Reason.UNAVAILABLE),
        ("400", 400, Reason.REQUEST),
    ],
)
def test_a_refusal_without_a_code_is_none_of_aws(code: str, status: int, reason: Reason) -> None:
    """botocore puts the status where no code is: then a proxy speaks, and neither key nor right is at fault."""
    failure = from_code(code, "", ASKED, status=status)
    assert reason is failure.reason
    assert (reason is Reason.ENDPOINT) is failure.message.startswith("something that is not AWS refuses")


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("AccessDenied", 403, Reason.PERMISSION),
        ("AccessDeniedException", 400, Reason.PERMISSION),
        ("UnrecognizedClientException", 400, Reason.CREDENTIALS),
        ("ExpiredToken", 403, Reason.CREDENTIALS),
        ("ExpiredTokenException", 400, Reason.CREDENTIALS),
        ("SignatureDoesNotMatch", 403, Reason.CREDENTIALS),
        ("ResourceNotFoundException", 400, Reason.ABSENT),
        ("ParameterNotFound", 400, Reason.ABSENT),
        ("ParameterVersionNotFound", 400, Reason.REQUEST),
        ("DecryptionFailure", 400, Reason.DECRYPTION),
        ("InvalidKeyId", 400, Reason.DECRYPTION),
        ("ThrottlingException", 400, Reason.THROTTLED),
        ("TooManyRequestsException", 429, Reason.THROTTLED),
        ("RequestLimitExceeded", 503, Reason.THROTTLED),
        ("InternalServiceError", 500, Reason.UNAVAILABLE),
        ("IDPCommunicationError", 400, Reason.UNAVAILABLE),
        ("NoSuchCode", 500, Reason.UNAVAILABLE),
        ("NoSuchCode", 403, Reason.PERMISSION),
        ("NoSuchCode", 429, Reason.THROTTLED),
        ("NoSuchCode", 408, Reason.TIMEOUT),
        ("NoSuchCode", 404, Reason.REQUEST),
        ("NoSuchCode", 0, Reason.REQUEST),
    ],
)
def test_codes(code: str, status: int, reason: Reason) -> None:
    """A code decides, with `Exception` behind it or without; for an unknown one the status does."""
    assert reason is reason_of(code, status)


def test_a_missing_right_is_named() -> None:
    """The right that AWS names stands in the message and in the hint, with why it is missing."""
    said = (
        "User: arn:aws:sts::1:assumed-role/reader/x is not authorized to perform: secretsmanager:GetSecretValue on"
        f" resource: {CANARY} because no identity-based policy allows the secretsmanager:GetSecretValue action"
    )
    error = from_exception(client_error("AccessDeniedException", said), ASKED)
    assert (
        "AWS denies `secretsmanager:GetSecretValue` on `app/db` to role `reader`"
        " (AccessDeniedException: no identity-based policy allows)"
    ) == error.message
    assert "grant `secretsmanager:GetSecretValue` on `app/db` to that identity" == error.hint


@pytest.mark.parametrize(
    "said",
    [
        "Access to KMS is not allowed",
        "User: x is not authorized to perform: kms:Decrypt on resource: y",
        "The ciphertext refers to a customer master key that does not exist",
    ],
)
def test_a_key_of_kms_is_told_from_the_secret(said: str) -> None:
    """A denied key is denied for itself: granting the secret again would not help."""
    error = from_code("AccessDeniedException", said, ASKED)
    assert Reason.DECRYPTION is error.reason
    assert "`app/db` cannot be decrypted by role `reader`" in error.message
    assert "`kms:Decrypt`" in error.hint


@pytest.mark.parametrize(
    ("code", "said", "reason"),
    [
        ("InvalidRequestException", "... because it was marked for deletion.", Reason.ABSENT),
        ("InvalidRequestException", "... on a secret that's currently marked deleted.", Reason.ABSENT),
        ("InvalidRequestException", "... because that token is in use.", Reason.REQUEST),
        ("AccessDeniedException", "... because it was marked for deletion.", Reason.PERMISSION),
    ],
)
def test_what_is_marked_for_deletion(code: str, said: str, reason: Reason) -> None:
    """Only an invalid request that says so means that the secret is gone."""
    assert reason is from_code(code, said, ASKED).reason


def test_nothing_else_of_aws_is_shown() -> None:
    """Neither texts nor codes that nobody knows, nor request ids."""
    for code in ("AccessDeniedException", "ThrottlingException", "ValidationException", "InternalFailure", CANARY):
        error = from_exception(client_error(code, f"{CANARY} (Request ID: {REQUEST_ID})"), ASKED)
        shown = f"{error.message}{error.hint}{error!r}"
        assert CANARY not in shown
        assert REQUEST_ID not in shown


def test_a_clock_that_is_wrong() -> None:
    """AWS refuses signatures of another time; the clock is what to look at."""
    error = from_code("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier", ASKED)
    assert (Failure.DENIED, "check the clock of this machine") == (error.failure, error.hint)


def test_retry_after_is_kept() -> None:
    """Seconds that AWS asks to wait are handed on; a date is not guessed at."""
    throttled = client_error("ThrottlingException", retry_after="7")
    assert 7.0 == from_exception(throttled, ASKED).retry_after
    throttled = client_error("ThrottlingException", retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    assert from_exception(throttled, ASKED).retry_after is None


def test_a_host_that_cannot_be_resolved() -> None:
    """The name stands in the message, and the region is what to look at."""
    cause = urllib3.exceptions.NameResolutionError("ssm.mars-1.amazonaws.com", None, OSError())  # type: ignore[arg-type]  # no pool is needed
    error = aws.EndpointConnectionError(endpoint_url="https://ssm.mars-1.amazonaws.com/", error=cause)
    mapped = from_exception(error, ASKED)
    assert "the name of `ssm.mars-1.amazonaws.com` cannot be resolved" == mapped.message
    assert "`region`" in mapped.hint
