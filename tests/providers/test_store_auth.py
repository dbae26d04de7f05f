"""`--store-auth ambient`: stores log in with what the machine has, whatever their manifests say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.providers import registry
from syncd.providers.api import Failed, Failure, Outcome, Provider, RemoteKey, StoreAuth, StoreConfig, StoreError
from syncd.providers.given import GivenCredentials, store_config
from tests.providers.aws_stores import aws_config, sent, signer
from tests.providers.vaults import TOKEN_AUTH, Kv, failed, text
from tests.servers.faults import FaultServer
from tests.servers.openbao import OpenBao

NOBODY = GivenCredentials()


def ambient(provider: str, config: dict[str, Any], *, base: str = "/manifests") -> StoreConfig:
    return replace(store_config(provider, config, base=base), auth=StoreAuth.AMBIENT)


def opened(store: StoreConfig) -> Provider:
    provider = registry.open_store(store, NOBODY)
    assert not isinstance(provider, Failed), provider
    return provider


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("VAULT_TOKEN", raising=False)
    return tmp_path


@pytest.fixture
def kv(openbao: OpenBao) -> Kv:
    """A mount with one secret."""
    kv = Kv(openbao)
    kv.put("a", user="ann")
    return kv


def vault(kv: Kv, **config: Any) -> Provider:
    """A store whose manifest names a Secret that is not there."""
    return opened(ambient("vault", {"server": kv.bao.url, "path": kv.mount, "auth": TOKEN_AUTH, **config}))


def read(provider: Provider) -> Outcome:
    return provider.fetch([RemoteKey("a")])[RemoteKey("a")]


def test_vault_by_variable(kv: Kv, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VAULT_TOKEN goes before the file, as for Vault's own command line."""
    (home / ".vault-token").write_text("other")
    monkeypatch.setenv("VAULT_TOKEN", kv.bao.token)
    assert '{"user":"ann"}' == text(read(vault(kv)))


def test_vault_by_file(kv: Kv, home: Path) -> None:
    """What `vault login` left behind is used, and told by its display name."""
    (home / ".vault-token").write_text(f"{kv.token('read data/a')}\n")
    store = vault(kv)
    assert '{"user":"ann"}' == text(read(store))
    assert "token-ci" == store.check().identity


def test_vault_takes_up_a_new_login(kv: Kv, home: Path) -> None:
    """When the token is refused, the file is looked at again."""
    (home / ".vault-token").write_text(kv.token("read data/b"))
    store = vault(kv)
    assert Failure.DENIED is failed(read(store)).failure
    kv.bao.client().auth.token.revoke((home / ".vault-token").read_text())
    (home / ".vault-token").write_text(kv.bao.token)
    assert '{"user":"ann"}' == text(read(store))


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_vault_without_a_token(kv: Kv, home: Path, content: bytes | None) -> None:
    """The error says where a token is looked for, and what makes one."""
    if content is not None:
        (home / ".vault-token").write_bytes(content)
    failure = failed(read(vault(kv)))
    assert "there is no Vault token in VAULT_TOKEN or ~/.vault-token" == failure.message
    assert "run `vault login`, or set VAULT_TOKEN" == failure.hint


def test_a_token_of_the_machine_is_not_revoked(kv: Kv, home: Path) -> None:
    """It is not ours: who logged in by hand stays logged in."""
    token = kv.token("read data/a")
    (home / ".vault-token").write_text(token)
    store = vault(kv)
    read(store)
    store.close()
    assert kv.bao.client(token).lookup_token()


def test_aws(aws_wire: FaultServer, aws_env: pytest.MonkeyPatch) -> None:
    """The chain of AWS's own tools takes the place of the Secret with keys."""
    aws_env.setenv("AWS_ACCESS_KEY_ID", "AKIALAPTOP")
    aws_env.setenv("AWS_SECRET_ACCESS_KEY", "secret-access-key")
    store = opened(ambient("aws", aws_config()))
    read(store)
    assert {"AKIALAPTOP"} == {signer(call) for call in sent(aws_wire, "GetSecretValue")}


@pytest.mark.parametrize(
    ("provider", "config"), [("vault", {"server": "https://vault:8200", "auth": TOKEN_AUTH}), ("aws", aws_config())]
)
def test_stores_from_a_cluster_have_only_their_own_rights(provider: str, config: dict[str, Any]) -> None:
    """A store that anybody may have written must not be read with the rights of syncd."""
    with pytest.raises(StoreError) as raised:
        registry.plugin(provider).open(ambient(provider, config, base=""), NOBODY)
    assert (Failure.MISCONFIGURED, "the credentials that syncd runs with serve only stores from files") == (
        raised.value.failure,
        raised.value.message,
    )


def test_plugins_say_what_they_would_use() -> None:
    """One that has no such credentials, or is not there, says nothing."""
    said = {name: bool(registry.ambient(name)) for name in ("aws", "vault", "fake", "file", "kubernetes", "nothing")}
    assert {"aws": True, "vault": True, "fake": False, "file": False, "kubernetes": False, "nothing": False} == said
