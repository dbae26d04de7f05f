"""ConfigMaps on a real API server, with the rights that `deploy/components/configmaps` grants, and no others."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.manifests.extensions import ALLOW_PLAIN
from syncd.model import RESTARTED
from tests.cli.binary import syncd
from tests.e2e.manifests import Manifest, deployment, external_secret, key, store, write
from tests.e2e.test_rights import ALL_WORKLOADS, KEY, Shop, rule
from tests.servers.controlplane import ControlPlane

CONFIGMAPS = rule("configmaps", "get", "list", "create", "patch", "delete")
SECRETS = rule("secrets", "get", "list", "create", "patch", "delete")
OWN = (KEY, rule("secrets", "create"), rule("configmaps", "get", "create", "patch"))
TARGET = {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}
PATHS = [
    {"target": "data.region", "literal": "{{ .KEY }}"},
    {"target": "data.empty", "literal": ""},
    {"target": "Data", "literal": "app.yaml: 'region: {{ .KEY }}'"},
    {"target": "binaryData.blob", "literal": base64.b64encode(b"\xff\0").decode()},
    {"target": "metadata.labels.region", "literal": "{{ .KEY }}"},
    {"target": "metadata.annotations", "literal": "example.com/note: 'x'\nsyncd.dev/owner: me"},
]
REFUSED: list[dict[str, Any]] = [
    {"data": {"KEY": 42}},
    {"data": {"KEY": True}},
    {"data": {"a": {"b": "c"}}},
    {"data": {"KEY": ["a"]}},
    {"data": {"KEY": "a"}, "binaryData": {"KEY": "YQ=="}},
    {"binaryData": {"KEY": "no base64"}},
    {"metadata": {"labels": {"tier": 2}}},
    {"metadata": {"annotations": {"a": {"b": "c"}}}},
]
"""What the reference would send for paths and values that syncd refuses."""


def user(name: str) -> Manifest:
    made = deployment("web", name)
    made["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": name}}]
    return made


class House:
    """A ConfigMap `settings` out of a folder of keys, and a Deployment that uses it."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.shop = Shop(plane, folder, plane.namespace(), plane.namespace())
        (folder / "keys").mkdir()
        self.put("eu-west-1")
        self.declare("settings")
        self.shop.may(SECRETS, CONFIGMAPS, *ALL_WORKLOADS, home=OWN)

    def fill(self, sources: list[dict[str, str]]) -> None:
        """The ConfigMap comes from templates; bytes are let in."""
        target = {**TARGET, "template": {"templateFrom": sources}}
        declared = external_secret(
            "settings", {"data": [key("region")], "target": target}, annotations={ALLOW_PLAIN: "true"}
        )
        write(self.shop.folder / "shop.yaml", [store({"file": {"path": "keys"}}), declared])

    def put(self, value: str) -> None:
        (self.shop.folder / "keys" / "region").write_text(value)

    def declare(self, *names: str) -> None:
        declared = [external_secret(name, {"data": [key("region")], "target": TARGET}) for name in names]
        write(self.shop.folder / "shop.yaml", [store({"file": {"path": "keys"}}), *declared])

    def sync(self, *arguments: str) -> tuple[int, str]:
        ran = self.shop.run("sync", "--allow-configmaps", *arguments)
        return ran.code, ran.err

    @property
    def configmaps(self) -> dict[str, Any]:
        """Those that the cluster itself does not make."""
        path = f"/api/v1/namespaces/{self.shop.namespace}/configmaps"
        items = self.shop.plane.request("GET", path)["items"]
        return {item["metadata"]["name"]: item for item in items if item["metadata"]["name"] != "kube-root-ca.crt"}

    @property
    def restarted(self) -> bool:
        path = f"/apis/apps/v1/namespaces/{self.shop.namespace}/deployments/web"
        metadata = self.shop.plane.request("GET", path)["spec"]["template"]["metadata"]
        return RESTARTED in metadata.get("annotations", {})


@pytest.fixture
def house(controlplane: ControlPlane, tmp_path: Path) -> House:
    return House(controlplane, tmp_path)


def test_a_configmap_is_written_and_its_users_restart(house: House) -> None:
    """Created, changed with a restart, and not written again when nothing changed."""
    assert (0, "") == house.sync()
    house.shop.plane.request("POST", f"/apis/apps/v1/namespaces/{house.shop.namespace}/deployments", user("settings"))
    assert (0, "") == house.sync()
    assert not house.restarted
    house.put("eu-west-2")
    assert (0, "") == house.sync()
    assert ({"KEY": "eu-west-2"}, True) == (house.configmaps["settings"]["data"], house.restarted)
    version = house.configmaps["settings"]["metadata"]["resourceVersion"]
    assert (0, "") == house.sync()
    assert version == house.configmaps["settings"]["metadata"]["resourceVersion"]


def test_an_orphan_goes_with_prune(house: House) -> None:
    """The other one stays."""
    house.declare("settings", "more")
    house.sync()
    house.declare("settings")
    assert 0 == house.sync("--prune")[0]
    assert ["settings"] == list(house.configmaps)


def test_what_is_there_is_adopted_when_it_is_equal(house: House) -> None:
    """Else it is refused."""
    path = f"/api/v1/namespaces/{house.shop.namespace}/configmaps"
    house.shop.plane.request("POST", path, {"metadata": {"name": "settings"}, "data": {"KEY": "eu-west-1"}})
    assert (0, "") == house.sync()
    house.shop.plane.request("POST", path, {"metadata": {"name": "more"}, "data": {"KEY": "other"}})
    house.declare("settings", "more")
    code, said = house.sync()
    assert (1, True, "other") == (code, "not managed by syncd" in said, house.configmaps["more"]["data"]["KEY"])


def shown(manifest: dict[str, Any]) -> dict[str, Any]:
    """What is in it, without what only the cluster or the installation knows."""
    metadata = manifest["metadata"]
    notes = {name: text for name, text in metadata["annotations"].items() if not name.startswith("syncd.dev/")}
    return {
        "data": manifest["data"],
        "binaryData": manifest["binaryData"],
        "labels": metadata["labels"],
        "notes": notes,
    }


def test_paths_give_one_configmap_everywhere(house: House, tmp_path: Path) -> None:
    """In the cluster, in a folder and as `render` prints it; unchanged, it is not written again."""
    house.fill(PATHS)
    assert (0, "") == house.sync()
    there = house.configmaps["settings"]
    folder = house.sync("--to", str(tmp_path / "out"))
    written = yaml.safe_load((tmp_path / f"out/configmaps/{house.shop.namespace}/settings.yaml").read_text())
    asked = ("-f", tmp_path / "shop.yaml", "-n", house.shop.namespace, "--kubeconfig", house.shop.plane.kubeconfig)
    printed = yaml.safe_load(syncd("render", *asked, "--allow-configmaps", "--reveal").out)
    data = {"region": "eu-west-1", "empty": "", "app.yaml": "region: eu-west-1"}
    assert (0, data, {"blob": "/wA="}) == (folder[0], there["data"], there["binaryData"])
    assert ("eu-west-1", {"example.com/note": "x"}) == (shown(there)["labels"]["region"], shown(there)["notes"])
    assert (shown(there), shown(there)) == (shown(written), shown(printed))
    assert (0, "") == house.sync()
    assert there["metadata"]["resourceVersion"] == house.configmaps["settings"]["metadata"]["resourceVersion"]


@pytest.mark.parametrize("fields", REFUSED)
def test_what_is_refused_the_api_server_refuses_too(house: House, fields: dict[str, Any]) -> None:
    """So that nothing that works elsewhere is refused."""
    path = f"/api/v1/namespaces/{house.shop.namespace}/configmaps"
    body = {**fields, "metadata": {"name": "other", **fields.get("metadata", {})}}
    assert "Status" == house.shop.plane.request("POST", path, body, accept=(400, 422))["kind"]


def test_what_the_api_server_makes_of_the_rest(house: House) -> None:
    """A null becomes an empty text, an unknown field is dropped."""
    path = f"/api/v1/namespaces/{house.shop.namespace}/configmaps"
    body = {"metadata": {"name": "other"}, "data": {"KEY": None}, "spec": {"x": "y"}, "Data": {"a": "b"}}
    made = house.shop.plane.request("POST", path, body)
    assert ({"KEY": ""}, False, False) == (made["data"], "spec" in made, "Data" in made)
