"""GCP Secret Manager."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from syncd.manifests.fields import Model, default_if_empty, shaped
from syncd.manifests.stores.references import NamedSecretKeyRef, SecretKeyRef, SecretRef, ServiceAccountRef


class VersionSelection(StrEnum):
    LATEST_OR_FAIL = "LatestOrFail"
    LATEST_OR_FETCH = "LatestOrFetch"


class GcpSecretRef(Model):
    """The key of a service account."""

    secret_access_key_secret_ref: SecretKeyRef | None = None


class WorkloadIdentity(Model):
    service_account_ref: ServiceAccountRef
    cluster_name: str = ""
    cluster_location: str = ""
    cluster_project_id: str = Field(default="", alias="clusterProjectID")


class AwsSecurityCredentials(Model):
    aws_credentials_secret_ref: SecretRef
    region: Annotated[str, shaped(r"[a-z0-9-]{1,50}", "not a region of AWS: lower-case letters, digits and `-`")]


class WorkloadIdentityFederation(Model):
    audience: str = ""
    service_account_ref: ServiceAccountRef | None = None
    cred_config: NamedSecretKeyRef | None = None
    aws_security_credentials: AwsSecurityCredentials | None = None
    external_token_endpoint: str = ""
    gcp_service_account_email: Annotated[
        str, shaped(r".*@.*\.iam\.gserviceaccount\.com", "not the address of a service account of GCP")
    ] = ""


class GcpAuth(Model):
    secret_ref: GcpSecretRef | None = None
    workload_identity: WorkloadIdentity | None = None
    workload_identity_federation: WorkloadIdentityFederation | None = None


class GcpStore(Model):
    project_id: str = Field(default="", alias="projectID")
    location: str = ""
    auth: GcpAuth | None = None
    secret_version_selection_policy: Annotated[VersionSelection, default_if_empty(VersionSelection.LATEST_OR_FAIL)] = (
        VersionSelection.LATEST_OR_FAIL
    )
