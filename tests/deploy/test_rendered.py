"""The manifests of deploy/ as they are rendered: what can be said about them without a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd import __version__
from tests.cli.binary import syncd
from tests.deploy.rendered import OVERLAYS, SERVED, Document, container, one, overlay, roles, with_component


@pytest.fixture(scope="module", params=OVERLAYS)
def documents(request: pytest.FixtureRequest) -> list[Document]:
    return overlay(request.param)


def test_the_image_is_of_this_version(documents: list[Document]) -> None:
    """Manifests and code of a checkout belong together."""
    assert f"syncd:{__version__}" == container(documents)["image"]


def test_the_ports_fit_together(documents: list[Document]) -> None:
    """What syncd listens on, the container's port, the Service and the NetworkPolicy."""
    (port,) = container(documents)["ports"]
    assert f"--listen=:{port['containerPort']}" in container(documents)["args"]
    assert port["name"] == one(documents, "Service")["spec"]["ports"][0]["targetPort"]
    assert port["name"] == one(documents, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"]


def test_the_shipped_declarations_are_valid(documents: list[Document], tmp_path: Path) -> None:
    """They are where the Deployment mounts them."""
    config_map = one(documents, "ConfigMap")
    spec = one(documents, "Deployment")["spec"]["template"]["spec"]
    assert config_map["metadata"]["name"] in {volume.get("configMap", {}).get("name") for volume in spec["volumes"]}
    assert "--filename=/etc/syncd/declarations" in container(documents)["args"]
    assert "/etc/syncd/declarations" in {mount["mountPath"] for mount in container(documents)["volumeMounts"]}
    for name, text in config_map["data"].items():
        (tmp_path / name).write_text(text)
    ran = syncd("validate", "-f", tmp_path)
    assert (0, "") == (ran.code, ran.err)


def test_no_rule_has_a_wildcard(documents: list[Document]) -> None:
    """Nor a verb that lets its holder grant more than it has."""
    granted = {text for role in roles(documents) for rule in role["rules"] for texts in rule.values() for text in texts}
    assert set() == granted & {"*", "escalate", "bind", "impersonate", "update", "deletecollection"}


def test_tokens_and_credentials_are_granted_by_name(documents: list[Document]) -> None:
    """No rule lets syncd become any service account."""
    rules = [
        rule for role in roles(documents) for rule in role["rules"] if "serviceaccounts/token" in rule["resources"]
    ]
    assert [["syncd"]] == [rule["resourceNames"] for rule in rules]


def test_namespaced_has_roles_only() -> None:
    """One in each namespace that `--namespaces` names, with the same rights as the ClusterRole of the other overlay."""
    documents = overlay("namespaced")
    assert {"Role"} == {role["kind"] for role in roles(documents)}
    assert f"--namespaces={','.join(SERVED)}" == container(documents)["args"][-1]
    (everywhere,) = (role for role in roles(overlay("cluster")) if role["kind"] == "ClusterRole")
    rules = {
        role["metadata"]["namespace"]: role["rules"] for role in roles(documents) if role["metadata"]["name"] == "syncd"
    }
    assert dict.fromkeys(SERVED, everywhere["rules"]) == rules


def test_the_service_monitor_is_switched_on_by_its_component(tmp_path: Path) -> None:
    """In the namespace of the Service, by its labels and the name of its port."""
    documents = with_component(tmp_path, "service-monitor")
    monitor, service = one(documents, "ServiceMonitor"), one(documents, "Service")
    assert service["metadata"]["namespace"] == monitor["metadata"]["namespace"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["spec"]["ports"][0]["name"] == monitor["spec"]["endpoints"][0]["port"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_configmaps_are_allowed_by_their_component(name: str, tmp_path: Path) -> None:
    """Only with it syncd may write ConfigMaps where it writes Secrets, and only with it it does."""
    plain, documents = overlay(name), with_component(tmp_path, "configmaps", name)
    assert "--allow-configmaps" not in container(plain)["args"]
    assert "--allow-configmaps" in container(documents)["args"]
    served = [role for role in roles(documents) if role["metadata"]["name"] == "syncd"]
    rules = [rule for role in served for rule in role["rules"] if "configmaps" in rule["resources"]]
    assert [["get", "list", "watch", "create", "patch", "delete"]] * len(served) == [rule["verbs"] for rule in rules]
