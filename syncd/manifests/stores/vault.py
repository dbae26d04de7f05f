"""HashiCorp Vault and OpenBao."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, StrictBool, model_validator

from syncd.manifests.fields import Model, Whole, refused
from syncd.manifests.stores.aws import AwsJwt, AwsSecretRef
from syncd.manifests.stores.gcpsm import GcpSecretRef, WorkloadIdentity
from syncd.manifests.stores.references import Base64, CaProvider, SecretKeyRef, ServiceAccountRef


class KvVersion(StrEnum):
    V1 = "v1"
    V2 = "v2"


class AppRole(Model):
    path: str = "approle"
    role_id: str = ""
    role_ref: SecretKeyRef | None = None
    secret_ref: SecretKeyRef

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not self.role_id and self.role_ref is None:
            raise refused("needs `roleId` or `roleRef`")
        return self


class KubernetesLogin(Model):
    mount_path: str = "kubernetes"
    role: str
    service_account_ref: ServiceAccountRef | None = None
    secret_ref: SecretKeyRef | None = None


class PasswordLogin(Model):
    username: str
    secret_ref: SecretKeyRef | None = None


class Ldap(PasswordLogin):
    path: str = "ldap"


class UserPass(PasswordLogin):
    path: str = "userpass"


class AccountToken(Model):
    service_account_ref: ServiceAccountRef
    audiences: tuple[str, ...] = ()
    expiration_seconds: Whole = 600


class Jwt(Model):
    path: str = "jwt"
    role: str = ""
    secret_ref: SecretKeyRef | None = None
    kubernetes_service_account_token: AccountToken | None = None

    @model_validator(mode="after")
    def _has_token(self) -> Self:
        if self.secret_ref is None and self.kubernetes_service_account_token is None:
            raise refused("needs `secretRef` or `kubernetesServiceAccountToken`")
        return self


class Cert(Model):
    path: str = "cert"
    vault_role: str = ""
    client_cert: SecretKeyRef | None = None
    secret_ref: SecretKeyRef | None = None


class Iam(Model):
    path: str = "aws"
    region: str = "us-east-1"
    role: str = ""
    """The role of AWS that is assumed before the login."""
    vault_role: str
    external_id: str = Field(default="", alias="externalID")
    vault_aws_iam_server_id: str = Field(default="", alias="vaultAwsIamServerID")
    secret_ref: AwsSecretRef | None = None
    jwt: AwsJwt | None = None


class Gcp(Model):
    path: str = "gcp"
    role: str
    project_id: str = Field(default="", alias="projectID")
    location: str = ""
    secret_ref: GcpSecretRef | None = None
    workload_identity: WorkloadIdentity | None = None
    service_account_ref: ServiceAccountRef | None = None


class VaultAuth(Model):
    """The first of these that is set is used, in this order."""

    namespace: str = ""
    token_secret_ref: SecretKeyRef | None = None
    app_role: AppRole | None = None
    kubernetes: KubernetesLogin | None = None
    ldap: Ldap | None = None
    user_pass: UserPass | None = None
    jwt: Jwt | None = None
    cert: Cert | None = None
    iam: Iam | None = None
    gcp: Gcp | None = None


class ClientTls(Model):
    cert_secret_ref: SecretKeyRef | None = None
    key_secret_ref: SecretKeyRef | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.cert_secret_ref is None) != (self.key_secret_ref is None):
            raise refused("needs both `certSecretRef` and `keySecretRef`, or neither")
        return self


class CheckAndSet(Model):
    required: StrictBool = False


class VaultStore(Model):
    server: str = Field(min_length=1)
    path: str = ""
    """The mount; empty when the keys begin with it."""
    version: KvVersion = KvVersion.V2
    namespace: str = ""
    auth: VaultAuth | None = None
    ca_bundle: Base64 = ""
    ca_provider: CaProvider | None = None
    tls: ClientTls | None = None
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    read_your_writes: StrictBool = False
    forward_inconsistent: StrictBool = False
    check_and_set: CheckAndSet | None = None

    @model_validator(mode="after")
    def _check_and_set_is_v2(self) -> Self:
        if self.version is KvVersion.V1 and self.check_and_set is not None and self.check_and_set.required:
            raise refused("not possible with `version: v1`", at=("checkAndSet", "required"))
        return self
