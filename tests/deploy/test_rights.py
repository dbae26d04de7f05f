"""A whole pass with nothing but the rights that an overlay grants: none is missing, and none is left over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cli.binary import Ran, syncd
from tests.deploy.installation import WORKLOADS, Installation, Shops
from tests.deploy.rendered import OVERLAYS, Document, roles
from tests.servers.aws import Aws
from tests.servers.controlplane import ControlPlane
from tests.servers.openbao import TlsOpenBao, wait_for


@dataclass(frozen=True, slots=True)
class Story:
    """What the passes answered, and what stood in the cluster after them."""

    installation: Installation
    ran: list[Ran]
    created: list[dict[str, str]]
    rotated: list[dict[str, str]]
    restarted: list[set[str]]
    left: list[dict[str, str]]


@pytest.fixture(scope="module", params=OVERLAYS)
def story(
    request: pytest.FixtureRequest,
    controlplane: ControlPlane,
    openbao_tls: TlsOpenBao,
    aws: Aws,
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    """Secrets come into being; a key is rotated, with restarts; a secret goes."""
    folder = tmp_path_factory.mktemp(request.param)
    installation = Installation.apply(controlplane, request.param)
    shops, served = Shops.open(installation, openbao_tls, aws), installation.served
    (folder / "declarations.yaml").write_text(shops.declarations())
    arguments = [f"--filename={folder}", f"--system-namespace={installation.system}", f"--installation={shops.prefix}"]
    if request.param == "namespaced":
        arguments.append(f"--namespaces={','.join(served)}")
    ran = []
    with installation.kubeconfig(folder / "kubeconfig") as kubeconfig:
        env = {"KUBECONFIG": str(kubeconfig), **aws.variables(folder)}
        ran.append(syncd("sync", *arguments, env=env))
        created = [shops.values(namespace) for namespace in served]
        for namespace in served:
            shops.put(namespace, "keys", "2")
        ran.append(syncd("sync", *arguments, env=env))
        rotated = [shops.values(namespace) for namespace in served]
        restarted = [shops.restarted(namespace) for namespace in served]
        for namespace in served:
            shops.drop(namespace, "leaving")
        ran.append(syncd("sync", *arguments, env=env))
        left = [shops.values(namespace) for namespace in served]
    return Story(installation, ran, created, rotated, restarted, left)


def test_the_passes_do_their_work(story: Story) -> None:
    """Secrets are made, changed and deleted, and all kinds of workloads restart."""
    assert [(0, "")] * 3 == [(ran.code, ran.err) for ran in story.ran]
    assert [{"keys": "key=1", "leaving": "1", "cloud": "cloudy"}] * 2 == story.created
    assert [{"keys": "key=2", "leaving": "1", "cloud": "cloudy"}] * 2 == story.rotated
    assert [{*WORKLOADS}] * 2 == story.restarted
    assert [{"keys": "key=2", "cloud": "cloudy"}] * 2 == story.left


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
