"""`find` in Secret Manager is complete or fails, over gRPC and over REST."""

from __future__ import annotations

from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio has no types
import pytest

from syncd.providers.api import Failure, FindQuery, Matched
from syncd.providers.gcp_store import GcpStore
from tests.providers.gcp_stores import failed, reader, text
from tests.servers.gcp import Gcp, Project
from tests.servers.gcp_iam import Refusal


@pytest.fixture(params=["gRPC", "REST"])
def project(request: pytest.FixtureRequest, gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Project:
    """A new project, asked over either transport."""
    if request.param == "REST":
        for name, value in gcp.rest_variables().items():
            gcp_env.setenv(name, value)
    return gcp.project()


@pytest.fixture
def labelled(project: Project) -> Project:
    """Secrets with labels that only a look at pairs tells apart."""
    project.put("db-a", "1", labels={"team": "web", "env": "prod"})
    project.put("db-b", "2", labels={"team": "prod", "env": "web"})
    project.put("db-c", "3", labels={"team": "web", "env": "production"})
    project.put("cache-d", "4", labels={"team": "web", "ü": "ü"})
    project.put("my-db-e", "5")
    return project


def found(store: GcpStore, **query: Any) -> dict[str, str]:
    answer = store.find(FindQuery(**query))
    assert isinstance(answer, Matched), answer
    return {name: text(outcome) for name, outcome in answer.values.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "."}, "12345"),
        ({"name": "db"}, "1235"),
        ({"name": "^db-[ab]$"}, "12"),
        ({"name": "nobody"}, ""),
        ({"name": ".", "path": "db"}, "123"),
        ({"name": ".", "path": "db-a"}, "1"),
        ({"name": ".", "path": "a b"}, ""),
        ({"tags": {"team": "web"}}, "134"),
        ({"tags": {"team": "web", "env": "prod"}}, "1"),
        ({"tags": {"team": "web", "env": "web"}}, ""),
        ({"tags": {"ü": "ü"}}, "4"),
        ({"tags": {"team": "web"}, "path": "db"}, "13"),
        ({"tags": {"tea": "web"}}, ""),
        ({"name": "^my", "tags": {"team": "web"}}, "5"),
    ],
)
def test_find(labelled: Project, query: dict[str, Any], expected: str) -> None:
    """Names by an expression found anywhere, labels by whole pairs, a path as the beginning; a name goes first."""
    assert expected == "".join(sorted(found(reader(labelled), **query).values()))


def test_names_are_those_of_the_secrets(labelled: Project) -> None:
    """Without project, and as `data` would name them."""
    assert {"db-a": "1"} == found(reader(labelled), name="db-a")


@pytest.mark.parametrize("query", [FindQuery(), FindQuery(path="db")])
def test_find_without_a_criterion(project: Project, query: FindQuery) -> None:
    """All of a project must be asked for in so many words."""
    outcome = failed(reader(project).find(query))
    assert (Failure.MISCONFIGURED, "find needs `name` or `tags`") == (outcome.failure, outcome.message)


@pytest.mark.parametrize("query", [{"name": "."}, {"tags": {"team": "web"}}])
def test_find_honours_the_region(project: Project, query: dict[str, Any]) -> None:
    """By name and by label: only secrets of the store's own region."""
    project.put("global", "1", labels={"team": "web"})
    project.put("milan", "2", labels={"team": "web"}, location="europe-west8")
    project.put("paris", "3", labels={"team": "web"}, location="europe-west9")
    assert {"global": "1"} == found(reader(project), **query)
    assert {"milan": "2"} == found(reader(project, location="europe-west8"), **query)


def test_find_reads_all_pages(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, and each value once."""
    monkeypatch.setattr("syncd.providers.gcp_reads.PAGE", 10)
    for number in range(35):
        project.put(f"k{number}", str(number))
    assert {f"k{number}": str(number) for number in range(35)} == found(reader(project), name=".")
    assert (4, 35) == (len(project.calls("ListSecrets")), len(project.calls("AccessSecretVersion")))


def test_find_leaves_out_what_has_no_version(project: Project) -> None:
    """Such a secret has no value; and one may vanish between the list and the read."""
    project.put("a", "1")
    project.put("b", "2")
    project.secrets.make(project.name("c"))
    project.inject("AccessSecretVersion", Refusal(grpc.StatusCode.NOT_FOUND), "b")
    assert {"a": "1"} == found(reader(project), name=".")


def test_find_fails_with_one_value(project: Project) -> None:
    """A secret that is there and cannot be read is no reason to leave it out."""
    for key in ("a", "b"):
        project.put(key, "x")
    project.disable("b", 1)
    outcome = failed(reader(project).find(FindQuery(name=".")))
    assert (Failure.MISCONFIGURED, f"`{project.name('b')}/versions/latest` is disabled") == (
        outcome.failure,
        outcome.message,
    )


def test_find_stops_asking_when_it_has_failed(project: Project) -> None:
    """A project whose values may not be read is not asked for each of them."""
    for number in range(200):
        project.put(f"k{number}", "x")
    assert Failure.DENIED is failed(reader(project, "secrets.list").find(FindQuery(name="."))).failure
    assert len(project.calls("AccessSecretVersion")) < 100


def test_find_fails_with_one_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a list is none."""
    monkeypatch.setattr("syncd.providers.gcp_reads.PAGE", 1)
    project.put("a", "x")
    project.put("b", "x")

    def second() -> None:
        if len(project.calls("ListSecrets")) > 1:
            raise Refusal(grpc.StatusCode.UNAVAILABLE)

    project.inject("ListSecrets", second)
    assert Failure.UNAVAILABLE is failed(reader(project).find(FindQuery(name="."))).failure


def test_find_that_may_not_list(project: Project) -> None:
    """The missing right is named, and the role that has it."""
    outcome = failed(reader(project, "versions.access").find(FindQuery(name=".")))
    assert Failure.DENIED is outcome.failure
    assert f"`secretmanager.secrets.list` on `projects/{project.id}`" in outcome.message
    assert "`roles/secretmanager.viewer`" in outcome.hint


def test_find_falls_back_as_reads_do(project: Project) -> None:
    """With LatestOrFetch a disabled latest version is stood in for."""
    project.put("a", "one")
    project.put("a", "two")
    project.disable("a", 2)
    assert {"a": "one"} == found(reader(project, secretVersionSelectionPolicy="LatestOrFetch"), name=".")
