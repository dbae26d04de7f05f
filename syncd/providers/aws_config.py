"""`spec.provider.aws` as typed values: the service, where it is, and the identity to read as.

Fields, defaults and the order of the auth methods are those of External Secrets Operator
(`apis/externalsecrets/v1/secretstore_aws_types.go`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from syncd.providers.api import StoreConfig
from syncd.providers.fields import AccountRef, Fields, SecretRef, is_ambient

_ENDPOINTS = {
    "secretsmanager": "AWS_SECRETSMANAGER_ENDPOINT",
    "ssm": "AWS_SSM_ENDPOINT",
    "sts": "AWS_STS_ENDPOINT",
}
"""The reference's variables; botocore itself looks at `AWS_ENDPOINT_URL` and its like."""


class Service(StrEnum):
    """What is read from; the values are the names that IAM and botocore use."""

    SECRETS_MANAGER = "secretsmanager"
    PARAMETER_STORE = "ssm"


@dataclass(frozen=True, slots=True)
class AmbientAuth:
    """Whatever the machine has: variables, profiles, the pod's own role."""

    def __str__(self) -> str:
        return "the AWS credentials that syncd runs with"


@dataclass(frozen=True, slots=True)
class KeysAuth:
    access_key_id: SecretRef
    secret_access_key: SecretRef
    session_token: SecretRef | None

    def __str__(self) -> str:
        return f"the access key in {self.access_key_id}"


@dataclass(frozen=True, slots=True)
class AccountAuth:
    account: AccountRef

    def __str__(self) -> str:
        return f"{self.account}"


Auth = AmbientAuth | KeysAuth | AccountAuth


@dataclass(frozen=True, slots=True)
class Role:
    """A role to assume, and what is said of the session."""

    arn: str
    external_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsIdentity:
    """Who calls AWS, and where."""

    region: str
    auth: Auth
    roles: tuple[Role, ...]
    """Assumed one after the other, each with the credentials of the one before."""
    session_name: str
    """What CloudTrail shows of the sessions of this store."""

    @property
    def identity(self) -> str:
        """Who reads, for messages."""
        return f"role `{self.roles[-1].arn}`, assumed by {self.auth}" if self.roles else str(self.auth)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsConfig(AwsIdentity):
    service: Service
    prefix: str


def read_config(store: StoreConfig) -> AwsConfig:
    """Raises StoreError (MISCONFIGURED) with the path of the field that is wrong."""
    fields = Fields.of(store)
    additional = tuple(Role(arn) for arn in fields.texts("additionalRoles") or ())
    role = _role(fields, store)
    return AwsConfig(
        service=_service(fields),
        region=fields.required("region"),
        auth=AmbientAuth() if is_ambient(store) else _auth(fields, files=bool(store.base)),
        roles=(*additional, role) if role else additional,
        prefix=fields.text("prefix"),
        session_name=session_name(store),
    )


def read_identity(fields: Fields, store: StoreConfig) -> AwsIdentity:
    """An identity beside those of this provider's stores: keys, and one role. Raises StoreError (MISCONFIGURED)."""
    arn = fields.text("role")
    return AwsIdentity(
        region=fields.text("region", "us-east-1"),
        auth=read_auth(fields, files=bool(store.base)),
        roles=(Role(arn, fields.text("externalID")),) if arn else (),
        session_name=session_name(store),
    )


def endpoint_override(service: str) -> str:
    """The address of a service that the reference's variable gives, before all others; empty when it gives none."""
    return os.environ.get(_ENDPOINTS[service], "")


def _service(fields: Fields) -> Service:
    services = {"SecretsManager": Service.SECRETS_MANAGER, "ParameterStore": Service.PARAMETER_STORE}
    name = fields.required("service")
    if name not in services:
        fields.refuse("service", f"`{name}` is not supported", f"use one of {', '.join(services)}")
    return services[name]


def _auth(fields: Fields, *, files: bool) -> Auth:
    return read_auth(fields.child("auth") or Fields({}, f"{fields.path}.auth"), files=files)


def read_auth(auth: Fields, *, files: bool) -> Auth:
    """The identity that `jwt` or `secretRef` names; without both that of the machine, which only `files` may use."""
    if jwt := auth.child("jwt"):
        account = jwt.account("serviceAccountRef")
        return AccountAuth(account or jwt.refuse("serviceAccountRef", "is required"))
    if keys := auth.child("secretRef"):
        return KeysAuth(
            keys.required_secret("accessKeyIDSecretRef"),
            keys.required_secret("secretAccessKeySecretRef"),
            keys.secret("sessionTokenSecretRef"),
        )
    if not files:
        message = "has no auth method, and the credentials that syncd runs with serve only stores from files"
        auth.refuse("", message, "set `jwt` or `secretRef`")
    return AmbientAuth()


def _role(fields: Fields, store: StoreConfig) -> Role | None:
    """`role`, to which alone the external id and the tags belong."""
    arn = fields.text("role")
    tags = _tags(fields, store)
    return Role(arn, fields.text("externalID"), tags, fields.texts("transitiveTagKeys") or ()) if arn else None


def _tags(fields: Fields, store: StoreConfig) -> dict[str, str]:
    entries = store.config.get("sessionTags") or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        fields.refuse("sessionTags", "must be a list of mappings")
    given = [Fields(entry, f"{fields.path}.sessionTags[{index}]") for index, entry in enumerate(entries)]
    tags = {tag.required("key"): tag.text("value") for tag in given}
    policy = fields.choice("sessionTagsPolicy", "None", "Simple", "Custom")
    if policy == "Custom":
        custom = fields.mapping("customSessionTags")
        tags |= {key: value for key, value in custom.items() if key and value}
    if policy != "None":
        namespace = store.name.namespace or store.namespace
        if not namespace:
            message = "a ClusterSecretStore must know whose namespace to tag, and this one serves all of them alike"
            fields.refuse("sessionTagsPolicy", message, "use a SecretStore in each namespace")
        tags |= {"esoNamespace": namespace, "esoStoreName": store.name.name, "esoStoreKind": store.kind}
    return tags


def session_name(store: StoreConfig) -> str:
    """In the alphabet and the length that STS takes."""
    return re.sub(r"[^\w+=,.@-]", "-", f"syncd-{store.name}", flags=re.ASCII)[:64]
