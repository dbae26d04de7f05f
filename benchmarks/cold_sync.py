"""A first sync of 1,000 ExternalSecrets into a real API server, beside the least that any tool must do.

Each ExternalSecret takes three keys of one remote secret of its own: of OpenBao, or of a fake of AWS Secrets Manager
that takes 15 ms for a call. `plain` is a loop with the same libraries and as many threads: the reads (from AWS in
batches), then 1,000 creates, and nothing else. Each run is a process of its own with a fresh namespace, on a machine
that has come to rest; printed are medians. `unchanged` is a second pass over what is in step already.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from tests.e2e.manifests import Manifest, external_secret, secret, store, vault
from tests.servers.controlplane import ControlPlane, control_plane
from tests.servers.fast_aws import KEYS, FastAws, fast_aws
from tests.servers.openbao import OpenBao, dev_server

COUNT = int(os.environ.get("COUNT", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
THREADS = 8
REST = 1.5
"""Seconds before each run: the control plane still works on what the run before has written."""
CHILD = "child"
"""The first argument of a process that this one starts."""

Reads = tuple[int, Callable[[Sequence[str]], Mapping[str, Mapping[str, str]]]]
"""How many secrets a call reads at most, and the call."""


class Vault:
    """OpenBao, with the secrets in a mount of its own."""

    def __init__(self, server: OpenBao) -> None:
        self._server, self._mount = server, server.kv()
        self.arguments = (server.url, server.token, self._mount)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._put, range(COUNT)))

    def _put(self, number: int) -> None:
        values = {key: f"{key}-{number}-{'x' * 20}" for key in KEYS}
        kv = self._server.client().secrets.kv.v2
        kv.create_or_update_secret(f"app-{number}", secret=values, mount_point=self._mount)

    def calls(self) -> int:
        return len(self._server.calls(f"{self._mount}/data/"))

    def documents(self) -> list[Manifest]:
        token = {"tokenSecretRef": {"name": "login", "key": "token"}}
        return [store(vault(self._server.url, self._mount, token)), secret("login", token=self._server.token)]


class Aws:
    """The fast fake, which makes up its secrets."""

    def __init__(self, server: FastAws) -> None:
        self._server = server
        self.arguments = (server.url,)

    def calls(self) -> int:
        return self._server.calls().total()

    def documents(self) -> list[Manifest]:
        keys = {
            "accessKeyIDSecretRef": {"name": "login", "key": "id"},
            "secretAccessKeySecretRef": {"name": "login", "key": "key"},
        }
        provider = {"service": "SecretsManager", "region": "eu-central-1", "auth": {"secretRef": keys}}
        return [store({"aws": provider}), secret("login", id="reader", key="reader")]


def write_manifests(folder: Path, source: Vault | Aws) -> None:
    folder.mkdir()
    (folder / "store.yaml").write_text(yaml.safe_dump_all(source.documents()))
    for start in range(0, COUNT, 10):
        documents = [declaration(number) for number in range(start, min(start + 10, COUNT))]
        (folder / f"apps-{start}.yaml").write_text(yaml.safe_dump_all(documents))


def declaration(number: int) -> Manifest:
    data = [{"secretKey": key, "remoteRef": {"key": f"app-{number}", "property": key}} for key in KEYS]
    return external_secret(f"app-{number}", {"data": data})


def vault_reads(url: str, token: str, mount: str) -> Reads:
    """One secret a call, as KV has it."""
    import hvac
    import requests

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    kv = hvac.Client(url=url, token=token, session=session).secrets.kv.v2

    def read(names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        (name,) = names
        answer = kv.read_secret_version(name, mount_point=mount, raise_on_deleted_version=True)
        return {name: answer["data"]["data"]}

    return 1, read


def aws_reads(url: str) -> Reads:
    """Twenty secrets a call, which is the most."""
    import boto3
    from botocore.config import Config

    session = boto3.Session("reader", "reader", region_name="eu-central-1")
    pooled = Config(max_pool_connections=THREADS)
    client = session.client("secretsmanager", endpoint_url=url, config=pooled)

    def read(names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        answer = client.batch_get_secret_value(SecretIdList=names)
        return {found["Name"]: json.loads(found["SecretString"]) for found in answer["SecretValues"]}

    return 20, read


def run_plain(kubeconfig: str, namespace: str, reads: Callable[[], Reads]) -> float:
    """The raw limit: the necessary calls, with the same libraries and threads.

    The library of the store is imported within the time, as it is by syncd, which does so when a manifest names it.
    """
    import base64

    import orjson
    from kubernetes import client, config

    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]  # theirs
    configuration.connection_pool_maxsize = THREADS
    pool_manager = client.ApiClient(configuration).rest_client.pool_manager
    headers = {"Authorization": str(configuration.get_api_key_with_prefix("BearerToken"))}
    path = f"{configuration.host}/api/v1/namespaces/{namespace}/secrets"

    def create(item: tuple[str, Mapping[str, str]]) -> None:
        name, values = item
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
        answer = pool_manager.request("POST", path, body=orjson.dumps(body), headers=headers)
        assert answer.status == 201, answer.status

    names = [f"app-{number}" for number in range(COUNT)]
    started = time.perf_counter()
    size, read = reads()
    with ThreadPoolExecutor(THREADS) as pool:
        batches = pool.map(read, (names[start : start + size] for start in range(0, COUNT, size)))
        found = {name: values for batch in batches for name, values in batch.items()}
        list(pool.map(create, found.items()))
    return time.perf_counter() - started


def run_syncd(kubeconfig: str, namespace: str, folder: str) -> float:
    """A whole sync as the command makes it: manifests are loaded and validated within the time."""
    from syncd.cli.main import COLLECT_AFTER
    from syncd.cluster.kubernetes import KubernetesTarget
    from syncd.manifests.declarations import Validation
    from syncd.reconcile.options import Options
    from syncd.reconcile.reconciler import Reconciler
    from syncd.sources.files import load

    gc.set_threshold(COLLECT_AFTER)  # as the console script does
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


def child(mode: str, kubeconfig: str, namespace: str, *arguments: str) -> None:
    match mode:
        case "syncd":
            elapsed = run_syncd(kubeconfig, namespace, *arguments)
        case "vault":
            elapsed = run_plain(kubeconfig, namespace, lambda: vault_reads(*arguments))
        case _:
            elapsed = run_plain(kubeconfig, namespace, lambda: aws_reads(*arguments))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = peak_mb()
    print(json.dumps({"seconds": elapsed, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": peak}))


def peak_mb() -> float:
    """Since the exec; `ru_maxrss` would also count the process that started this one."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measure(mode: str, *arguments: str, **variables: str) -> dict[str, float]:
    time.sleep(REST)
    command = [sys.executable, __file__, CHILD, mode, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **variables})
    if done.returncode:
        sys.exit(f"{mode} failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def requests_by_verb(plane: ControlPlane) -> Counter[str]:
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


def compare(provider: str, source: Vault | Aws, plane: ControlPlane, folder: Path) -> None:
    manifests, kubeconfig = folder / provider, str(plane.kubeconfig)
    write_manifests(manifests, source)
    variables = {"AWS_ENDPOINT_URL": source.arguments[0], "AWS_EC2_METADATA_DISABLED": "true"}
    plain: list[dict[str, float]] = []
    cold: list[dict[str, float]] = []
    again: list[dict[str, float]] = []
    calls: list[int] = []
    requests: list[Counter[str]] = []
    for _ in range(ROUNDS):
        plain.append(measure(provider, kubeconfig, plane.namespace(), *source.arguments))
        namespace = plane.namespace()
        calls, requests = [source.calls()], [requests_by_verb(plane)]
        for runs in (cold, again):
            runs.append(measure("syncd", kubeconfig, namespace, str(manifests), **variables))
            calls.append(source.calls())
            requests.append(requests_by_verb(plane))
        plane.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets")
    print(f"{provider}: {COUNT} ExternalSecrets, {len(KEYS)} keys each, {THREADS} threads, median of {ROUNDS}")
    raw, ours = show("plain", plain), show("syncd", cold)
    show("unchanged", again)
    print(f"rate of the plain loop: {raw / ours:.0%}")
    print(f"provider calls: {calls[1] - calls[0]} in a cold sync, {calls[2] - calls[1]} in an unchanged pass")
    print(f"API requests in a cold sync: {dict(requests[1] - requests[0])}")
    print(f"API requests in an unchanged pass: {dict(requests[2] - requests[1])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provider", choices=("vault", "aws"), action="append", help="both by default")
    providers = parser.parse_args().provider or ["vault", "aws"]
    with tempfile.TemporaryDirectory(prefix="syncd-bench-") as name, control_plane() as plane:
        folder = Path(name)
        if "vault" in providers:
            with dev_server(folder) as server:
                compare("vault", Vault(server.plain), plane, folder)
        if "aws" in providers:
            with fast_aws(folder, COUNT) as fake:
                compare("aws", Aws(fake), plane, folder)


if __name__ == "__main__":
    child(*sys.argv[2:]) if CHILD in sys.argv[1:2] else main()
