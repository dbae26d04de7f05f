"""One login serves all threads of a store: renewed, replaced when it was lost, revoked in the end."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ssl import SSLContext
from typing import Any

import hvac
import pytest

from syncd.model import SecretValue
from syncd.providers.api import Failure, Found, Outcome
from syncd.providers.given import GivenCredentials
from syncd.providers.vault_session import _Login
from syncd.providers.vault_store import VaultStore
from syncd.providers.vault_transport import VaultHttp
from tests.providers.vaults import TOKEN_AUTH, failed, open_vault, open_with_token, read, text
from tests.servers.faults import FaultServer, answer, error
from tests.servers.openbao import OpenBao

AUTH = {"username": "bob", "secretRef": {"name": "login", "key": "password"}}


class Account:
    """A user that may read `a` of a mount of its own, and what the server saw of it."""

    def __init__(self, bao: OpenBao) -> None:
        self.bao, self.root = bao, bao.client()
        self.path, policy, self.mount = bao.fresh_name("userpass"), bao.fresh_name("policy"), bao.kv()
        self.root.sys.enable_auth_method("userpass", path=self.path)
        self.root.sys.create_or_update_policy(policy, f'path "{self.mount}/data/a" {{ capabilities = ["read"] }}')
        self.root.secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"}, mount_point=self.mount)
        self.configure(password="pw", token_policies=[policy])
        self._seen = len(bao.calls())

    def configure(self, **user: Any) -> None:
        self.root.write_data(f"auth/{self.path}/users/bob", data=user)

    def store(self, *, url: str = "", given: str = "pw", **config: Any) -> VaultStore:
        """A store that logs in with `given` as the password."""
        auth = {"userPass": {**AUTH, "path": self.path}}
        credentials = GivenCredentials({("login", "password"): given})
        return open_vault({"server": url or self.bao.url, "path": self.mount, "auth": auth, **config}, credentials)

    def calls(self, operation: str, path: str) -> int:
        """How often the server was asked for this since the account was made."""
        return self.bao.calls()[self._seen :].count(f"{operation} {path}")

    @property
    def logins(self) -> int:
        return self.calls("update", f"auth/{self.path}/login/bob")


@pytest.fixture
def account(openbao: OpenBao) -> Account:
    return Account(openbao)


def login_of(store: VaultStore) -> _Login:
    login = store._session._login
    assert login is not None
    return login


def read_by_threads(store: VaultStore, key: str = "a", *, reads: int = 32) -> list[Outcome]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: read(store, key), range(reads)))


def alive(bao: OpenBao, token: str) -> bool:
    try:
        bao.client().auth.token.lookup(token)
    except hvac.exceptions.VaultError:
        return False
    return True


def test_eight_threads_log_in_once(account: Account) -> None:
    """The first read logs in, and all others wait for it."""
    assert {Found} == {type(outcome) for outcome in read_by_threads(account.store())}
    assert 1 == account.logins


def test_nothing_is_asked_before_the_first_read(account: Account) -> None:
    """Opening and closing a store that nobody reads is silent."""
    account.store().close()
    assert 0 == account.logins


def test_a_token_is_renewed_before_it_ends(account: Account) -> None:
    """After two thirds of its life a renewable token is renewed, by one thread, and no login is made."""
    store = account.store()
    assert text(read(store, "a"))
    login = login_of(store)
    assert login.renew_at - time.monotonic() < login.token.lifetime * 2 / 3
    login.renew_at = 0.0
    assert {Found} == {type(outcome) for outcome in read_by_threads(store)}
    assert (1, 1) == (account.logins, account.calls("update", "auth/token/renew-self"))


def test_a_token_that_is_renewed_for_less_is_replaced(account: Account) -> None:
    """Near its greatest age a token is not renewed again: the next time there is a new login."""
    store = account.store()
    assert text(read(store, "a"))
    first = login_of(store)
    first.token = replace(first.token, lifetime=first.token.lifetime * 3)
    for _ in range(2):
        login_of(store).renew_at = 0.0
        assert text(read(store, "a"))
    assert (2, 1) == (account.logins, account.calls("update", "auth/token/renew-self"))
    assert login_of(store).reads is not first.reads
    assert alive(account.bao, first.token.value)


def test_a_token_that_ended_is_replaced_without_a_denied_read(account: Account) -> None:
    """The end is known, so no read is made with a dead token."""
    account.configure(token_ttl="1s", token_max_ttl="1s")
    store = account.store()
    assert text(read(store, "a"))
    time.sleep(1.1)
    assert text(read(store, "a"))
    assert (2, 2) == (account.logins, account.calls("read", f"{account.mount}/data/a"))


def test_logins_leave_nothing_behind(account: Account) -> None:
    """Neither connections nor TLS contexts, whose memory Python does not count: logins fail, too."""
    account.configure(token_ttl="1h", token_type="batch")

    with FaultServer(account.bao.url) as proxy:
        store = account.store(url=proxy.url)
        assert text(read(store, "a"))
        before, context = sessions(), store_context(store)
        proxy.inject(error(500), path="*/login/*", calls={2, 4})
        for _ in range(7):
            login_of(store).ends_at = login_of(store).renew_at = 0.0
            read(store, "a")
        assert text(read(store, "a"))
    assert (6, before, context) == (account.logins, sessions(), store_context(store))


def sessions() -> int:
    gc.collect()
    return sum(isinstance(one, VaultHttp) for one in gc.get_objects())


def store_context(store: VaultStore) -> SSLContext:
    context = login_of(store).own.session.get_adapter("https://")._context
    assert isinstance(context, SSLContext)
    return context


def test_a_revoked_token_is_replaced_once(account: Account) -> None:
    """After a 403 that may come from a dead token one thread logs in again, and all reads succeed."""
    store = account.store()
    assert text(read(store, "a"))
    account.root.auth.token.revoke(login_of(store).token.value)
    assert {Found} == {type(outcome) for outcome in read_by_threads(store)}
    assert 2 == account.logins


def test_a_real_denial_causes_no_login(account: Account) -> None:
    """What a policy denies stays denied, without a login and without a look at the token."""
    store = account.store()
    assert {Failure.DENIED} == {failed(outcome).failure for outcome in read_by_threads(store, "other")}
    assert (1, 0) == (account.logins, account.calls("read", "auth/token/lookup-self"))


def test_a_denial_of_unknown_form_causes_one_look_at_the_token(account: Account) -> None:
    """A 403 that does not say why is held against the token once, and the token speaks for itself."""
    with FaultServer(account.bao.url) as server:
        server.inject(error(403), path=f"/v1/{account.mount}/data/*")
        store = account.store(url=server.url)
        assert {Failure.DENIED} == {failed(outcome).failure for outcome in read_by_threads(store)}
        assert 1 == server.count("/v1/auth/token/lookup-self")
        assert 1 == server.count(f"/v1/auth/{account.path}/login/bob")


def test_when_nothing_tells_the_token_is_replaced_once(account: Account) -> None:
    """A server that denies everything, the look at the token too, gets one more login, not one for each read."""
    with FaultServer(account.bao.url) as server:
        server.inject(error(403), method="GET")
        store = account.store(url=server.url)
        assert {Failure.DENIED} == {failed(outcome).failure for outcome in read_by_threads(store)}
        assert 2 == server.count(f"/v1/auth/{account.path}/login/bob")


def test_a_refused_login_is_tried_once(account: Account) -> None:
    """Servers lock users after some wrong passwords: one pass has one try."""
    store = account.store(given="wrong")
    assert {Failure.DENIED} == {failed(outcome).failure for outcome in read_by_threads(store)}
    assert 1 == account.logins


def test_threads_share_a_login_that_gets_no_answer(account: Account) -> None:
    """Who waited for a login that failed fails with it; the next read tries again."""
    with FaultServer(account.bao.url) as server:
        server.inject(error(503), path="/v1/auth/*", calls=range(1, 9))
        store = account.store(url=server.url)
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: read(store, "a"), range(8)))
        assert {Failure.UNAVAILABLE} == {failed(outcome).failure for outcome in outcomes}
        server.clear()
        assert text(read(store, "a"))


def test_a_renewal_that_fails_leaves_the_token_in_use(account: Account) -> None:
    """While the token lives, an outage of the login does not matter."""
    with FaultServer(account.bao.url) as server:
        server.inject(error(503), path="/v1/auth/token/renew-self")
        store = account.store(url=server.url)
        assert text(read(store, "a"))
        login_of(store).renew_at = 0.0
        assert text(read(store, "a"))
        assert time.monotonic() < login_of(store).renew_at


def test_reads_do_not_wait_for_a_renewal(account: Account) -> None:
    """While one thread renews, the others read with the token that still lives."""
    store = account.store()
    assert text(read(store, "a"))
    login_of(store).renew_at = 0.0
    with store._session._lock:
        assert text(read(store, "a"))
    assert 0 == account.calls("update", "auth/token/renew-self")


def test_a_renewal_that_is_refused_is_a_login(account: Account) -> None:
    """A token that Vault does not renew is replaced."""
    store = account.store()
    assert text(read(store, "a"))
    account.root.auth.token.revoke(login_of(store).token.value)
    login_of(store).renew_at = 0.0
    assert text(read(store, "a"))
    assert 2 == account.logins


def test_close_revokes_the_tokens_that_were_made(account: Account) -> None:
    """Also the one before the last, which other threads may have used."""
    store = account.store()
    assert text(read(store, "a"))
    first = login_of(store)
    first.token = replace(first.token, renewable=False)
    first.renew_at = 0.0
    assert text(read(store, "a"))
    tokens = [first.token.value, login_of(store).token.value]
    assert [True, True] == [alive(account.bao, token) for token in tokens]
    store.close()
    assert [False, False] == [alive(account.bao, token) for token in tokens]


def test_a_closed_store_logs_in_no_more(account: Account) -> None:
    """A thread that was given up on cannot leave a token behind."""
    store = account.store()
    store.close()
    assert "the store is closed" == failed(read(store, "a")).message
    assert 0 == account.logins


def test_close_leaves_a_token_of_a_secret_alone(account: Account) -> None:
    """It is not ours."""
    token = account.root.auth.token.create(policies=["root"])["auth"]["client_token"]
    store = open_with_token(account.bao, account.mount, token=token)
    assert text(read(store, "a"))
    store.close()
    assert alive(account.bao, token)


def test_close_does_not_revoke_batch_tokens(account: Account) -> None:
    """They cannot be revoked, nor renewed."""
    account.configure(token_type="batch")
    store = account.store()
    assert text(read(store, "a"))
    assert not login_of(store).token.renewable
    store.close()
    assert 0 == account.calls("update", "auth/token/revoke-self")


class ChangingSecret(GivenCredentials):
    """A token that is replaced while the store is open."""

    token = "nonsense"

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        return SecretValue(self.token)


def test_a_new_token_in_the_secret_is_picked_up(account: Account) -> None:
    """A bad token is looked up once, and the Secret is read again; a new one is used at once."""
    secret = ChangingSecret()
    store = open_vault({"server": account.bao.url, "path": account.mount, "auth": TOKEN_AUTH}, secret)
    assert {Failure.DENIED} == {failed(read(store, "a")).failure for _ in range(5)}
    assert 1 == account.calls("read", "auth/token/lookup-self")
    secret.token = account.bao.token
    login_of(store).trusted_at = float("-inf")
    assert text(read(store, "a"))


def test_reads_wait_for_the_state_of_the_login() -> None:
    """With `readYourWrites` reads carry the index of the login, with `forwardInconsistent` they ask to be forwarded."""
    secret = b'{"data":{"data":{"user":"ann"},"metadata":{"version":1}}}'
    with FaultServer() as server:
        login = answer(body=b'{"auth":{"client_token":"t"}}', X_Vault_Index="index-1")
        server.inject(login, method="POST")
        server.inject(answer(body=secret), method="GET")
        given = GivenCredentials({("login", "password"): "pw"})
        for more in ({}, {"readYourWrites": True}, {"forwardInconsistent": True, "headers": {"X-Team": "web"}}):
            config = {"server": server.url, "path": "secret", "auth": {"userPass": AUTH}, **more}
            assert text(read(open_vault(config, given), "a"))
        sent = [call.headers for call in server.calls if call.method == "GET"]
    seen = [
        tuple(headers.get(f"X-{name}") for name in ("Vault-Index", "Vault-Inconsistent", "Team")) for headers in sent
    ]
    assert [(None, None, None), ("index-1", None, None), ("index-1", "forward-active-node", "web")] == seen
