"""Application-default credentials: the file that a variable names, the login of gcloud, or what the machine runs as.

The order is google-auth's (AIP-4110); `gcloud` itself is not run, and nothing is tried for minutes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.auth.credentials import Credentials as GoogleCredentials

from syncd.providers.api import StoreError
from syncd.providers.gcp_errors import GcpError, Reason
from syncd.providers.gcp_json import NOT_RIGHT, Info, json_object, of_any_kind
from syncd.providers.gcp_metadata import MachineCredentials, Metadata

FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_HINT = f"run `gcloud auth application-default login`, set {FILE}, or set `auth` in the store"


@dataclass(frozen=True, slots=True)
class Ambient:
    credentials: GoogleCredentials
    project: str
    """Empty where neither a variable nor the file names one."""


def ambient(metadata: Metadata) -> Ambient:
    """Raises StoreError: CREDENTIALS for a file that cannot be used, UNAVAILABLE when nothing is found."""
    path = _file()
    info = _read(path) if path else {}
    found: Any = _of_file(path, info) if path else _machine(metadata)
    if hasattr(found, "with_quota_project_from_environment"):
        found = found.with_quota_project_from_environment()
    return Ambient(found, os.environ.get("GOOGLE_CLOUD_PROJECT") or str(info.get("project_id") or ""))


def _file() -> Path | None:
    if named := os.environ.get(FILE):
        return Path(named)
    folder = os.environ.get("CLOUDSDK_CONFIG")
    path = (Path(folder) if folder else Path("~/.config/gcloud").expanduser()) / "application_default_credentials.json"
    return path if path.is_file() else None


def _read(path: Path) -> Info:
    try:
        return json_object(path.read_bytes())
    except OSError as error:
        message = f"the file with GCP credentials `{path}` cannot be read: {error.strerror}"
        raise GcpError(Reason.CREDENTIALS, message, hint=f"check {FILE}") from None


def _of_file(path: Path, info: Info) -> GoogleCredentials:
    try:
        return of_any_kind(info)
    except NOT_RIGHT:
        message = f"the file with GCP credentials `{path}` is not right, or of a type that is not supported"
        raise GcpError(Reason.CREDENTIALS, message, hint=_HINT) from None


def _machine(metadata: Metadata) -> MachineCredentials:
    """The credentials of the machine, if it is one of Google's."""
    try:
        metadata.project()
    except StoreError:
        message = "no GCP credentials are found: no file, no login of gcloud, and no metadata server answers"
        raise GcpError(Reason.UNAVAILABLE, message, hint=_HINT) from None
    return MachineCredentials(metadata)
