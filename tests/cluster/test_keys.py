"""Keys of fingerprints have an order and an id of their own."""

from __future__ import annotations

from syncd.cluster.keys import LENGTH, new_key, newest_first
from syncd.model import SecretValue


def test_first_key() -> None:
    """Random, of 32 bytes."""
    one, other = new_key(), new_key()
    assert (LENGTH, LENGTH) == (len(one.secret), len(other.secret))
    assert one.id != other.id
    assert one.secret != other.secret


def test_next_key_is_the_newest() -> None:
    """Its number is the next one, whatever the clocks say."""
    older = (new_key(), new_key())
    newest = new_key(older)
    entries = {key.id: key.secret for key in (*older, newest)}
    assert newest == newest_first(entries)[0]
    assert "0002" == newest.id[:4]


def test_entries_that_are_no_keys() -> None:
    """Short ones and strange names are left out."""
    good = new_key()
    entries = {good.id: good.secret, "0001-00000000": SecretValue("short"), "notes": SecretValue("x" * 40)}
    assert (good,) == newest_first(entries)
