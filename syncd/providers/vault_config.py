"""`spec.provider.vault` as typed values: the mount, how to reach the server and how to log in.

Fields, defaults and the order of the auth methods are those of External Secrets Operator
(`apis/externalsecrets/v1/secretstore_vault_types.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from syncd.providers.api import StoreConfig
from syncd.providers.fields import AccountRef, Fields, SecretRef, is_ambient
from syncd.providers.identities import RequestIdentity, TokenIdentity, aws_identity, gcp_identity
from syncd.providers.trust import Trust, read_trust
from syncd.providers.vault_paths import KvPaths, KvVersion

_Reader = Callable[[Fields, StoreConfig], "Login"]

DEFAULT_EXPIRATION = 600
"""Seconds that a requested service account token lives."""


@dataclass(frozen=True, slots=True)
class AmbientAuth:
    """The token that Vault's own command line uses."""

    def __str__(self) -> str:
        return "the token in VAULT_TOKEN or ~/.vault-token"


@dataclass(frozen=True, slots=True)
class TokenAuth:
    token: SecretRef

    def __str__(self) -> str:
        return f"the token in {self.token}"


@dataclass(frozen=True, slots=True)
class AppRoleAuth:
    path: str
    role: str | SecretRef
    """The role id itself, or where it is."""
    secret: SecretRef

    def __str__(self) -> str:
        return f"AppRole at `{self.path}` with {self.secret}"


@dataclass(frozen=True, slots=True)
class KubernetesAuth:
    path: str
    role: str
    source: AccountRef | SecretRef | None
    """None: the token file of the pod that syncd runs in."""

    def __str__(self) -> str:
        return f"role `{self.role}` of the Kubernetes auth at `{self.path}` with {self.source or 'the pod`s own token'}"


@dataclass(frozen=True, slots=True)
class PasswordAuth:
    method: str
    """`ldap` or `userpass`."""
    path: str
    username: str
    password: SecretRef

    def __str__(self) -> str:
        return f"{self.method} user `{self.username}` at `{self.path}`"


@dataclass(frozen=True, slots=True)
class JwtAuth:
    path: str
    role: str
    source: AccountRef | SecretRef
    expiration: int = DEFAULT_EXPIRATION

    def __str__(self) -> str:
        return f"role `{self.role}` of the JWT auth at `{self.path}` with {self.source}"


@dataclass(frozen=True, slots=True)
class CertAuth:
    path: str
    role: str
    certificate: SecretRef
    key: SecretRef

    def __str__(self) -> str:
        return f"the client certificate in {self.certificate} at `{self.path}`"


@dataclass(frozen=True, slots=True)
class IamAuth:
    path: str
    role: str
    identity: RequestIdentity
    server_id: str
    """What the server wants to be called, so that a login for another server is of no use to it; may be empty."""

    def __str__(self) -> str:
        return f"role `{self.role}` of the AWS auth at `{self.path}` with {self.identity}"


@dataclass(frozen=True, slots=True)
class GcpAuth:
    path: str
    role: str
    identity: TokenIdentity

    def __str__(self) -> str:
        return f"role `{self.role}` of the GCP auth at `{self.path}` with {self.identity}"


Login = AppRoleAuth | KubernetesAuth | PasswordAuth | JwtAuth | CertAuth | IamAuth | GcpAuth
Auth = AmbientAuth | TokenAuth | Login


@dataclass(frozen=True, slots=True)
class VaultConfig:
    server: str
    paths: KvPaths
    auth: Auth | None
    namespace: str = ""
    auth_namespace: str = ""
    trust: Trust = field(default_factory=Trust)
    client_certificate: tuple[SecretRef, SecretRef] | None = None
    """Where the certificate and its key are."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    read_your_writes: bool = False
    forward_inconsistent: bool = False


def read_config(store: StoreConfig) -> VaultConfig:
    """Raises StoreError (MISCONFIGURED) with the path of the field that is wrong, MissingExtra for that of a cloud."""
    fields = Fields.of(store)
    server = fields.required("server").rstrip("/")
    if not server.startswith(("http://", "https://")):
        fields.refuse("server", "must begin with http:// or https://")
    ambient = is_ambient(store)
    auth = None if ambient else fields.child("auth")
    namespace = fields.text("namespace")
    return VaultConfig(
        server=server,
        paths=KvPaths(fields.text("path"), KvVersion(fields.choice("version", "v2", "v1"))),
        auth=AmbientAuth() if ambient else _auth(auth, store) if auth else None,
        namespace=namespace,
        auth_namespace=(auth.text("namespace") if auth else "") or namespace,
        trust=read_trust(fields),
        client_certificate=_client_certificate(fields.child("tls")),
        headers=fields.mapping("headers"),
        read_your_writes=fields.flag("readYourWrites"),
        forward_inconsistent=fields.flag("forwardInconsistent"),
    )


def _auth(auth: Fields, store: StoreConfig) -> Auth:
    """The first method that is there, in the order of the API."""
    if token := auth.secret("tokenSecretRef"):
        return TokenAuth(token)
    for name, read in _METHODS.items():
        if name in auth:
            return read(auth.required_child(name), store)
    return auth.refuse("", "has no auth method", f"set one of tokenSecretRef, {', '.join(_METHODS)}")


def _approle(fields: Fields, _: StoreConfig) -> AppRoleAuth:
    role: str | SecretRef | None = fields.text("roleId").strip() or fields.secret("roleRef")
    if role is None:
        fields.refuse("roleId", "is required, or `roleRef`")
    return AppRoleAuth(fields.text("path", "approle"), role, fields.required_secret("secretRef"))


def _kubernetes(fields: Fields, store: StoreConfig) -> KubernetesAuth:
    source = fields.account("serviceAccountRef") or fields.secret("secretRef", "token")
    method = KubernetesAuth(fields.text("mountPath", "kubernetes"), fields.required("role"), source)
    if source is None and not store.base:
        hint = "set `serviceAccountRef` or `secretRef`"
        fields.refuse("", "the token of syncd's own pod serves only stores from files", hint)
    return method


def _password(method: str) -> _Reader:
    def read(fields: Fields, _: StoreConfig) -> PasswordAuth:
        username = fields.required("username").strip()
        return PasswordAuth(method, fields.text("path", method), username, fields.required_secret("secretRef"))

    return read


def _jwt(fields: Fields, _: StoreConfig) -> JwtAuth:
    path, role = fields.text("path", "jwt"), fields.text("role").strip()
    if secret := fields.secret("secretRef"):
        return JwtAuth(path, role, secret)
    token = fields.child("kubernetesServiceAccountToken")
    account = token.account("serviceAccountRef") if token else None
    if token is None or account is None:
        fields.refuse("", "needs `secretRef` or `kubernetesServiceAccountToken.serviceAccountRef`")
    audiences = (*account.audiences, *(token.texts("audiences") or ("vault",)))
    account = AccountRef(account.name, audiences, account.namespace)
    return JwtAuth(path, role, account, token.number("expirationSeconds", DEFAULT_EXPIRATION))


def _cert(fields: Fields, _: StoreConfig) -> CertAuth:
    certificate = fields.required_secret("clientCert", "tls.crt")
    key = fields.required_secret("secretRef", "tls.key")
    return CertAuth(fields.text("path", "cert"), fields.text("vaultRole"), certificate, key)


def _iam(fields: Fields, store: StoreConfig) -> IamAuth:
    path, role = fields.text("path", "aws"), fields.required("vaultRole")
    return IamAuth(path, role, aws_identity(fields, store), fields.text("vaultAwsIamServerID"))


def _gcp(fields: Fields, store: StoreConfig) -> GcpAuth:
    return GcpAuth(fields.text("path", "gcp"), fields.required("role"), gcp_identity(fields, store))


_METHODS: Mapping[str, _Reader] = {
    "appRole": _approle,
    "kubernetes": _kubernetes,
    "ldap": _password("ldap"),
    "userPass": _password("userpass"),
    "jwt": _jwt,
    "cert": _cert,
    "iam": _iam,
    "gcp": _gcp,
}


def _client_certificate(tls: Fields | None) -> tuple[SecretRef, SecretRef] | None:
    if tls is None:
        return None
    certificate, key = tls.secret("certSecretRef", "tls.crt"), tls.secret("keySecretRef", "tls.key")
    if certificate and key:
        return certificate, key
    if certificate or key:
        tls.refuse("", "needs both `certSecretRef` and `keySecretRef`")
    return None
