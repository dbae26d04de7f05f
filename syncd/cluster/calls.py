"""What is asked of an API server: one request, and the words for it in messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

from syncd.cluster.rules import is_subdomain
from syncd.errors import Rejected
from syncd.model import ObjectName, TargetKind, WorkloadKind


class Verb(StrEnum):
    """As RBAC names them."""

    GET = "get"
    LIST = "list"
    WATCH = "watch"
    CREATE = "create"
    PATCH = "patch"
    DELETE = "delete"

    @property
    def safe(self) -> bool:
        """Whether asking twice changes nothing."""
        return self in (Verb.GET, Verb.LIST, Verb.WATCH)


_METHODS = {
    Verb.GET: "GET",
    Verb.LIST: "GET",
    Verb.WATCH: "GET",
    Verb.CREATE: "POST",
    Verb.PATCH: "PATCH",
    Verb.DELETE: "DELETE",
}


class ContentType(StrEnum):
    JSON = "application/json"
    MERGE_PATCH = "application/merge-patch+json"
    JSON_PATCH = "application/json-patch+json"
    METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    """Objects without their content: no value is sent."""
    METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@dataclass(frozen=True, slots=True)
class Resource:
    plural: str
    kind: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def root(self) -> str:
        return f"/apis/{self.group}/v1" if self.group else "/api/v1"


SECRETS = Resource("secrets", "Secret")
CONFIGMAPS = Resource("configmaps", "ConfigMap")
SERVICE_ACCOUNTS = Resource("serviceaccounts", "ServiceAccount")
EVENTS = Resource("events", "Event")
SELF_REVIEWS = Resource("selfsubjectreviews", "SelfSubjectReview", "authentication.k8s.io")
ACCESS_REVIEWS = Resource("selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io")
WRITTEN = {TargetKind.SECRET: SECRETS, TargetKind.CONFIG_MAP: CONFIGMAPS}
WORKLOADS = {
    WorkloadKind.DEPLOYMENT: Resource("deployments", "Deployment", "apps"),
    WorkloadKind.STATEFUL_SET: Resource("statefulsets", "StatefulSet", "apps"),
    WorkloadKind.DAEMON_SET: Resource("daemonsets", "DaemonSet", "apps"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `name.name` is empty when a collection is meant, `name.namespace` for all namespaces."""

    verb: Verb
    resource: Resource
    name: ObjectName
    subresource: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)
    content_type: ContentType = ContentType.JSON
    accept: ContentType = ContentType.JSON

    @property
    def method(self) -> str:
        return _METHODS[self.verb]

    @property
    def url(self) -> str:
        """Path and query below the server's address. Raises Rejected for a name that would be another path."""
        if not all(is_subdomain(part) for part in (self.name.namespace, self.name.name) if part):
            raise Rejected(f"`{self.name}` is not a name of a {self.resource.kind}")
        parts = [self.resource.root]
        if self.name.namespace:
            parts += ["namespaces", self.name.namespace]
        parts.append(self.resource.plural)
        if self.verb not in (Verb.LIST, Verb.WATCH) and (self.verb is not Verb.CREATE or self.subresource):
            if not self.name.name:
                raise Rejected(f"`{self.name}` is not a name of a {self.resource.kind}")
            parts.append(self.name.name)
        if self.subresource:
            parts.append(self.subresource)
        path = "/".join(parts)
        return f"{path}?{urlencode(self.query)}" if self.query else path

    @property
    def subject(self) -> str:
        """For messages: what the call is about."""
        return f"{self.resource.kind} `{self.name}`" if self.name.name else f"`{self.resource}`{self.place}"

    @property
    def place(self) -> str:
        return f" in namespace `{self.name.namespace}`" if self.name.namespace else " in all namespaces"

    @property
    def right(self) -> str:
        """For messages: the RBAC rule that the call needs."""
        plural = f"{self.resource}/{self.subresource}" if self.subresource else str(self.resource)
        return f"`{self.verb}` on `{plural}`{self.place}"
