"""`syncd run` while a store or the API server takes requests and answers none."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.run_shop import Shop
from tests.e2e.running import Running
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer, hang
from tests.servers.openbao import OpenBao, wait_for


@pytest.fixture
def shop(controlplane: ControlPlane, openbao: OpenBao, tmp_path: Path) -> Shop:
    return Shop(controlplane, openbao, tmp_path)


@contextmanager
def frozen(plane: ControlPlane) -> Iterator[None]:
    """The API server keeps its connections and does nothing."""
    os.kill(plane.pids["kube-apiserver"], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(plane.pids["kube-apiserver"], signal.SIGCONT)


def in_a_pass(run: Running) -> bool:
    """Whether a declaration is under way."""
    return bool(re.search(r"^syncd_queue_under_way [1-9]", run.get("/metrics").text, re.MULTILINE))


def test_a_store_that_hangs_is_given_up_and_waited_for(shop: Shop) -> None:
    """Each call at its deadline; it is said, Secrets stay, and after one back-off what was missed is there."""
    with (
        FaultServer(shop.bao.url) as proxy,
        shop.running(shop.declare(proxy.url), "--provider-timeout", "1s") as run,
    ):
        shop.becomes(stripe="1", paypal="1")
        proxy.inject(hang())
        shop.put("stripe", "2")
        wait_for(lambda: {"failed"} == {*run.states().values()})
        wait_for(lambda: any(line.get("failure") == "timeout" for line in run.lines))
        assert (200, "1") == (run.code("/healthz"), shop.value("stripe"))
        proxy.clear()
        shop.becomes(stripe="2", paypal="1")
        assert {"stripe": "synced", "paypal": "synced"} == run.states()
        assert run.stop() < 5


def test_an_api_server_that_hangs_is_waited_for(shop: Shop) -> None:
    """Health stays good, and the pass that waited goes on when it answers again."""
    with shop.running(shop.declare(shop.bao.url)) as run:
        shop.becomes(stripe="1", paypal="1")
        with frozen(shop.plane):
            shop.put("stripe", "2")
            wait_for(lambda: in_a_pass(run))
            assert 200 == run.code("/healthz")
        shop.becomes(stripe="2", paypal="1")
        assert run.stop() < 5


def test_sigterm_ends_it_while_the_api_server_hangs(shop: Shop) -> None:
    """Within five seconds; the Secret is the old one or the new one, and the next start brings the rest."""
    manifests = shop.declare(shop.bao.url)
    with shop.running(manifests) as run:
        shop.becomes(stripe="1", paypal="1")
        with frozen(shop.plane):
            shop.put("stripe", "2")
            wait_for(lambda: in_a_pass(run))
            assert run.stop() < 5
        assert shop.value("stripe") in {"1", "2"}
    with shop.running(manifests) as run:
        shop.becomes(stripe="2", paypal="1")
        run.stop()
