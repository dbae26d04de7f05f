"""Which Secrets a pod spec uses, and who may be restarted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from syncd.model import ObjectName, RestartMode, Unreadable, Workload, WorkloadKind, WorkloadName
from syncd.reconcile.users import WHOLE, Use, references, restart_wish, uses, wants_restart

KEY = {"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "A"}}}


def pod(spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> Workload:
    name = WorkloadName(WorkloadKind.DEPLOYMENT, ObjectName("shop", "web"))
    return Workload(name, "uid", annotations=annotations or {}, pod_spec=spec)


@pytest.mark.parametrize(
    ("spec", "use"),
    [
        pytest.param({"containers": [{"env": [KEY]}]}, Use(frozenset("A")), id="env"),
        pytest.param({"containers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]}, WHOLE, id="envFrom"),
        pytest.param({"initContainers": [{"env": [KEY]}]}, Use(frozenset("A")), id="init container"),
        pytest.param({"ephemeralContainers": [{"env": [KEY]}]}, Use(frozenset("A")), id="ephemeral container"),
        pytest.param({"volumes": [{"secret": {"secretName": "s"}}]}, WHOLE, id="volume"),
        pytest.param(
            {"volumes": [{"secret": {"secretName": "s", "items": [{"key": "A"}]}}]},
            Use(frozenset("A")),
            id="volume with items",
        ),
        pytest.param(
            {"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}]}}]}, WHOLE, id="projected volume"
        ),
        pytest.param(
            {"volumes": [{"projected": {"sources": [{"secret": {"name": "s", "items": [{"key": "A"}]}}]}}]},
            Use(frozenset("A")),
            id="projected volume with items",
        ),
        pytest.param({"volumes": [{"csi": {"nodePublishSecretRef": {"name": "s"}}}]}, WHOLE, id="CSI volume"),
        pytest.param({"imagePullSecrets": [{"name": "s"}]}, WHOLE, id="image pull secret"),
        pytest.param({"serviceAccountName": "puller"}, WHOLE, id="pull secret of the service account"),
    ],
)
def test_every_way_of_use_is_found(spec: Mapping[str, Any], use: Use) -> None:
    """Each way in which a pod can use a Secret counts, with its keys."""
    assert {"s": use} == uses(pod(spec), {"puller": ("s",)})


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ({"containers": [{"name": "app", "env": [KEY]}]}, "env `X` of container `app`"),
        ({"initContainers": [{"name": "job", "env": [KEY]}]}, "env `X` of init container `job`"),
        ({"ephemeralContainers": [{"name": "sh", "env": [KEY]}]}, "env `X` of ephemeral container `sh`"),
        (
            {"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": "s"}}]}]},
            "envFrom of container `app`",
        ),
        ({"volumes": [{"name": "certs", "secret": {"secretName": "s"}}]}, "volume `certs`"),
        (
            {"volumes": [{"name": "all", "projected": {"sources": [{"secret": {"name": "s"}}]}}]},
            "projected volume `all`",
        ),
        ({"volumes": [{"name": "drive", "csi": {"nodePublishSecretRef": {"name": "s"}}}]}, "CSI volume `drive`"),
        ({"imagePullSecrets": [{"name": "s"}]}, "imagePullSecrets"),
        ({"serviceAccountName": "puller"}, "imagePullSecrets of ServiceAccount `puller`"),
    ],
)
def test_every_place_has_a_name(spec: Mapping[str, Any], place: str) -> None:
    """A person can find it in the manifest."""
    assert [("s", place)] == [(one.secret, str(one)) for one in references(pod(spec), {"puller": ("s",)})]


def test_uses_of_one_secret_add_up() -> None:
    """Two references make one use."""
    other = {"name": "Y", "valueFrom": {"secretKeyRef": {"name": "s", "key": "B"}}}
    assert {"s": Use(frozenset("AB"))} == uses(pod({"containers": [{"env": [KEY]}, {"env": [other]}]}), {})


def test_a_pods_own_pull_secrets_replace_those_of_its_account() -> None:
    """As the ServiceAccount admission plugin does."""
    assert {"own": WHOLE} == uses(pod({"imagePullSecrets": [{"name": "own"}]}), {"default": ("s",)})


def test_unreadable_accounts_add_nothing() -> None:
    """The plan decides what that means; here it is not a use."""
    assert {} == uses(pod({}), Unreadable("forbidden"))


@pytest.mark.parametrize("spec", [{"containers": None}, {"containers": ["x"]}, {"volumes": [{"secret": None}]}])
def test_strange_specs_are_no_use(spec: Mapping[str, Any]) -> None:
    """Whatever a cluster answers, the walk does not fall."""
    assert {} == uses(pod(spec), {})


@pytest.mark.parametrize(
    ("annotations", "mode", "restarts"),
    [
        ({}, RestartMode.AUTO, True),
        ({}, RestartMode.ANNOTATED, False),
        ({}, RestartMode.OFF, False),
        ({"syncd.dev/restart": "on"}, RestartMode.ANNOTATED, True),
        ({"syncd.dev/restart": "on"}, RestartMode.OFF, False),
        ({"syncd.dev/restart": "off"}, RestartMode.AUTO, False),
        ({"reloader.stakater.com/auto": "true"}, RestartMode.ANNOTATED, True),
        ({"reloader.stakater.com/auto": "false"}, RestartMode.AUTO, False),
        ({"secret.reloader.stakater.com/auto": "true"}, RestartMode.ANNOTATED, True),
        ({"secret.reloader.stakater.com/reload": "x, s"}, RestartMode.ANNOTATED, True),
        ({"secret.reloader.stakater.com/reload": "x"}, RestartMode.ANNOTATED, False),
        ({"secrets.exclude.reloader.stakater.com/reload": "s"}, RestartMode.AUTO, False),
        ({"configmap.reloader.stakater.com/auto": "true"}, RestartMode.ANNOTATED, False),
    ],
)
def test_who_is_restarted(annotations: Mapping[str, str], mode: RestartMode, restarts: bool) -> None:
    """The declaration's mode, the workload's word, and Reloader's annotations."""
    assert restarts is wants_restart(pod({}, annotations), "s", mode)


@pytest.mark.parametrize(
    ("annotations", "mode", "reason"),
    [
        ({}, RestartMode.AUTO, "restart mode `auto`"),
        ({}, RestartMode.ANNOTATED, "restart mode `annotated`, and nothing asks for it"),
        ({}, RestartMode.OFF, "restart mode `off`"),
        ({"syncd.dev/restart": "on"}, RestartMode.ANNOTATED, "annotation `syncd.dev/restart: on`"),
        ({"syncd.dev/restart": "off"}, RestartMode.AUTO, "annotation `syncd.dev/restart: off`"),
        (
            {"secret.reloader.stakater.com/auto": "true"},
            RestartMode.ANNOTATED,
            "annotation `secret.reloader.stakater.com/auto: true`",
        ),
        (
            {"reloader.stakater.com/auto": "false"},
            RestartMode.AUTO,
            "annotation `reloader.stakater.com/auto: false`",
        ),
        (
            {"reloader.stakater.com/auto": "false", "secret.reloader.stakater.com/reload": "s"},
            RestartMode.AUTO,
            "annotation `secret.reloader.stakater.com/reload` names it",
        ),
        (
            {"secrets.exclude.reloader.stakater.com/reload": "x, s"},
            RestartMode.AUTO,
            "annotation `secrets.exclude.reloader.stakater.com/reload` names it",
        ),
    ],
)
def test_who_decides_on_a_restart(annotations: Mapping[str, str], mode: RestartMode, reason: str) -> None:
    """The annotation or the mode that has the last word is named."""
    assert reason == restart_wish(pod({}, annotations), "s", mode)[1]


def test_a_workload_is_restarted_by_either_word_of_reloader() -> None:
    """Of its two annotations one refuses: that one counts, as before."""
    both = {"reloader.stakater.com/auto": "true", "secret.reloader.stakater.com/auto": "false"}
    assert not wants_restart(pod({}, both), "s", RestartMode.AUTO)


def test_reloaders_named_list_is_a_use() -> None:
    """Reloader restarts for a Secret that its annotation names, mounted or not."""
    assert {"s": WHOLE} == uses(pod({}, {"secret.reloader.stakater.com/reload": "s"}), {})


@pytest.mark.parametrize(
    ("spec", "use"),
    [
        (
            {"containers": [{"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "s", "key": "A"}}}]}]},
            Use(frozenset("A")),
        ),
        ({"containers": [{"envFrom": [{"configMapRef": {"name": "s"}}]}]}, WHOLE),
        ({"volumes": [{"configMap": {"name": "s", "items": [{"key": "A"}]}}]}, Use(frozenset("A"))),
        ({"volumes": [{"projected": {"sources": [{"configMap": {"name": "s"}}]}}]}, WHOLE),
    ],
    ids=["env", "envFrom", "volume", "projected volume"],
)
def test_configmaps_are_used_apart_from_secrets(spec: Mapping[str, Any], use: Use) -> None:
    """By their own local name, which no Secret can have."""
    assert {"configmap/s": use} == uses(pod(spec), {})


def test_reloaders_list_of_configmaps_is_a_use() -> None:
    """As that of Secrets."""
    workload = pod({}, {"configmap.reloader.stakater.com/reload": "s"})
    assert {"configmap/s": WHOLE} == uses(workload, {})
    assert wants_restart(workload, "configmap/s", RestartMode.ANNOTATED)
