"""Reads of Parameter Store, and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from syncd.providers.api import Absent, Dialect, Failed, Failure, FindQuery, Found, Outcome, RemoteKey, SecretValue
from syncd.providers.aws_codes import Reason
from syncd.providers.aws_errors import AwsError, as_outcome, nonsense
from syncd.providers.aws_find import Criteria
from syncd.providers.aws_reads import tags_value
from syncd.providers.aws_session import AwsSession

PROBE = "syncd-check"
"""A name to try rights with."""

_LISTED = 50
"""Names in one answer, the most that AWS gives; it gives ten unless asked for more."""


class ParameterStore:
    """`service: ParameterStore`."""

    dialect = Dialect.AWS_PS
    size = 10
    width = 4  # the service as a whole takes 40 calls a second
    batch_action = "ssm:GetParameters"
    names_keys = True

    def __init__(self, session: AwsSession, prefix: str) -> None:
        self._session = session
        self._prefix = prefix

    def batches(self, key: RemoteKey) -> bool:
        """Names alone: of versions and of ARNs an answer might leave open which of them it has."""
        return not key.metadata and not key.version and ":" not in key.key

    def batch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        answer = self._call("GetParameters", "", Names=[key.key for key in keys], WithDecryption=True)
        if "Parameters" not in answer and "InvalidParameters" not in answer:
            raise nonsense(self._session.asked("ssm", "GetParameters"))
        found = {parameter.get("Name"): self._found(parameter) for parameter in answer.get("Parameters") or ()}
        outcomes = found | dict.fromkeys(answer.get("InvalidParameters") or (), Absent())
        return {key: outcomes[key.key] for key in keys if key.key in outcomes}

    def single(self, key: RemoteKey) -> Outcome:
        try:
            return self._tags(key.key) if key.metadata else self._value(key)
        except AwsError as error:
            return Absent() if error.reason is Reason.ABSENT else as_outcome(error)

    def find(self, query: FindQuery) -> Mapping[RemoteKey, Outcome | None]:
        """By name from the values below a path, by tags from the list; with a name, tags are not looked at."""
        criteria = Criteria.of(query, self._prefix, folders=True)
        if not query.name:
            return dict.fromkeys(self._listed(criteria, criteria.tags))
        try:
            return self._below(criteria)
        except AwsError as error:
            if error.reason not in (Reason.PERMISSION, Reason.DECRYPTION):
                raise
            denied = error
        try:
            return dict.fromkeys(self._listed(criteria, {}))
        except AwsError as error:
            raise (denied if error.reason is Reason.PERMISSION else error) from None

    def probe(self) -> str:
        name = self._prefix + PROBE
        try:
            self.batch([RemoteKey(name)])
        except AwsError as error:
            if error.reason is not Reason.PERMISSION:
                raise
            return f"`{self.batch_action}` on `{name}`"
        return ""

    def _value(self, key: RemoteKey) -> Outcome:
        name = f"{key.key}:{key.version}" if key.version else key.key
        answer = self._call("GetParameter", name, Name=name, WithDecryption=True)
        return self._found(answer.get("Parameter") or {})

    def _tags(self, name: str) -> Outcome:
        try:
            answer = self._call("ListTagsForResource", name, ResourceType="Parameter", ResourceId=name)
        except AwsError as error:
            # A name that is not there is called invalid, and so is one that cannot be: a read tells them apart.
            if error.reason is Reason.REQUEST:
                self._value(RemoteKey(name))
            raise
        if "TagList" not in answer:
            raise nonsense(self._session.asked("ssm", "ListTagsForResource"))
        return Found(tags_value(answer["TagList"]))

    def _below(self, criteria: Criteria) -> dict[RemoteKey, Outcome | None]:
        found: dict[RemoteKey, Outcome | None] = {}
        options = {"Path": criteria.folder, "Recursive": True, "WithDecryption": True}
        for parameter in self._items("GetParametersByPath", "Parameters", criteria.folder, **options):
            if criteria.takes(parameter["Name"]):
                found[RemoteKey(parameter["Name"])] = self._found(parameter)
        return found

    def _listed(self, criteria: Criteria, tags: Mapping[str, str]) -> list[RemoteKey]:
        filters = [{"Key": f"tag:{key}", "Option": "Equals", "Values": [value]} for key, value in tags.items()]
        if criteria.folder != "/":
            filters.append({"Key": "Path", "Option": "Recursive", "Values": [criteria.folder]})
        parameters = self._items("DescribeParameters", "Parameters", "", ParameterFilters=filters, MaxResults=_LISTED)
        return [RemoteKey(parameter["Name"]) for parameter in parameters if criteria.takes(parameter["Name"])]

    def _items(self, operation: str, name: str, subject: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        for page in self._session.pages("ssm", operation, subject, **parameters):
            if not isinstance(page.get(name), list):
                raise nonsense(self._session.asked("ssm", operation))
            yield from page[name]

    def _found(self, parameter: Mapping[str, Any]) -> Outcome:
        if not parameter.get("Name"):
            return as_outcome(nonsense(self._session.asked("ssm", "GetParameter")))
        value = parameter.get("Value")
        if not isinstance(value, str):
            return Failed(Failure.MISCONFIGURED, f"`{parameter['Name']}` has no value")
        return Found(SecretValue(value), str(parameter.get("Version", "")))

    def _call(self, operation: str, subject: str, **parameters: Any) -> dict[str, Any]:
        return self._session.call("ssm", operation, subject, **parameters)
