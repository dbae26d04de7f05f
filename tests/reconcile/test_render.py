"""From a declaration and the stores' answers to the Secret that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.errors import Failure
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey, StoreKind
from syncd.model import Desired, Missing, ObjectName, RestartMode, SecretValue, TemplatePlace, Unknown, Unreadable
from syncd.providers.api import Absent, Dialect, Failed, FindQuery, Found, Matched, Outcome, RemoteKey
from syncd.reconcile.answers import Answers, Document, OpenStore, StoreAnswers
from syncd.reconcile.render import Context, render

STORE = StoreKey(StoreKind.SECRET_STORE, ObjectName("shop", "vault"))
DOWN = Failed(Failure.UNAVAILABLE, "sealed", retry_after=5)
V1 = '{"foo1":"foo1-val","bar1":"bar1-val"}'
CONTEXT = Context()


def declared(spec: Mapping[str, Any], **metadata: Any) -> ExternalSecret:
    return ExternalSecret.model_validate(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "stripe", "namespace": "shop", **metadata},
            "spec": {"secretStoreRef": {"name": "vault"}, **spec},
        }
    )


def answered(
    keys: Mapping[str, Outcome | str] | None = None,
    found: Mapping[str, Outcome | str] | Failed | None = None,
    documents: Mapping[str, Mapping[str, str]] | None = None,
    *,
    dialect: Dialect = Dialect.FAKE,
) -> Answers:
    """The answers of one store, whatever is asked for by key; `found` answers a search for everything."""

    def outcome(value: Outcome | str) -> Outcome:
        return Found(SecretValue(value)) if isinstance(value, str) else value

    answers: dict[Any, Any] = {RemoteKey(key): outcome(value) for key, value in (keys or {}).items()}
    if found is not None:
        matched = found if isinstance(found, Failed) else Matched({k: outcome(v) for k, v in found.items()})
        answers[FindQuery(name=".*")] = matched
    maps = {
        Document("ConfigMap", ObjectName("shop", name)): {k: SecretValue(v) for k, v in data.items()}
        for name, data in (documents or {}).items()
    }
    return Answers({OpenStore(STORE): StoreAnswers(dialect, answers)}, maps)


def data_of(made: Desired | Unknown) -> dict[str, str]:
    assert isinstance(made, Desired), made.reason
    assert made.data is not None
    return {key: value.reveal().decode() for key, value in made.data.items()}


def one(key: str, **reference: str) -> dict[str, Any]:
    return {"data": [{"secretKey": "KEY", "remoteRef": {"key": key, **reference}}]}


def test_a_key_is_the_whole_secret_without_a_property() -> None:
    """The text as the store holds it."""
    assert {"KEY": "bar"} == data_of(render(declared(one("a")), answered({"a": "bar"}), CONTEXT))


def test_a_property_is_looked_up() -> None:
    """A plain name of a JSON object."""
    assert {"KEY": "foo1-val"} == data_of(render(declared(one("a", property="foo1")), answered({"a": V1}), CONTEXT))


def test_an_annotation_of_gcp_is_looked_up_by_its_whole_name() -> None:
    """Metadata are not read as values are: dots and slashes belong to the name."""
    metadata = '{"annotations":{"example.com/owner":"ann"},"labels":null}'
    answers = {
        OpenStore(STORE): StoreAnswers(Dialect.GCP_SM, {RemoteKey("a", metadata=True): Found(SecretValue(metadata))})
    }
    reference = one("a", property="annotations.example.com/owner", metadataPolicy="Fetch")
    assert {"KEY": "ann"} == data_of(render(declared(reference), Answers(answers, {}), CONTEXT))


def test_data_wins_over_data_from() -> None:
    """As in the reference, whatever the order in the manifest."""
    spec = {**one("b"), "dataFrom": [{"extract": {"key": "a"}}]}
    made = render(declared(spec), answered({"a": '{"KEY":"x","other":"y"}', "b": "z"}), CONTEXT)
    assert {"KEY": "z", "other": "y"} == data_of(made)


def test_a_rewrite_replaces_the_conversion_of_keys() -> None:
    """Go's replacement: the empty match at the end adds nothing."""
    rewrite = [{"regexp": {"source": "(.*)", "target": "my_$1"}}]
    made = render(declared({"dataFrom": [{"extract": {"key": "a"}, "rewrite": rewrite}]}), answered({"a": V1}), CONTEXT)
    assert {"my_foo1": "foo1-val", "my_bar1": "bar1-val"} == data_of(made)


def test_found_names_are_converted() -> None:
    """`/` cannot stand in a key."""
    spec = {"dataFrom": [{"find": {"name": {"regexp": ".*"}}}]}
    assert {"path_1": "x"} == data_of(render(declared(spec), answered(found={"path/1": "x"}), CONTEXT))


def test_decoding_is_applied() -> None:
    """The strategy of the entry."""
    made = render(declared(one("a", decodingStrategy="Base64")), answered({"a": "YmFy"}), CONTEXT)
    assert {"KEY": "bar"} == data_of(made)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(DOWN, Failure.UNAVAILABLE), (Failed(Failure.DENIED, "no"), Failure.DENIED), (Absent(), Failure.MISCONFIGURED)],
)
def test_a_store_that_does_not_give_the_key_makes_it_unknown(answer: Outcome, failure: Failure) -> None:
    """With deletionPolicy Retain an absent key is a mistake too, never an empty Secret."""
    made = render(declared(one("a")), answered({"a": answer}), CONTEXT)
    assert isinstance(made, Unknown)
    assert (failure, True) == (made.failure, made.reason.startswith("spec.data[0]: SecretStore/shop/vault"))


def test_a_failed_search_is_unknown() -> None:
    """A search that could not be made is not a search without hits."""
    made = render(declared({"dataFrom": [{"find": {"name": {"regexp": ".*"}}}]}), answered(found=DOWN), CONTEXT)
    assert isinstance(made, Unknown)
    assert 5 == made.retry_after


def test_one_unreadable_hit_makes_a_search_unknown() -> None:
    """Its key must not vanish from the Secret."""
    spec = {"dataFrom": [{"find": {"name": {"regexp": ".*"}}}]}
    assert isinstance(render(declared(spec), answered(found={"a": "x", "b": DOWN}), CONTEXT), Unknown)


def test_absent_keys_are_left_out_when_the_policy_deletes() -> None:
    """deletionPolicy Delete: what is certainly gone goes from the Secret."""
    spec = {
        "target": {"deletionPolicy": "Delete"},
        "data": [{"secretKey": k, "remoteRef": {"key": k}} for k in ("a", "b")],
    }
    assert {"a": "x"} == data_of(render(declared(spec), answered({"a": "x", "b": Absent()}), CONTEXT))


@pytest.mark.parametrize("extract", [{"key": "gone"}, {"key": "here", "property": "absent"}])
def test_an_absent_extract_is_passed_over_with_all_of_its_rewrites(extract: dict[str, str]) -> None:
    """A merge of nothing would make a key, or miss one that it names; a fake store lacks properties in this way too."""
    rewrites = [{"merge": {"strategy": "JSON", "into": "all", "priority": ["one"]}}]
    spec = {"target": {"deletionPolicy": "Delete"}, **one("a"), "dataFrom": [{"extract": extract, "rewrite": rewrites}]}
    assert {"KEY": "x"} == data_of(render(declared(spec), answered({"a": "x", "gone": Absent(), "here": V1}), CONTEXT))


def test_only_a_fake_store_passes_over_an_absent_property() -> None:
    """The secret is there, and what it lacks is an error of whoever asks for it."""
    spec = {"target": {"deletionPolicy": "Delete"}, "dataFrom": [{"extract": {"key": "a", "property": "absent"}}]}
    assert isinstance(render(declared(spec), answered({"a": V1}, dialect=Dialect.VAULT), CONTEXT), Unknown)


@pytest.mark.parametrize(("policy", "data"), [("Delete", None), ("Merge", {})])
def test_nothing_at_all_is_none_or_no_keys(policy: str, data: dict[str, str] | None) -> None:
    """None lets the deletion policy decide; Merge keeps the Secret without our keys."""
    spec = {**one("a"), "target": {"deletionPolicy": policy}}
    made = render(declared(spec), answered({"a": Absent()}), CONTEXT)
    assert isinstance(made, Desired)
    assert data == made.data


def test_a_search_without_hits_is_none_although_a_template_has_literals() -> None:
    """A template alone makes no Secret."""
    template = {"data": {"literal": "x"}}
    spec = {"dataFrom": [{"find": {"name": {"regexp": ".*"}}}], "target": {"template": template}}
    made = render(declared(spec), answered(found={}), CONTEXT)
    assert isinstance(made, Desired)
    assert made.data is None


def test_a_template_replaces_the_data() -> None:
    """Only the template's keys are in the Secret."""
    template = {"data": {"url": "postgres://{{ .KEY }}@db"}}
    spec = {**one("a"), "target": {"template": template}}
    assert {"url": "postgres://bar@db"} == data_of(render(declared(spec), answered({"a": "bar"}), CONTEXT))


def test_a_template_merges_when_it_says_so() -> None:
    """mergePolicy Merge keeps the keys of the stores."""
    template = {"mergePolicy": "Merge", "data": {"url": "x"}}
    spec = {**one("a"), "target": {"template": template}}
    assert {"KEY": "bar", "url": "x"} == data_of(render(declared(spec), answered({"a": "bar"}), CONTEXT))


def test_a_template_without_data_passes_every_key_through() -> None:
    """It brings metadata only."""
    template = {"metadata": {"labels": {"team": "{{ .KEY }}"}}}
    made = render(declared({**one("a"), "target": {"template": template}}), answered({"a": "bar"}), CONTEXT)
    assert isinstance(made, Desired)
    assert ({"KEY": "bar"}, {"team": "bar"}) == (data_of(made), made.metadata.labels)


def test_creation_policy_none_does_not_look_at_the_template() -> None:
    """As in the reference: the values are fetched, and that is all."""
    template = {"type": "kubernetes.io/tls", "data": {"x": "{{ .absent }}"}}
    spec = {**one("a"), "target": {"creationPolicy": "None", "template": template}}
    assert isinstance(render(declared(spec), answered({"a": "x"}), CONTEXT), Desired)


def test_template_data_wins_over_template_from() -> None:
    """And of several `templateFrom` the later wins."""
    sources = [{"literal": "a: first\nb: first"}, {"literal": "b: second"}]
    template = {"templateFrom": sources, "data": {"a": "last"}}
    spec = {**one("a"), "target": {"template": template}}
    assert {"a": "last", "b": "second"} == data_of(render(declared(spec), answered({"a": "bar"}), CONTEXT))


def test_templates_come_from_configmaps() -> None:
    """`Values` makes a key of the item, `KeysAndValues` reads keys out of it."""
    items = [{"key": "config.json"}, {"key": "pairs", "templateAs": "KeysAndValues"}]
    template = {"templateFrom": [{"configMap": {"name": "cm", "items": items}}]}
    answers = answered({"a": "bar"}, documents={"cm": {"config.json": "<{{ .KEY }}>", "pairs": "x-{{ .KEY }}: v"}})
    made = render(declared({**one("a"), "target": {"template": template}}), answers, CONTEXT)
    assert {"config.json": "<bar>", "x-bar": "v"} == data_of(made)


def test_a_missing_configmap_is_unknown() -> None:
    """The Secret is left as it is."""
    template = {"templateFrom": [{"configMap": {"name": "cm", "items": [{"key": "x"}]}}]}
    answers = Answers(answered({"a": "bar"}).stores, {Document("ConfigMap", ObjectName("shop", "cm")): Missing()})
    made = render(declared({**one("a"), "target": {"template": template}}), answers, CONTEXT)
    assert isinstance(made, Unknown)
    assert "spec.target.template.templateFrom[0]: ConfigMap shop/cm does not exist" == made.reason


def test_an_unreadable_configmap_says_why() -> None:
    """What passes by itself is not called a missing right."""
    template = {"templateFrom": [{"configMap": {"name": "cm", "items": [{"key": "x"}]}}]}
    late = {Document("ConfigMap", ObjectName("shop", "cm")): Unreadable("no answer", failure=Failure.TIMEOUT)}
    declaration = declared({**one("a"), "target": {"template": template}})
    made = render(declaration, replace(answered({"a": "x"}), documents=late), CONTEXT)
    assert Failure.TIMEOUT is getattr(made, "failure", None)


def test_a_broken_template_names_its_place_and_no_value(canary: Any) -> None:
    """Where it is in the manifest, and what is wrong."""
    value = canary("template")
    template = {"data": {"url": "{{ .KEY | nope }}"}}
    made = render(declared({**one("a"), "target": {"template": template}}), answered({"a": value}), CONTEXT)
    assert isinstance(made, Unknown)
    assert (True, False) == (made.reason.startswith("spec.target.template.data[url]"), value in made.reason)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {**one("a"), "target": {"template": {"data": {"a.b": "x\n{{ .nope }}"}}}},
            TemplatePlace(("spec", "target", "template", "data", "a.b"), "a.b", 2, 4),
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{"transform": {"template": "{{ fail .value }}"}}]}]},
            TemplatePlace(("spec", "dataFrom", 0, "rewrite", 0), "transform", 1, 4),
        ),
        ({**one("a"), "target": {"template": {"templateFrom": [{"literal": "no mapping"}]}}}, None),
        ({**one("gone")}, None),
    ],
)
def test_the_place_of_an_error_in_a_template_is_a_value(spec: dict[str, Any], expected: TemplatePlace | None) -> None:
    """What is wrong with a result, or with a store, stands at no line of a template."""
    made = render(declared(spec), answered({"a": V1}), CONTEXT)
    assert expected == getattr(made, "place", "no place")


def test_the_templates_of_a_declaration_are_bounded_together() -> None:
    """Many that each keep to their own limit must not hold up a pass for minutes."""
    spec = {**one("a"), "target": {"template": {"data": {f"k{n}": "{{ range 150000 }}{{ end }}" for n in range(99)}}}}
    made = render(declared(spec), answered({"a": "x"}), CONTEXT)
    assert isinstance(made, Unknown)
    assert "too many steps" in made.reason


def test_labels_of_the_declaration_are_copied_but_not_those_by_which_tools_know_their_own() -> None:
    """An Argo CD tracking id on the Secret would make Argo CD prune it."""
    foreign = ("argocd.argoproj.io/instance", "kustomize.toolkit.fluxcd.io/name", "helm.sh/chart", "syncd.dev/x")
    labels = {"team": "pay", **dict.fromkeys(foreign, "x")}
    notes = {"note": "kept", "kubectl.kubernetes.io/last-applied-configuration": "{}", "meta.helm.sh/release-name": "x"}
    made = render(declared(one("a"), labels=labels, annotations=notes), answered({"a": "bar"}), CONTEXT)
    assert isinstance(made, Desired)
    assert ({"team": "pay"}, {"note": "kept"}) == (made.metadata.labels, made.metadata.annotations)


def test_a_template_stops_the_copying() -> None:
    """Even an empty one."""
    made = render(
        declared({**one("a"), "target": {"template": {}}}, labels={"team": "pay"}), answered({"a": "bar"}), CONTEXT
    )
    assert isinstance(made, Desired)
    assert {} == made.metadata.labels


@pytest.mark.parametrize("key", ["é", "a/b"])
def test_a_key_that_the_api_server_refuses_is_named(key: str) -> None:
    """Before anything is written."""
    spec = {"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{"regexp": {"source": "x", "target": key}}]}]}
    made = render(declared(spec), answered({"a": '{"x":"1"}'}), CONTEXT)
    assert isinstance(made, Unknown)
    assert key in made.reason


def test_too_much_data_is_refused() -> None:
    """Before the API server does."""
    made = render(declared(one("a")), answered({"a": "x" * (1024 * 1024 + 1)}), CONTEXT)
    assert isinstance(made, Unknown)
    assert "1048577 bytes" in made.reason


def test_a_default_for_restarts_holds_where_the_declaration_says_nothing() -> None:
    """The annotation wins."""
    off = Context(restarts=RestartMode.OFF)
    silent = render(declared(one("a")), answered({"a": "x"}), off)
    loud = render(declared(one("a"), annotations={"syncd.dev/restart": "auto"}), answered({"a": "x"}), off)
    assert (RestartMode.OFF, RestartMode.AUTO) == (silent.policy.restart, loud.policy.restart)


@pytest.mark.parametrize(
    ("value", "paused"),
    [("true", True), ("2026-01-01T13:00:00Z", True), ("2026-01-01T11:00:00Z", False), ("false", False)],
)
def test_a_pause_ends_by_itself(value: str, paused: bool) -> None:
    """`true`, or until a time."""
    noon = Context(now=datetime(2026, 1, 1, 12, tzinfo=UTC))
    made = render(declared(one("a"), annotations={"syncd.dev/pause": value}), answered({"a": "x"}), noon)
    assert isinstance(made, Desired)
    assert paused is bool(made.paused)


def test_the_owner_names_installation_source_and_declaration() -> None:
    """So that two installations never take each other's Secrets."""
    made = render(declared(one("a")), answered({"a": "x"}), Context(installation="eu"))
    assert "eu/files/shop/stripe" == made.owner


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (Dialect.FAKE, "found_a_b"),
        (Dialect.GCP_SM, "found_a_b"),
        (Dialect.KUBERNETES, "found_a_b"),
        (Dialect.VAULT, "found_b"),
        (Dialect.AWS_SM, "found_b"),
    ],
)
def test_some_stores_convert_names_before_they_are_rewritten(dialect: Dialect, expected: str) -> None:
    """Those whose provider in the reference does it: what cuts off a path finds none there."""
    source = {
        "find": {"name": {"regexp": ".*"}},
        "rewrite": [{"regexp": {"source": "^.*/", "target": ""}}, {"regexp": {"source": "^", "target": "found_"}}],
    }
    found = answered(found={"a/b": '{"x":"1"}'}, dialect=dialect)
    assert [expected] == [*data_of(render(declared({"dataFrom": [source]}), found, CONTEXT))]
