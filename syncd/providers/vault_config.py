"""`spec.provider.vault` as typed values: the mount, how to reach the server and how to log in.

Fields, defaults and the order of the auth methods are those of External Secrets Operator
(`apis/externalsecrets/v1/secretstore_vault_types.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from syncd.providers.api import StoreConfig
from syncd.providers.fields import AccountRef, Fields, SecretRef, is_ambient
from syncd.providers.trust import Trust, read_trust
from syncd.providers.vault_paths import KvPaths, KvVersion

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


Login = AppRoleAuth | KubernetesAuth | PasswordAuth | JwtAuth | CertAuth
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
    """Raises StoreError (MISCONFIGURED) with the path of the field that is wrong."""
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
        auth=AmbientAuth() if ambient else _auth(auth, pod=bool(store.base)) if auth else None,
        namespace=namespace,
        auth_namespace=(auth.text("namespace") if auth else "") or namespace,
        trust=read_trust(fields),
        client_certificate=_client_certificate(fields.child("tls")),
        headers=fields.mapping("headers"),
        read_your_writes=fields.flag("readYourWrites"),
        forward_inconsistent=fields.flag("forwardInconsistent"),
    )


def _auth(auth: Fields, *, pod: bool) -> Auth:
    """The first method that is there, in the order of the API; `pod` allows the token of syncd's own pod."""
    if token := auth.secret("tokenSecretRef"):
        return TokenAuth(token)
    for name, read in _METHODS.items():
        if name in auth:
            method = read(auth.required_child(name))
            if isinstance(method, KubernetesAuth) and method.source is None and not pod:
                hint = "set `serviceAccountRef` or `secretRef`"
                auth.refuse(name, "the token of syncd's own pod serves only stores from files", hint)
            return method
    for name in ("iam", "gcp"):
        if name in auth:
            auth.refuse(name, "not supported yet")
    return auth.refuse("", "has no auth method", f"set one of tokenSecretRef, {', '.join(_METHODS)}")


def _approle(fields: Fields) -> AppRoleAuth:
    role: str | SecretRef | None = fields.text("roleId").strip() or fields.secret("roleRef")
    if role is None:
        fields.refuse("roleId", "is required, or `roleRef`")
    return AppRoleAuth(fields.text("path", "approle"), role, fields.required_secret("secretRef"))


def _kubernetes(fields: Fields) -> KubernetesAuth:
    source = fields.account("serviceAccountRef") or fields.secret("secretRef", "token")
    return KubernetesAuth(fields.text("mountPath", "kubernetes"), fields.required("role"), source)


def _password(method: str) -> Callable[[Fields], PasswordAuth]:
    def read(fields: Fields) -> PasswordAuth:
        username = fields.required("username").strip()
        return PasswordAuth(method, fields.text("path", method), username, fields.required_secret("secretRef"))

    return read


def _jwt(fields: Fields) -> JwtAuth:
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


def _cert(fields: Fields) -> CertAuth:
    certificate = fields.required_secret("clientCert", "tls.crt")
    key = fields.required_secret("secretRef", "tls.key")
    return CertAuth(fields.text("path", "cert"), fields.text("vaultRole"), certificate, key)


_METHODS: Mapping[str, Callable[[Fields], Login]] = {
    "appRole": _approle,
    "kubernetes": _kubernetes,
    "ldap": _password("ldap"),
    "userPass": _password("userpass"),
    "jwt": _jwt,
    "cert": _cert,
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
