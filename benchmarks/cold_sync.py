"""A first sync of 1,000 ExternalSecrets from OpenBao into a real API server, beside the least that any tool must do.

Each ExternalSecret takes three keys of one remote secret of its own. `plain` is a loop with the same libraries and as
many threads: 1,000 reads, then 1,000 creates, and nothing else. Each run is a process of its own with a fresh
namespace; printed are medians. `unchanged` is a second pass over what is in step already.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

COUNT = int(os.environ.get("COUNT", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
THREADS = 8
KEYS = ("username", "password", "endpoint")


def store(url: str, mount: str) -> list[dict[str, Any]]:
    token = {"name": "openbao", "key": "token"}
    provider = {"vault": {"server": url, "path": mount, "version": "v2", "auth": {"tokenSecretRef": token}}}
    return [
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "SecretStore",
            "metadata": {"name": "openbao"},
            "spec": {"provider": provider},
        }
    ]


def external_secret(number: int) -> dict[str, Any]:
    data = [{"secretKey": key, "remoteRef": {"key": f"app-{number}", "property": key}} for key in KEYS]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": f"app-{number}"},
        "spec": {"secretStoreRef": {"name": "openbao"}, "data": data},
    }


def write_manifests(folder: Path, url: str, token: str, mount: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "openbao"}, "stringData": {"token": token}}
    (folder / "store.yaml").write_text(yaml.safe_dump_all([*store(url, mount), secret]))
    for start in range(0, COUNT, 10):
        documents = [external_secret(number) for number in range(start, min(start + 10, COUNT))]
        (folder / f"apps-{start}.yaml").write_text(yaml.safe_dump_all(documents))


def seed(client: Any, mount: str) -> None:
    def put(number: int) -> None:
        secret = {key: f"{key}-{number}-{'x' * 20}" for key in KEYS}
        client.secrets.kv.v2.create_or_update_secret(f"app-{number}", secret=secret, mount_point=mount)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(put, range(COUNT)))


def run_plain(kubeconfig: str, namespace: str, url: str, token: str, mount: str) -> float:
    """The raw limit: the necessary calls, with the same libraries and threads."""
    import base64

    import hvac
    import orjson
    import requests
    from kubernetes import client, config

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    vault = hvac.Client(url=url, token=token, session=session)
    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)
    configuration.connection_pool_maxsize = THREADS
    pool_manager = client.ApiClient(configuration).rest_client.pool_manager
    headers = {"Authorization": configuration.get_api_key_with_prefix("BearerToken")}
    path = f"{configuration.host}/api/v1/namespaces/{namespace}/secrets"

    def read(number: int) -> dict[str, str]:
        answer = vault.secrets.kv.v2.read_secret_version(
            f"app-{number}", mount_point=mount, raise_on_deleted_version=True
        )
        data: dict[str, str] = answer["data"]["data"]
        return data

    def create(item: tuple[int, dict[str, str]]) -> None:
        number, values = item
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"app-{number}"}, "data": data}
        answer = pool_manager.request("POST", path, body=orjson.dumps(body), headers=headers)
        assert answer.status == 201, answer.status

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        values = list(pool.map(read, range(COUNT)))
        list(pool.map(create, enumerate(values)))
    return time.perf_counter() - started


def run_syncd(kubeconfig: str, namespace: str, folder: str) -> float:
    """A whole sync as the command makes it: manifests are loaded and validated within the time."""
    from syncd.cluster.kubernetes import KubernetesTarget
    from syncd.manifests.declarations import Validation
    from syncd.reconcile.options import Options
    from syncd.reconcile.reconciler import Reconciler
    from syncd.sources.files import load

    target = KubernetesTarget.connect(kubeconfig)
    started = time.perf_counter()
    reconciler = Reconciler(
        lambda: load([folder], namespace=namespace, validation=Validation.STRICT, stdin=None), target, Options()
    )
    report = reconciler.sync()
    elapsed = time.perf_counter() - started
    assert not report.failures, report.failures
    assert not report.plan.unknowns, report.plan.unknowns[0].reason
    reconciler.close()
    target.close()
    return elapsed


def child(mode: str, *arguments: str) -> None:
    elapsed = {"plain": run_plain, "syncd": run_syncd}[mode](*arguments)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = usage.ru_maxrss / 1024
    print(json.dumps({"seconds": elapsed, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": peak}))


def measure(mode: str, *arguments: str) -> dict[str, float]:
    command = [sys.executable, __file__, mode, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{mode} failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def requests_by_verb(plane: Any) -> Counter[str]:
    """All requests so far of the administrator, whose token is used."""
    seen: Counter[str] = Counter()
    for event in plane.audited(user="admin"):
        if event["stage"] == "ResponseComplete" and "objectRef" in event:
            seen[f"{event['verb']} {event['objectRef']['resource']}"] += 1
    return seen


def show(name: str, runs: list[dict[str, float]]) -> float:
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    print(
        f"{name:10} {middle['seconds']:7.2f} s {COUNT / middle['seconds']:8.0f}/s "
        f"{middle['cpu']:7.2f} CPU s {middle['peak_mb']:6.0f} MB peak"
    )
    return middle["seconds"]


def main() -> None:
    from tests.servers.controlplane import control_plane
    from tests.servers.openbao import dev_server

    folder = Path(tempfile.mkdtemp(prefix="syncd-bench-"))
    with dev_server(folder) as vault, control_plane() as plane:
        server, mount = vault.plain, vault.plain.kv()
        manifests = folder / "manifests"
        manifests.mkdir()
        write_manifests(manifests, server.url, server.token, mount)
        seed(server.client(), mount)
        kubeconfig = str(plane.kubeconfig)
        plain, cold, again = [], [], []
        for _ in range(ROUNDS):
            plain.append(measure("plain", kubeconfig, plane.namespace(), server.url, server.token, mount))
            namespace = plane.namespace()
            reads, before = len(server.calls(f"{mount}/data/")), requests_by_verb(plane)
            cold.append(measure("syncd", kubeconfig, namespace, str(manifests)))
            reads, first = len(server.calls(f"{mount}/data/")) - reads, requests_by_verb(plane) - before
            again.append(measure("syncd", kubeconfig, namespace, str(manifests)))
            second = requests_by_verb(plane) - before - first
            plane.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets")
        print(f"{COUNT} ExternalSecrets, {len(KEYS)} keys each, {THREADS} threads, median of {ROUNDS}")
        raw, ours = show("plain", plain), show("syncd", cold)
        show("unchanged", again)
        print(f"rate of the plain loop: {raw / ours:.0%}")
        print(f"provider reads in a cold sync: {reads}")
        print(f"API requests in a cold sync: {dict(first)}")
        print(f"API requests in an unchanged pass: {dict(second)}")


if __name__ == "__main__":
    child(*sys.argv[1:]) if len(sys.argv) > 1 else main()
