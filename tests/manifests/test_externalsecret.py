"""An ExternalSecret's fields, as the other rooms read them."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import RefreshPolicy, TemplateAs, TemplateTarget, Validation
from syncd.manifests.data import MergeStrategy, RewriteMerge, RewriteRegexp, RewriteTransform
from syncd.model import CreationPolicy, DeletionPolicy, ObjectName, RestartMode, Source, SourceKind
from tests.manifests.samples import STORE, annotated, declaration, declared, entry, external_secret, said

EVERYTHING: dict[str, Any] = {
    "refreshPolicy": "Periodic",
    "refreshInterval": "15m",
    "target": {
        "name": "stripe-keys",
        "creationPolicy": "Orphan",
        "deletionPolicy": "Merge",
        "immutable": True,
        "template": {
            "engineVersion": "v2",
            "type": "kubernetes.io/tls",
            "mergePolicy": "Merge",
            "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["example.com/keep"]},
            "data": {"url": "https://{{ .token }}"},
            "templateFrom": [
                {"configMap": {"name": "tpl", "items": [{"key": "a", "templateAs": "KeysAndValues"}]}},
                {"secret": {"name": "tpl", "items": [{"key": "a"}]}, "target": "annotations"},
                {"literal": "x", "target": "Labels", "valuesDecodingStrategy": "Base64"},
            ],
        },
    },
    "data": [
        entry(
            property="a.b",
            version="3",
            metadataPolicy="Fetch",
            conversionStrategy="Unicode",
            decodingStrategy="Base64URL",
            nullBytePolicy="Fail",
        )
    ],
    "dataFrom": [
        {"extract": {"key": "shop/all", "decodingStrategy": "Auto"}},
        {"find": {"path": "shop", "name": {"regexp": "^a"}, "tags": {"x": "z"}, "conversionStrategy": "Unicode"}},
        {
            "extract": {"key": "shop/all"},
            "sourceRef": {"storeRef": {"name": "vault"}},
            "rewrite": [
                {"regexp": {"source": "(.*)", "target": "x_$1"}},
                {"transform": {"template": "{{ .value | upper }}"}},
                {"merge": {"into": "all", "strategy": "JSON", "priority": ["a"], "priorityPolicy": "IgnoreNotFound"}},
            ],
        },
    ],
}


def test_defaults() -> None:
    """What a manifest leaves out is as in the reference."""
    one = declaration()
    spec = one.spec
    assert ("Periodic", 3600.0) == (spec.refresh_policy, spec.refresh_interval.seconds)
    assert (CreationPolicy.OWNER, DeletionPolicy.RETAIN) == (spec.target.creation_policy, spec.target.deletion_policy)
    assert (False, None) == (spec.target.immutable, spec.target.template)
    remote = spec.data[0].remote_ref
    assert ("", "", "None", "Default", "None", "Ignore") == (
        remote.property,
        remote.version,
        remote.metadata_policy,
        remote.conversion_strategy,
        remote.decoding_strategy,
        remote.null_byte_policy,
    )


def test_names() -> None:
    """The Secret is called as the declaration, or as it says."""
    assert ObjectName("shop", "stripe") == declaration().object_name
    assert ObjectName("shop", "stripe") == declaration().target_name
    assert ObjectName("shop", "keys") == declaration(target={"name": "keys"}).target_name


def test_source() -> None:
    """A declaration knows its file and line."""
    (one,) = declared(STORE, external_secret()).external_secrets
    assert Source(SourceKind.FILES, "shop.yaml:7") == one.source


def test_every_field() -> None:
    """All fields that are supported load, with the values that the manifest gives."""
    spec = declaration(**EVERYTHING).spec
    assert (RefreshPolicy.PERIODIC, 900.0) == (spec.refresh_policy, spec.refresh_interval.seconds)
    assert ("stripe-keys", "Orphan", "Merge", True) == (
        spec.target.name,
        spec.target.creation_policy,
        spec.target.deletion_policy,
        spec.target.immutable,
    )
    remote = spec.data[0].remote_ref
    assert ("a.b", "3", "Fetch", "Unicode", "Base64URL", "Fail") == (
        remote.property,
        remote.version,
        remote.metadata_policy,
        remote.conversion_strategy,
        remote.decoding_strategy,
        remote.null_byte_policy,
    )


def test_template() -> None:
    """The template's parts are typed; a target's case does not matter."""
    template = declaration(**EVERYTHING).spec.target.template
    assert template
    assert ("v2", "kubernetes.io/tls", "Merge") == (template.engine_version, template.type, template.merge_policy)
    assert ("example.com/keep",) == template.metadata.finalizers
    config_map, secret, literal = template.template_from
    assert config_map.config_map
    assert TemplateAs.KEYS_AND_VALUES is config_map.config_map.items[0].template_as
    assert secret.secret
    assert (TemplateAs.VALUES, TemplateTarget.ANNOTATIONS) == (secret.secret.items[0].template_as, secret.target)
    assert ("x", "Labels", "Base64") == (literal.literal, literal.target, literal.values_decoding_strategy)


def test_data_from() -> None:
    """Entries keep their order, and each is one of its kinds."""
    extract, find, rewritten = declaration(**EVERYTHING).spec.data_from
    assert extract.extract
    assert ("shop/all", "Auto") == (extract.extract.key, extract.extract.decoding_strategy)
    assert find.find
    assert find.find.name
    assert ("shop", "^a", {"x": "z"}, "Unicode") == (
        find.find.path,
        find.find.name.regexp,
        find.find.tags,
        find.find.conversion_strategy,
    )
    assert rewritten.source_ref
    assert rewritten.source_ref.store_ref
    assert "vault" == rewritten.source_ref.store_ref.name


def test_rewrites() -> None:
    """A rewrite gives its one operation."""
    regexp, transform, merge = (one.operation for one in declaration(**EVERYTHING).spec.data_from[2].rewrite)
    assert isinstance(regexp, RewriteRegexp)
    assert ("(.*)", "x_$1") == (regexp.source, regexp.target)
    assert isinstance(transform, RewriteTransform)
    assert isinstance(merge, RewriteMerge)
    assert ("all", MergeStrategy.JSON, ("a",)) == (merge.into, merge.strategy, merge.priority)


def test_null_is_absent() -> None:
    """A field that is null is one that is not there, as for the API server."""
    text = external_secret().replace("spec:\n", "spec:\n  target:\n  dataFrom: ~\n")
    (one,) = declared(STORE, text).external_secrets
    assert () == one.spec.data_from


def test_restart_mode() -> None:
    """The annotation says who is restarted; `auto` when it is not there."""
    (off,) = declared(STORE, annotated(external_secret(), {"syncd.dev/restart": "off"})).external_secrets
    assert (RestartMode.AUTO, RestartMode.OFF) == (declaration().restart, off.restart)


def test_templates_do_not_show() -> None:
    """A template may hold a secret as it stands: printing a declaration shows none."""
    shown = repr(declaration(target={"template": {"data": {"a": "hunter2"}, "templateFrom": [{"literal": "hunter2"}]}}))
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"refreshInterval": 3600}, "spec.refreshInterval: `3600` is a number, not a duration"),
        ({"refreshInterval": "1d"}, "spec.refreshInterval: `1d`"),
        ({"refreshPolicy": "Sometimes"}, "spec.refreshPolicy: must be one of `Periodic`, `OnChange`, `CreatedOnce`"),
        ({"secretStoreRef": {"kind": "SecretStore"}}, "spec.secretStoreRef.name: required"),
        ({"secretStoreRef": {"name": "Vault!"}}, "spec.secretStoreRef.name: not a name"),
        ({"data": {}}, "spec.data: must be a list, not a mapping"),
        ({"data": ["x"]}, "spec.data[0]: must be a mapping, not text"),
        ({"data": [entry(version=3)]}, "spec.data[0].remoteRef.version: must be text, not a number"),
        ({"data": [entry(property=True)]}, "spec.data[0].remoteRef.property: must be text, not true or false"),
        ({"data": [entry("a/b")]}, "spec.data[0].secretKey: not a key of a Secret"),
        ({"data": [{"secretKey": "a"}]}, "spec.data[0].remoteRef: required"),
        ({"data": [{"secretKey": "a", "remoteRef": {}}]}, "spec.data[0].remoteRef.key: required"),
        ({"target": {"immutable": "yes"}}, "spec.target.immutable: must be true or false, not text"),
        ({"target": {"template": {"data": {"a": 1}}}}, "spec.target.template.data.a: must be text, not a number"),
        (
            {"target": {"template": {"templateFrom": [{"target": "spec"}]}}},
            "spec.target.template.templateFrom[0].target: must be one of `Data`, `Annotations`, `Labels`",
        ),
        (
            {"dataFrom": [{"find": {"name": {"regexp": "("}}}]},
            "spec.dataFrom[0].find.name.regexp: `(` is not a regular expression",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "find": {}}]},
            "spec.dataFrom[0]: only one of `extract`, `find` and a generator may stand here, not `extract` and `find`",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "sourceRef": {}}]},
            "spec.dataFrom[0].sourceRef: needs one of `storeRef`, `generatorRef`",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{}]}]},
            "spec.dataFrom[0].rewrite[0]: needs one of `regexp`, `transform`, `merge`",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{"merge": {"strategy": "JSON"}}]}]},
            "spec.dataFrom[0].rewrite[0].merge.into: required with `strategy: JSON`",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{"merge": {}, "transform": {"template": "x"}}]}]},
            "spec.dataFrom[0].rewrite[0]: only one of `regexp`, `transform`, `merge` may stand here",
        ),
    ],
)
def test_wrong_fields(spec: dict[str, Any], expected: str) -> None:
    """Each wrong value is said with its path and what may stand there."""
    (message,) = said(STORE, external_secret(**spec))
    assert message.startswith(expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  name: Stripe", "metadata.name: not a name"),
        ("  name: stripe\n  labels: {a: b c}", "metadata.labels.a: not a label's value"),
        ("  name: stripe\n  labels: {a b: c}", "metadata.labels[a b]: not a label's name"),
        ("  name: stripe\n  labels: {a: 1}", "metadata.labels.a: must be text, not a number"),
        ("  generateName: stripe-", "metadata.name: required"),
        ("  name: stripe\n  annotation: {}", "metadata.annotation: unknown field"),
    ],
)
def test_wrong_metadata(line: str, expected: str) -> None:
    """Names and labels are checked before an API server does."""
    (message,) = said(STORE, external_secret().replace("  name: stripe", line, 1))
    assert message.startswith(expected)


def test_the_empty_entry_of_old_manifests() -> None:
    """`key` on the level of `extract` leaves an empty entry when it is pruned, which is passed over."""
    old = external_secret(dataFrom=[{"extract": None, "key": "shop/all"}])
    assert ["spec.dataFrom[0].key: unknown field"] == said(STORE, old)
    assert [] == said(STORE, old, validation=Validation.IGNORE)
