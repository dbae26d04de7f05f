"""What the fields of all kinds are made of: the model that they share, names, references to stores, selectors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from syncd.manifests import durations
from syncd.manifests.durations import Duration
from syncd.model import ObjectName

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)


def refused(message: str, *, at: tuple[str | int, ...] = (), hint: str = "") -> PydanticCustomError:
    """The error that a validator raises: a sentence, the field below its own that is wrong, what to do."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": message, "at": at, "hint": hint})


class Model(BaseModel):
    """A mapping of a manifest: nothing unknown in it, nothing changed later, no value in its errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, alias_generator=to_camel)


def exactly_one(model: Model, *fields: str) -> None:
    """Raises when not exactly one of these optional fields is set."""
    present = [to_camel(name) for name in fields if getattr(model, name) is not None]
    names = ", ".join(f"`{to_camel(name)}`" for name in fields)
    if not present:
        raise refused(f"needs one of {names}")
    if len(present) > 1:
        raise refused(f"only one of {names} may stand here, not {' and '.join(f'`{name}`' for name in present)}")


def _subdomain(text: str) -> str:
    if len(text) > 253 or not _SUBDOMAIN.fullmatch(text):
        raise refused("not a name: lower-case letters, digits, and `-` or `.` between them, at most 253 characters")
    return text


def _namespace(text: str) -> str:
    if len(text) > 63 or not _LABEL.fullmatch(text):
        raise refused("not a namespace: lower-case letters, digits and `-`, at most 63 characters")
    return text


def _data_key(text: str) -> str:
    if len(text) > 253 or not _DATA_KEY.fullmatch(text):
        raise refused("not a key of a Secret: letters, digits, `-`, `_` and `.`, at most 253 characters")
    return text


def _check_qualified(key: str, checked: str, what: str) -> None:
    prefix, slash, name = checked.rpartition("/")
    well_placed = len(prefix) <= 253 and _SUBDOMAIN.fullmatch(prefix) if slash else True
    if not well_placed or len(name) > 63 or not _QUALIFIED.fullmatch(name):
        message = f"not {what}'s name: an optional `domain/`, then letters, digits, `-`, `_` and `.`"
        raise refused(message, at=(key,))


def _annotations(annotations: dict[str, str]) -> dict[str, str]:
    for key in annotations:
        _check_qualified(key, key.lower(), "an annotation")
    return annotations


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        _check_qualified(key, key, "a label")
        if value and (len(value) > 63 or not _QUALIFIED.fullmatch(value)):
            raise refused("not a label's value: letters, digits, `-`, `_` and `.`, at most 63 characters", at=(key,))
    return labels


def _whole(value: Any) -> Any:
    """A boolean is an int to Python; 3.0 is one to Kubernetes, as all numbers of JSON are of one kind."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise PydanticCustomError("int_type", "not a whole number")
    return value


def _interval(value: Any) -> Any:
    try:
        return value if isinstance(value, Duration) else durations.parse(value)
    except ValueError as error:
        raise refused(str(error)) from None


def default_if_empty(default: object) -> BeforeValidator:
    """`""` means the same as a field that is not there, as in the reference."""
    return BeforeValidator(lambda value: default if value == "" else value)


Name = Annotated[str, AfterValidator(_subdomain)]
Namespace = Annotated[str, AfterValidator(_namespace)]
DataKey = Annotated[str, AfterValidator(_data_key)]
Labels = Annotated[dict[str, str], AfterValidator(_labels)]
Annotations = Annotated[dict[str, str], AfterValidator(_annotations)]
Interval = Annotated[Duration, PlainValidator(_interval), PlainSerializer(lambda duration: duration.text)]
HOUR = durations.parse("1h")
Whole = Annotated[int, BeforeValidator(_whole)]


def between(low: int, high: int) -> AfterValidator:
    """For a whole number with two limits."""

    def check(value: int) -> int:
        if not low <= value <= high:
            raise refused(f"must be between {low} and {high}")
        return value

    return AfterValidator(check)


def not_empty() -> AfterValidator:
    """For a list that holds something where it is there."""

    def check(values: tuple[object, ...]) -> tuple[object, ...]:
        if not values:
            raise refused("must not be an empty list")
        return values

    return AfterValidator(check)


def shaped(pattern: str, message: str) -> AfterValidator:
    """For a text that a regular expression must match whole."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise refused(message)
        return text

    return AfterValidator(check)


class StoreKind(StrEnum):
    SECRET_STORE = "SecretStore"  # noqa: S105 -- the name of a kind
    CLUSTER_SECRET_STORE = "ClusterSecretStore"  # noqa: S105 -- the name of a kind


@dataclass(frozen=True, slots=True, order=True)
class StoreKey:
    """Which store; the namespace of a ClusterSecretStore is empty."""

    kind: StoreKind
    name: ObjectName

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class StoreRef(Model):
    name: Name
    kind: StoreKind = StoreKind.SECRET_STORE

    def key(self, namespace: str) -> StoreKey:
        """The store that is meant by a declaration of this namespace."""
        cluster = self.kind is StoreKind.CLUSTER_SECRET_STORE
        return StoreKey(self.kind, ObjectName("" if cluster else namespace, self.name))


class LabelOperator(StrEnum):
    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelRequirement(Model):
    key: str
    operator: LabelOperator
    values: tuple[str, ...] = ()


class LabelSelector(Model):
    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: tuple[LabelRequirement, ...] = ()
