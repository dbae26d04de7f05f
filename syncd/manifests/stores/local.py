"""Stores that need no server: `file` is syncd's own, `fake` holds its values in the manifest."""

from __future__ import annotations

from pydantic import Field

from syncd.manifests.fields import Model, Whole


class FileStore(Model):
    """A folder with one file a key; a relative path starts at the manifest's folder."""

    path: str = Field(min_length=1)


class FakeData(Model):
    key: str = Field(min_length=1)
    value: str = Field(repr=False)
    version: str = ""


class FakeStore(Model):
    data: tuple[FakeData, ...]
    validation_result: Whole = 0
