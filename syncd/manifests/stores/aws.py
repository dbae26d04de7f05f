"""AWS Secrets Manager and Parameter Store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool

from syncd.manifests.fields import Model, Whole, refused
from syncd.manifests.stores.references import SecretKeyRef, ServiceAccountRef

_RESERVED = ("esoNamespace", "esoStoreName", "esoStoreKind")


def _custom_tags(tags: dict[str, str]) -> dict[str, str]:
    for name in _RESERVED:
        if name in tags:
            raise refused("this tag is set by the session itself", at=(name,))
    return tags


class AwsService(StrEnum):
    SECRETS_MANAGER = "SecretsManager"
    PARAMETER_STORE = "ParameterStore"
    CERTIFICATE_MANAGER = "CertificateManager"


class SessionTagsPolicy(StrEnum):
    NONE = "None"
    SIMPLE = "Simple"
    CUSTOM = "Custom"


class AwsSecretRef(Model):
    """Static keys of an IAM user, or of a session."""

    access_key_id: SecretKeyRef | None = Field(default=None, alias="accessKeyIDSecretRef")
    secret_access_key: SecretKeyRef | None = Field(default=None, alias="secretAccessKeySecretRef")
    session_token: SecretKeyRef | None = Field(default=None, alias="sessionTokenSecretRef")


class AwsJwt(Model):
    service_account_ref: ServiceAccountRef | None = None


class AwsAuth(Model):
    secret_ref: AwsSecretRef | None = None
    jwt: AwsJwt | None = None


class SessionTag(Model):
    key: str
    value: str


class SecretsManagerOptions(Model):
    force_delete_without_recovery: StrictBool = False
    recovery_window_in_days: Whole = 0


class AwsStore(Model):
    service: AwsService
    region: str = Field(min_length=1)
    auth: AwsAuth | None = None
    role: str = ""
    additional_roles: tuple[str, ...] = ()
    external_id: str = Field(default="", alias="externalID")
    session_tags: tuple[SessionTag, ...] = ()
    session_tags_policy: SessionTagsPolicy = SessionTagsPolicy.NONE
    custom_session_tags: Annotated[dict[str, str], AfterValidator(_custom_tags)] = Field(default_factory=dict)
    transitive_tag_keys: tuple[str, ...] = ()
    prefix: str = ""
    secrets_manager: SecretsManagerOptions | None = None
