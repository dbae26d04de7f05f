"""Files become declarations, with every problem in one run."""

from __future__ import annotations

import json

import pytest
import yaml

from syncd.errors import ManifestError
from syncd.manifests import Validation
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.model import ObjectName
from tests.manifests.samples import STORE, declared, external_secret, loaded, problems, said, warned

TYPO = external_secret(data=[{"secretKey": "a", "remoteRef": {"key": "b", "propety": "c"}}])
LIVE = {
    "uid": "f3c1",
    "resourceVersion": "12",
    "generation": 3,
    "creationTimestamp": "2031-01-31T18:00:00Z",
    "finalizers": ["externalsecrets.external-secrets.io/externalsecret-cleanup"],
    "managedFields": [{"manager": "helm", "fieldsV1": {"f:spec": {".": {}}}}],
    "selfLink": "/apis",
}


def lived(document: str) -> dict[str, object]:
    """The object as a cluster gives it back."""
    content: dict[str, object] = yaml.safe_load(document)
    metadata = dict(content["metadata"] if isinstance(content["metadata"], dict) else {})
    metadata |= LIVE | {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}
    conditions = [{"type": "Ready", "status": "True", "reason": "SecretSynced", "lastTransitionTime": None}]
    return {**content, "metadata": metadata, "status": {"conditions": conditions, "refreshTime": None}}


def test_the_whole_message() -> None:
    """File, line, object, path, what, and what was probably meant."""
    (problem,) = problems(STORE, TYPO)
    assert "shop.yaml:19: ExternalSecret shop/stripe: spec.data[0].remoteRef.propety: unknown field" == str(problem)
    assert "did you mean `property`?" == problem.hint


def test_every_problem_of_every_file() -> None:
    """Nothing stops at the first; the order is that of files and lines."""
    texts = [Text("b.yaml", STORE + "---\na: [\n---\n" + TYPO), Text("a.yaml", TYPO.replace("stripe", "x"))]
    with pytest.raises(ManifestError) as caught:
        load(texts).complete()
    assert ["b.yaml:8", "b.yaml:21", "a.yaml:13"] == [problem.where for problem in caught.value.problems]


def test_what_could_be_loaded_is_there() -> None:
    """Beside its problems, a file gives the declarations that have none."""
    outcome = loaded(STORE, TYPO, external_secret("fine"))
    assert ["fine"] == [one.metadata.name for one in outcome.declarations.external_secrets]


@pytest.mark.parametrize("wrap", ["List", "ExternalSecretList"])
def test_lists(wrap: str) -> None:
    """`kubectl get -o yaml` gives lists; an item has its own line and path."""
    version = "v1" if wrap == "List" else "external-secrets.io/v1"
    items = [yaml.safe_load(external_secret("a")), yaml.safe_load(TYPO)]
    text = yaml.safe_dump({"apiVersion": version, "kind": wrap, "items": items, "metadata": {"resourceVersion": ""}})
    outcome = loaded(STORE, text)
    (one,) = outcome.declarations.external_secrets
    assert ("shop.yaml:9", ["spec.data[0].remoteRef.propety"]) == (
        one.source.location,
        [problem.path for problem in outcome.problems],
    )


def test_items_of_a_list_may_leave_their_kind_out() -> None:
    """As a raw answer of the API server does."""
    item = {key: value for key, value in yaml.safe_load(external_secret()).items() if key not in ("apiVersion", "kind")}
    text = json.dumps({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecretList", "items": [item]})
    assert ["stripe"] == [one.metadata.name for one in declared(STORE, text).external_secrets]


def test_live_objects() -> None:
    """What a cluster adds to an object is no unknown field."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [lived(STORE), lived(external_secret())]}, indent=2)
    one = declared(text)
    assert (1, 1) == (len(one.external_secrets), len(one.stores))


def test_the_default_namespace() -> None:
    """Objects that name none get the given one, as with kubectl's `-n`."""
    text = f"{STORE}---\n{external_secret()}".replace("namespace: shop", "").replace("vault, }", "vault}")
    declarations = load([Text("a.yaml", text)], namespace="team-a").complete()
    assert [ObjectName("team-a", "stripe")] == [one.object_name for one in declarations.external_secrets]
    assert ["SecretStore/team-a/vault"] == [str(key) for key in declarations.stores]
    assert "team-a" == declarations.namespace


def test_anchors_between_fields() -> None:
    """An anchor in one place serves in another."""
    text = (
        external_secret()
        .replace("    key: shop/stripe", "    key: &key shop/stripe")
        .replace("spec:\n", "spec:\n  target: {template: {data: {source: *key}}}\n")
    )
    text = text.replace("source: *key", "source: x") + "  dataFrom:\n  - extract: {key: *key}\n"
    (one,) = declared(STORE, text).external_secrets
    assert one.spec.data_from[0].extract
    assert "shop/stripe" == one.spec.data_from[0].extract.key


def test_others_are_kept_aside() -> None:
    """Objects that are not for syncd are listed, and not looked into."""
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {anything: 1}\n"
    (other,) = declared(STORE, text).others
    assert ("apps/v1", "Deployment", ObjectName("shop", "web"), "shop.yaml:7") == (
        other.api_version,
        other.kind,
        other.name,
        other.location,
    )


def test_a_generator_of_a_cloud_is_kept_aside() -> None:
    """Only what refers to it cannot work."""
    text = "apiVersion: generators.external-secrets.io/v1alpha1\nkind: ECRAuthorizationToken\nmetadata: {name: a}\n"
    assert ["ECRAuthorizationToken"] == [other.kind for other in declared(text).others]


def test_the_kinds_of_another_project() -> None:
    """A kind that sounds like ours in a strange group is kept aside with a warning."""
    text = external_secret().replace("external-secrets.io/v1", "kubernetes-client.io/v1")
    (warning,) = loaded(text).declarations.warnings
    assert "`kubernetes-client.io` is the group of kubernetes-external-secrets" in warning.message
    assert "kes-to-eso" in warning.hint
    strange = external_secret().replace("external-secrets.io/v1", "example.com/v1")
    assert ["apiVersion: `ExternalSecret` of the group `example.com` is not syncd's, and kept aside"] == warned(strange)


def test_a_version_that_is_gone() -> None:
    """The hint says what was different."""
    (problem,) = problems(external_secret(version="v1alpha1"))
    assert ("apiVersion", True) == (problem.path, "`external-secrets.io/v1`" in problem.hint)


def test_a_misspelt_api_version() -> None:
    """The field's own name may be what is wrong."""
    (problem,) = problems(external_secret().replace("apiVersion", "apiversion"))
    assert "`apiversion` is written `apiVersion`" == problem.hint


def test_a_misspelt_group() -> None:
    """A group that is nearly ours is an error."""
    (problem,) = problems(external_secret().replace("external-secrets.io", "externalsecrets.io"))
    assert ("apiVersion", "did you mean `external-secrets.io`?") == (problem.path, problem.hint)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: ExternalSecret", "kind: ExternalSecert", "kind: `external-secrets.io` has no such kind"),
        ("io/v1", "io/v1alpha1", "apiVersion: must be `external-secrets.io/v1` or `external-secrets.io/v1beta1`"),
        ("apiVersion: external-secrets.io/v1", "", ": not a Kubernetes object: `apiVersion` must be there and be text"),
        ("kind: ExternalSecret", "kind: 3", ": not a Kubernetes object: `kind` must be there and be text"),
        ("metadata:", "metadat:", "metadata: required"),
        ("spec:", "spce:", "spec: required"),
    ],
)
def test_wrong_heads(old: str, new: str, expected: str) -> None:
    """An object that was meant for us is never passed over."""
    messages = said(external_secret().replace(old, new, 1))
    assert expected in messages


@pytest.mark.parametrize("text", ["replicas: 3\n", "- a\n- b\n", "just text\n", "apiVersion: v2\nname: chart\n"])
def test_what_is_no_object(text: str) -> None:
    """A folder may hold other YAML, which is passed over; a file that was named must hold objects."""
    assert () == load([Text("values.yaml", text, named=False)]).problems
    (problem,) = load([Text("values.yaml", text)]).problems
    assert problem.message.startswith("not a Kubernetes object")


def test_a_kustomization_by_name() -> None:
    """Its hint says how to render it."""
    (problem,) = load([Text("base/kustomization.yaml", "resources: [a.yaml]\n")]).problems
    assert "for a kustomization: `kubectl kustomize DIR | syncd … -f -`" == problem.hint


@pytest.mark.parametrize("text", ["", "# only this\n", "---\n---\n"])
def test_an_empty_file(text: str) -> None:
    """A named file without any object is a mistake, one of a folder is not."""
    assert ["holds no objects"] == [problem.message for problem in load([Text("a.yaml", text)]).problems]
    assert () == load([Text("a.yaml", text, named=False)]).problems


def test_an_unrendered_helm_template() -> None:
    """A template that is YAML by chance is recognised by its names."""
    (problem,) = problems(STORE, external_secret("{{ .Release.Name }}-keys"))
    assert ("metadata.name", True) == (problem.path, "helm template" in problem.hint)


def test_strict() -> None:
    """Unknown fields and repeated keys are errors."""
    text = external_secret().replace("spec:\n", "spec:\n  extra: 1\n  extra: 2\n")
    assert ["spec.extra: unknown field", "spec.extra: the key occurs twice"] == said(STORE, text)


def test_warn() -> None:
    """They are warnings with `warn`, and pruned."""
    text = external_secret().replace("spec:\n", "spec:\n  extra: 1\n  extra: 2\n")
    outcome = loaded(STORE, text, validation=Validation.WARN)
    assert ((), 2, 1) == (
        outcome.problems,
        len(outcome.declarations.warnings),
        len(outcome.declarations.external_secrets),
    )


def test_ignore() -> None:
    """Nothing is said of them with `ignore`."""
    outcome = loaded(STORE, TYPO, validation=Validation.IGNORE)
    (one,) = outcome.complete().external_secrets
    assert ((), "") == (outcome.declarations.warnings, one.spec.data[0].remote_ref.property)


def test_pruning_reaches_stores() -> None:
    """The config that plugins get has no unknown field of ours."""
    outcome = loaded(STORE.replace("server:", "sever: x, server:"), validation=Validation.IGNORE)
    (one,) = outcome.complete().stores.values()
    assert {"server": "https://vault.example"} == one.provider_config


@pytest.mark.parametrize("validation", Validation)
def test_a_wrong_type_is_always_an_error(validation: Validation) -> None:
    """`--validate` is about unknown fields only."""
    assert ["spec.refreshPolicy: must be one of `Periodic`, `OnChange`, `CreatedOnce`, not a number"] == said(
        STORE, external_secret(refreshPolicy=3), validation=validation
    )


def test_repeated_keys_of_others() -> None:
    """In an object that is kept aside they are only worth a warning."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {a: 1, a: 2}\n"
    assert ["spec.a: the key occurs twice"] == warned(text)
    assert [] == said(text)


def test_repeated_keys_in_a_list() -> None:
    """They belong to their item."""
    text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  kind: Service\n"
    (warning,) = loaded(text).declarations.warnings
    assert ("shop.yaml:6", "kind") == (warning.where, warning.path)
