"""What is read out of Kubernetes' JSON beyond what the conformance suite of targets looks at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.cluster.codec import secret_from_json


def fields(time: Any, owned: str = "f:data") -> dict[str, Any]:
    return {"manager": "somebody", "operation": "Update", "time": time, "fieldsV1": {owned: {".": {}}}}


@pytest.mark.parametrize(
    ("managed", "expected"),
    [
        (None, None),
        ([], None),
        ([fields("2026-01-31T04:05:06Z", "f:metadata")], None),
        ([fields("2026-01-31T04:05:06Z"), fields("2025-12-24T00:00:00Z")], datetime(2026, 1, 31, 4, 5, 6, tzinfo=UTC)),
        (
            [fields("2025-12-24T00:00:00Z"), fields("2026-01-31T04:05:06Z", "f:metadata")],
            datetime(2025, 12, 24, tzinfo=UTC),
        ),
        ([fields("yesterday")], None),
        ([fields(None), "odd"], None),
    ],
)
def test_when_data_was_written(managed: object, expected: datetime | None) -> None:
    """By whoever wrote data last; a write of labels is none, and what makes no sense is not known."""
    item = {"metadata": {"name": "api", "namespace": "shop", "managedFields": managed}}
    assert expected == secret_from_json(item).written
