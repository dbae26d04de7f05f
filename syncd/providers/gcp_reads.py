"""Reads secrets, their labels and their lists out of Secret Manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syncd.providers import gojson
from syncd.providers.api import Absent, Found, Outcome, SecretValue
from syncd.providers.gcp_crc32c import crc32c
from syncd.providers.gcp_errors import GcpError, Reason, nonsense
from syncd.providers.gcp_names import last_part
from syncd.providers.gcp_session import GcpSession, Operation

PAGE = 1000
"""Secrets or versions in one answer; the API gives 25 unless asked for more."""


class Reads:
    """Every method raises StoreError for what is no outcome."""

    def __init__(self, session: GcpSession, *, falls_back: bool) -> None:
        self._session = session
        self._falls_back = falls_back

    def value(self, key: str, version: str = "") -> Outcome:
        """What a version holds: a number, an alias or, as with `""`, the latest."""
        place = self._session.place()
        try:
            return self._access(place.version(key, version))
        except GcpError as error:
            if error.reason is Reason.ABSENT:
                return Absent()
            if error.reason is not Reason.STATE or version or not self._falls_back:
                raise
            newest = self._newest_enabled(place.secret(key))
            if not newest:
                raise
            return self._access(newest)

    def metadata(self, key: str) -> Outcome:
        """Annotations and labels as JSON, as Go writes it; `null` for none."""
        try:
            secret = self._session.call(Operation.GET, {"name": self._session.place().secret(key)})
        except GcpError as error:
            if error.reason is Reason.ABSENT:
                return Absent()
            raise
        document = {"annotations": _text(secret.annotations), "labels": _text(secret.labels)}
        return Found(SecretValue(gojson.write(document)))

    def secrets(self, text: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
        """Key and labels of every secret that a filter of the API takes; `""` takes all."""
        request = {"parent": str(self._session.place()), "filter": text}
        for page in self._pages(Operation.LIST, request):
            for secret in page.secrets:
                yield last_part(secret.name), secret.labels

    def probe(self) -> str:
        """Reads what need not exist; says which right is missing for all secrets of the project, `""` when none is."""
        try:
            self._session.call(Operation.ACCESS, {"name": self._session.place().version("syncd-check", "")})
        except GcpError as error:
            if error.reason is Reason.PERMISSION:
                return f"`{Operation.ACCESS.value.permission}` on `{self._session.place()}`"
            if error.reason not in (Reason.ABSENT, Reason.STATE):
                raise
        return ""

    def _access(self, name: str) -> Found:
        answer = self._session.call(Operation.ACCESS, {"name": name})
        if not answer.name or "payload" not in answer:
            raise nonsense(self._session.host)
        payload = answer.payload
        if "data_crc32c" in payload and payload.data_crc32c != crc32c(payload.data):
            raise GcpError(Reason.UNAVAILABLE, f"`{name}` arrived damaged: its checksum (CRC32C) does not fit")
        return Found(SecretValue(payload.data), last_part(answer.name))

    def _newest_enabled(self, secret: str) -> str:
        """The name of the version that was made last of those that are enabled; `""` when none is."""
        request = {"parent": secret, "filter": "state:ENABLED"}
        versions = [one for page in self._pages(Operation.LIST_VERSIONS, request) for one in page.versions]
        newest = max(versions, key=lambda one: one.create_time, default=None)
        return f"{secret}/versions/{last_part(newest.name)}" if newest else ""

    def _pages(self, operation: Operation, request: Mapping[str, Any]) -> Iterator[Any]:
        token = ""
        while True:
            page = self._session.call(operation, {**request, "page_size": PAGE, "page_token": token})
            yield page
            if not page.next_page_token:
                return
            if page.next_page_token == token:
                raise nonsense(self._session.host)
            token = page.next_page_token


def _text(values: Mapping[str, str]) -> gojson.Value:
    return dict(values) or None
