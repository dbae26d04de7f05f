"""Ctrl-C: the first ends the pass in order, the second ends the process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.binary import BINARY, environment, syncd
from tests.cli.shop import Shop

SLOW = """\
import time
from pathlib import Path
from syncd.cli import main, session

class Slow(session.FolderTarget):
    def create_secret(self, secret):
        Path("begun").touch()
        while not Path("go").exists():
            time.sleep(0.01)
        return super().create_secret(secret)

session.FolderTarget = Slow
main()
"""
HANGING = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {{name: vault, namespace: shop}}
spec:
  provider:
    vault:
      server: http://127.0.0.1:{port}
      path: secret
      auth: {{tokenSecretRef: {{name: token, key: token}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: token, namespace: shop}}
stringData: {{token: root}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: stripe, namespace: shop}}
spec:
  secretStoreRef: {{name: vault}}
  data: [{{secretKey: KEY, remoteRef: {{key: stripe, property: key}}}}]
"""


@contextmanager
def started(*command: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=environment()
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def slow_sync(shop: Shop) -> list[str]:
    return [sys.executable, "-c", SLOW, "sync", "-f", "shop.yaml", "--to", "out", "--writers", "1"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "a", "b", "c")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_finishes_what_is_under_way(shop: Shop, number: signal.Signals) -> None:
    """The write that had begun is done, no other begins, what was done is said, and the next sync goes on."""
    with started(*slow_sync(shop), cwd=shop.root) as process:
        until((shop.root / "begun").exists)
        process.send_signal(number)
        assert process.stderr
        assert "\n" == process.stderr.readline()
        assert process.stderr.readline().startswith("Stopping: ")
        (shop.root / "go").touch()
        out, err = process.communicate(timeout=30)
    assert (1, True) == (process.returncode, out.startswith("  + shop/a  created"))
    assert "Interrupted: 1 created, 0 updated, 0 deleted, 0 restarted; 2 failed\n" == out.splitlines(keepends=True)[-1]
    assert "Error: shop.yaml:28: shop/b: not created: interrupted\n" in err
    assert [True, False, False] == [shop.secret(name).exists() for name in "abc"]
    after = syncd("sync", "-f", "shop.yaml", "--to", "out", cwd=shop.root)
    assert (0, True) == (after.code, "Done: 2 created" in after.out)


def test_the_second_leaves_at_once(shop: Shop) -> None:
    """Who insists does not wait for a write that hangs."""
    with started(*slow_sync(shop), cwd=shop.root) as process:
        until((shop.root / "begun").exists)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        process.stderr.readline()
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert 1 == process.returncode
    assert "Error: left at once: a write may have been under way\n" in err


def test_a_store_that_hangs_holds_nobody(tmp_path: Path) -> None:
    """Ctrl-C while a store does not answer ends the command, long before the store's deadline."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "shop.yaml").write_text(HANGING.format(port=server.getsockname()[1]))
        command = [str(BINARY), "plan", "-f", "shop.yaml", "--to", "out", "--provider-timeout", "1h"]
        with started(*command, cwd=tmp_path) as process:
            connection, _ = server.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            connection.close()
    assert (1, "") == (process.returncode, out)
    assert err.endswith("Error: interrupted\nhint: run it again: it goes on where it stopped\n")
