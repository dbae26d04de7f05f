"""Every setting reaches code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.cli import session
from syncd.cli.request import Request
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import UsageError
from syncd.manifests import Validation
from syncd.model import RestartMode, StoreAuth
from syncd.reconcile.options import Options
from syncd.settings import DEFAULTS, SETTINGS, Validate

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: me, user: {token: t}}]
"""
OF_A_PASS = {
    "installation": "other",
    "adopt": True,
    "allow_configmaps": True,
    "prune": True,
    "restarts": RestartMode.OFF,
    "store_auth": StoreAuth.AMBIENT,
    "provider_timeout": 1.0,
    "readers": 1,
    "writers": 1,
    "guard_count": 1,
    "guard_share": 1.0,
    "allow_mass_change": ("a",),
    "controller_class": "other",
    "namespaces": ("shop",),
    "pause_writes": True,
    "pause_restarts": True,
}
ELSEWHERE = {
    "system_namespace": "test_system_namespace",
    "allow_git": "test_folders_in_git_are_refused",
    "listen": "test_status_metrics_and_health_are_served",
    "tls_cert": "test_it_serves_https_and_syncs_on_demand",
    "tls_key": "test_it_serves_https_and_syncs_on_demand",
    "token_file": "test_it_serves_https_and_syncs_on_demand",
    "passes": "test_as_many_passes_run_as_are_allowed",
    "metrics_file": "test_a_pass_is_written_for_all_to_read",
    "validate": "test_validate_warns_on_request",
    "log_format": "test_log_format",
    "log_level": "test_a_bug_shows_its_place_on_request",
}
"""Tested by behaviour, in the tests that are named."""


def test_no_setting_is_dead() -> None:
    """A new setting needs a reader, and a test that shows it."""
    assert {setting.attribute for setting in SETTINGS} == OF_A_PASS.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize(("name", "value"), OF_A_PASS.items())
def test_settings_reach_the_pass(name: str, value: object) -> None:
    """Each of them changes the options of a pass."""
    changed = replace(DEFAULTS, **{name: value})  # type: ignore[arg-type]  # any field with its value
    assert session.options(DEFAULTS) != session.options(changed)


def test_defaults_are_those_of_the_options() -> None:
    """The table and the options of a pass do not disagree."""
    assert Options() == session.options(DEFAULTS)


def test_validations_have_the_same_names() -> None:
    """What `--validate` takes is what loading knows."""
    assert [str(one) for one in Validation] == [str(one) for one in Validate]


def test_system_namespace(tmp_path: Path) -> None:
    """syncd's own objects go where the setting says."""
    (tmp_path / "config").write_text(KUBECONFIG)
    request = Request(kubeconfig=str(tmp_path / "config"))
    target = session.target_of(request, replace(DEFAULTS, system_namespace="ops"))
    assert isinstance(target, KubernetesTarget)
    assert ("ops", "cluster https://127.0.0.1:1") == (target.system_namespace, target.description)
    target.close()


def test_contexts_must_exist(tmp_path: Path) -> None:
    """`--context` is kubectl's: a name that is not there is wrong usage."""
    (tmp_path / "config").write_text(KUBECONFIG)
    with pytest.raises(UsageError):
        session.target_of(Request(kubeconfig=str(tmp_path / "config"), context="elsewhere"), DEFAULTS)
