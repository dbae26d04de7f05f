"""What a declaration makes of a Secret that is there already: its type, and `immutable`."""

from __future__ import annotations

import pytest

from syncd.model import OWNER, CreationPolicy, Metadata, SecretObject
from syncd.reconcile.changes import Refusal, Settled
from syncd.reconcile.decide import Rules, decide
from tests.reconcile.build import NAME, OURS, RULES, policy, there, values, wanted

ADOPTING = Rules(adopt=True, declared={OURS: NAME})
TLS = {"tls.crt": "c", "tls.key": "k"}


@pytest.mark.parametrize("creation", [CreationPolicy.OWNER, CreationPolicy.ORPHAN, CreationPolicy.MERGE])
def test_a_secret_keeps_its_type_where_the_declaration_names_none(creation: CreationPolicy) -> None:
    """As in the reference: the API server would not change it."""
    secret = there({**TLS, "tls.crt": "old"}, type="kubernetes.io/tls").secret
    made = decide(wanted(TLS, policy(creation), type=""), secret, ADOPTING)
    assert isinstance(made, SecretObject)
    assert ("kubernetes.io/tls", values(TLS)) == (made.type, made.data)


def test_an_equal_secret_of_any_type_is_adopted_where_the_declaration_names_none() -> None:
    """Nothing of it would change."""
    assert isinstance(decide(wanted(TLS, type=""), there(TLS, type="kubernetes.io/tls").secret, RULES), SecretObject)


def test_data_that_the_type_of_the_secret_cannot_have_is_refused() -> None:
    """The API server would refuse it, and say less."""
    made = decide(wanted({"A": "1"}, type=""), there(TLS, type="kubernetes.io/tls").secret, ADOPTING)
    assert isinstance(made, Refusal)
    reason = "type `kubernetes.io/tls` needs the key `tls.crt` and `tls.key`, and its type cannot be changed"
    assert (reason, "its keys: `A`") == (made.reason, made.hint)


@pytest.mark.parametrize("creation", [CreationPolicy.OWNER, CreationPolicy.ORPHAN, CreationPolicy.CREATE_OR_MERGE])
def test_immutable_seals_a_secret_as_it_is(creation: CreationPolicy) -> None:
    """As in the reference: neither data nor metadata are made anew."""
    how = policy(creation, immutable=True)
    made = decide(wanted({"A": "2"}, how, metadata=Metadata({"team": "pay"})), there({"A": "1"}).secret, ADOPTING)
    assert isinstance(made, SecretObject)
    assert (values({"A": "1"}), True, False) == (made.data, made.immutable, "team" in made.labels)


def test_immutable_takes_over_nothing_without_leave() -> None:
    """Sealing is taking over too."""
    assert isinstance(decide(wanted({"A": "2"}, policy(immutable=True)), there({"A": "1"}).secret, RULES), Refusal)


def test_what_is_sealed_is_settled_in_the_next_pass() -> None:
    """The difference is told, and nothing is written."""
    desired = wanted({"A": "2"}, policy(immutable=True))
    made = decide(desired, there({"A": "1"}).secret, ADOPTING)
    assert isinstance(made, SecretObject)
    assert OURS == made.annotations[OWNER]
    assert isinstance(decide(desired, made, ADOPTING), Settled)
