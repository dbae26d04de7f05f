"""What Secret Manager holds, by key, version and region; over gRPC and over REST."""

from __future__ import annotations

import grpc  # type: ignore[import-untyped]  # grpcio has no types
import pytest

from syncd.providers.api import Absent, Dialect, Failure, Found
from tests.providers.gcp_stores import failed, gcp_config, given, open_gcp, read, reader, text
from tests.servers.gcp import RIGHTS, Gcp, Project
from tests.servers.gcp_iam import Refusal


@pytest.fixture(params=["gRPC", "REST"])
def project(request: pytest.FixtureRequest, gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Project:
    """A new project, asked over either transport."""
    if request.param == "REST":
        for name, value in gcp.rest_variables().items():
            gcp_env.setenv(name, value)
    return gcp.project()


def test_the_dialect_is_its_own(project: Project) -> None:
    """Properties are looked up as the reference does it for Secret Manager."""
    assert Dialect.GCP_SM is reader(project).dialect


def test_versions(project: Project) -> None:
    """A version is a number, an alias, or the latest one."""
    project.put("a", "one")
    project.put("a", "two")
    project.secrets.alias(project.name("a"), "stable", 1)
    store = reader(project)
    versions = ["", "latest", "1", "2", "stable"]
    assert ["two", "two", "one", "two", "one"] == [text(read(store, "a", version)) for version in versions]


def test_the_version_that_was_read_is_named(project: Project) -> None:
    """By its number, also when `latest` was asked for."""
    project.put("a", "one")
    project.put("a", "two")
    outcome = read(reader(project), "a")
    assert isinstance(outcome, Found)
    assert "2" == outcome.version


@pytest.mark.parametrize("version", ["3", "nobody"])
def test_a_version_that_is_not_there_is_absent(project: Project, version: str) -> None:
    """GCP says the same as of a missing secret, and so does the reference."""
    project.put("a", "one")
    assert Absent() == read(reader(project), "a", version)


def test_a_secret_without_versions_is_absent(project: Project) -> None:
    """There is nothing to read, and that is certain."""
    project.secrets.make(project.name("a"))
    assert Absent() == read(reader(project), "a")


@pytest.mark.parametrize(("change", "state"), [("disable", "disabled"), ("destroy", "destroyed")])
@pytest.mark.parametrize("version", ["", "2"])
def test_what_is_disabled_or_destroyed_is_not_absent(project: Project, change: str, state: str, version: str) -> None:
    """It is an error that somebody must act on; it says which state it is, and what may be done."""
    project.put("a", "one")
    project.put("a", "two")
    getattr(project, change)("a", 2)
    outcome = failed(read(reader(project), "a", version))
    assert Failure.MISCONFIGURED is outcome.failure
    assert f"`{project.name('a')}/versions/{version or 'latest'}` is {state}" == outcome.message
    assert "LatestOrFetch" in outcome.hint


def test_another_state_is_told_from_them(project: Project) -> None:
    """A precondition may fail for other reasons, as a disabled key of Cloud KMS; no other version helps then."""
    project.put("a", "one")
    project.inject("AccessSecretVersion", Refusal(grpc.StatusCode.FAILED_PRECONDITION, "KMS key is not enabled: k"))
    outcome = failed(read(reader(project), "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert "Cloud KMS" in outcome.hint
    assert "k" not in outcome.message.split()


@pytest.fixture
def versions(project: Project) -> Project:
    """A secret whose newest enabled version is the second of four."""
    for value in ("one", "two", "three", "four"):
        project.put("a", value)
    project.disable("a", 3)
    project.destroy("a", 4)
    return project


def test_latest_or_fetch(versions: Project) -> None:
    """The newest version that is enabled stands in for a latest one that is not."""
    outcome = read(reader(versions, secretVersionSelectionPolicy="LatestOrFetch"), "a")
    assert ("two", "2") == (text(outcome), outcome.version if isinstance(outcome, Found) else "")


@pytest.mark.parametrize("version", ["latest", "4"])
def test_latest_or_fetch_is_for_references_without_a_version(versions: Project, version: str) -> None:
    """Who names a version wants that one."""
    outcome = read(reader(versions, secretVersionSelectionPolicy="LatestOrFetch"), "a", version)
    assert Failure.MISCONFIGURED is failed(outcome).failure


def test_latest_or_fetch_where_none_is_enabled(versions: Project) -> None:
    """Then it says what is wrong with the latest."""
    versions.disable("a", 1)
    versions.disable("a", 2)
    outcome = failed(read(reader(versions, secretVersionSelectionPolicy="LatestOrFetch"), "a"))
    assert outcome.message.endswith("versions/latest` is destroyed")


def test_latest_or_fetch_needs_to_list(versions: Project) -> None:
    """The right that is missing for it is named."""
    store = reader(versions, "versions.access", secretVersionSelectionPolicy="LatestOrFetch")
    outcome = failed(read(store, "a"))
    assert Failure.DENIED is outcome.failure
    assert "`secretmanager.versions.list`" in outcome.message


def test_bytes(project: Project) -> None:
    """A value is its bytes."""
    project.put("a", b"\x00\xff\xfe\r\n")
    outcome = read(reader(project), "a")
    assert isinstance(outcome, Found)
    assert b"\x00\xff\xfe\r\n" == outcome.value.reveal()


def test_a_large_value(project: Project) -> None:
    """The largest that GCP takes."""
    project.put("a", "x" * 65536)
    assert "x" * 65536 == text(read(reader(project), "a"))


def test_a_damaged_value_is_not_used(project: Project) -> None:
    """When the checksum does not fit, it is asked for again; the value is not shown."""
    project.put("a", "canary-value")
    project.secrets.damage(project.name("a"))
    outcome = failed(read(reader(project), "a"))
    assert Failure.UNAVAILABLE is outcome.failure
    assert "CRC32C" in outcome.message
    assert "canary" not in f"{outcome}"


def test_metadata(project: Project) -> None:
    """`metadataPolicy: Fetch` gives annotations and labels as JSON, sorted, as Go writes it."""
    project.put("a", "x", labels={"team": "web", "env": "prod"}, annotations={"example.com/owner": "a&b"})
    project.put("bare", "x")
    store = reader(project)
    assert '{"annotations":{"example.com/owner":"a\\u0026b"},"labels":{"env":"prod","team":"web"}}' == text(
        read(store, "a", metadata=True)
    )
    assert '{"annotations":null,"labels":null}' == text(read(store, "bare", metadata=True))
    assert Absent() == read(store, "nobody", metadata=True)


def test_metadata_need_a_right_of_their_own(project: Project) -> None:
    """Who may read values may not always read labels."""
    project.put("a", "x")
    outcome = failed(read(reader(project, "versions.access"), "a", metadata=True))
    assert Failure.DENIED is outcome.failure
    assert f"`secretmanager.secrets.get` on `{project.name('a')}`" in outcome.message


def test_a_region_has_secrets_of_its_own(project: Project) -> None:
    """With `location` neither those of other regions nor those without are read."""
    project.put("a", "global")
    project.put("a", "milan", location="europe-west8")
    stores = [reader(project), reader(project, location="europe-west8"), reader(project, location="europe-west1")]
    assert ["global", "milan"] == [text(read(store, "a")) for store in stores[:2]]
    assert Absent() == read(stores[2], "a")


@pytest.mark.parametrize("key", ["", "a/b", "../x", "a b", "projects/x/secrets/y", "é", "x" * 256])
def test_what_is_no_name(project: Project, key: str) -> None:
    """The manifest is to be corrected, and nothing is asked."""
    outcome = failed(read(reader(project), key))
    assert (Failure.MISCONFIGURED, f"`{key}` is no name of a secret") == (outcome.failure, outcome.message)
    assert [] == project.calls("AccessSecretVersion")


def test_what_is_no_version(project: Project) -> None:
    """A path must not get into an address."""
    outcome = failed(read(reader(project), "a", "1/../../b"))
    assert (Failure.MISCONFIGURED, []) == (outcome.failure, project.calls("AccessSecretVersion"))


def test_a_missing_right_is_named(project: Project) -> None:
    """What is denied, on which secret, to whom, and which role would have it."""
    project.put("a", "x")
    outcome = failed(read(open_gcp(gcp_config(project), given(project.key())), "a"))
    assert Failure.DENIED is outcome.failure
    assert outcome.message == (
        f"GCP denies `secretmanager.versions.access` on `{project.name('a')}/versions/latest` to {project.email}"
        " (PERMISSION_DENIED: IAM_PERMISSION_DENIED)"
    )
    assert "`roles/secretmanager.secretAccessor`" in outcome.hint


def test_a_right_on_one_secret_is_enough_for_it(project: Project) -> None:
    """Nothing else is asked for on the way."""
    project.put("a", "x")
    key = project.key()
    project.iam.grant(project.email, "secretmanager.versions.access", project.name("a"))
    store = open_gcp(gcp_config(project), given(key))
    assert "x" == text(read(store, "a"))
    assert Failure.DENIED is failed(read(store, "b")).failure


def test_one_call_for_each_read(project: Project) -> None:
    """No look-up before, no list."""
    project.put("a", "x")
    read(reader(project), "a")
    assert ["/secrets/a/versions/latest"] == project.calls("AccessSecretVersion")
    assert [] == [*project.calls("GetSecret"), *project.calls("ListSecrets")]


def test_check(project: Project) -> None:
    """The e-mail of the account, and no right missing where the whole project may be read."""
    health = reader(project).check()
    assert (project.email, "") == (health.identity, health.missing_permission)


def test_check_without_the_right(project: Project) -> None:
    """What may not be read in general is said; single secrets may still be granted."""
    health = open_gcp(gcp_config(project), given(project.key(*RIGHTS[1:]))).check()
    missing = f"`secretmanager.versions.access` on `projects/{project.id}`"
    assert (project.email, missing) == (health.identity, health.missing_permission)
