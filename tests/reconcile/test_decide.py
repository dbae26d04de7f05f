"""What a declaration makes of a Secret that is there already: its type, and `immutable`."""

from __future__ import annotations

import pytest

from syncd.model import OWNER, CreationPolicy, Desired, Metadata, SecretObject
from syncd.reconcile.changes import Refusal, Settled
from syncd.reconcile.decide import Rules, Sealed, decide
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


SEALING = policy(immutable=True)
WRITING = [one for one in CreationPolicy if one is not CreationPolicy.NONE]


def sealed(desired: Desired, secret: SecretObject) -> Sealed:
    made = decide(desired, secret, ADOPTING)
    assert isinstance(made, Sealed)
    return made


def remark(desired: Desired, secret: SecretObject) -> str:
    made = decide(desired, secret, ADOPTING)
    assert isinstance(made, Settled)
    return made.remark


@pytest.mark.parametrize("creation", WRITING)
def test_immutable_seals_a_secret_as_it_is(creation: CreationPolicy) -> None:
    """As in the reference: neither data nor metadata are made anew, and a merge adds none of its keys."""
    how = policy(creation, immutable=True)
    made = sealed(wanted({"B": "2"}, how, metadata=Metadata({"team": "pay"})), there({"A": "1"}).secret).secret
    assert (values({"A": "1"}), True, False) == (made.data, made.immutable, "team" in made.labels)


@pytest.mark.parametrize("creation", WRITING)
def test_a_seal_says_that_the_store_has_something_else(creation: CreationPolicy) -> None:
    """It cannot be undone, so whoever reads the plan must see it."""
    made = sealed(wanted({"A": "2"}, policy(creation, immutable=True)), there({"A": "1"}).secret)
    assert "its content differs from the store's; it becomes immutable as it is" == made.reason


def test_a_seal_of_what_is_in_step_says_so_too() -> None:
    """That it is for good is worth a word even then."""
    assert "it becomes immutable as it is" == sealed(wanted({"A": "1"}, SEALING), there({"A": "1"}, OURS).secret).reason


def test_a_seal_names_the_type_that_is_not_the_declared_one() -> None:
    """It is not refused, as without `immutable`: the Secret stays as it is in any case."""
    made = sealed(wanted(TLS, SEALING), there(TLS, OURS, type="kubernetes.io/tls").secret)
    assert "its type is `kubernetes.io/tls`, not `Opaque`; it becomes immutable as it is" == made.reason


def test_immutable_takes_over_nothing_without_leave() -> None:
    """Sealing is taking over too, and the hint says that it replaces nothing."""
    made = decide(wanted({"A": "2"}, SEALING), there({"A": "1"}).secret, RULES)
    assert isinstance(made, Refusal)
    assert "`--adopt` takes it over and makes it immutable as it is" == made.hint


def test_what_is_sealed_is_settled_in_the_next_pass() -> None:
    """The difference is told, and nothing is written."""
    desired = wanted({"A": "2"}, SEALING)
    made = sealed(desired, there({"A": "1"}).secret).secret
    assert OURS == made.annotations[OWNER]
    assert "immutable: its content differs from the store's" == remark(desired, made)


def test_a_sealed_secret_of_another_type_is_never_settled_in_silence() -> None:
    """Its data may be equal: the type is not."""
    secret = there(TLS, OURS, type="kubernetes.io/tls", immutable=True).secret
    assert "immutable: its type is `kubernetes.io/tls`, not `Opaque`" == remark(wanted(TLS, SEALING), secret)


def test_a_sealed_secret_that_is_as_declared_is_in_step() -> None:
    """There is nothing to tell."""
    assert "" == remark(wanted({"A": "1"}, SEALING), there({"A": "1"}, OURS, immutable=True).secret)


def test_an_immutable_secret_that_is_taken_over_is_told_to_differ() -> None:
    """Only our marks are written."""
    made = sealed(wanted({"A": "2"}, SEALING), there({"A": "1"}, immutable=True).secret)
    assert "immutable: its content differs from the store's" == made.reason


def test_a_sealed_secret_tells_of_its_type_and_of_its_content() -> None:
    """Both differ for good."""
    secret = there({"A": "1"}, OURS, type="example.com/own", immutable=True).secret
    told = "immutable: its type is `example.com/own`, not `Opaque`, and its content differs from the store's"
    assert told == remark(wanted({"A": "2"}, SEALING), secret)
