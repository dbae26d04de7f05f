"""`syncd explain` as people run it: on files into a folder, and on the real API server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.binary import Ran, syncd
from tests.cli.shop import CANARY, Shop
from tests.cli.test_documents import check
from tests.generate import ROOT
from tests.providers.vaults import Kv
from tests.servers.controlplane import ControlPlane
from tests.servers.openbao import OpenBao

DOCS = (ROOT / "docs" / "diagnosis.md").read_text()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """In step, with two users of `stripe`; then its key changes."""
    shop = Shop(tmp_path, "paypal", "stripe")
    shop.deploy("web", "stripe")
    shop.deploy("jobs", "stripe")
    jobs = shop.out / "jobs.yaml"
    jobs.write_text(
        jobs.read_text().replace(
            "  namespace: shop\n", '  namespace: shop\n  annotations: {syncd.dev/restart: "off"}\n'
        )
    )
    assert 0 == run(shop, "sync").code
    shop.store("stripe", f"{CANARY}-new")
    return shop


def run(shop: Shop, command: str, *arguments: str) -> Ran:
    return syncd(command, "-f", "shop.yaml", "--to", "out", *arguments, cwd=shop.root)


def test_a_secret(shop: Shop) -> None:
    """Its key, its users by their references, and who is restarted and why; as docs/diagnosis.md shows it."""
    ran = run(shop, "explain", "shop/stripe")
    first, second, rest = ran.out.split("\n", 2)
    assert (0, "", "shop/stripe") == (ran.code, ran.err, first)
    assert second.startswith(
        "  shop.yaml:28: ExternalSecret shop/stripe; `syncd run` reads it every 3600 s, next at 20"
    )
    expected = """\
  ~ Secret  update  content differs: ~KEY
      KEY  SecretStore/shop/local stripe

  = shop/deployment/jobs  left alone  annotation `syncd.dev/restart: off`
      envFrom of container `main`
  ↻ shop/deployment/web   restart     runs with an older `KEY`
      envFrom of container `main`
      restart mode `auto`
"""
    assert expected == rest
    assert expected in DOCS


def test_a_workload(shop: Shop) -> None:
    """The Secrets that it uses, and no other user of them."""
    ran = run(shop, "explain", "deployment/web", "-n", "shop")
    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith("shop/deployment/web\n\nshop/stripe\n")
    assert "↻ shop/deployment/web  restart  runs with an older `KEY`\n" in ran.out
    assert "jobs" not in ran.out


def test_a_workload_that_uses_nothing(shop: Shop) -> None:
    """Is no error."""
    shop.deploy("idle", "stripe")
    idle = shop.out / "idle.yaml"
    idle.write_text(idle.read_text().replace("envFrom", "envFrom_"))
    assert "shop/deployment/idle\n\n  uses no Secret\n" == run(shop, "explain", "shop/deployment/idle").out


def test_a_document(shop: Shop) -> None:
    """As the schema says, for Secrets and workloads, in step or not."""
    names = ("stripe", "secret/paypal", "deploy/web")
    document = json.loads(run(shop, "explain", *names, "-n", "shop", "-o", "json").out)
    check({name: part for name, part in document.items() if name != "version"})
    ids = ["Secret/shop/stripe", "Secret/shop/paypal", "Deployment/shop/web"]
    assert ids == [one["id"] for one in document["subjects"]]
    users = document["subjects"][0]["secrets"][0]["users"]
    assert [("left-alone", []), ("restart", ["KEY"])] == [(user["standing"], user["changed"]) for user in users]


def test_what_cannot_be_found_out_is_1(shop: Shop) -> None:
    """The rest is explained all the same."""
    shop.forget("stripe")
    ran = run(shop, "explain", "stripe", "-n", "shop")
    assert (1, "") == (ran.code, ran.err)
    assert "  ? Secret        unknown        spec.data[0]: SecretStore/shop/local has no secret `stripe`\n" in ran.out
    assert "  ? spec.data[0]  misconfigured  SecretStore/shop/local has no secret `stripe`\n" in ran.out
    assert "= shop/deployment/web   up to date  runs with what the Secret holds\n" in ran.out


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "nothing is named that should be explained"),
        (["shop/strip"], "no ExternalSecret or Secret `shop/strip` is among the manifests"),
        (["deployment/none", "-n", "shop"], "there is no Deployment `shop/none` in folder out"),
    ],
)
def test_wrong_names(shop: Shop, names: list[str], message: str) -> None:
    """Are wrong usage, before any store is asked."""
    ran = run(shop, "explain", *names)
    assert (1, "", True) == (ran.code, ran.out, ran.err.startswith(f"Error: {message}\nhint: "))


def test_it_writes_nothing_and_shows_no_value(shop: Shop) -> None:
    """Whatever the form."""
    before = {path: path.read_bytes() for path in shop.out.rglob("*") if path.is_file()}
    shown = "".join(run(shop, "explain", "stripe", "-n", "shop", "-o", form).out for form in ("text", "json", "yaml"))
    assert before == {path: path.read_bytes() for path in shop.out.rglob("*") if path.is_file()}
    assert CANARY not in shown


CLUSTER = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {{name: vault}}
spec: {{provider: {{vault: {{server: "{server}", path: {mount}, auth: {{tokenSecretRef: {{name: t, key: t}}}}}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: registry}}
spec:
  secretStoreRef: {{name: vault}}
  target: {{template: {{type: kubernetes.io/dockerconfigjson}}}}
  data: [{{secretKey: .dockerconfigjson, remoteRef: {{key: registry, property: config}}}}]
"""


def test_on_a_cluster(openbao: OpenBao, controlplane: ControlPlane, tmp_path: Path) -> None:
    """A pull secret of a service account makes a user; the version is the one that OpenBao holds."""
    kv, namespace = Kv(openbao), controlplane.namespace()
    kv.put("registry", config='{"auths":{}}')
    kv.put("registry", config='{"auths":{"a":{}}}')
    (tmp_path / "shop.yaml").write_text(CLUSTER.format(server=openbao.url, mount=kv.mount))
    core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
    account = {"metadata": {"name": "puller"}, "imagePullSecrets": [{"name": "registry"}]}
    controlplane.request("POST", f"{core}/serviceaccounts", account)
    pod = {"serviceAccountName": "puller", "containers": [{"name": "app", "image": "example/app:1"}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    controlplane.request("POST", f"{apps}/deployments", {"metadata": {"name": "web"}, "spec": spec})
    arguments = [
        "-f",
        "shop.yaml",
        "-n",
        namespace,
        "--kubeconfig",
        str(controlplane.kubeconfig),
        "--store-auth",
        "ambient",
    ]
    arguments += ["--system-namespace", namespace, "--log-level", "error"]
    env = {"VAULT_TOKEN": openbao.token}
    assert 0 == syncd("sync", *arguments, cwd=tmp_path, env=env).code
    ran = syncd("explain", "registry", "deployment/web", *arguments, cwd=tmp_path, env=env)
    assert (0, "") == (ran.code, ran.err)
    assert 2 == ran.out.count("  = Secret  in step\n")
    source = f"SecretStore/{namespace}/vault registry (property `config`, version 2)"
    assert 2 == ran.out.count(f"      .dockerconfigjson  {source}\n")
    user = f"  = {namespace}/deployment/web  up to date  runs with what the Secret holds\n"
    assert 2 == ran.out.count(f"{user}      imagePullSecrets of ServiceAccount `puller`\n      restart mode `auto`\n")
