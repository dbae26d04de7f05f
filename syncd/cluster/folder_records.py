"""What syncd keeps for itself in a folder: the keys of fingerprints and the guard's record of removals."""

from __future__ import annotations

import binascii
import threading
from pathlib import Path

from syncd.cluster.files import make_folder, os_errors, replace_file
from syncd.cluster.keys import new_key, newest_first
from syncd.errors import ClusterError, Rejected
from syncd.model import FingerprintKey, Missing, SecretValue, Unreadable


class FolderRecords:
    """Writers hold the folder's lock; `.syncd/key` has a line `<id> <base64>` for each key."""

    def __init__(self, root: Path) -> None:
        self._key = root / ".syncd" / "key"
        self._removals = root / ".syncd" / "removals.json"
        self._mutex = threading.Lock()

    def keys(self) -> tuple[FingerprintKey, ...] | Missing | Unreadable:
        try:
            return self._read_keys() or Missing()
        except ClusterError as error:
            return Unreadable.of(error)

    def _read_keys(self) -> tuple[FingerprintKey, ...]:
        """Empty when there is no file."""
        with os_errors(self._key):
            try:
                lines = self._key.read_bytes().splitlines()
            except FileNotFoundError:
                return ()
        try:
            fields = (line.split() for line in lines if line.strip())
            keys = newest_first({id_.decode(): SecretValue(binascii.a2b_base64(key)) for id_, key in fields})
        except ValueError:
            keys = ()
        if not keys:
            raise Rejected(f"`{self._key}` holds no key of fingerprints", hint="delete it: a new one is made")
        return keys

    def create_key(self) -> tuple[FingerprintKey, ...]:
        with self._mutex:
            if keys := self._read_keys():
                return keys
            key = new_key()
            self._write(self._key, f"{key.id} {key.secret.base64()}\n")
            return (key,)

    def removals(self) -> str:
        with os_errors(self._removals):
            try:
                return self._removals.read_text()
            except FileNotFoundError:
                return ""

    def write_removals(self, record: str) -> None:
        with self._mutex:
            self._write(self._removals, record)

    def _write(self, path: Path, text: str) -> None:
        with os_errors(path):
            make_folder(path.parent)
            replace_file(path, text.encode())
