"""The target that is a Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from threading import Event
from typing import Any

from syncd.cluster import resources
from syncd.cluster.api import Note, OwnedSecrets, SecretList, SecretPatch, SecretSeen, WorkloadPatch
from syncd.cluster.calls import ACCESS_REVIEWS, CONFIGMAPS, SELF_REVIEWS, SERVICE_ACCOUNTS, WRITTEN
from syncd.cluster.codec import mapping, patch_to_json, secret_from_json, secret_to_json, strings
from syncd.cluster.connection import TRIES, Connection
from syncd.cluster.faults import NotFound
from syncd.cluster.kubeconfig import Credential, find_configuration, in_cluster_namespace, server_configuration
from syncd.cluster.notes import write_note
from syncd.cluster.records import Records
from syncd.cluster.secret_reader import SecretReader
from syncd.cluster.watch import watch_secrets
from syncd.cluster.workloads import Workloads
from syncd.errors import ClusterError, Conflict, Rejected, Unreachable
from syncd.model import (
    FingerprintKey,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Observed,
    SecretObject,
    SecretValue,
    TargetKind,
    Unreadable,
)

TIMEOUT = 30.0


class KubernetesTarget:
    """A cluster, spoken to in raw JSON over the kubernetes client's connections; implements `Target`."""

    def __init__(self, connection: Connection, *, system_namespace: str, namespaces: Collection[str] = ()) -> None:
        self.description = f"cluster {connection.host}"
        self.system_namespace = system_namespace
        self._connection = connection
        self._secrets = SecretReader(connection, everywhere=not namespaces)
        self._workloads = Workloads(connection)
        self._records = Records(connection, system_namespace)

    @classmethod
    def connect(
        cls,
        kubeconfig: str | None = None,
        context: str | None = None,
        *,
        system_namespace: str | None = None,
        namespaces: Collection[str] = (),
        timeout: float = TIMEOUT,
    ) -> KubernetesTarget:
        """The cluster that kubectl would mean, or the one that this pod runs in; asks it nothing yet.

        `timeout` is the most that one call may take, in seconds, with its repetitions. `system_namespace` is where
        syncd keeps its own Secret and ConfigMap: by default the pod's namespace, else `syncd`. With `namespaces`
        nothing is listed in all of them at once. Raises UsageError.
        """
        connection = Connection(find_configuration(kubeconfig, context), timeout=timeout)
        system_namespace = system_namespace or in_cluster_namespace() or "syncd"
        return cls(connection, system_namespace=system_namespace, namespaces=namespaces)

    @classmethod
    def for_server(
        cls, server: str, *, ca: str = "", credential: Credential, timeout: float = TIMEOUT, tries: int = TRIES
    ) -> KubernetesTarget:
        """A cluster that no kubeconfig names.

        `ca` is PEM; empty for the system's own authorities. A call is tried `tries` times at most. Raises UsageError,
        and what `credential` raises.
        """
        configuration = server_configuration(server, ca, credential)
        return cls(Connection(configuration, timeout=timeout, tries=tries), system_namespace="syncd")

    @property
    def warnings(self) -> list[str]:
        """What worked, and would work with fewer calls if a right were granted."""
        return self._secrets.warnings

    def read_secrets(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Observed]:
        return self._secrets.read(names)

    def owned_secrets(self, namespaces: Collection[str], kind: TargetKind = TargetKind.SECRET) -> OwnedSecrets:
        return self._secrets.owned(namespaces, kind)

    def watch_secrets(
        self, namespace: str, stop: Event, kind: TargetKind = TargetKind.SECRET
    ) -> Iterator[SecretList | SecretSeen]:
        return watch_secrets(self._connection, namespace, stop, kind)

    def note(self, note: Note) -> None:
        write_note(self._connection, note)

    def list_secrets(self, namespace: str, labels: Mapping[str, str] | None = None) -> tuple[SecretObject, ...]:
        """All Secrets of a namespace that have these labels. Raises the errors of a target."""
        selector = ",".join(f"{key}={value}" for key, value in (labels or {}).items())
        return self._secrets.matching(namespace, **({"labelSelector": selector} if selector else {}))

    def create_secret(self, secret: SecretObject) -> SecretObject:
        self._records.spare(secret.name)
        try:
            item = resources.create(self._connection, WRITTEN[secret.name.kind], secret.name, secret_to_json(secret))
        except Conflict:
            self._secrets.hide(secret.name)
            raise
        return secret_from_json(item, secret.name.kind)

    def patch_secret(self, patch: SecretPatch) -> SecretObject:
        kind = patch.name.kind
        self._records.spare(patch.name)
        try:
            return secret_from_json(
                resources.merge(self._connection, WRITTEN[kind], patch.name, patch_to_json(patch)), kind
            )
        except NotFound:
            raise Conflict(f"{kind} `{patch.name}` is gone") from None

    def delete_secret(self, name: ObjectName, uid: str, resource_version: str) -> None:
        self._records.spare(name)
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        try:
            resources.delete(self._connection, WRITTEN[name.kind], name, preconditions)
        except NotFound:
            return

    def read_configmap(self, name: ObjectName) -> Mapping[str, str] | Missing | Unreadable:
        try:
            return strings(resources.get(self._connection, CONFIGMAPS, name).get("data"), "data")
        except NotFound:
            return Missing()
        except ClusterError as error:
            return Unreadable.of(error)

    def read_workloads(self, namespace: str) -> NamespaceWorkloads | Unreadable:
        return self._workloads.read(namespace)

    def patch_workload(self, patch: WorkloadPatch) -> None:
        self._workloads.patch(patch)

    def service_account_token(self, name: ObjectName, audiences: Sequence[str], expiration: int) -> SecretValue:
        spec = {"audiences": list(audiences), "expirationSeconds": expiration}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        try:
            answer = resources.create(self._connection, SERVICE_ACCOUNTS, name, body, subresource="token")
        except NotFound as error:
            raise Rejected(error.message) from None
        token = mapping(answer.get("status"), "status").get("token")
        if not isinstance(token, str):
            raise Unreachable(f"the API server gave no token for ServiceAccount `{name}`")
        return SecretValue(token)

    def service_account_annotations(self, name: ObjectName) -> Mapping[str, str]:
        try:
            metadata = resources.get(self._connection, SERVICE_ACCOUNTS, name)["metadata"]
        except NotFound as error:
            raise Rejected(error.message) from None
        return strings(metadata.get("annotations"), "metadata.annotations")

    def identity(self) -> str:
        """Who the API server takes us for; needs no right. Raises the errors of a target."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = resources.create(self._connection, SELF_REVIEWS, ObjectName("", ""), body)
        return str(mapping(mapping(answer.get("status"), "status").get("userInfo"), "userInfo").get("username", ""))

    def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Whether RBAC lets us; needs no right. Raises the errors of a target."""
        attributes = {"verb": verb, "resource": resource, "namespace": namespace}
        body: dict[str, Any] = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        body["spec"] = {"resourceAttributes": attributes}
        answer = resources.create(self._connection, ACCESS_REVIEWS, ObjectName("", ""), body)
        return mapping(answer.get("status"), "status").get("allowed") is True

    def fingerprint_keys(self) -> tuple[FingerprintKey, ...] | Missing | Unreadable:
        return self._records.keys()

    def create_fingerprint_key(self) -> tuple[FingerprintKey, ...]:
        return self._records.create_key()

    def read_removals(self) -> str:
        return self._records.removals()

    def write_removals(self, record: str) -> None:
        self._records.write_removals(record)

    def close(self) -> None:
        self._connection.close()
