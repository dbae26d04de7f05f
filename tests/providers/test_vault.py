"""The provider `vault` reads the KV secrets of a real OpenBao."""

from __future__ import annotations

import json
import sys

import pytest

from syncd.errors import MissingExtra
from syncd.providers.api import Absent, Failure, FindQuery, Found, Provider, StoreError
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.testing import DeniedContract, ProviderContract, UnreachableContract
from syncd.providers.vault import VaultPlugin
from tests.providers.vaults import Kv, failed, open_vault, open_with_token, read, text
from tests.servers.faults import FaultServer, answer
from tests.servers.openbao import OpenBao, RaftOpenBao
from tests.servers.process import free_port


@pytest.fixture
def kv(openbao: OpenBao) -> Kv:
    return Kv(openbao)


@pytest.fixture
def kv1(openbao: OpenBao) -> Kv:
    return Kv(openbao, version=1)


class TestContract(ProviderContract, DeniedContract, UnreachableContract):
    """What every provider promises."""

    kv: Kv

    @pytest.fixture
    def provider(self, kv: Kv) -> Provider:
        self.kv = kv
        return kv.store()

    @pytest.fixture
    def denied(self, kv: Kv) -> Provider:
        return kv.store(token=kv.token("read data/other"))

    @pytest.fixture
    def unreachable(self) -> Provider:
        return open_vault({"server": f"http://127.0.0.1:{free_port()}", "path": "secret"})

    def put(self, key: str, value: bytes) -> None:
        data = json.loads(value)
        if not hasattr(data, "items"):
            raise ValueError("a KV secret is an object")
        self.kv.put(key, **data)

    def delete(self, key: str) -> None:
        self.kv.forget(key)


@pytest.mark.parametrize("form", ["a/b", "{mount}/a/b", "{mount}/data/a/b", "/a/b"])
def test_all_forms_of_a_key_read_the_same_secret(kv: Kv, form: str) -> None:
    """A key may repeat the mount, say `data/`, and begin with a slash."""
    kv.put("a/b", user="ann")
    assert '{"user":"ann"}' == text(read(kv.store(), form.format(mount=kv.mount)))


def test_a_store_without_a_path_takes_the_mount_from_the_key(kv: Kv) -> None:
    """Without `path` the key begins with its mount."""
    kv.put("a", user="ann")
    store = open_with_token(kv.bao, "")
    assert '{"user":"ann"}' == text(read(store, f"{kv.mount}/a"))
    assert '{"user":"ann"}' == text(read(store, f"{kv.mount}/data/a"))


@pytest.mark.parametrize("name", ["with space", "per%cent", "what?", "sharp#", "ünï", "a&b=c", "semi;colon"])
def test_odd_characters_in_names(kv: Kv, name: str) -> None:
    """Whatever Vault takes as a name is read by that name."""
    kv.bao.client().write_data(f"{kv.mount}/data/{_quoted(name)}", data={"data": {"user": "ann"}})
    assert '{"user":"ann"}' == text(read(kv.store(), name))


def test_kv_version_1(kv1: Kv) -> None:
    """Version 1 has no versions and no envelope."""
    kv1.put("a/b", user="ann", port="5432")
    store = kv1.store(version="v1")
    assert {"user": "ann", "port": "5432"} == json.loads(text(read(store, f"{kv1.mount}/a/b")))
    assert Absent() == read(store, "nobody")


def test_numbers_keep_the_text_that_vault_wrote() -> None:
    """No float comes between: large integers and trailing zeros stay."""
    data = '{"big":12345678901234567890,"f":1.50,"e":1e3,"minus":-0,"nested":{"x": 1.0}}'
    body = f'{{"request_id":"1","data":{{"data":{data},"metadata":{{"version":3}}}},"warnings":null}}'
    with FaultServer() as server:
        server.inject(answer(body=body.encode()))
        found = read(open_vault({"server": server.url, "path": "secret"}), "a")
    assert data == text(found)
    assert isinstance(found, Found)
    assert "3" == found.version


@pytest.mark.parametrize("data", ["[]", '"text"', "7", "false"])
def test_data_that_is_no_object_is_none_of_vaults(data: str) -> None:
    """Something else answers: that passes, and the manifest is not to blame."""
    with FaultServer() as server:
        server.inject(answer(body=f'{{"data":{data}}}'.encode()))
        failure = failed(read(open_vault({"server": server.url, "path": "secret"}), "a"))
    assert Failure.UNAVAILABLE is failure.failure
    assert failure.message.endswith("something that is not Vault answered")


def test_versions(kv: Kv) -> None:
    """A version is read by its number, and the answer says which one it is."""
    kv.put("a", n="1")
    kv.put("a", n="2")
    store = kv.store()
    found = [read(store, "a", version) for version in ("1", "2", "")]
    assert [("1", '{"n":"1"}'), ("2", '{"n":"2"}'), ("2", '{"n":"2"}')] == [
        (outcome.version, text(outcome)) for outcome in found if isinstance(outcome, Found)
    ]


def test_what_is_gone_is_absent(kv: Kv) -> None:
    """A deleted or destroyed version, one that never was, and a secret that never was."""
    for name in ("deleted", "destroyed"):
        kv.put(name, user="ann")
    kv.delete("deleted")
    kv.destroy("destroyed", 1)
    store = kv.store()
    asked = [("deleted", ""), ("destroyed", ""), ("destroyed", "1"), ("destroyed", "9"), ("nobody", "")]
    assert [Absent()] * 5 == [read(store, name, version) for name, version in asked]


def test_a_missing_mount_is_not_an_absent_secret(openbao: OpenBao) -> None:
    """Vault answers 404 to all reads of a mount that does not exist; that is a mistake in the store."""
    failure = failed(read(open_with_token(openbao, "no-such-mount"), "a"))
    assert Failure.MISCONFIGURED == failure.failure
    assert "no handler for route" in failure.message


@pytest.mark.parametrize(("version", "says"), [(1, "v2"), (2, "v1")])
def test_a_mount_of_the_other_version_is_not_an_absent_secret(openbao: OpenBao, version: int, says: str) -> None:
    """A store that names the wrong KV version would find nothing, ever."""
    kv = Kv(openbao, version)
    kv.put("a", user="ann")
    failure = failed(read(kv.store(version=says), "a"))
    assert Failure.MISCONFIGURED == failure.failure
    assert Failure.MISCONFIGURED == failed(kv.store(version=says).find(FindQuery(name="."))).failure


def test_a_wrong_path_in_the_address_is_not_an_absent_secret(openbao: OpenBao) -> None:
    """Outside of its API Vault answers "not found" to everything, in the very words for an absent secret."""
    failure = failed(read(open_with_token(openbao, "secret", server=f"{openbao.url}/vault"), "a"))
    expected = (Failure.MISCONFIGURED, "`server` is Vault's, and does not lead to its API")
    assert expected == (failure.failure, failure.message)


def test_the_mount_is_looked_at_once(kv: Kv) -> None:
    """However many secrets are absent, one call asks what the mount is."""
    before = len(kv.bao.calls(f"sys/internal/ui/mounts/{kv.mount}"))
    store = kv.store()
    assert {Absent()} == {read(store, f"nobody-{n}") for n in range(5)}
    assert before + 1 == len(kv.bao.calls(f"sys/internal/ui/mounts/{kv.mount}"))


def test_a_namespace_that_does_not_exist_is_a_mistake(kv: Kv) -> None:
    """The server says so, and nothing is absent."""
    failure = failed(read(kv.store(namespace="nowhere"), "a"))
    assert (Failure.MISCONFIGURED, True) == (failure.failure, "namespace not found" in failure.message)


def test_namespaces(openbao: OpenBao) -> None:
    """`namespace` is where secrets are read."""
    team = openbao.fresh_name("team")
    openbao.client().sys.create_namespace(team)
    inside = openbao.client(namespace=team)
    inside.sys.enable_secrets_engine("kv", path="kv", options={"version": "1"})
    inside.secrets.kv.v1.create_or_update_secret("a", secret={"user": "ann"}, mount_point="kv")
    assert '{"user":"ann"}' == text(read(open_with_token(openbao, "kv", version="v1", namespace=team), "a"))


def test_a_denied_read_names_path_and_right(kv: Kv) -> None:
    """The message says what a policy would have to grant."""
    kv.put("other", user="ann")
    failure = failed(read(kv.store(token=kv.token("read data/app/*")), "other"))
    assert Failure.DENIED == failure.failure
    assert f"Vault denies `read` on `{kv.mount}/data/other`" in failure.message
    assert f"grant `read` on `{kv.mount}/data/other`" in failure.hint


def test_a_version_that_is_no_number_is_a_mistake(kv: Kv) -> None:
    """Vault refuses it, and the failure says so."""
    kv.put("a", user="ann")
    assert Failure.MISCONFIGURED == failed(read(kv.store(), "a", "latest")).failure


def test_a_key_with_dots_is_refused(kv: Kv) -> None:
    """`..` would read another part of the API, with our token's own id in it."""
    assert Failure.MISCONFIGURED == failed(read(kv.store(), "../../auth/token/lookup-self")).failure


def test_metadata(kv: Kv) -> None:
    """`metadataPolicy: Fetch` gives custom metadata and what Vault notes, all as text; the custom one wins."""
    kv.put("a", user="ann")
    kv.put("a", user="bob")
    kv.tag("a", owner="ann", created_time="long ago")
    expected = {"created_time": "long ago", "current_version": "2", "delete_version_after": "0s", "owner": "ann"}
    found = text(read(kv.store(), f"{kv.mount}/data/a", metadata=True))
    assert expected == json.loads(found)
    assert sorted(expected) == list(json.loads(found))


def test_metadata_of_what_is_not_there(kv: Kv) -> None:
    """No secret, no metadata."""
    assert Absent() == read(kv.store(), "nobody", metadata=True)


def test_metadata_needs_version_2(kv1: Kv) -> None:
    """Version 1 has none, and says so."""
    assert "needs KV version 2" in failed(read(kv1.store(version="v1"), "a", metadata=True)).message


def test_a_sealed_server_is_unavailable(openbao_audited: RaftOpenBao) -> None:
    """Sealed is a state that passes: nothing is absent, nothing denied."""
    store = open_with_token(openbao_audited, "secret")
    openbao_audited.seal()
    try:
        failure = failed(read(store, "a"))
    finally:
        openbao_audited.unseal()
    assert (Failure.UNAVAILABLE, "Vault could not answer (HTTP 503: sealed)") == (failure.failure, failure.message)


def test_a_rate_limit_is_throttling(openbao: OpenBao, kv1: Kv) -> None:
    """A quota of the server slows down; it does not fail for good."""
    quota = {"path": f"{kv1.mount}/", "rate": 1, "interval": "60s"}
    openbao.client().write_data(f"sys/quotas/rate-limit/{kv1.mount}", data=quota)
    store = kv1.store(version="v1")
    answers = [read(store, "a"), read(store, "a")]
    assert Failure.THROTTLED == failed(answers[-1]).failure


def test_check_says_who_we_are(kv: Kv) -> None:
    """The identity is the token's display name, and nothing is missing."""
    health = kv.store(token=kv.token("read data/app/*")).check()
    assert ("token-ci", "") == (health.identity, health.missing_permission)
    assert health.latency >= 0


def test_check_names_the_missing_right(kv: Kv, kv1: Kv) -> None:
    """A token without any right on the mount."""
    health = kv.store(token=kv1.token("read app/*")).check()
    assert f"`read` on a path of `{kv.mount}/`, if there is such a mount" == health.missing_permission


def test_check_finds_a_mount_of_the_other_version(kv1: Kv) -> None:
    """The store says v2, the mount is version 1."""
    with pytest.raises(StoreError, match="is KV version 1, and the store says `version: v2`") as raised:
        kv1.store().check()
    assert Failure.MISCONFIGURED == raised.value.failure


def test_check_with_a_bad_token_raises(kv: Kv) -> None:
    """A token that Vault does not know is a failure of the store."""
    with pytest.raises(StoreError, match="invalid, expired or revoked") as raised:
        kv.store(token="nonsense").check()
    assert Failure.DENIED == raised.value.failure


def test_no_auth_is_allowed_and_explained(kv: Kv) -> None:
    """Without `auth` no token is sent: an agent in front may add one, and a server says no."""
    failure = failed(read(open_vault({"server": kv.bao.url, "path": kv.mount}), "a"))
    assert (Failure.DENIED, True) == (failure.failure, "the store has no `auth`" in failure.message)


def test_the_environment_lends_no_token(kv: Kv, monkeypatch: pytest.MonkeyPatch) -> None:
    """hvac would take VAULT_TOKEN; a store has its own rights only."""
    kv.put("a", user="ann")
    monkeypatch.setenv("VAULT_TOKEN", kv.bao.token)
    assert Failure.DENIED == failed(read(open_vault({"server": kv.bao.url, "path": kv.mount}), "a")).failure


def test_without_hvac_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    for module in ("hvac", "syncd.providers.vault_store", "syncd.providers.vault_session"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "hvac", None)
    with pytest.raises(MissingExtra) as raised:
        VaultPlugin.open(store_config("vault", {"server": "http://vault"}), GivenCredentials())
    assert "pip install 'syncd[vault]'" == raised.value.hint


def test_the_lane_is_endpoint_and_identity(kv: Kv) -> None:
    """Stores of one server and one login share a lane; another login has another one. No secret is in it."""
    same, other = kv.store(), open_vault({"server": kv.bao.url, "path": kv.mount})
    assert kv.store().lane == same.lane
    assert other.lane != same.lane
    assert kv.bao.token not in same.lane.split()
    assert open_vault({"server": "http://ann:pw@vault"}).lane.startswith("http://vault ")


def _quoted(name: str) -> str:
    return name.replace("%", "%25").replace("?", "%3F").replace("#", "%23")
