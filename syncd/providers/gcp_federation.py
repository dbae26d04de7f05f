"""Workload identity federation: a token of somebody else's, or a signature with keys of AWS, for one of Google's.

What a configuration may say is what External Secrets Operator takes (`workload_identity_federation.go`), and less from
a cluster: there it may use nothing that lies around on the machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from google.auth import aws, identity_pool
from google.auth.credentials import Credentials as GoogleCredentials

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.gcp_config import FederatedAccount, FederatedAws, FederatedConfig, FederationAuth
from syncd.providers.gcp_endpoints import Service, address
from syncd.providers.gcp_json import NOT_RIGHT, SCOPE, json_object, of_external_account
from syncd.providers.gcp_workload_identity import ACCOUNT_ANNOTATION

_JWT = "urn:ietf:params:oauth:token-type:jwt"
_AWS = "urn:ietf:params:aws:token-type:aws4_request"
_TOKEN_URL = "https://sts.googleapis.com/v1/token"  # noqa: S105  # an address
_ACT_AS = re.compile(
    r"https://iamcredentials\.(?:[a-z0-9-]+\.)*googleapis\.com/v1/projects/[^/\s]+"
    r"/serviceAccounts/([^/:\s]+):generateAccessToken"
)
_METADATA_HOSTS = ("metadata.google.internal", "metadata", "metadata.goog", "169.254.169.254", "fd00:ec2::254")
_AWS_PATHS = {
    "url": "/latest/meta-data/iam/security-credentials",
    "region_url": "/latest/meta-data/placement/availability-zone",
    "imdsv2_session_token_url": "/latest/api/token",
}


class _AccountTokens(identity_pool.SubjectTokenSupplier):
    """Tokens of a Kubernetes service account, a new one for every exchange."""

    def __init__(self, source: FederatedAccount, credentials: Credentials) -> None:
        self._source = source
        self._credentials = credentials

    def get_subject_token(self, context: object, request: object) -> str:  # noqa: ARG002  # google-auth's signature
        return self._source.account.token(self._credentials)


class _AwsKeys(aws.AwsSecurityCredentialsSupplier):
    """Keys of AWS out of a Secret, read anew for every exchange."""

    def __init__(self, source: FederatedAws, credentials: Credentials) -> None:
        self._source = source
        self._credentials = credentials

    def get_aws_security_credentials(self, context: object, request: object) -> aws.AwsSecurityCredentials:  # noqa: ARG002  # google-auth's signature
        source = self._source
        return aws.AwsSecurityCredentials(
            source.access_key_id.text(self._credentials),
            source.secret_access_key.text(self._credentials),
            self._session_token(),
        )

    def get_aws_region(self, context: object, request: object) -> str:  # noqa: ARG002  # google-auth's signature
        return self._source.region

    def _session_token(self) -> str | None:
        """Only keys that a login gave have one."""
        try:
            return self._source.session_token.text(self._credentials) or None
        except StoreError as error:
            if error.failure is Failure.MISCONFIGURED:
                return None
            raise


def federated(auth: FederationAuth, credentials: Credentials) -> GoogleCredentials:
    """Asks Google nothing yet. Raises StoreError."""
    source, email = auth.source, auth.email
    if isinstance(source, FederatedConfig):
        return _of_config(auth, source, credentials)
    if isinstance(source, FederatedAws):
        return _made(
            aws.Credentials, auth, email, _AWS, aws_security_credentials_supplier=_AwsKeys(source, credentials)
        )
    account = source.account
    if not email:
        annotations = credentials.service_account_annotations(account.name, account.namespace)
        email = annotations.get(ACCOUNT_ANNOTATION, "")
    supplier = _AccountTokens(source, credentials)
    return _made(identity_pool.Credentials, auth, email, _JWT, subject_token_supplier=supplier)


def _made(kind: Any, auth: FederationAuth, email: str, token_type: str, **supplier: Any) -> GoogleCredentials:
    made: GoogleCredentials = kind(
        audience=auth.audience,
        subject_token_type=token_type,
        token_url=_token_url(),
        credential_source=None,
        service_account_impersonation_url=_impersonation_url(email),
        scopes=[SCOPE],
        **supplier,
    )
    return made


def _of_config(auth: FederationAuth, source: FederatedConfig, credentials: Credentials) -> GoogleCredentials:
    info = json_object(credentials.configmap_key(source.name, source.key, source.namespace))
    account = _ConfigCheck(source).account(info)
    audience = auth.audience or info.get("audience")
    if not audience:
        _ConfigCheck(source).refuse("`audience` is missing")
    try:
        return of_external_account(
            {
                **info,
                "audience": audience,
                "subject_token_type": info.get("subject_token_type") or _JWT,
                "token_url": _token_url(),
                "service_account_impersonation_url": _impersonation_url(auth.email or account),
            }
        )
    except NOT_RIGHT:
        _ConfigCheck(source).refuse("Google's library does not take it")


class _ConfigCheck:
    """Whoever writes a ConfigMap must not have syncd's own tokens, files or programs used for it."""

    def __init__(self, source: FederatedConfig) -> None:
        self._source = source

    def account(self, info: Mapping[str, Any]) -> str:
        """The account to act as, if there is one. Raises StoreError (MISCONFIGURED)."""
        if info.get("type") != "external_account":
            self.refuse("it is no JSON of type `external_account`")
        if info.get("universe_domain", "googleapis.com") != "googleapis.com":
            self.refuse("`universe_domain` must be `googleapis.com`")
        if info.get("token_url", _TOKEN_URL) != _TOKEN_URL:
            self.refuse(f"`token_url` must be `{_TOKEN_URL}`")
        self._check_source(info.get("credential_source"))
        url = info.get("service_account_impersonation_url") or ""
        match = _ACT_AS.fullmatch(str(url))
        if url and not match:
            self.refuse("`service_account_impersonation_url` must be one of iamcredentials.googleapis.com")
        return match[1] if match else ""

    def refuse(self, why: str) -> NoReturn:
        raise StoreError(Failure.MISCONFIGURED, f"credConfig: key `{self._source.key}` of {self._source}: {why}")

    def _check_source(self, source: object) -> None:
        if not isinstance(source, Mapping):
            self.refuse("`credential_source` is missing")
        if source.get("executable"):
            self.refuse("`credential_source.executable`: programs are not run")
        for name in ("file", "certificate", "environment_id"):
            if source.get(name) and not self._source.files:
                self.refuse(f"`credential_source.{name}` serves only stores from files")
        if source.get("environment_id"):
            self._check_aws(source)
        elif url := source.get("url"):
            self._check_url(str(url))

    def _check_url(self, url: str) -> None:
        if url != self._source.token_endpoint:
            self.refuse("`credential_source.url` must be the store's `externalTokenEndpoint`")
        if not self._source.files and urlsplit(url).hostname in _METADATA_HOSTS:
            self.refuse("`credential_source.url`: the machine's own identity serves only stores from files")

    def _check_aws(self, source: Mapping[str, Any]) -> None:
        for name, path in _AWS_PATHS.items():
            url = source.get(name)
            parts = urlsplit(str(url))
            if url and (parts.scheme != "http" or parts.hostname not in _METADATA_HOSTS or parts.path != path):
                self.refuse(f"`credential_source.{name}` must be the address that AWS gives to its machines")


def _token_url() -> str:
    return f"{address(Service.STS)}/v1/token"


def _impersonation_url(email: str) -> str | None:
    if not email:
        return None
    return f"{address(Service.IAM)}/v1/projects/-/serviceAccounts/{quote(email, safe='@')}:generateAccessToken"
