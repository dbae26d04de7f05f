"""Declarations from files: a file, a folder, or what comes in on stdin."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from syncd.errors import Problem
from syncd.manifests.declarations import Declarations, Validation
from syncd.manifests.items import Text
from syncd.manifests.loading import Loaded
from syncd.manifests.loading import load as load_texts

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "stdin"


def load(
    paths: Sequence[str],
    *,
    namespace: str = "default",
    validation: Validation = Validation.STRICT,
    stdin: IO[str] | None = None,
) -> Declarations:
    """Loads files, folders (recursively) and `-`.

    `namespace` is for objects that name none. Raises ManifestError with every problem of every file.
    """
    return read(paths, namespace=namespace, validation=validation, stdin=stdin).complete()


def read(
    paths: Sequence[str],
    *,
    namespace: str = "default",
    validation: Validation = Validation.STRICT,
    stdin: IO[str] | None = None,
) -> Loaded:
    """As `load`, but gives what could be loaded together with the problems of the rest."""
    reader = _Reader(stdin)
    loaded = load_texts(reader.texts(paths), namespace=namespace, validation=validation)
    return Loaded(loaded.declarations, (*reader.problems, *loaded.problems))


def texts(paths: Sequence[str]) -> tuple[tuple[Text, ...], tuple[Problem, ...]]:
    """The texts of files and folders, not loaded yet, and which files could not be read."""
    reader = _Reader(None)
    found = tuple(reader.texts(paths))
    return found, tuple(reader.problems)


def signature(paths: Sequence[str]) -> frozenset[tuple[object, ...]]:
    """Another one when a file has come, gone or been written; reads no file.

    Links are followed, so it sees the `..data` of a mounted ConfigMap being turned to another folder.
    """
    return frozenset(_stats(paths))


def _stats(paths: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for path in paths:
        yield _stat(path)
        for root, folders, files in os.walk(path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                if name.endswith(SUFFIXES) and not name.startswith("."):
                    yield _stat(str(Path(root, name)))


def _stat(path: str) -> tuple[object, ...]:
    try:
        found = Path(path).stat()
    except OSError as error:
        return path, error.errno
    return (path, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)


def _kustomized(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("kustomization.yaml", "kustomization.yml", "Kustomization"))


class _Reader:
    """Gives the text of each file once, and keeps what cannot be read."""

    def __init__(self, stdin: IO[str] | None) -> None:
        self._stdin = stdin
        self._seen: set[Path] = set()
        self._folders: dict[Path, tuple[str, bool]] = {}
        self.problems: list[Problem] = []

    def texts(self, paths: Sequence[str]) -> Iterator[Text]:
        for path in paths:
            if path == "-":
                yield from self._from_stdin()
            elif Path(path).is_dir():
                yield from self._from_folder(Path(path))
            else:
                yield from self._from_file(Path(path), named=True)

    def _from_stdin(self) -> Iterator[Text]:
        if self._stdin is None:
            self._refuse(STDIN, "cannot be read here")
            return
        try:
            text = self._stdin.read()
            text.encode()  # some locales let bytes through that are no characters
        except UnicodeError:
            self._refuse(STDIN, "not text in UTF-8")
        else:
            yield Text(STDIN, text, base=str(Path.cwd()))

    def _from_folder(self, folder: Path) -> Iterator[Text]:
        """In the order of names; without hidden folders, of which a mounted ConfigMap has some behind its links."""
        for root, folders, files in os.walk(folder, onerror=self._unreadable_folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if name.endswith(SUFFIXES) and not name.startswith("."):
                    yield from self._from_file(Path(root, name), named=False)

    def _from_file(self, path: Path, *, named: bool) -> Iterator[Text]:
        if not named and path.exists() and not path.is_file():  # nobody may ever write into a pipe
            self._refuse(str(path), "cannot be read: not a file")
            return
        try:
            content = path.read_text("utf-8")
        except FileNotFoundError:
            hint = "URLs are not read: fetch the file first" if path.parts[0] in ("http:", "https:") else ""
            self._refuse(str(path), "no such file or folder", hint)
        except UnicodeDecodeError:
            self._refuse(str(path), "not text in UTF-8")
        except OSError as error:
            self._refuse(str(path), f"cannot be read: {error.strerror or 'the system refuses'}")
        else:
            if (real := path.resolve()) not in self._seen:
                self._seen.add(real)
                base, kustomized = self._folder(path.parent)
                yield Text(str(path), content, base, named, kustomized)

    def _folder(self, path: Path) -> tuple[str, bool]:
        """Where a folder really is, and whether it is kustomize's; each is looked at once."""
        if path not in self._folders:
            self._folders[path] = (str(path.resolve()), _kustomized(path))
        return self._folders[path]

    def _unreadable_folder(self, error: OSError) -> None:
        self._refuse(str(error.filename), f"cannot be read: {error.strerror or 'the system refuses'}")

    def _refuse(self, where: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(where, "", "", message, hint))
