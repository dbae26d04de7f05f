"""Stores are checked as declarations would read them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import yaml

from syncd.cluster.nowhere import Nowhere
from syncd.errors import Failure
from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.providers.api import Failed, StoreHealth
from syncd.reconcile.check import Checked, StoreCheck, Verdict
from syncd.reconcile.options import Options, Progress, silent
from syncd.reconcile.stores import Stores
from tests.providers.aws_stores import aws_config, refusal
from tests.providers.vaults import TOKEN_AUTH, Kv
from tests.servers.aws import on
from tests.servers.faults import FaultServer, hang, slow
from tests.servers.openbao import OpenBao
from tests.servers.wire import Exchange

API = {"apiVersion": "external-secrets.io/v1"}
CLUSTER = "ClusterSecretStore"


def store(provider: dict[str, Any], name: str = "one", kind: str = "SecretStore", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name} if kind == CLUSTER else {"name": name, "namespace": "shop"}
    return {**API, "kind": kind, "metadata": metadata, "spec": {"provider": provider, **spec}}


def reads(key: str, name: str = "one", kind: str = "SecretStore", namespace: str = "shop") -> dict[str, Any]:
    spec = {"secretStoreRef": {"name": name, "kind": kind}, "dataFrom": [{"extract": {"key": key}}]}
    metadata = {"name": key.replace("/", "-"), "namespace": namespace}
    return {**API, "kind": "ExternalSecret", "metadata": metadata, "spec": spec}


def secret(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    }


def declared(*documents: dict[str, Any]) -> Declarations:
    return load([Text("a.yaml", yaml.safe_dump_all(documents), "/manifests")], namespace="shop").complete()


def check(*documents: dict[str, Any], timeout: float = 5.0, progress: Progress = silent) -> tuple[Checked, ...]:
    declarations, options = declared(*documents), Options(provider_timeout=timeout)
    stores = Stores(Nowhere(), options)
    one = StoreCheck(stores, declarations, options)
    try:
        return one.check(one.ours(), progress)
    finally:
        stores.close()


def healthy(checked: Checked) -> StoreHealth:
    assert isinstance(checked.answer, StoreHealth), checked.answer
    return checked.answer


def failed(checked: Checked) -> Failed:
    assert isinstance(checked.answer, Failed), checked.answer
    return checked.answer


def vault(kv: Kv, **more: Any) -> dict[str, Any]:
    return {"vault": {"server": kv.bao.url, "path": kv.mount, "auth": TOKEN_AUTH, **more}}


def test_a_store_that_can_be_read(openbao: OpenBao) -> None:
    """Vault says by which name it knows the token."""
    kv = Kv(openbao)
    token = kv.token("read data/a")
    [one] = check(store(vault(kv)), secret("vault-token", token=token))
    assert (Verdict.READY, "token-ci", "vault") == (one.verdict, healthy(one).identity, one.provider)
    assert 0 < healthy(one).latency < 5


def test_a_right_that_is_missing(openbao: OpenBao) -> None:
    """With a token that may read nothing there, the right is named and the store has failed."""
    kv = Kv(openbao)
    [one] = check(store(vault(kv)), secret("vault-token", token=Kv(openbao).token("read data/a")))
    assert (Verdict.FAILED, True) == (one.verdict, "`read` on a path" in healthy(one).missing_permission)


def test_a_declared_key_proves_a_store_that_looks_closed(aws_wire: FaultServer) -> None:
    """A policy that allows `shop/*` denies the probe, and nothing that matters."""
    aws_wire.inject(on(BatchGetSecretValue=refusal(400, "AccessDeniedException")))
    keys = secret("aws", id="AKIATEST", key="secret-access-key")
    [one] = check(store({"aws": aws_config()}), reads("shop/a"), keys)
    assert (Verdict.LIMITED, "shop/a") == (one.verdict, one.proof)
    assert "`secretsmanager:BatchGetSecretValue`" == healthy(one).missing_permission


def test_a_declared_key_that_is_denied_is_named(aws_wire: FaultServer) -> None:
    """Then the failure is that of the key, which names the right and the identity."""
    denied = refusal(400, "AccessDeniedException")
    aws_wire.inject(on(BatchGetSecretValue=denied, GetSecretValue=denied))
    [one] = check(store({"aws": aws_config()}), reads("shop/a"), secret("aws", id="AKIATEST", key="secret-access-key"))
    message = "AWS denies `secretsmanager:GetSecretValue` on `shop/a` to the access key in Secret aws"
    assert (Verdict.FAILED, message) == (one.verdict, failed(one).message.partition(" (")[0])


def test_a_declared_key_that_is_denied_fails_a_store_that_looks_open(openbao: OpenBao) -> None:
    """Vault shows a mount to whoever may read anything in it; path and right are named."""
    kv = Kv(openbao)
    token = secret("vault-token", token=kv.token("read data/other"))
    [one] = check(store(vault(kv)), reads("shop/db"), token)
    message = f"Vault denies `read` on `{kv.mount}/data/shop/db` to the token in Secret vault-token"
    assert (Verdict.FAILED, message) == (one.verdict, failed(one).message)


def test_a_declared_key_that_is_not_there_is_no_fault_of_the_store(openbao: OpenBao) -> None:
    """That is for a plan to say."""
    kv = Kv(openbao)
    [one] = check(store(vault(kv)), reads("shop/db"), secret("vault-token", token=openbao.token))
    assert Verdict.READY is one.verdict


def test_the_role_is_shown(aws_wire: FaultServer) -> None:
    """AWS says as which role it takes a store."""
    role = "arn:aws:iam::123456789012:role/reader"
    [one] = check(store({"aws": aws_config(role=role)}), secret("aws", id="AKIATEST", key="secret-access-key"))
    assert healthy(one).identity.startswith("arn:aws:sts::123456789012:assumed-role/reader/")


def test_what_hangs_holds_up_no_other() -> None:
    """The other store is answered meanwhile; the answers keep the order of the stores."""
    answered, seen = threading.Event(), list[bool]()

    def hang_until_the_other_is_answered(exchange: Exchange) -> None:
        seen.append(answered.wait(30))
        exchange.close()

    with FaultServer() as server:
        server.inject(hang_until_the_other_is_answered, calls=(1,))
        hanging = store({"vault": {"server": server.url, "path": "secret", "auth": TOKEN_AUTH}}, "slow")
        documents = (hanging, store({"fake": {"data": []}}, "fast"), secret("vault-token", token="t"))
        first, second = check(*documents, timeout=60, progress=lambda stage: answered.set() if stage.done else None)
    assert ([True], Verdict.FAILED, Verdict.READY) == (seen, first.verdict, second.verdict)


def test_each_check_has_its_deadline() -> None:
    """What does not answer has failed, and is not waited for."""
    with FaultServer() as server:
        server.inject(hang())
        hanging = store({"vault": {"server": server.url, "path": "secret", "auth": TOKEN_AUTH}})
        [one] = check(hanging, secret("vault-token", token="t"), timeout=0.3)
    assert (Verdict.FAILED, Failure.TIMEOUT) == (one.verdict, failed(one).failure)


def test_a_slow_store_has_time_for_each_call(openbao: OpenBao) -> None:
    """The look at the store and the read of a key are each in time, though not both together."""
    kv = Kv(openbao)
    kv.put("a", user="ann")
    with FaultServer(openbao.url) as server:
        server.inject(slow(0.6), path="/v1/auth/token/lookup-self")
        server.inject(slow(0.6), path=f"/v1/{kv.mount}/data/a")
        documents = (store(vault(kv, server=server.url)), reads("a"), secret("vault-token", token=openbao.token))
        [one] = check(*documents, timeout=1.0)
        seen = [server.count("/v1/auth/token/lookup-self"), server.count(f"/v1/{kv.mount}/data/a")]
    assert (Verdict.READY, [1, 1]) == (one.verdict, seen)


def test_credentials_that_are_nowhere() -> None:
    """Without a cluster, a Secret that is not among the files cannot be read; that is no crash."""
    [one] = check(store({"vault": {"server": "http://127.0.0.1:1", "auth": TOKEN_AUTH}}))
    assert "Secret shop/vault-token cannot be read: no cluster is configured" == failed(one).message


def test_a_cluster_store_with_credentials_of_each_namespace(openbao: OpenBao) -> None:
    """It is checked once for each namespace that uses it; where its credentials are its own, once."""
    kv = Kv(openbao)
    kv.put("a", user="ann")
    documents = [reads("a", "one", CLUSTER, namespace) for namespace in ("shop", "web")]
    token = secret("vault-token", token=openbao.token)
    shop, web = check(store(vault(kv), kind=CLUSTER), *documents, token)
    assert ("shop", Verdict.READY) == (shop.slot.namespace, shop.verdict)
    assert ("web", "Secret web/vault-token cannot be read: no cluster is configured") == (
        web.slot.namespace,
        failed(web).message,
    )
    own = {"tokenSecretRef": {"name": "vault-token", "key": "token", "namespace": "shop"}}
    [once] = check(store(vault(kv, auth=own), kind=CLUSTER), *documents, token)
    assert ("", Verdict.READY) == (once.slot.namespace, once.verdict)


def test_conditions_do_not_keep_a_check_out(openbao: OpenBao) -> None:
    """They say who may use a store, not whether it works."""
    own = {"tokenSecretRef": {"name": "vault-token", "key": "token", "namespace": "shop"}}
    conditions = [{"namespaces": ["other"]}]
    one = store(vault(Kv(openbao), auth=own), kind=CLUSTER, conditions=conditions)
    assert Verdict.READY is check(one, secret("vault-token", token=openbao.token))[0].verdict


def test_stores_of_another_controller_are_left_out() -> None:
    """Unless they are asked for by name: then it is said whose they are."""
    documents = store({"fake": {"data": []}}, controller="other")
    assert () == check(documents)
    declarations, options = declared(documents), Options()
    [one] = StoreCheck(Stores(Nowhere(), options), declarations, options).check(tuple(declarations.stores))
    assert "it is left to the controller `other`" == failed(one).message


@pytest.mark.parametrize("provider", [{"fake": {"data": []}}, {"nothing": {}}])
def test_any_provider_is_answered(provider: dict[str, Any]) -> None:
    """One that needs no login is ready; one that is not installed has failed."""
    assert ("fake" in provider) is (check(store(provider))[0].verdict is Verdict.READY)
