"""Reads of Secrets Manager, and what its answers mean.

Versions, tags and missing secrets mean what they mean to External Secrets Operator, in its releases before 0.18 as to
secrets that are marked for deletion: they are absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from syncd.providers.api import Absent, Dialect, Failed, Failure, FindQuery, Found, Outcome, RemoteKey, SecretValue
from syncd.providers.aws_codes import Reason
from syncd.providers.aws_errors import AwsError, as_outcome, from_code, nonsense
from syncd.providers.aws_find import Criteria
from syncd.providers.aws_reads import tags_value
from syncd.providers.aws_session import AwsSession

CURRENT = "AWSCURRENT"
PROBE = "syncd-check"
"""A name to try rights with."""

_PAGE = 100
_FILTERS = 10
_FILTER_VALUE = re.compile(r"[a-zA-Z0-9 :_@/+=.-]{1,512}")
"""What a filter takes, but for the `!` that negates it."""


class SecretsManager:
    """`service: SecretsManager`."""

    dialect = Dialect.AWS_SM
    size = 20
    width = 8
    batch_action = "secretsmanager:BatchGetSecretValue"
    names_keys = False

    def __init__(self, session: AwsSession, prefix: str) -> None:
        self._session = session
        self._prefix = prefix

    def batches(self, key: RemoteKey) -> bool:
        return not key.metadata and key.version in ("", CURRENT)

    def batch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        by_name: dict[str, Outcome] = {}
        for page in self._pages("BatchGetSecretValue", SecretIdList=list(dict.fromkeys(key.key for key in keys))):
            if "SecretValues" not in page and "Errors" not in page:
                raise nonsense(self._session.asked("secretsmanager", "BatchGetSecretValue"))
            for entry in page.get("SecretValues") or ():
                by_name |= dict.fromkeys(_names(entry), self._found(entry))
            for error in page.get("Errors") or ():
                by_name[str(error.get("SecretId"))] = self._failed(error)
        return {key: by_name[key.key] for key in keys if key.key in by_name}

    def single(self, key: RemoteKey) -> Outcome:
        try:
            return self._tags(key.key) if key.metadata else self._value(key)
        except AwsError as error:
            return Absent() if error.reason is Reason.ABSENT else as_outcome(error)

    def find(self, query: FindQuery) -> Mapping[RemoteKey, Outcome | None]:
        criteria = Criteria.of(query, self._prefix)
        found: dict[RemoteKey, Outcome | None] = {}
        for page in self._pages("ListSecrets", MaxResults=_PAGE, Filters=_filters(criteria)):
            secrets = page.get("SecretList")
            if not isinstance(secrets, list):
                raise nonsense(self._session.asked("secretsmanager", "ListSecrets"))
            for secret in secrets:
                tags = {tag["Key"]: tag.get("Value", "") for tag in secret.get("Tags") or ()}
                if criteria.takes(name := str(secret.get("Name", ""))) and criteria.tagged(tags):
                    found[RemoteKey(name)] = None
        return found

    def probe(self) -> str:
        name = self._prefix + PROBE
        try:
            outcome = self.batch([RemoteKey(name)]).get(RemoteKey(name))
        except AwsError as error:
            if error.reason is not Reason.PERMISSION:
                raise
            return f"`{self.batch_action}`"
        denied = isinstance(outcome, Failed) and outcome.failure is Failure.DENIED
        return f"`secretsmanager:GetSecretValue` on `{name}`" if denied else ""

    def _value(self, key: RemoteKey) -> Outcome:
        version = key.version or CURRENT
        which = {"VersionId": version[5:]} if version.startswith("uuid/") else {"VersionStage": version}
        return self._found(self._call("GetSecretValue", key.key, SecretId=key.key, **which))

    def _tags(self, name: str) -> Outcome:
        secret = self._call("DescribeSecret", name, SecretId=name)
        if "Name" not in secret:
            raise nonsense(self._session.asked("secretsmanager", "DescribeSecret"))
        if secret.get("DeletedDate"):
            return Absent()
        return Found(tags_value(secret.get("Tags") or ()))

    def _found(self, entry: Mapping[str, Any]) -> Outcome:
        """Text if there is any, else bytes."""
        name = str(entry.get("Name", ""))
        value = entry.get("SecretString", entry.get("SecretBinary"))
        if not name:
            return as_outcome(nonsense(self._session.asked("secretsmanager", "GetSecretValue")))
        if not isinstance(value, str | bytes):
            return Failed(Failure.MISCONFIGURED, f"`{name}` has neither text nor bytes")
        return Found(SecretValue(value), str(entry.get("VersionId", "")))

    def _failed(self, error: Mapping[str, Any]) -> Outcome:
        asked = self._session.asked("secretsmanager", "GetSecretValue", str(error.get("SecretId")))
        mapped = from_code(str(error.get("ErrorCode", "")), str(error.get("Message", "")), asked)
        return Absent() if mapped.reason is Reason.ABSENT else as_outcome(mapped)

    def _call(self, operation: str, subject: str, **parameters: Any) -> dict[str, Any]:
        return self._session.call("secretsmanager", operation, subject, **parameters)

    def _pages(self, operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        return self._session.pages("secretsmanager", operation, **parameters)


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """All by which a secret may have been asked for: its name, its ARN, and its ARN without the random ending."""
    arn = str(entry.get("ARN", ""))
    return str(entry.get("Name", "")), arn, arn[:-7]


def _filters(criteria: Criteria) -> list[dict[str, Any]]:
    """What AWS can sort out: each of these takes all that begins so, and none looks at the pair of a tag."""
    pairs = [("name", criteria.start)]
    for key, value in criteria.tags.items():
        pairs += [("tag-key", key), ("tag-value", value)]
    fitting = [(key, value) for key, value in pairs if _FILTER_VALUE.fullmatch(value)]
    return [{"Key": key, "Values": [value]} for key, value in fitting[:_FILTERS]]
