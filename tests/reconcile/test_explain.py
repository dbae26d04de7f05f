"""Why a workload is restarted or is not, and what is said of its Secrets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.model import ObjectName, RestartMode, Unreadable, WorkloadKind, WorkloadName
from syncd.reconcile.explain import Explainer, Explanation, Standing, State, User
from syncd.reconcile.options import Selection
from tests.reconcile.shop import Shop

STRIPE = ObjectName("shop", "stripe")
TEMPLATE: dict[str, Any] = {"target": {"template": {"data": {"config.ini": "key={{ .KEY }}"}}}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe")


def explained(shop: Shop, name: ObjectName = STRIPE, **options: Any) -> Explanation:
    reconciler = shop.reconciler(**options)
    survey = reconciler.survey(Selection(tuple(f"shop/{name}" for name in shop.spec)))
    reconciler.close()
    return Explainer(survey, {"shop": shop.target.read_workloads("shop")}).secret(name)


def user(shop: Shop, **options: Any) -> User:
    [one] = explained(shop, **options).users
    return one


def state(shop: Shop, **options: Any) -> tuple[State, str]:
    [word] = explained(shop, **options).words
    return word.state, word.text


def synced(shop: Shop) -> Shop:
    shop.reconciler().sync()
    return shop


def rotated(shop: Shop, **annotations: str) -> Shop:
    """In step with a user, and then the key changes at the store."""
    shop.use("web", "stripe", annotations=annotations)
    synced(shop).put("stripe", "2")
    return shop


def test_a_restart_that_is_owed(shop: Shop) -> None:
    """The keys are named, and who decided that it may be restarted."""
    one = user(rotated(shop))
    assert (Standing.OWED, "runs with an older `KEY`", frozenset({"KEY"})) == (one.standing, one.reason, one.changed)
    assert ("restart mode `auto`", ["env `stripe` of container `app`: KEY"]) == (
        one.decided,
        [f"{place}: {', '.join(place.use.keys)}" for place in one.references],
    )


def test_a_restart_that_was_made(shop: Shop) -> None:
    """Then the note is up to date, and it is known when it was."""
    one = user(synced(rotated(shop)))
    assert (Standing.CURRENT, "runs with what the Secret holds") == (one.standing, one.reason)
    assert datetime.fromisoformat(one.last_restart).tzinfo


def test_a_restart_that_is_paused(shop: Shop) -> None:
    """By the workload's annotation."""
    one = user(rotated(shop, **{"syncd.dev/pause": "true"}))
    assert (Standing.PAUSED, "paused: runs with an older `KEY`") == (one.standing, one.reason)


@pytest.mark.parametrize(
    ("annotations", "reason"),
    [
        ({"syncd.dev/restart": "off"}, "annotation `syncd.dev/restart: off`"),
        ({"reloader.stakater.com/auto": "false"}, "annotation `reloader.stakater.com/auto: false`"),
    ],
)
def test_a_workload_that_wants_no_restart(shop: Shop, annotations: dict[str, str], reason: str) -> None:
    """Its own word is named."""
    one = user(rotated(shop, **annotations))
    assert (Standing.LEFT, reason) == (one.standing, one.reason)


@pytest.mark.parametrize(
    ("mode", "reason"), [("off", "restart mode `off`"), ("annotated", "restart mode `annotated`, ")]
)
def test_restarts_that_nobody_asks_for(shop: Shop, mode: str, reason: str) -> None:
    """The mode is that of the settings where the declaration does not say; users are found all the same."""
    one = user(rotated(shop), restarts=RestartMode(mode))
    assert (Standing.LEFT, True) == (one.standing, one.reason.startswith(reason))


def test_a_workload_without_a_note(shop: Shop) -> None:
    """What it runs with nobody has noted yet."""
    synced(shop).use("web", "stripe")
    assert (Standing.UNNOTED, True) == ((one := user(shop)).standing, one.reason.startswith("has no note yet"))


def test_a_secret_that_comes_into_being(shop: Shop) -> None:
    """It restarts nobody."""
    shop.use("web", "stripe")
    assert (Standing.UNNOTED, True) == ((one := user(shop)).standing, "does not exist yet" in one.reason)
    assert (State.CHANGE, "it does not exist") == state(shop)


def test_a_workload_that_must_not_be_written(shop: Shop) -> None:
    """The reason is the target's."""
    spec = {"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": "stripe"}}]}]}
    name = ObjectName("shop", "web")
    shop.target.add_workload(WorkloadKind.DEPLOYMENT, name, spec, untouchable="holds Helm braces")
    one = user(synced(shop))
    assert (Standing.BY_HAND, "holds Helm braces") == (one.standing, one.reason)


def test_a_key_of_fingerprints_that_cannot_be_read(shop: Shop) -> None:
    """Then nobody can say what the pods run with."""
    rotated(shop).target.deny("get", "secrets", "syncd")
    assert Standing.UNKNOWN is user(shop).standing


def test_a_secret_of_somebody_else(shop: Shop) -> None:
    """It is refused, and restarts nobody."""
    shop.use("web", "stripe")
    secret = synced(shop).target.secrets[STRIPE]
    shop.target.put_secret(type(secret)(STRIPE, data=secret.data))
    shop.put("stripe", "2")
    assert State.REFUSED is state(shop)[0]
    assert (Standing.LEFT, "the Secret is not syncd's, or cannot be read") == ((one := user(shop)).standing, one.reason)


def test_a_secret_that_nobody_declares(shop: Shop) -> None:
    """Its users are shown, and that nobody asks for it."""
    shop.use("web", "other")
    one = explained(shop, ObjectName("shop", "other"))
    assert ([State.FOREIGN], [Standing.LEFT]) == ([w.state for w in one.words], [u.standing for u in one.users])


def test_states(shop: Shop) -> None:
    """Of one in step there is nothing to say; of one that cannot be read, why."""
    assert (State.IN_STEP, "") == state(synced(shop))
    shop.drop("stripe")
    assert (State.UNKNOWN, True) == ((found := state(shop))[0], "has no secret `stripe`" in found[1])


def test_users_that_cannot_be_read(shop: Shop) -> None:
    """It is not said that there are none."""
    rotated(shop).target.deny("list", "deployments")
    one = explained(shop)
    assert isinstance(one.blind, Unreadable)
    assert ((), [State.WAITING]) == (one.users, [word.state for word in one.words])


def test_only_one_workload(shop: Shop) -> None:
    """Of a workload's Secret the other users are left out."""
    shop.use("web", "stripe")
    shop.use("jobs", "stripe")
    reconciler = shop.reconciler()
    survey = reconciler.survey(Selection(("shop/stripe",)))
    only = WorkloadName(WorkloadKind.DEPLOYMENT, ObjectName("shop", "web"))
    found = Explainer(survey, {"shop": shop.target.read_workloads("shop")}).secret(STRIPE, (only,))
    assert [only] == [one.workload.name for one in found.users]


def test_keys_that_a_template_makes(shop: Shop) -> None:
    """They are told apart from those that it is made of."""
    shop.declare("stripe", **TEMPLATE)
    one = explained(shop)
    assert (("config.ini",), [("KEY",)]) == (one.made, [origin.keys for origin in one.origins])


def test_a_template_that_adds_keys(shop: Shop) -> None:
    """With mergePolicy Merge the others come through it unchanged."""
    merged = {"template": {**TEMPLATE["target"]["template"], "mergePolicy": "Merge"}}
    shop.declare("stripe", target=merged)
    assert ("config.ini",) == explained(shop).made
