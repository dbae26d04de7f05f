"""`spec.provider.gcpsm` as typed values: the project, where its secrets are, and the identity to read as.

Fields, defaults and the order of the auth methods are those of External Secrets Operator
(`apis/externalsecrets/v1/secretstore_gcpsm_types.go`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from syncd.providers.api import StoreConfig
from syncd.providers.fields import AccountRef, Fields, SecretRef, is_ambient


@dataclass(frozen=True, slots=True)
class AmbientAuth:
    """Application-default credentials: a file, the login of gcloud, or what the machine runs as."""

    def __str__(self) -> str:
        return "the GCP credentials that syncd runs with"


@dataclass(frozen=True, slots=True)
class KeyAuth:
    """The key of a service account, as JSON."""

    key: SecretRef

    def __str__(self) -> str:
        return f"the service account key in {self.key}"


@dataclass(frozen=True, slots=True)
class WorkloadIdentityAuth:
    """A service account of a GKE cluster; what is left out of the cluster's name is asked of the metadata server."""

    account: AccountRef
    cluster: str
    location: str
    project: str

    def __str__(self) -> str:
        return f"{self.account}"


@dataclass(frozen=True, slots=True)
class FederatedAccount:
    """A service account of any cluster that Google was told to trust."""

    account: AccountRef

    def __str__(self) -> str:
        return f"{self.account}"


@dataclass(frozen=True, slots=True)
class FederatedAws:
    """Keys of AWS, which prove who we are there."""

    access_key_id: SecretRef
    secret_access_key: SecretRef
    session_token: SecretRef
    region: str

    def __str__(self) -> str:
        return f"the AWS access key in {self.access_key_id}"


@dataclass(frozen=True, slots=True)
class FederatedConfig:
    """A credential configuration of type `external_account`, which lies in a ConfigMap."""

    name: str
    key: str
    namespace: str | None
    token_endpoint: str
    """The only address that the configuration may take a token from."""
    files: bool
    """Whether it may use files and credentials of the machine."""

    def __str__(self) -> str:
        return f"the configuration in ConfigMap {self.namespace + '/' if self.namespace else ''}{self.name}"


Source = FederatedAccount | FederatedAws | FederatedConfig


@dataclass(frozen=True, slots=True)
class FederationAuth:
    source: Source
    audience: str
    email: str
    """The Google service account to act as; empty for what the source itself says."""

    def __str__(self) -> str:
        return f"{self.source}"


SigningAuth = AmbientAuth | KeyAuth | WorkloadIdentityAuth
"""Those that can sign a token for others."""
Auth = SigningAuth | FederationAuth


@dataclass(frozen=True, slots=True)
class GcpConfig:
    project: str
    """Empty: the project that the identity belongs to."""
    location: str
    """Empty: secrets that are not bound to a region."""
    auth: Auth
    falls_back: bool
    """Whether the newest enabled version stands in for a latest one that is disabled or destroyed."""


def read_config(store: StoreConfig) -> GcpConfig:
    """Raises StoreError (MISCONFIGURED) with the path of the field that is wrong."""
    fields = Fields.of(store)
    policy = fields.choice("secretVersionSelectionPolicy", "LatestOrFail", "LatestOrFetch")
    return GcpConfig(
        project=_matching(fields, "projectID", r"[a-z0-9][a-z0-9.:-]*"),
        location=_matching(fields, "location", r"[a-z0-9][a-z0-9-]*"),
        auth=AmbientAuth() if is_ambient(store) else _auth(fields, files=bool(store.base)),
        falls_back=policy == "LatestOrFetch",
    )


def _matching(fields: Fields, name: str, pattern: str) -> str:
    """What becomes a part of addresses and paths, and must not become more than that."""
    text = fields.text(name)
    if text and not re.fullmatch(pattern, text):
        fields.refuse(name, f"`{text}` is no name of GCP")
    return text


def _auth(fields: Fields, *, files: bool) -> Auth:
    """The first method that is there; `files` allows what lies around on the machine."""
    auth = fields.child("auth") or Fields({}, f"{fields.path}.auth")
    if key := auth.child("secretRef"):
        return KeyAuth(key.required_secret("secretAccessKeySecretRef"))
    if identity := auth.child("workloadIdentity"):
        return _workload_identity(identity)
    if federation := auth.child("workloadIdentityFederation"):
        return _federation(federation, files=files)
    if not files:
        message = "has no auth method, and the credentials that syncd runs with serve only stores from files"
        auth.refuse("", message, "set `secretRef`, `workloadIdentity` or `workloadIdentityFederation`")
    return AmbientAuth()


def _workload_identity(identity: Fields) -> WorkloadIdentityAuth:
    """A service account and its cluster. Raises StoreError (MISCONFIGURED)."""
    account = identity.account("serviceAccountRef") or identity.refuse("serviceAccountRef", "is required")
    return WorkloadIdentityAuth(
        account,
        cluster=_matching(identity, "clusterName", r"[a-z0-9-]+"),
        location=_matching(identity, "clusterLocation", r"[a-z0-9-]+"),
        project=_matching(identity, "clusterProjectID", r"[a-z0-9][a-z0-9.:-]*"),
    )


def read_signing(fields: Fields, store: StoreConfig) -> SigningAuth:
    """An identity beside those of this provider's stores. Raises StoreError (MISCONFIGURED)."""
    if key := fields.child("secretRef"):
        return KeyAuth(key.required_secret("secretAccessKeySecretRef"))
    if identity := fields.child("workloadIdentity"):
        return _workload_identity(identity)
    if "serviceAccountRef" in fields:
        return _workload_identity(fields)
    if not store.base:
        message = "has no identity, and the credentials that syncd runs with serve only stores from files"
        fields.refuse("", message, "set `secretRef`, `workloadIdentity` or `serviceAccountRef`")
    return AmbientAuth()


def _federation(fields: Fields, *, files: bool) -> FederationAuth:
    readers: dict[str, Callable[[Fields, bool], Source]] = {
        "credConfig": _config,
        "serviceAccountRef": _account,
        "awsSecurityCredentials": _aws,
    }
    given = [name for name in readers if name in fields]
    if len(given) != 1:
        fields.refuse("", f"needs exactly one of {', '.join(readers)}")
    source = readers[given[0]](fields, files)
    if not isinstance(source, FederatedConfig):
        fields.required("audience")
    email = _matching(fields, "gcpServiceAccountEmail", r"[\w.+-]+@[\w.-]+")
    return FederationAuth(source, fields.text("audience"), email)


def _config(fields: Fields, files: bool) -> FederatedConfig:
    ref = fields.required_child("credConfig")
    return FederatedConfig(
        name=ref.required("name"),
        key=ref.required("key"),
        namespace=ref.text("namespace") or None,
        token_endpoint=fields.text("externalTokenEndpoint"),
        files=files,
    )


def _account(fields: Fields, _: bool) -> FederatedAccount:
    return FederatedAccount(fields.account("serviceAccountRef") or fields.refuse("serviceAccountRef", "is required"))


def _aws(fields: Fields, _: bool) -> FederatedAws:
    """The keys have fixed names in their Secret."""
    aws = fields.required_child("awsSecurityCredentials")
    ref = aws.required_child("awsCredentialsSecretRef")

    def key(name: str) -> SecretRef:
        return SecretRef(ref.required("name"), name, ref.text("namespace") or None, ref.path)

    return FederatedAws(
        key("aws_access_key_id"),
        key("aws_secret_access_key"),
        key("aws_session_token"),
        region=_matching(aws, "region", r"[a-z0-9-]+") or aws.refuse("region", "is required"),
    )
