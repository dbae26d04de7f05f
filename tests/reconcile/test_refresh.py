"""When a Secret is made anew, as manifests say it."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.model import RefreshMode
from syncd.reconcile.pause import EPOCH
from syncd.reconcile.refresh import refresh_of
from tests.reconcile.test_render import declared

SPEC: dict[str, Any] = {"data": [{"secretKey": "KEY", "remoteRef": {"key": "a"}}]}
GENERATED = {"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "pw"}}}]}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, RefreshMode.ALWAYS),
        ({"refreshPolicy": "Periodic"}, RefreshMode.ALWAYS),
        ({"refreshPolicy": "OnChange"}, RefreshMode.ON_CHANGE),
        ({"refreshPolicy": "CreatedOnce", "refreshInterval": "0"}, RefreshMode.ONCE),
        ({"refreshInterval": "0"}, RefreshMode.ON_CHANGE),
        (GENERATED, RefreshMode.DUE),
        ({**GENERATED, "refreshInterval": "0s"}, RefreshMode.ON_CHANGE),
        ({**GENERATED, "refreshPolicy": "CreatedOnce"}, RefreshMode.ONCE),
    ],
)
def test_modes(spec: dict[str, Any], expected: RefreshMode) -> None:
    """The policy comes first, then an interval of zero, then a generator."""
    assert expected is refresh_of(declared({**SPEC, **spec}), EPOCH).mode


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"labels": {"a": "b"}}, False),
        ({"annotations": {"force-sync": "1"}}, False),
        ({"annotations": {"syncd.dev/restart": "off"}}, True),
        ({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, True),
    ],
)
def test_labels_and_annotations_are_part_of_the_declaration(changed: dict[str, Any], same: bool) -> None:
    """As in the reference, for which any of them forces a refresh; but not those that are about syncd or kubectl."""
    spec = {**SPEC, "refreshPolicy": "OnChange"}
    assert same is (refresh_of(declared(spec), EPOCH).declared == refresh_of(declared(spec, **changed), EPOCH).declared)


def test_with_interval_zero_only_the_spec_counts() -> None:
    """A label makes no new password."""
    spec = {**SPEC, "refreshInterval": "0"}
    assert refresh_of(declared(spec), EPOCH) == refresh_of(declared(spec, labels={"a": "b"}), EPOCH)
    assert refresh_of(declared(spec), EPOCH) != refresh_of(declared({**spec, "target": {"name": "x"}}), EPOCH)


def test_the_digest_is_that_of_what_is_said() -> None:
    """Defaults that are written out change nothing."""
    spec = {**SPEC, "refreshPolicy": "OnChange"}
    longer = {**spec, "target": {"creationPolicy": "Owner"}, "refreshInterval": "1h"}
    assert refresh_of(declared(spec), EPOCH) == refresh_of(declared(longer), EPOCH)
