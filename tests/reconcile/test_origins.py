"""Where keys come from, entry by entry, by what the stores have answered."""

from __future__ import annotations

from typing import Any

import yaml

from syncd.errors import Failure
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.reconcile.options import Options, Selection
from syncd.reconcile.origins import Origin, origins
from syncd.reconcile.reconciler import Reconciler
from tests.servers.fake_target import FakeTarget

API = {"apiVersion": "external-secrets.io/v1"}
STORE = "SecretStore/shop/keys"
HELD = [
    {"key": "db", "value": '{"user":"ann","password":"canary-9"}', "version": "v1"},
    {"key": "db", "value": '{"user":"bob","password":"canary-9"}', "version": "v2"},
    {"key": "api", "value": "canary-9"},
    {"key": "app/one", "value": '{"a":1}'},
    {"key": "app/two", "value": '{"b":2}'},
]


def traced(**spec: Any) -> tuple[Origin, ...]:
    """The origins of a declaration with this spec, read from a `fake` store."""
    store = {"metadata": {"name": "keys"}, "spec": {"provider": {"fake": {"data": HELD}}}}
    one = {"metadata": {"name": "app"}, "spec": {"secretStoreRef": {"name": "keys"}, **spec}}
    documents = [{**API, "kind": "SecretStore", **store}, {**API, "kind": "ExternalSecret", **one}]
    generator = {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password"}
    documents.append({**generator, "metadata": {"name": "new"}, "spec": {"length": 12, "allowRepeat": True}})
    declarations = load([Text("a.yaml", yaml.safe_dump_all(documents))], namespace="shop").complete()
    reconciler = Reconciler(lambda: declarations, FakeTarget(), Options())
    survey = reconciler.survey(Selection(("shop/app",)))
    reconciler.close()
    return origins(declarations.external_secrets[0], survey.gathering(declarations.external_secrets[0]), survey.answers)


def entry(name: str, key: str, **more: str) -> dict[str, Any]:
    return {"secretKey": name, "remoteRef": {"key": key, **more}}


def test_one_key() -> None:
    """An entry of `data`: its key, the remote one, and the property."""
    [one] = traced(data=[entry("PASSWORD", "db", version="v2", property="password")])
    assert Origin("spec.data[0]", STORE, "db", "password", "v2", ("PASSWORD",)) == one


def test_all_properties_of_a_secret() -> None:
    """`extract` makes a key of each."""
    [one] = traced(dataFrom=[{"extract": {"key": "db", "version": "v1"}}])
    assert (("password", "user"), "v1") == (tuple(sorted(one.keys)), one.version)


def test_each_secret_that_is_found() -> None:
    """`find` makes one key of each secret that matches, and it is told which."""
    found = traced(dataFrom=[{"find": {"name": {"regexp": "^app/"}}}])
    assert [("app/one", ("app_one",)), ("app/two", ("app_two",))] == [(one.remote, one.keys) for one in found]


def test_each_secret_that_is_found_and_renamed() -> None:
    """Also when `rewrite` names the keys."""
    rewrite = [{"regexp": {"source": "app_(.*)", "target": "APP_$1"}}]
    found = traced(dataFrom=[{"find": {"name": {"regexp": "^app/"}}, "rewrite": rewrite}])
    assert [("app/one", ("APP_one",)), ("app/two", ("APP_two",))] == [(one.remote, one.keys) for one in found]


def test_what_is_merged_is_told_as_one() -> None:
    """Where a rewrite makes a key of many, the entry stands for all."""
    rewrite = [{"merge": {"into": "all", "strategy": "JSON"}}]
    [one] = traced(dataFrom=[{"find": {"name": {"regexp": "^app/"}}, "rewrite": rewrite}])
    assert ("named `^app/`", ("app_one", "app_two", "all")) == (one.remote, one.keys)


def test_a_find_without_a_match() -> None:
    """It says what was looked for."""
    [one] = traced(dataFrom=[{"find": {"path": "a", "name": {"regexp": "zzz"}, "tags": {"t": "1"}}}])
    assert ("below `a` named `zzz` tagged `t=1`", ()) == (one.remote, one.keys)


def test_generated_values() -> None:
    """They come from a generator, and no store."""
    reference = {"kind": "Password", "name": "new", "apiVersion": "generators.external-secrets.io/v1alpha1"}
    [one] = traced(dataFrom=[{"sourceRef": {"generatorRef": reference}}])
    assert ("Password", "new", ("password",)) == (one.store, one.remote, one.keys)


def test_later_entries_win() -> None:
    """A key belongs to the last entry that makes it; an entry that makes nothing else is left out."""
    found = traced(
        dataFrom=[{"extract": {"key": "db", "version": "v1"}}], data=[entry("user", "api"), entry("x", "api")]
    )
    assert [("spec.dataFrom[0]", ("password",)), ("spec.data[0]", ("user",)), ("spec.data[1]", ("x",))] == [
        (one.path, one.keys) for one in found
    ]
    assert ["spec.data[0]"] == [
        one.path for one in traced(data=[entry("a", "api")], dataFrom=[{"extract": {"key": "a"}}])
    ][1:]


def test_every_entry_is_looked_at() -> None:
    """One that fails does not hide the others, and says why."""
    first, second = traced(data=[entry("a", "none"), entry("b", "api")])
    assert (Failure.MISCONFIGURED, f"{STORE} has no secret `none`") == (first.failure, first.trouble)
    assert ("b",) == second.keys


def test_what_may_be_absent() -> None:
    """With a deletion policy it is no failure."""
    [one] = traced(data=[entry("a", "none")], target={"deletionPolicy": "Delete"})
    assert (None, "the store has no such secret", ()) == (one.failure, one.trouble, one.keys)


def test_values_are_in_none_of_it() -> None:
    """Not even in what fails."""
    broken = {"secretKey": "c", "remoteRef": {"key": "api", "property": "x"}}
    found = traced(dataFrom=[{"extract": {"key": "api"}}], data=[entry("a", "db", version="v1"), broken])
    assert "canary" not in repr(found)
