"""An overlay on the real control plane, with stores behind it and workloads that use its Secrets."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from syncd.model import MANAGED, RESTARTED
from tests.cluster.cluster_lab import MERGE
from tests.deploy.rendered import SERVED, SYSTEM, Document, container, moved
from tests.servers.aws import REGION, Aws
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer
from tests.servers.openbao import TlsOpenBao
from tests.servers.wire import Exchange

WORKLOADS = ("deployments", "statefulsets", "daemonsets")


@dataclass(frozen=True, slots=True)
class Installation:
    """What `kubectl apply` left; `namespaces` has the real names by those in the manifests."""

    plane: ControlPlane
    documents: Sequence[Document]
    namespaces: Mapping[str, str]

    @classmethod
    def apply(cls, plane: ControlPlane, rendered: Sequence[Document]) -> Installation:
        namespaces = {namespace: plane.namespace() for namespace in (SYSTEM, *SERVED)}
        documents = moved(rendered, namespaces)
        plane.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(documents))
        return cls(plane, documents, namespaces)

    @property
    def system(self) -> str:
        return self.namespaces[SYSTEM]

    @property
    def served(self) -> list[str]:
        return [self.namespaces[namespace] for namespace in SERVED]

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.system}:syncd"

    def events(self) -> list[dict[str, Any]]:
        """What the account asked of the API server, and was answered."""
        return self.plane.audited(user=self.user)

    @property
    def writes_configmaps(self) -> bool:
        return "--allow-configmaps" in container(self.documents)["args"]

    @contextmanager
    def kubeconfig(self, path: Path) -> Iterator[Path]:
        """For the account's own token, through a proxy that lets somebody else change each workload just before it."""
        config = yaml.safe_load(
            self.plane.kubeconfig_for(self.plane.service_account_token(self.system, "syncd")).read_text()
        )
        with FaultServer(self.plane.server, ca=self.plane.ca_file) as proxy:
            proxy.inject(self._interfere, method="PATCH", path="/apis/apps/*")
            config["clusters"][0]["cluster"] = {"server": proxy.url}
            path.write_text(yaml.safe_dump(config))
            yield path

    def _interfere(self, exchange: Exchange) -> None:
        if b"syncd.dev~1restarted" in exchange.call.body:
            template = {"metadata": {"annotations": {"example.com/touched": "yes"}}}
            body = {"spec": {"template": template}}
            self.plane.request("PATCH", exchange.call.path, body, content_type=MERGE)
        exchange.relay()


@dataclass(frozen=True, slots=True)
class Shops:
    """In each served namespace the Secrets `keys` and `leaving` from OpenBao, `cloud` from AWS, and users of `keys`."""

    installation: Installation
    bao: TlsOpenBao
    aws: Aws
    mount: str
    prefix: str

    @classmethod
    def open(cls, installation: Installation, bao: TlsOpenBao, aws: Aws) -> Shops:
        shops = cls(installation, bao, aws, bao.kv(), aws.fresh_name("deploy"))
        shops._give_credentials()
        for namespace in installation.served:
            shops.put(namespace, "keys", "1")
            shops.put(namespace, "leaving", "1")
            aws.client("secretsmanager").create_secret(Name=f"{shops.prefix}/{namespace}", SecretString="cloudy")
            config_map = {"metadata": {"name": "template"}, "data": {"line": "key={{ .KEY }}"}}
            installation.plane.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", config_map)
            for plural in WORKLOADS:
                installation.plane.request("POST", f"/apis/apps/v1/namespaces/{namespace}/{plural}", _workload(plural))
        return shops

    def _give_credentials(self) -> None:
        plane, system = self.installation.plane, self.installation.system
        client, policy = self.bao.client(), self.bao.fresh_name("deploy")
        client.sys.create_or_update_policy(policy, f'path "{self.mount}/*" {{ capabilities = ["read", "list"] }}')
        token = client.auth.token.create(policies=[policy])["auth"]["client_token"]
        secret = {"metadata": {"name": "store-credentials"}, "stringData": {"token": token}}
        plane.request("POST", f"/api/v1/namespaces/{system}/secrets", secret)
        config_map = {"metadata": {"name": "store-ca"}, "data": {"ca.crt": self.bao.ca}}
        plane.request("POST", f"/api/v1/namespaces/{system}/configmaps", config_map)
        role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/syncd"}
        path = f"/api/v1/namespaces/{system}/serviceaccounts/syncd"
        plane.request("PATCH", path, {"metadata": {"annotations": role}}, content_type=MERGE)

    def put(self, namespace: str, name: str, value: str) -> None:
        kv = self.bao.client().secrets.kv.v2
        kv.create_or_update_secret(f"{namespace}/{name}", {"value": value}, mount_point=self.mount)

    def drop(self, namespace: str, name: str) -> None:
        kv = self.bao.client().secrets.kv.v2
        kv.delete_metadata_and_all_versions(f"{namespace}/{name}", mount_point=self.mount)

    def declarations(self) -> str:
        """All manifests, as YAML."""
        documents = [*self._stores()]
        for namespace in self.installation.served:
            template = {"templateFrom": [{"configMap": {"name": "template", "items": [{"key": "line"}]}}]}
            keys = {"remoteRef": {"key": f"{namespace}/keys", "property": "value"}}
            leaving = {"remoteRef": {"key": f"{namespace}/leaving", "property": "value"}}
            documents += [
                _external_secret(namespace, "keys", "vault", keys, {"template": template}),
                _external_secret(namespace, "leaving", "vault", leaving, {"deletionPolicy": "Delete"}),
                _external_secret(namespace, "cloud", "aws", {"remoteRef": {"key": f"{self.prefix}/{namespace}"}}, {}),
            ]
        if self.installation.writes_configmaps:
            documents += self._configmaps()
        return yaml.safe_dump_all(documents)

    def _configmaps(self) -> Iterator[Document]:
        """In the first namespace one that is rotated with `keys`, and one that goes with `leaving`."""
        namespace = self.installation.served[0]
        target = {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}
        for name in ("keys", "leaving"):
            entry = {"remoteRef": {"key": f"{namespace}/{name}", "property": "value"}}
            yield _external_secret(namespace, f"plain-{name}", "vault", entry, {**target, "deletionPolicy": "Delete"})

    def _stores(self) -> Iterator[Document]:
        system = self.installation.system
        yield _store(
            "vault",
            {
                "server": self.bao.url,
                "path": self.mount,
                "caProvider": {"type": "ConfigMap", "name": "store-ca", "namespace": system, "key": "ca.crt"},
                "auth": {"tokenSecretRef": {"name": "store-credentials", "namespace": system, "key": "token"}},
            },
        )
        account = {"name": "syncd", "namespace": system}
        auth = {"jwt": {"serviceAccountRef": account}}
        yield _store("aws", {"service": "SecretsManager", "region": REGION, "auth": auth})

    def values(self, namespace: str) -> dict[str, str]:
        """What the Secrets hold now, by their name."""
        items = self.installation.plane.request("GET", f"/api/v1/namespaces/{namespace}/secrets")["items"]
        return {item["metadata"]["name"]: _only_value(item["data"]) for item in items}

    def plain(self) -> dict[str, str]:
        """What the ConfigMaps of the first namespace hold now that are ours."""
        path = f"/api/v1/namespaces/{self.installation.served[0]}/configmaps?labelSelector={MANAGED}"
        items = self.installation.plane.request("GET", path)["items"]
        return {item["metadata"]["name"]: item["data"]["KEY"] for item in items}

    def restarted(self, namespace: str) -> set[str]:
        """The kinds of workloads whose pod template carries our trigger."""
        found = set()
        for plural in WORKLOADS:
            workload = self.installation.plane.request("GET", f"/apis/apps/v1/namespaces/{namespace}/{plural}/app")
            if RESTARTED in workload["spec"]["template"]["metadata"].get("annotations", {}):
                found.add(plural)
        return found


def _only_value(data: Mapping[str, str]) -> str:
    (value,) = data.values()
    return base64.b64decode(value).decode()


def _store(provider: str, config: Mapping[str, Any]) -> Document:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": provider},
        "spec": {"provider": {provider: config}},
    }


def _external_secret(
    namespace: str, name: str, store: str, entry: Mapping[str, Any], target: Mapping[str, Any]
) -> Document:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "refreshInterval": "1s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
            "target": target,
            "data": [{"secretKey": "KEY", **entry}],
        },
    }


def _workload(plural: str) -> Document:
    labels = {"app": plural}
    env = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "line"}}}]
    spec = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": "app", "env": env}]},
        },
    }
    return {"metadata": {"name": "app"}, "spec": spec | ({"serviceName": "app"} if plural == "statefulsets" else {})}
