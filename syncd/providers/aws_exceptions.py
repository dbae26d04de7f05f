"""What the exceptions of botocore and boto3 mean: answers with an error code, and calls without an answer."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from boto3.exceptions import Boto3Error
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from syncd.providers.aws_codes import Reason
from syncd.providers.aws_errors import Asked, AwsError, from_code

EXCEPTIONS = (
    aws.BotoCoreError,
    aws.ClientError,
    aws.UndefinedModelAttributeError,
    Boto3Error,
    ResponseParserError,
    HTTPError,
    OSError,
)
"""All that a call of botocore raises, but for what it makes of an answer that is no answer of AWS."""

NO_KEYS = (AttributeError, KeyError, TypeError, ValueError)
"""What botocore makes of a source of credentials whose answer has not their form."""


def no_keys() -> AwsError:
    """The error of credentials that raised any of NO_KEYS."""
    message = "what the source of the AWS credentials gives are none"
    return AwsError(Reason.CREDENTIALS, message, hint="check `credential_process` and the other settings in `~/.aws`")


def from_exception(error: Exception, asked: Asked) -> AwsError:
    """The error of a call that raised any of EXCEPTIONS."""
    if isinstance(error, aws.ClientError):
        answer: Mapping[str, Any] = error.response.get("ResponseMetadata") or {}
        said: Mapping[str, Any] = error.response.get("Error") or {}
        return from_code(
            str(said.get("Code", "")),
            str(said.get("Message", "")),
            asked,
            status=int(answer.get("HTTPStatusCode") or 0),
            retry_after=_seconds(str((answer.get("HTTPHeaders") or {}).get("retry-after", ""))),
        )
    return _unanswered(error, asked)


_PARAMETERS = ("SecretId", "VersionId", "VersionStage", "Name", "Path", "ResourceId", "RoleArn", "ExternalId", "Tags")
"""Of what botocore says about parameters, the names that it may say it of."""
_Kinds = tuple[type[Exception], ...]
_CASES: tuple[tuple[_Kinds, Reason, str, str], ...] = (
    (
        (aws.NoCredentialsError, aws.NoAuthTokenError),
        Reason.CREDENTIALS,
        "no AWS credentials are found",
        "set `auth` in the store, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    ((aws.PartialCredentialsError,), Reason.CREDENTIALS, "half of the AWS credentials is missing", ""),
    (
        (aws.SSOError, aws.LoginError, aws.TokenRetrievalError),
        Reason.CREDENTIALS,
        "the login of the AWS profile has expired",
        "run `aws sso login` or `aws login`",
    ),
    (
        (aws.CredentialRetrievalError, aws.MetadataRetrievalError),
        Reason.UNAVAILABLE,
        "the source of the AWS credentials does not work now",
        "",
    ),
    (
        (aws.RefreshWithMFAUnsupportedError,),
        Reason.CREDENTIALS,
        "the AWS profile wants a code of a second factor, which nobody can enter here",
        "log in first, and use the keys of that session: `aws configure export-credentials --profile …`",
    ),
    (
        (aws.ReadTimeoutError, aws.ConnectTimeoutError, TimeoutError),
        Reason.TIMEOUT,
        "AWS did not answer `{action}` in time",
        "",
    ),
    (
        (aws.ProxyConnectionError,),
        Reason.UNAVAILABLE,
        "the proxy on the way to AWS cannot be reached or refuses",
        "",
    ),
    (
        (
            aws.ResponseStreamingError,
            aws.IncompleteReadError,
            aws.ChecksumError,
            aws.FlexibleChecksumError,
            aws.AwsChunkedWrapperError,
            ResponseParserError,
        ),
        Reason.UNAVAILABLE,
        "the answer to `{action}` broke off or is none of AWS's",
        "",
    ),
    ((aws.CapacityNotAvailableError,), Reason.THROTTLED, "AWS asks to slow down (`{action}`)", ""),
    (
        (aws.ProfileNotFound, aws.ConfigNotFound, aws.ConfigParseError, aws.InvalidConfigError),
        Reason.REQUEST,
        "the AWS profile or the files in `~/.aws` are not right",
        "check AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE",
    ),
    (
        (
            aws.NoRegionError,
            aws.InvalidRegionError,
            aws.UnknownRegionError,
            aws.ServiceNotInRegionError,
            aws.EndpointProviderError,
            aws.BaseEndpointResolverError,
        ),
        Reason.REQUEST,
        "there is no endpoint of AWS for this `region`",
        "check `region`",
    ),
)


def _unanswered(error: Exception, asked: Asked) -> AwsError:
    """What keeps a call from its answer: who is asked for credentials, or a connection that fails."""
    for kinds, reason, message, hint in _CASES:
        if isinstance(error, kinds):
            return AwsError(reason, message.format(action=asked.action), hint=hint)
    if isinstance(error, aws.ConnectionError | aws.HTTPClientError | HTTPError | OSError):
        return _connection(error)
    if isinstance(error, aws.ParamValidationError):
        wrong = ", ".join(f"`{name}`" for name in _PARAMETERS if f"parameter {name}" in str(error))
        message = (
            f"`{asked.action}` cannot be asked for `{asked.subject}`: {wrong or 'a field'} is too short or too long"
        )
        return AwsError(Reason.REQUEST, message, hint="check the key and the fields of the store")
    message = f"the AWS library refused `{asked.action}` (`{type(error).__name__}`)"
    return AwsError(Reason.REQUEST, message, hint="check the key, the fields of the store, and the settings of AWS")


def _connection(error: Exception) -> AwsError:
    """What stands behind a failed connection, which botocore wraps several times."""
    where = _host(error)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = getattr(cause, "verify_message", "no reason given")
            message = f"the certificate of {where} is not trusted: {why}"
            return AwsError(Reason.REQUEST, message, hint="set AWS_CA_BUNDLE to the authority that issued it")
        if isinstance(cause, ConnectionRefusedError):
            return AwsError(Reason.UNAVAILABLE, f"nobody listens at {where}")
        if type(cause).__name__ in ("NameResolutionError", "gaierror"):
            message = f"the name of {where} cannot be resolved"
            return AwsError(Reason.UNAVAILABLE, message, hint="check `region`, and the name service")
        if isinstance(cause, TimeoutError):
            return AwsError(Reason.TIMEOUT, f"{where} did not answer in time")
        if isinstance(cause, FileNotFoundError | PermissionError):
            message = "a file with AWS credentials cannot be read"
            return AwsError(
                Reason.CREDENTIALS, message, hint="check AWS_WEB_IDENTITY_TOKEN_FILE and the files in `~/.aws`"
            )
    return AwsError(Reason.UNAVAILABLE, f"the connection to {where} broke (`{type(error).__name__}`)")


def _host(error: Exception) -> str:
    url = getattr(error, "kwargs", {}).get("endpoint_url")
    host = urlsplit(url).hostname if isinstance(url, str) else None
    return f"`{host}`" if host else "AWS"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is wrapped in it, by whichever of the ways botocore and urllib3 use."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        current = todo.pop(0)
        if current is None or current in seen:
            continue
        seen.append(current)
        yield current
        wrapped = (*current.args, getattr(current, "kwargs", {}).get("error"), getattr(current, "reason", None))
        todo += [current.__cause__, current.__context__, *(one for one in wrapped if isinstance(one, BaseException))]


def _seconds(text: str) -> float | None:
    """`Retry-After` in seconds; a date is not guessed at."""
    try:
        return max(0.0, float(text))
    except ValueError:
        return None
