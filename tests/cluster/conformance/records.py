"""The keys of fingerprints and the record of removals, as every target keeps them."""

from __future__ import annotations

from syncd.model import Missing
from tests.cluster.lab import Bench, at_once


class RecordConformance:
    """The keys of fingerprints and the record of removals."""

    def test_key_is_missing_at_first(self, bench: Bench) -> None:
        """Reading makes none."""
        assert Missing() == bench.target.fingerprint_keys()
        assert Missing() == bench.target.fingerprint_keys()

    def test_created_key_is_read_back(self, bench: Bench) -> None:
        """One key of 32 bytes."""
        (key,) = bench.target.create_fingerprint_key()
        assert (key,) == bench.target.fingerprint_keys()
        assert 32 == len(key.secret)

    def test_key_is_created_once(self, bench: Bench) -> None:
        """Who comes second reads the first's."""
        assert bench.target.create_fingerprint_key() == bench.target.create_fingerprint_key()

    def test_race_for_the_key_gives_one(self, bench: Bench) -> None:
        """Eight threads get the same key."""
        keys = at_once(8, lambda _: bench.target.create_fingerprint_key())
        assert [bench.target.fingerprint_keys()] * 8 == keys

    def test_removals_are_empty_at_first(self, bench: Bench) -> None:
        """No record is an empty one."""
        assert "" == bench.target.read_removals()

    def test_removals_are_kept(self, bench: Bench) -> None:
        """The last record, as it was written."""
        for record in ('{"a": 1}', '{"b": "ü\\n"}\n'):
            bench.target.write_removals(record)
            assert record == bench.target.read_removals()
