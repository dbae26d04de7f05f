"""`syncd plan` and `syncd sync` with fewer rights than they would like: what cannot be read changes nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.cluster.kubernetes import KubernetesTarget
from syncd.model import RESTARTED, RUNNING
from tests.cli.binary import Ran, syncd
from tests.e2e.manifests import deployment, external_secret, key, store, write
from tests.servers.controlplane import ControlPlane

NAMES = ("a", "b", "c", "d", "e")
"""One more than are read one by one without trying a list."""
Rule = dict[str, list[str]]


def rule(resource: str, *verbs: str, group: str = "", names: tuple[str, ...] = ()) -> Rule:
    rule: Rule = {"apiGroups": [group], "resources": [resource], "verbs": [*verbs]}
    return rule | ({"resourceNames": [*names]} if names else {})


KEY = rule("secrets", "get", names=("syncd-key",))
READ_NAMED = rule("secrets", "get", names=NAMES)
LIST = rule("secrets", "list")
WRITE = rule("secrets", "create", "patch", "delete")
ACCOUNTS = rule("serviceaccounts", "list")
DEPLOYMENTS = rule("deployments", "get", "list", "patch", group="apps")
OTHERS = [rule(kind, "get", "list", "patch", group="apps") for kind in ("statefulsets", "daemonsets")]
ALL_WORKLOADS = (ACCOUNTS, DEPLOYMENTS, *OTHERS)


@dataclass(slots=True)
class Shop:
    """Five Secrets from a folder of keys and a Deployment that uses `a`; nothing else is in its namespace.

    `home` is the namespace of syncd itself, with the fingerprint key in it.
    """

    plane: ControlPlane
    folder: Path
    namespace: str
    home: str
    account: str = ""

    def rotate(self, value: str) -> None:
        for name in NAMES:
            (self.folder / "keys" / name).write_text(f"{name}-{value}")

    def declare(self, **annotations: str) -> None:
        declarations = [external_secret(name, {"data": [key(name)]}, annotations=annotations) for name in NAMES]
        write(self.folder / "shop.yaml", [store({"file": {"path": "keys"}}), *declarations])

    def deploy(self) -> None:
        self.plane.request("POST", self._deployments, deployment("web", "a"))

    def may(self, *rules: Rule, home: tuple[Rule, ...] = (KEY,)) -> None:
        """From now on commands run as an account that has these rights and no others."""
        self.account = f"{self.namespace}-few"
        self.plane.service_account_token(self.namespace, self.account)
        for namespace, granted in ((self.namespace, rules), (self.home, home)):
            metadata, group = {"name": self.account}, "rbac.authorization.k8s.io"
            path = f"/apis/{group}/v1/namespaces/{namespace}"
            self.plane.request("POST", f"{path}/roles", {"metadata": metadata, "rules": [*granted]})
            subject = {"kind": "ServiceAccount", "name": self.account, "namespace": self.namespace}
            reference = {"apiGroup": group, "kind": "Role", "name": self.account}
            binding = {"metadata": metadata, "subjects": [subject], "roleRef": reference}
            self.plane.request("POST", f"{path}/rolebindings", binding)

    def run(self, command: str, *arguments: str) -> Ran:
        kubeconfig = self.plane.kubeconfig
        if self.account:
            kubeconfig = self.plane.kubeconfig_for(self.plane.service_account_token(self.namespace, self.account))
        here = (f"--kubeconfig={kubeconfig}", f"--system-namespace={self.home}", f"--installation={self.namespace}")
        return syncd(command, "-f", self.folder / "shop.yaml", "-n", self.namespace, *here, *arguments)

    @property
    def values(self) -> dict[str, str]:
        items = self.plane.request("GET", f"/api/v1/namespaces/{self.namespace}/secrets")["items"]
        return {item["metadata"]["name"]: base64.b64decode(item["data"]["KEY"]).decode() for item in items}

    @property
    def note(self) -> str | None:
        note: str | None = self._deployment["metadata"].get("annotations", {}).get(RUNNING)
        return note

    @property
    def restarted(self) -> bool:
        return RESTARTED in self._deployment["spec"]["template"]["metadata"].get("annotations", {})

    @property
    def _deployments(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    @property
    def _deployment(self) -> dict[str, Any]:
        return self.plane.request("GET", f"{self._deployments}/web")


@pytest.fixture
def shop(controlplane: ControlPlane, tmp_path: Path) -> Shop:
    """All is in step, by somebody who may do everything; then a workload and a rotation come."""
    (tmp_path / "keys").mkdir()
    shop = Shop(controlplane, tmp_path, controlplane.namespace(), controlplane.namespace())
    shop.declare()
    shop.rotate("1")
    created = shop.run("sync")
    assert 0 == created.code, created.err
    target = KubernetesTarget.connect(str(controlplane.kubeconfig), system_namespace=shop.home)
    target.create_fingerprint_key()
    target.close()
    shop.deploy()
    shop.rotate("2")
    return shop


def values(number: str, *names: str) -> dict[str, str]:
    return {name: f"{name}-{number}" for name in names or NAMES}


def test_a_plan_needs_no_list(shop: Shop) -> None:
    """Each Secret is read by its name, and a hint names the verb that would save calls."""
    shop.may(READ_NAMED, *ALL_WORKLOADS)
    ran = shop.run("plan", "-o", "json")
    changes = json.loads(ran.out)["changes"]
    assert (2, [f"{shop.namespace}/{name}" for name in NAMES]) == (
        ran.code,
        [f"{one['namespace']}/{one['name']}" for one in changes],
    )
    assert f"grant `list` on `secrets` in namespace `{shop.namespace}`" in ran.err


def test_a_sync_needs_no_list(shop: Shop) -> None:
    """All Secrets are written and the user of one restarts, without any list of Secrets."""
    shop.may(READ_NAMED, WRITE, *ALL_WORKLOADS)
    ran = shop.run("sync")
    assert (0, values("2"), True) == (ran.code, shop.values, shop.restarted), ran.err


def test_a_create_proceeds_though_users_cannot_be_read(shop: Shop) -> None:
    """Nobody can be using what does not exist yet."""
    shop.plane.request("DELETE", f"/api/v1/namespaces/{shop.namespace}/secrets/a")
    shop.may(READ_NAMED, LIST, WRITE, ACCOUNTS, *OTHERS)
    shop.run("sync")
    assert values("2", "a") | values("1", "b", "c", "d", "e") == shop.values


def test_an_update_waits_while_users_cannot_be_read(shop: Shop) -> None:
    """And counts as failed, with the missing right named."""
    shop.may(READ_NAMED, LIST, WRITE, ACCOUNTS, *OTHERS)
    ran = shop.run("sync")
    assert (1, values("1")) == (ran.code, shop.values)
    assert f"grant `list` on `deployments.apps` in namespace `{shop.namespace}`" in ran.err


def test_an_update_need_not_wait_with_restarts_off(shop: Shop) -> None:
    """Whoever turns restarts off does not ask who uses the Secret."""
    shop.declare(**{"syncd.dev/restart": "off"})
    shop.may(READ_NAMED, LIST, WRITE)
    ran = shop.run("sync")
    assert (0, values("2")) == (ran.code, shop.values), ran.err


def test_without_the_fingerprint_key_no_note_is_touched(shop: Shop) -> None:
    """Restarts are unknown, said so, and the workload's note and template stay as they are."""
    assert 0 == shop.run("sync").code
    shop.rotate("3")
    before = shop.note
    shop.may(READ_NAMED, LIST, WRITE, *ALL_WORKLOADS, home=())
    plan, sync = shop.run("plan"), shop.run("sync")
    assert (1, 1) == (plan.code, sync.code)
    assert "restart: unknown" in plan.out
    assert "restart: unknown" in sync.out + sync.err
    assert before is not None
    assert before == shop.note


def test_a_workload_without_a_note_makes_its_secret_wait(shop: Shop) -> None:
    """Without the key no baseline can be written first, so that the restart would be lost."""
    shop.may(READ_NAMED, LIST, WRITE, *ALL_WORKLOADS, home=())
    ran = shop.run("sync")
    assert (1, "a-1", "b-2") == (ran.code, shop.values["a"], shop.values["b"])
    assert (None, False) == (shop.note, shop.restarted)


def test_the_restart_is_owed_until_the_key_can_be_read(shop: Shop) -> None:
    """Whoever may read the key finds the note that was left, and restarts."""
    assert 0 == shop.run("sync").code
    shop.rotate("3")
    before = shop.note
    shop.may(READ_NAMED, LIST, WRITE, *ALL_WORKLOADS, home=())
    shop.run("sync")
    shop.account = ""
    ran = shop.run("sync")
    assert (0, values("3")) == (ran.code, shop.values)
    assert "restarted" in ran.out
    assert before != shop.note
