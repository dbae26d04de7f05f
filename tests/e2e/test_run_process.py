"""`syncd run` as people start it, over a folder: its signals, its HTTP server, its log."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.binary import syncd
from tests.cli.shop import CANARY, DEPLOYMENT, Shop
from tests.e2e.running import Running, running
from tests.servers.faults import FaultServer, hang
from tests.servers.openbao import wait_for
from tests.servers.pki import Authority
from tests.servers.process import free_port


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe", "paypal")


def arguments(shop: Shop, *more: str | Path) -> list[str | Path]:
    return ["-f", shop.root / "shop.yaml", "--to", shop.out, *more]


def every(shop: Shop, interval: str) -> None:
    """Declarations are refreshed so often."""
    path = shop.root / "shop.yaml"
    path.write_text(
        path.read_text().replace("spec:\n  secretStoreRef", f"spec:\n  refreshInterval: {interval}\n  secretStoreRef")
    )


def vault(shop: Shop, url: str, *names: str, interval: str = "1s") -> None:
    """A store that is reached over HTTP, and declarations of it."""
    store = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "vault", "namespace": "shop"},
        "spec": {
            "provider": {"vault": {"server": url, "path": "kv", "auth": {"tokenSecretRef": {"name": "t", "key": "t"}}}}
        },
    }
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "t", "namespace": "shop"},
        "stringData": {"t": "x"},
    }
    secrets = [
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {
                "refreshInterval": interval,
                "secretStoreRef": {"name": "vault"},
                "data": [{"secretKey": "KEY", "remoteRef": {"key": name}}],
            },
        }
        for name in names
    ]
    (shop.root / "vault.yaml").write_text(yaml.safe_dump_all([store, token, *secrets]))


def test_status_metrics_and_health_are_served(shop: Shop) -> None:
    """On the address of `--listen`; and no value is in any of it, nor in the log."""
    with running(shop.root, *arguments(shop)) as run:
        pages = {path: run.get(path) for path in ("/metrics", "/healthz", "/readyz", "/status")}
        document = pages["/status"].json()
        run.stop()
    one = document["externalSecrets"][0]
    assert ({200}, True) == ({page.status_code for page in pages.values()}, document["ready"])
    assert ("stripe", "synced", None, 0) == (one["name"], one["state"], one["error"], one["failures"])
    assert one["lastSync"] < one["nextSync"]
    assert not [path for path, page in pages.items() if CANARY in page.text]
    assert not [line for line in run.lines if CANARY in json.dumps(line)]


def test_a_rotation_arrives_and_restarts_its_users(shop: Shop) -> None:
    """Each change is one line, with the names of keys; each pass is one."""
    (shop.out / "web.yaml").write_text(DEPLOYMENT.format(name="web", used="stripe"))
    every(shop, "1s")
    with running(shop.root, *arguments(shop)) as run:
        shop.store("stripe", "rotated")
        wait_for(lambda: run.said("workload `shop/deployment/web`: restart"))
        run.stop()
    [update] = [line for line in run.lines if line.get("action") == "update"]
    assert ("shop/stripe", "KEY") == (update["secret"], update["keys_changed"])
    passes = [line for line in run.lines if line["message"] == "pass finished"]
    assert {"changed": 1, "restarts": 1}.items() <= next(line for line in passes if line.get("restarts")).items()


def test_sigterm_ends_it_at_once(shop: Shop) -> None:
    """When nothing is under way."""
    with running(shop.root, *arguments(shop)) as run:
        assert run.stop() < 5


def test_sigterm_ends_it_while_a_store_hangs(shop: Shop) -> None:
    """Which has its own Secrets waiting, and nobody else's: the others are in step."""
    with FaultServer() as server:
        server.inject(hang())
        vault(shop, server.url, "a", "b", "c")
        run = Running(shop.root / "run.log", *arguments(shop, "-f", shop.root / "vault.yaml"), port=free_port())
        try:
            wait_for(lambda: run.code("/healthz") == 200, seconds=30)
            wait_for(lambda: {"stripe": "synced", "paypal": "synced"}.items() <= run.states().items())
            assert "waiting" == run.states()["a"]
            assert (503, 200) == (run.code("/readyz"), run.code("/healthz"))
            assert run.stop() < 5
        finally:
            run.process.kill()
            run.process.wait()


def test_sighup_changes_what_is_paused(shop: Shop) -> None:
    """By the settings file; the other settings stay."""
    settings = shop.root / "syncd.yaml"
    settings.write_text("pause-writes: true\n")
    with running(shop.root, *arguments(shop, "--config", settings)) as run:
        assert {"stripe": "paused", "paypal": "paused"} == run.states()
        assert not shop.secret("stripe").exists()
        settings.write_text("pause-writes: false\n")
        run.process.send_signal(signal.SIGHUP)
        wait_for(lambda: {"stripe": "synced", "paypal": "synced"} == run.states())
        settings.write_text("no setting: 1\n")
        run.process.send_signal(signal.SIGHUP)
        wait_for(lambda: run.said("the settings stay as they are"))
        assert run.stop() < 5


def test_it_serves_https_and_syncs_on_demand(shop: Shop) -> None:
    """With `--tls-cert`, `--tls-key` and `--token-file`."""
    authority = Authority()
    (shop.root / "ca.pem").write_text(authority.pem)
    certificate, key = authority.issue_server("127.0.0.1", "localhost").write(shop.root, "server")
    (shop.root / "token").write_text("open sesame\n")
    flags: list[str | Path] = ["--tls-cert", certificate, "--tls-key", key, "--token-file", shop.root / "token"]
    with running(shop.root, *arguments(shop, *flags), scheme="https", ca=str(shop.root / "ca.pem")) as run:
        before = shop.secret("stripe").read_text()
        shop.store("stripe", "rotated")
        assert 401 == run.post("/-/sync/shop/stripe", "wrong").status_code
        assert {"queued": 1} == run.post("/-/sync/shop/stripe", "open sesame").json()
        wait_for(lambda: shop.secret("stripe").read_text() != before)
        run.stop()


def test_a_thousand_failures_are_a_few_lines(shop: Shop) -> None:
    """One for each store and kind of failure of a pass, without a traceback."""
    shop.declare("stripe", *(f"missing-{number}" for number in range(1000)))
    with running(shop.root, *arguments(shop)) as run:
        states = Counter(run.states().values())
        run.stop()
    warnings = [line for line in run.lines if line["level"] in ("warning", "error")]
    assert {"synced": 1, "failed": 1000} == states
    assert len(warnings) <= 4
    assert 1000 == max(line.get("declarations", 0) for line in warnings if "failed" in line["message"])
    assert not [line for line in run.lines if "exception" in line]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["-f", "-"], "`run` cannot read standard input again"),
        ([], "no manifests are given"),
        (["-f", "nowhere.yaml"], "nowhere.yaml: no such file or folder"),
        (["-f", "shop.yaml", "--listen", "nonsense"], "`--listen`: `nonsense` is neither an address"),
        (["-f", "shop.yaml", "--tls-cert", "c.pem"], "`--tls-cert` and `--tls-key` must be given together"),
    ],
)
def test_a_wrong_start_is_told(shop: Shop, more: list[Any], message: str) -> None:
    """In a sentence, with exit code 1."""
    done = syncd("run", "--to", shop.out, *more, cwd=shop.root)
    assert (1, True) == (done.code, message in done.err), done.err


def test_sighup_ends_a_pause_of_restarts(shop: Shop) -> None:
    """Until then Secrets are written and nobody restarts; what was due is done when the pause is over, once."""
    shop.deploy("web", "stripe")
    every(shop, "1s")
    settings = shop.root / "syncd.yaml"
    settings.write_text("pause-restarts: true\n")
    with running(shop.root, *arguments(shop, "--config", settings)) as run:
        before = shop.secret("stripe").read_text()
        shop.store("stripe", "rotated")
        wait_for(lambda: shop.secret("stripe").read_text() != before)
        assert not run.said("deployment/web`: restart")
        settings.write_text("pause-restarts: false\n")
        run.process.send_signal(signal.SIGHUP)
        wait_for(lambda: run.said("workload `shop/deployment/web`: restart"))
        assert run.stop() < 5
    assert 1 == sum("deployment/web`: restart" in line["message"] for line in run.lines)


def test_sigterm_in_the_middle_leaves_nothing_half_written(shop: Shop) -> None:
    """Each Secret is there as a whole or not at all, and the next start makes the rest."""
    names = [f"secret-{number}" for number in range(300)]
    shop.declare(*names)
    for name in names:
        shop.store(name, "whole")
    one = Running(shop.root / "run.log", *arguments(shop), port=free_port())
    try:
        wait_for(lambda: shop.secret(names[0]).exists(), seconds=30)
        assert one.stop() < 5
    finally:
        one.process.kill()
        one.process.wait()
    written = [yaml.safe_load(path.read_text()) for path in shop.secret("x").parent.iterdir()]
    assert {"d2hvbGU="} == {document["data"]["KEY"] for document in written}
    with running(shop.root, *arguments(shop)) as run:
        assert {"synced"} == {*run.states().values()}
        run.stop()
    assert 300 == sum(line.get("action") == "create" for line in run.lines)
