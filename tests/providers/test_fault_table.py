"""The table of faults in docs/diagnosis.md: what each does to a read from each provider, and how many calls it costs.

`pytest -s` prints how long each took: the deadline of a call holds for the whole of it.
"""

from __future__ import annotations

import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # grpcio has no types
import pytest
from tenacity.wait import wait_fixed

from syncd.providers.api import Absent, Found, Provider, RemoteKey
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.jobs import StoreRequest
from syncd.providers.kubernetes import KubernetesPlugin
from syncd.providers.lanes import Lanes
from syncd.providers.retries import Retries
from tests.providers.aws_stores import aws_config, open_aws, refusal
from tests.providers.gcp_stores import gcp_config, given, open_gcp
from tests.providers.test_kubernetes import READ, TOKEN_AUTH, Remote
from tests.providers.vaults import TOKEN_AUTH as VAULT_TOKEN
from tests.providers.vaults import Kv, open_vault
from tests.servers import faults
from tests.servers.faults import Fault, FaultServer
from tests.servers.gcp import RIGHTS, Gcp, Project
from tests.servers.gcp_iam import Refusal, denied, unauthenticated

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"
HEADING = "| what happens | `vault` |"
PLACES = ("vault", "secretsmanager", "parameterstore", "gcp-rest", "gcp-grpc", "kubernetes")
QUICK = Retries(backoff=wait_fixed(0.01), pause=wait_fixed(0.01))
"""As many attempts as in earnest, without the waits between them."""
PATIENCE = 0.3
"""Seconds for a call to a server that never ends; others have more than they need."""

ON_THE_WIRE: dict[str, Callable[[], Fault]] = {
    "asks to slow down (429), once": lambda: faults.throttled("0.05"),
    "error 500": lambda: faults.error(500),
    "error 503": lambda: faults.error(503),
    "slow, within the deadline": lambda: faults.slow(0.2),
    "no answer, ever": faults.hang,
    "a byte now and then": faults.drip,
    "connection reset": faults.reset,
    "empty answer": faults.empty,
    "other JSON than expected": lambda: faults.wrong_json({}),
}


def rows() -> dict[str, list[str]]:
    """The table of the page: what happens, and a cell for each of PLACES."""
    lines = PAGE.read_text().partition(HEADING)[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: row for name, *row in cells}


class Place(ABC):
    """A store with one secret `a`, and a way to break its calls."""

    refused: Fault = staticmethod(faults.error(401))
    """The login has ended."""
    forbidden: Fault = staticmethod(faults.error(403))

    @abstractmethod
    def open(self, timeout: float) -> Provider: ...

    def key(self, *, there: bool) -> str:
        return "a" if there else "nobody"

    @abstractmethod
    def break_calls(self, name: str) -> None:
        """Raises KeyError for what cannot happen to it."""

    @abstractmethod
    def calls(self) -> int: ...


class Wire(Place):
    """A store behind the fault injector."""

    def __init__(self, front: FaultServer) -> None:
        self.front = front

    def break_calls(self, name: str) -> None:
        known: dict[str, Callable[[], Fault]] = {
            **ON_THE_WIRE,
            "login has ended": lambda: self.refused,
            "right is missing": lambda: self.forbidden,
        }
        self.front.inject(known[name](), calls=(1,) if name.endswith("once") else None)

    def calls(self) -> int:
        return self.front.count()


class VaultPlace(Wire):
    refused = staticmethod(faults.answer(403, b'{"errors":["permission denied"]}'))
    forbidden = staticmethod(faults.answer(403, b'{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}'))

    def __init__(self, front: FaultServer, kv: Kv) -> None:
        super().__init__(front)
        self.kv = kv
        kv.put("a", value="x")

    def open(self, timeout: float) -> Provider:
        config = {"server": self.front.url, "path": self.kv.mount, "auth": VAULT_TOKEN}
        token = self.kv.token("read data/*")
        return open_vault(config, GivenCredentials({("vault-token", "token"): token}), timeout=timeout)


class AwsPlace(Wire):
    refused = staticmethod(refusal(400, "ExpiredTokenException"))
    forbidden = staticmethod(refusal(400, "AccessDeniedException"))

    def __init__(self, front: FaultServer, service: str, key: str) -> None:
        super().__init__(front)
        self.service, self.name = service, key

    def open(self, timeout: float) -> Provider:
        return open_aws(aws_config(self.service), timeout=timeout)

    def key(self, *, there: bool) -> str:
        return self.name if there else f"{self.name}-nobody"


class GcpRestPlace(Wire):
    forbidden = staticmethod(faults.answer(403, b'{"error":{"code":403,"status":"PERMISSION_DENIED"}}'))

    def __init__(self, front: FaultServer, project: Project) -> None:
        super().__init__(front)
        self.project = project

    def open(self, timeout: float) -> Provider:
        return open_gcp(gcp_config(self.project), given(self.project.key(*RIGHTS)), timeout=timeout)


class GcpGrpcPlace(Place):
    def __init__(self, project: Project, end: threading.Event) -> None:
        self.project, self.end = project, end

    def open(self, timeout: float) -> Provider:
        return open_gcp(gcp_config(self.project), given(self.project.key(*RIGHTS)), timeout=timeout)

    def break_calls(self, name: str) -> None:
        numbers = iter(range(100))

        def slow_down() -> None:
            if next(numbers) == 0:
                raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, delay=0.05)

        def pause() -> None:
            time.sleep(0.2)

        def wait() -> None:
            self.end.wait()

        hooks: dict[str, Callable[[], None] | Refusal] = {
            "asks to slow down (429), once": slow_down,
            "error 500": Refusal(grpc.StatusCode.INTERNAL),
            "error 503": Refusal(grpc.StatusCode.UNAVAILABLE),
            "slow, within the deadline": pause,
            "no answer, ever": wait,
            "login has ended": unauthenticated("ACCESS_TOKEN_EXPIRED"),
            "right is missing": denied("secretmanager.versions.access", "a"),
        }
        self.project.inject("AccessSecretVersion", hooks[name])

    def calls(self) -> int:
        return len(self.project.calls("AccessSecretVersion"))


class KubernetesPlace(Wire):
    def __init__(self, front: FaultServer, remote: Remote) -> None:
        super().__init__(front)
        self.remote = remote
        remote.put("a", {"value": b"x"})

    def calls(self) -> int:
        """Reads; what may be read is asked beside them."""
        return self.front.count("*/secrets/*")

    def open(self, timeout: float) -> Provider:
        config = {**self.remote.config(auth=TOKEN_AUTH), "server": {"url": self.front.url}}
        login = GivenCredentials({("login", "token"): self.remote.token})
        return KubernetesPlugin.open(store_config("kubernetes", config, timeout=timeout), login)


@contextmanager
def opened(name: str, request: pytest.FixtureRequest) -> Iterator[Place]:
    """The place of this name; only the servers that it needs are started."""
    fixture = request.getfixturevalue
    if name == "vault":
        with FaultServer(fixture("openbao").url) as front:
            yield VaultPlace(front, Kv(fixture("openbao")))
    elif name in ("secretsmanager", "parameterstore"):
        front, aws = fixture("aws_wire"), fixture("aws")
        key = aws.fresh_name("fault")
        aws.client("secretsmanager").create_secret(Name=key, SecretString="x")
        aws.client("ssm").put_parameter(Name=key, Value="x", Type="String")
        yield AwsPlace(front, "SecretsManager" if name == "secretsmanager" else "ParameterStore", key)
    elif name == "kubernetes":
        plane = fixture("controlplane")
        ca = fixture("tmp_path") / "ca.pem"
        ca.write_text(plane.ca)
        with FaultServer(plane.server, ca=ca) as front:
            yield KubernetesPlace(front, Remote(plane, READ))
    else:
        with _gcp(name, fixture("gcp"), fixture("gcp_env")) as place:
            yield place


@contextmanager
def _gcp(name: str, gcp: Gcp, env: pytest.MonkeyPatch) -> Iterator[Place]:
    project, end = gcp.project(), threading.Event()
    project.put("a", "x")
    try:
        if name == "gcp-grpc":
            yield GcpGrpcPlace(project, end)
            return
        with FaultServer(gcp.url) as front:
            for variable, value in gcp.rest_variables(front.url).items():
                env.setenv(variable, value)
            yield GcpRestPlace(front, project)
    finally:
        end.set()


def asked(place: Place, name: str) -> str:
    """What comes back through the lanes when this happens: `unavailable, 3 calls`."""
    endless = name in ("no answer, ever", "a byte now and then")
    timeout = PATIENCE if endless else 5.0
    store, key = place.open(timeout), RemoteKey(place.key(there=name != "secret is not there"))
    if name != "secret is not there":
        place.break_calls(name)
    lanes, began = Lanes(retries=QUICK), time.monotonic()
    request = StoreRequest(store_config("faults", {}, timeout=timeout), store, [key])
    [reply] = lanes.run([request]).values()
    took, outcome = time.monotonic() - began, reply.answers[key]
    lanes.close()
    calls = place.calls()
    store.close()
    word = {Found: "found", Absent: "absent"}.get(type(outcome)) or str(getattr(outcome, "failure", outcome))
    cell = f"{word}, {calls} {'call' if calls == 1 else 'calls'}"
    print(f"{type(place).__name__:16} {name:30} {cell:24} {took:6.2f} s")
    return cell


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", rows())
def test_the_table(name: str, place: str, request: pytest.FixtureRequest) -> None:
    """Each cell is what happens; a dash is what cannot."""
    expected = rows()[name][PLACES.index(place)]
    if expected == "–":
        assert place == "gcp-grpc"
        assert name in ON_THE_WIRE
        return
    with opened(place, request) as it:
        assert expected == asked(it, name)


def test_the_table_is_whole() -> None:
    """Every fault has a row, and every row a cell for each provider."""
    others = {"login has ended", "right is missing", "secret is not there"}
    assert {*ON_THE_WIRE, *others} == rows().keys()
    assert {len(PLACES)} == {len(row) for row in rows().values()}
    assert all(re.fullmatch(r"–|[a-z]+, \d+ calls?", cell) for row in rows().values() for cell in row)
