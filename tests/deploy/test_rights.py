"""`syncd run` with nothing but the rights that an overlay grants: none is missing, and none is left over."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cli.binary import BINARY, environment
from tests.deploy.installation import WORKLOADS, Installation, Shops
from tests.deploy.rendered import OVERLAYS, Document, container, overlay, roles, with_component
from tests.servers.aws import Aws
from tests.servers.controlplane import ControlPlane
from tests.servers.openbao import TlsOpenBao, wait_for
from tests.servers.process import free_port

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Story:
    """What the daemon answered to its probes, how it ended, and what stood in each namespace."""

    installation: Installation
    probes: list[int]
    code: int
    log: str
    created: list[dict[str, str]]
    rotated: list[dict[str, str]]
    restarted: list[set[str]]
    left: list[dict[str, str]]
    plain: list[dict[str, str]]
    """The ConfigMaps: when all was created, when keys were rotated, and when some had gone."""


class Daemon:
    """`syncd run` as the Deployment starts it, for files, an address and namespaces of this test."""

    def __init__(self, installation: Installation, folder: Path, env: Mapping[str, str]) -> None:
        self.log, token = folder / "syncd.log", folder / "token"
        token.write_text("token")
        self._container = container(installation.documents)
        self._url = f"127.0.0.1:{free_port()}"
        here = {
            "--filename": str(folder / "declarations"),
            "--listen": self._url,
            "--namespaces": ",".join(installation.served),
        }
        split = [argument.partition("=") for argument in self._container["args"]]
        arguments = [f"{name}{equals}{here.get(name, value)}" for name, equals, value in split]
        with self.log.open("w") as log:
            command = [str(BINARY), *arguments, f"--token-file={token}"]
            self._process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stderr=log)

    def sync(self) -> bool:
        """Ask for a pass over everything; what is absent is looked for twice, and need not be waited for."""
        headers = {"Authorization": "Bearer token"}
        return requests.post(f"http://{self._url}/-/sync", headers=headers, timeout=5).status_code == 202

    def probe(self) -> list[int]:
        paths = [self._container[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")]
        return [requests.get(f"http://{self._url}{path}", timeout=5).status_code for path in paths]

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(timeout=20)


WITH_CONFIGMAPS = "cluster-configmaps"


@pytest.fixture(scope="module", params=[*OVERLAYS, WITH_CONFIGMAPS])
def story(
    request: pytest.FixtureRequest,
    controlplane: ControlPlane,
    openbao_tls: TlsOpenBao,
    aws: Aws,
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    """Secrets come into being; a key is rotated twice, with restarts; a secret goes."""
    folder = tmp_path_factory.mktemp(request.param)
    rendered = with_component(folder / "kustomize", "configmaps") if request.param == WITH_CONFIGMAPS else None
    installation = Installation.apply(controlplane, rendered or overlay(request.param))
    shops = Shops.open(installation, openbao_tls, aws)
    (folder / "declarations").mkdir()
    (folder / "declarations" / "all.yaml").write_text(shops.declarations())
    with installation.kubeconfig(folder / "kubeconfig") as kubeconfig:
        own = {"SYNCD_SYSTEM_NAMESPACE": installation.system, "SYNCD_INSTALLATION": shops.prefix}
        env = environment(KUBECONFIG=str(kubeconfig), **own, **aws.variables(folder))
        daemon = Daemon(installation, folder, env)
        try:
            created = _settled(shops, lambda values: len(values) == 3)
            plain = [_plain(shops, **{"plain-keys": "1", "plain-leaving": "1"})]
            rotated = [_rotated(shops, value) for value in ("2", "3")][-1]
            plain += [_plain(shops, **{"plain-keys": "3", "plain-leaving": "1"})]
            restarted = [shops.restarted(namespace) for namespace in installation.served]
            for namespace in installation.served:
                shops.drop(namespace, "leaving")
            left = _settled(shops, lambda values: daemon.sync() and "leaving" not in values)
            plain += [_plain(shops, **{"plain-keys": "3"})]
            probes = daemon.probe()
        finally:
            code = daemon.stop()
    return Story(installation, probes, code, daemon.log.read_text(), created, rotated, restarted, left, plain)


def _rotated(shops: Shops, value: str) -> list[dict[str, str]]:
    """The values when all have arrived and all users were restarted."""
    served = shops.installation.served
    for namespace in served:
        shops.put(namespace, "keys", value)
    values = _settled(shops, lambda values: values["keys"] == f"key={value}")
    with suppress(TimeoutError):
        wait_for(lambda: all(shops.restarted(namespace) == {*WORKLOADS} for namespace in served))
    return values


def _plain(shops: Shops, **expected: str) -> dict[str, str]:
    """The ConfigMaps of ours, once they are so, or after a while."""
    with suppress(TimeoutError):
        wait_for(lambda: not shops.installation.writes_configmaps or expected == shops.plain())
    return shops.plain()


def _settled(shops: Shops, condition: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
    """The values in each served namespace, once they are so, or after a time that is more than enough."""

    def values() -> list[dict[str, str]]:
        return [shops.values(namespace) for namespace in shops.installation.served]

    with suppress(TimeoutError):  # the tests say what is wrong
        wait_for(lambda: all(map(condition, values())), seconds=SECONDS)
    return values()


def test_the_daemon_does_its_work(story: Story) -> None:
    """Secrets are made, changed and deleted, and all kinds of workloads restart."""
    assert [{"keys": "key=1", "leaving": "1", "cloud": "cloudy"}] * 2 == story.created, story.log
    assert [{"keys": "key=3", "leaving": "1", "cloud": "cloudy"}] * 2 == story.rotated
    assert [{*WORKLOADS}] * 2 == story.restarted
    assert [{"keys": "key=3", "cloud": "cloudy"}] * 2 == story.left


def test_configmaps_are_written_where_they_are_allowed(story: Story) -> None:
    """Made, changed and deleted as Secrets are."""
    there = [{"plain-keys": "1", "plain-leaving": "1"}, {"plain-keys": "3", "plain-leaving": "1"}, {"plain-keys": "3"}]
    assert (there if story.installation.writes_configmaps else [{}] * 3) == story.plain, story.log


def test_the_probes_succeed(story: Story) -> None:
    """At the paths that the Deployment names; and it ends as it was asked to."""
    assert ([200, 200], 0) == (story.probes, story.code)


def test_no_request_was_denied(story: Story) -> None:
    """Not even one that syncd could do without."""
    events = story.installation.events()
    denied = [event["requestURI"] for event in events if event["responseStatus"]["code"] in (401, 403)]
    assert ([], True) == (denied, len(events) > 0)


def test_every_right_was_used(story: Story) -> None:
    """Each verb of each rule, on each of its resources and names, in each namespace of its Role."""
    granted = {*_granted(story.installation.documents)}

    def unused() -> set[Right]:
        return granted - {right for event in story.installation.events() for right in _used(event)}

    try:
        wait_for(lambda: not unused())  # the API server writes its log after the answer
    except TimeoutError:
        assert set() == unused()


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """An empty namespace means all, an empty name any."""

    namespace: str
    verb: str
    group: str
    resource: str
    name: str = ""


def _granted(documents: Iterable[Document]) -> Iterator[Right]:
    for role in roles(documents):
        for rule in role["rules"]:
            for verb in rule["verbs"]:
                for resource in rule["resources"]:
                    for name in rule.get("resourceNames", [""]):
                        (group,) = rule["apiGroups"]
                        yield Right(role["metadata"].get("namespace", ""), verb, group, resource, name)


def _used(event: dict[str, Any]) -> Iterator[Right]:
    """The rights that would have allowed a request, from the narrowest to the widest."""
    about = event.get("objectRef", {})
    resource = "/".join(filter(None, (about.get("resource", ""), about.get("subresource"))))
    for namespace in {about.get("namespace", ""), ""}:
        for name in {about.get("name", ""), ""}:
            yield Right(namespace, event["verb"], about.get("apiGroup", ""), resource, name)
