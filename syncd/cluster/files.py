"""Files that are replaced whole or not at all, and the lock that keeps two runs on one folder apart."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from syncd.errors import Denied, Unreachable

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_TEMPORARY = ".syncd-"


@contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Maps what the operating system says about `path` to Denied and Unreachable."""
    try:
        yield
    except PermissionError as error:
        raise Denied(f"`{path}`: {error.strerror}", hint="change its owner or mode") from error
    except OSError as error:
        raise Unreachable(f"`{path}`: {error.strerror}") from error


def make_folder(path: Path) -> None:
    """Makes the folder, and its parents where they are missing, for the owner only."""
    for folder in reversed([path, *path.parents]):
        if not folder.is_dir():
            with suppress(FileExistsError):
                folder.mkdir(mode=PRIVATE_FOLDER)


def replace_file(path: Path, content: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Writes beside the file, to the disk, and renames: whoever reads sees the old content or the new one."""
    temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if mode != PRIVATE_FILE:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


class Stripes:
    """Locks for many names, few of which are used at once."""

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(64))

    def of(self, key: object) -> threading.Lock:
        return self._locks[hash(key) % len(self._locks)]


class FolderLock:
    """One process writes to a folder at a time: taken before the first write, kept until `release`."""

    def __init__(self, folder: Path, *, wait: float) -> None:
        self._folder = folder
        self._wait = wait
        self._descriptor: int | None = None
        self._mutex = threading.Lock()

    def take(self) -> None:
        """Waits for another run; raises Unreachable when it does not end within `wait` seconds."""
        if self._descriptor is not None:
            return
        with self._mutex:
            if self._descriptor is None:
                make_folder(self._folder / ".syncd")
                descriptor = os.open(self._folder / ".syncd" / "lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
                try:
                    self._lock(descriptor)
                except BaseException:
                    os.close(descriptor)
                    raise
                _sweep(self._folder)
                self._descriptor = descriptor

    def _lock(self, descriptor: int) -> None:
        end = time.monotonic() + self._wait
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    message = f"another run writes to the folder `{self._folder}`; waited {self._wait:g} s"
                    raise Unreachable(message, hint="let it end, then try again") from None
            time.sleep(min(0.05, self._wait))

    def release(self) -> None:
        with self._mutex:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def _sweep(folder: Path) -> None:
    """Removes what runs that were killed left half-written: whoever holds the lock is the only writer."""
    for root in (folder / "secrets", folder / "configmaps", folder / ".syncd"):
        for left in root.rglob(f"{_TEMPORARY}*"):
            left.unlink(missing_ok=True)
