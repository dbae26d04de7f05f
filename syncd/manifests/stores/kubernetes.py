"""Secrets of another namespace, or of another cluster."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from syncd.manifests.fields import Model, Namespace, exactly_one
from syncd.manifests.stores.references import Base64, CaProvider, SecretKeyRef, ServiceAccountRef


class KubernetesServer(Model):
    url: str = "kubernetes.default"
    ca_bundle: Base64 = ""
    ca_provider: CaProvider | None = None


class KubernetesCert(Model):
    client_cert: SecretKeyRef
    client_key: SecretKeyRef


class KubernetesToken(Model):
    bearer_token: SecretKeyRef


class KubernetesAuth(Model):
    cert: KubernetesCert | None = None
    token: KubernetesToken | None = None
    service_account: ServiceAccountRef | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "cert", "token", "service_account")
        return self


class KubernetesStore(Model):
    server: KubernetesServer = KubernetesServer()
    remote_namespace: Namespace = "default"
    auth: KubernetesAuth | None = None
    auth_ref: SecretKeyRef | None = None
    """A Secret with a kubeconfig."""
