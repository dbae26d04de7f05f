"""Where templates may be put: whole fields for Secrets, paths for ConfigMaps."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import TemplateTarget, Validation
from syncd.manifests.paths import ManifestField, ManifestPath, Place
from tests.manifests.samples import STORE, declared, external_secret, loaded, said

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
PLACES = {
    "data.KEY": Place(ManifestField.DATA, "KEY"),
    "binaryData": Place(ManifestField.BINARY_DATA),
    "binaryData.KEY": Place(ManifestField.BINARY_DATA, "KEY"),
    "metadata.labels": Place(ManifestField.LABELS),
    "metadata.labels.team": Place(ManifestField.LABELS, "team"),
    "metadata.annotations": Place(ManifestField.ANNOTATIONS),
    "metadata.annotations.Note": Place(ManifestField.ANNOTATIONS, "Note"),
}
REFUSED = {
    "spec": "a ConfigMap has no field `spec`: the API server would drop it",
    "spec.x": "a ConfigMap has no field `spec`: the API server would drop it",
    "Data.KEY": "a ConfigMap has no field `Data`: the API server would drop it",
    "labels.team": "a ConfigMap has no field `labels`: the API server would drop it",
    "data.app.yaml": "`data.app.yaml` is a mapping inside of `data.app`, where the API server takes text only",
    "metadata.annotations.syncd.dev/owner": (
        "`metadata.annotations.syncd.dev/owner` is a mapping inside of `metadata.annotations.syncd`, "
        "where the API server takes text only"
    ),
    "data[0]": "`data[0]`: `[n]` is an entry of a list, and a ConfigMap has no list there",
    "data.KEY[1]": "`data.KEY[1]`: `[n]` is an entry of a list, and a ConfigMap has no list there",
    "[0]": "`[0]`: `[n]` is an entry of a list, and a ConfigMap has no list there",
    "data.": "`data.`: a step of the path is empty",
    "data..KEY": "`data..KEY`: a step of the path is empty",
    "metadata": "a template cannot fill `metadata` of a ConfigMap",
    "metadata.name": "a template cannot fill `metadata.name` of a ConfigMap",
    "metadata.ownerReferences": "a template cannot fill `metadata.ownerReferences` of a ConfigMap",
    "immutable": "a template cannot fill `immutable` of a ConfigMap",
    "kind": "a template cannot fill `kind` of a ConfigMap",
}
HINTS = {
    "Data.KEY": "did you mean `data.KEY`?",
    "labels.team": "did you mean `metadata.labels.team`?",
    "metadata.label": "did you mean `metadata.labels`?",
    "immutable": "set `spec.target.immutable`",
    "metadata.finalizers": "name them in `spec.target.template.metadata.finalizers`",
    "data.app.yaml": "a key with dots is written in the text of the template, with `target: Data`",
    "spec.x": "it has `data`, `binaryData`, `metadata.labels`, `metadata.annotations`",
}


def manifest(target: Any, **fields: Any) -> str:
    return external_secret(target={**fields, "template": {"templateFrom": [{"literal": "a", "target": target}]}})


@pytest.mark.parametrize(("path", "expected"), PLACES.items())
def test_a_path_leads_to_a_field_or_a_key_of_it(path: str, expected: Place) -> None:
    """In a ConfigMap; names keep their case."""
    (one,) = declared(STORE, manifest(path, manifest=CONFIG_MAP)).external_secrets
    assert one.spec.target.template
    target = one.spec.target.template.template_from[0].target
    assert isinstance(target, ManifestPath)
    assert expected == target.place()


@pytest.mark.parametrize("target", ["", "data", "Data", "DATA"])
@pytest.mark.parametrize("fields", [{}, {"manifest": CONFIG_MAP}])
def test_whole_fields_have_any_case(target: str, fields: dict[str, Any]) -> None:
    """For Secrets and ConfigMaps alike."""
    (one,) = declared(STORE, manifest(target, **fields)).external_secrets
    assert one.spec.target.template
    assert TemplateTarget.DATA is one.spec.target.template.template_from[0].target


@pytest.mark.parametrize(("path", "expected"), REFUSED.items())
@pytest.mark.parametrize("validation", Validation)
def test_what_a_configmap_cannot_hold_is_refused(path: str, expected: str, validation: Validation) -> None:
    """When it is loaded, and whatever `--validate` says: the reference writes it and loses it, or has it refused."""
    where = "spec.target.template.templateFrom[0].target"
    assert [f"{where}: {expected}"] == said(STORE, manifest(path, manifest=CONFIG_MAP), validation=validation)


@pytest.mark.parametrize(("path", "expected"), HINTS.items())
def test_hints_say_what_to_do(path: str, expected: str) -> None:
    """The right spelling, or the field that is meant."""
    (problem,) = loaded(STORE, manifest(path, manifest=CONFIG_MAP)).problems
    assert expected == problem.hint


@pytest.mark.parametrize("path", [*PLACES, *REFUSED])
def test_a_secret_takes_no_path(path: str) -> None:
    """As in the reference, which would write privileged fields by them."""
    expected = "spec.target.template.templateFrom[0].target: must be one of `Data`, `Annotations`, `Labels`"
    assert [expected] == said(STORE, manifest(path))


def test_a_target_is_text() -> None:
    """A number is named as what is wrong."""
    (message,) = said(STORE, manifest(3, manifest=CONFIG_MAP))
    assert message.startswith("spec.target.template.templateFrom[0].target: must be one of")


def test_every_wrong_path_is_told() -> None:
    """All of them, beside other errors."""
    sources = [{"literal": "a", "target": target} for target in ("spec", "data", "kind")]
    text = external_secret(target={"immutable": "x", "manifest": CONFIG_MAP, "template": {"templateFrom": sources}})
    paths = [message.partition(": ")[0] for message in said(STORE, text)]
    assert {f"spec.target.template.templateFrom[{index}].target" for index in (0, 2)} <= set(paths)


def test_another_kind_is_refused_once() -> None:
    """Of its paths nothing is said."""
    (message,) = said(STORE, manifest("spec.x", manifest={"apiVersion": "v1", "kind": "Pod"}))
    assert message.startswith("spec.target.manifest.kind")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("path", "written"), [("data.KEY", "data.KEY"), ("labels", "Labels")])
def test_a_target_is_written_as_it_is_read(path: str, written: str) -> None:
    """The digest of a declaration, by which `OnChange` knows a change, is made of that."""
    (one,) = declared(STORE, manifest(path, manifest=CONFIG_MAP)).external_secrets
    dumped = one.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert written == dumped["target"]["template"]["templateFrom"][0]["target"]
