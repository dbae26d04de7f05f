"""Secrets that are the files of a folder: the name is the key, the content is the value, byte for byte.

As with `kubectl create secret --from-file`, a newline at the end belongs to the value.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from syncd.providers.api import (
    Absent,
    Credentials,
    Dialect,
    Failed,
    Failure,
    FindQuery,
    Found,
    Matched,
    Outcome,
    Provider,
    RemoteKey,
    SecretValue,
    StoreConfig,
    StoreError,
    StoreHealth,
)
from syncd.providers.fields import Fields
from syncd.providers.names import name_matcher

LIMIT = 1024 * 1024
"""Bytes of the largest file that is read: a Secret holds no more."""
_TRIES = 3


class FilePlugin:
    """`spec.provider.file: {path: DIR}`; a relative DIR begins at the folder of the manifest."""

    name: ClassVar[str] = "file"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:  # noqa: ARG003  # it has no credentials
        fields = Fields.of(store)
        folder = fields.required("path")
        for unknown in store.config.keys() - {"path"}:
            fields.refuse(unknown, "unknown field", hint="a `file` store has `path` only")
        if not store.base:
            # Whoever may create stores in the cluster could else read the disk of the process, its own token included.
            message = "a `file` store serves declarations from files only"
            raise StoreError(Failure.DENIED, message, hint="give the store's manifest with `-f`")
        return FolderStore(Path(store.base, folder))


class FolderStore:
    """A folder, as it stands at each fetch; nothing outside it is read, whatever links say."""

    dialect = Dialect.FILE
    batch = 256
    width = 4

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lane = f"file {folder}"

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        for _ in range(_TRIES):
            before = self._generation()
            outcomes = {key: self._outcome(key) for key in keys}
            if before == self._generation():
                return outcomes
        return dict.fromkeys(keys, Failed(Failure.UNAVAILABLE, f"`{self._folder}` changes while it is read"))

    def find(self, query: FindQuery) -> Matched | Failed:
        """By path and name, which is relative to the folder; nothing hidden, nor below something hidden."""
        try:
            names = list(self._names(query))
        except StoreError as exc:
            return Failed(exc.failure, exc.message, exc.hint)
        except OSError as exc:
            return _unreadable(exc, f"folder `{exc.filename}`")
        except UnicodeEncodeError:
            return Failed(Failure.MISCONFIGURED, f"a file in `{self._folder}` has a name that is not UTF-8")
        outcomes = self.fetch([RemoteKey(name) for name in names])
        # What is gone since it was listed is no longer a match.
        return Matched({key.key: outcome for key, outcome in outcomes.items() if not isinstance(outcome, Absent)})

    def check(self) -> StoreHealth:
        started = time.monotonic()
        try:
            os.scandir(self._root()).close()
        except OSError as exc:
            failed = _unreadable(exc, f"folder `{self._folder}`")
            raise StoreError(failed.failure, failed.message, hint=failed.hint) from exc
        return StoreHealth(f"uid {os.geteuid()}", time.monotonic() - started)

    def close(self) -> None:
        """Nothing to end."""

    def _generation(self) -> str:
        """Changes when a mounted Secret or ConfigMap does: its files are one swap of `..data`, so never read a mix."""
        try:
            return str((self._folder / "..data").readlink())
        except OSError:
            return ""

    def _root(self) -> Path:
        """The folder without links. Raises StoreError when it is not there: then nobody knows what it holds."""
        root = Path(os.path.realpath(self._folder))
        if not _is_folder(root):
            hint = "check `path` of the store, or mount what it names"
            raise StoreError(Failure.UNAVAILABLE, f"there is no folder `{self._folder}`", hint=hint)
        return root

    def _outcome(self, key: RemoteKey) -> Outcome:
        if key.version or key.metadata:
            what = "version" if key.version else "metadata"
            return Failed(Failure.MISCONFIGURED, f"`{key.key}`: a file has no {what}")
        try:
            return self._read(self._root(), _inner(key.key))
        except StoreError as exc:
            return Failed(exc.failure, exc.message, exc.hint)
        except OSError as exc:
            return _unreadable(exc, f"file `{key.key}`")

    def _read(self, root: Path, key: PurePosixPath) -> Outcome:
        real = _within(root, root / key)
        try:
            mode = real.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            _refuse_dangling(root, root / key)
            self._root()
            return Absent()
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise StoreError(Failure.MISCONFIGURED, f"`{key}` is {kind}")
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  # a Path cannot be opened without following links
            content = file.read(LIMIT + 1)
        if len(content) > LIMIT:
            raise StoreError(
                Failure.MISCONFIGURED, f"`{key}` is larger than 1 MiB", hint="a Secret holds 1 MiB at most"
            )
        return Found(SecretValue(content))

    def _names(self, query: FindQuery) -> Iterator[str]:
        if query.tags:
            raise StoreError(Failure.MISCONFIGURED, "find.tags: files have no tags")
        matches = name_matcher(query.name)
        root = self._root()
        start = root / _inner(query.path) if query.path else root
        real = _within(root, start)
        if not _is_folder(real):
            _refuse_dangling(root, start)
            return
        for path in _files(root, start, frozenset(real.parents)):
            name = path.relative_to(root).as_posix()
            name.encode()
            if matches(name):
                yield name


def _inner(key: str) -> PurePosixPath:
    """A key as a path that cannot lead out of a folder by its text. Raises StoreError."""
    path = PurePosixPath(key)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in key:
        hint = "a key is the path of a file below the store's folder"
        raise StoreError(Failure.MISCONFIGURED, f"`{key}` is no key of a `file` store", hint=hint)
    return path


def _within(root: Path, path: Path) -> Path:
    """Where links lead, as long as that is below `root`. Raises StoreError."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        raise StoreError(Failure.MISCONFIGURED, f"`{path.relative_to(root)}` is a link that leaves the store's folder")
    return real


def _refuse_dangling(root: Path, path: Path) -> None:
    """A link to nothing is there, and nobody knows what it stands for. Raises StoreError."""
    steps = [path, *path.parents]
    if any(step.is_symlink() and not step.exists() for step in steps[: steps.index(root)]):
        raise StoreError(Failure.UNAVAILABLE, f"`{path.relative_to(root)}` is a link to nothing")


def _is_folder(path: Path) -> bool:
    """As `Path.is_dir`, but what may not be looked at is an OSError in every version of Python."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _files(root: Path, folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """All that is not a folder, in order; a link to a folder that it stands in leads nowhere new."""
    real = _within(root, folder)
    if real in above:
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if _is_folder(path):
            yield from _files(root, path, above | {real})
        else:
            yield path


def _unreadable(exc: OSError, what: str) -> Failed:
    reason = os.strerror(exc.errno or errno.EIO)
    if exc.errno in (errno.EACCES, errno.EPERM):
        return Failed(Failure.DENIED, f"{what} may not be read", hint=f"syncd runs as uid {os.geteuid()}")
    if exc.errno in (errno.ELOOP, errno.ENAMETOOLONG):
        return Failed(Failure.MISCONFIGURED, f"{what} cannot be read: {reason}")
    return Failed(Failure.UNAVAILABLE, f"{what} cannot be read: {reason}")
