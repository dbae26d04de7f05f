"""`spec.provider.kubernetes` as typed values: which API server, which namespace, and with which credentials.

Fields and defaults are those of External Secrets Operator (`apis/externalsecrets/v1/secretstore_kubernetes_types.go`).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from syncd.cluster.kubeconfig import ClientCertificate, Credential
from syncd.model import SecretValue
from syncd.providers.api import Credentials, Failure, StoreConfig, StoreError
from syncd.providers.fields import AccountRef, Fields, SecretRef
from syncd.providers.trust import Trust, read_trust

TOKEN_LIFETIME = 3600
"""Seconds that a requested service account token lives; after its end another one is requested."""


@dataclass(frozen=True, slots=True)
class CertAuth:
    certificate: SecretRef
    key: SecretRef

    def __str__(self) -> str:
        return f"the client certificate in {self.certificate}"


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """A kubeconfig in a Secret (`authRef`), which says server, authority and credentials."""

    ref: SecretRef

    def __str__(self) -> str:
        return f"the kubeconfig in {self.ref}"


Auth = SecretRef | AccountRef | CertAuth | Kubeconfig


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a connection is made of."""

    server: str
    ca: str
    credential: Credential

    def lasts(self, now: Endpoint) -> bool:
        """Whether what was read before still holds; a function that makes tokens makes new ones by itself."""
        made = callable(self.credential) and callable(now.credential)
        return (self.server, self.ca) == (now.server, now.ca) and (made or self.credential == now.credential)


@dataclass(frozen=True, slots=True)
class KubernetesConfig:
    server: str
    namespace: str
    auth: Auth
    trust: Trust

    def endpoint(self, credentials: Credentials) -> Endpoint:
        """Reads the credentials. Raises StoreError."""
        auth = self.auth
        if isinstance(auth, Kubeconfig):
            return _from_kubeconfig(auth.ref.text(credentials), auth.ref.path)
        credential: Credential
        if isinstance(auth, SecretRef):
            credential = lambda: SecretValue(auth.text(credentials))  # noqa: E731  # the Secret may change
        elif isinstance(auth, AccountRef):
            credential = lambda: SecretValue(auth.token(credentials, TOKEN_LIFETIME))  # noqa: E731  # it ends
        else:
            key = SecretValue(auth.key.text(credentials))
            credential = ClientCertificate(auth.certificate.text(credentials), key)
        return Endpoint(self.server, self.trust.pem(credentials), credential)


def read_config(store: StoreConfig) -> KubernetesConfig:
    """Raises StoreError (MISCONFIGURED) with the path of the field that is wrong."""
    fields = Fields.of(store)
    server = fields.child("server") or Fields({}, f"{fields.path}.server")
    url = server.text("url", "kubernetes.default")
    return KubernetesConfig(
        server=url if "://" in url else f"https://{url}",
        namespace=fields.text("remoteNamespace", "default"),
        auth=_auth(fields),
        trust=read_trust(server),
    )


def _auth(fields: Fields) -> Auth:
    if kubeconfig := fields.secret("authRef"):
        return Kubeconfig(kubeconfig)
    auth = fields.child("auth")
    if auth is None:
        fields.refuse("auth", "is required, or `authRef`", "syncd's own rights are not lent to stores")
    if token := auth.child("token"):
        return token.required_secret("bearerToken", "token")
    if account := auth.account("serviceAccount"):
        return account
    if cert := auth.child("cert"):
        return CertAuth(cert.required_secret("clientCert", "tls.crt"), cert.required_secret("clientKey", "tls.key"))
    return auth.refuse("", "needs one of `token`, `serviceAccount` and `cert`")


def _from_kubeconfig(text: str, path: str) -> Endpoint:
    """The current context of a kubeconfig that needs no file and no program beside it."""
    try:
        document = yaml.safe_load(text)
        context = _named(document["contexts"], document["current-context"])["context"]
        cluster = _named(document["clusters"], context["cluster"])["cluster"]
        user = _named(document["users"], context["user"])["user"]
        server = str(cluster["server"])
    except (yaml.YAMLError, KeyError, TypeError, StopIteration):
        _refuse(path, "is no kubeconfig with a current context, its cluster and its user")
    if cluster.get("insecure-skip-tls-verify"):
        _refuse(path, "`insecure-skip-tls-verify` is not supported")
    if "certificate-authority" in cluster:
        _refuse(path, "`certificate-authority` names a file", "use `certificate-authority-data`")
    ca = _decoded(cluster.get("certificate-authority-data", ""), path)
    return Endpoint(server, ca, _user_credential(user, path))


def _user_credential(user: dict[str, Any], path: str) -> Credential:
    if "token" in user:
        return SecretValue(str(user["token"]))
    if "client-certificate-data" in user and "client-key-data" in user:
        certificate = _decoded(user["client-certificate-data"], path)
        return ClientCertificate(certificate, SecretValue(_decoded(user["client-key-data"], path)))
    return _refuse(
        path,
        "its user has neither `token` nor `client-certificate-data` and `client-key-data`",
        "files and programs (`exec`) of a kubeconfig in a Secret are not used",
    )


def _named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


def _decoded(data: object, path: str) -> str:
    try:
        return base64.b64decode(str(data), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return _refuse(path, "holds something else than base64 of PEM")


def _refuse(path: str, message: str, hint: str = "") -> NoReturn:
    raise StoreError(Failure.MISCONFIGURED, f"{path}: the kubeconfig {message}", hint=hint) from None
