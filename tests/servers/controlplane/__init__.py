"""A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager, without nodes."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.servers.controlplane.build import ensure_built
from tests.servers.controlplane.components import Components

_PREFIX = "syncd-controlplane-"
_ROOMY = 1 << 30


class ControlPlane:
    """A running control plane as its administrator. Tests share it, so each works in a `namespace()` of its own."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._names = itertools.count()
        self.server = components.server
        self.ca_file = components.ca_file
        self.ca = self.ca_file.read_text()
        """PEM of the authority of the API server."""
        self.admin_token = components.admin_token
        self.audit_log = components.audit_log
        self.kubeconfig = self.kubeconfig_for(self.admin_token)

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by program: `etcd`, `kube-apiserver`, `kube-controller-manager`."""
        return self._components.pids

    def kubeconfig_for(self, token: str, *, namespace: str = "default") -> Path:
        """Write a kubeconfig whose user has this bearer token."""
        path = self._components.folder / f"kubeconfig-{next(self._names)}.yaml"
        path.touch(mode=0o600)
        path.write_text(self._components.kubeconfig(token, namespace=namespace))
        return path

    def namespace(self) -> str:
        """Create a namespace that no other test uses, and return its name."""
        name = f"test-{next(self._names)}-{secrets.token_hex(3)}"
        self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def service_account_token(self, namespace: str, name: str, *, audiences: Sequence[str] = ()) -> str:
        """A token (one hour) of a ServiceAccount, which is created when it is missing."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.request("POST", path, {"metadata": {"name": name}}, accept=(201, 409))
        spec = {"expirationSeconds": 3600, "audiences": list(audiences)}
        token: str = self.request("POST", f"{path}/{name}/token", {"spec": spec})["status"]["token"]
        return token

    def grant(self, namespace: str, name: str, *rules: dict[str, list[str]]) -> None:
        """Give a ServiceAccount these RBAC rules in its namespace."""
        path, role = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}", f"{name}-{next(self._names)}"
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        self.request("POST", f"{path}/roles", {"metadata": {"name": role}, "rules": rules})
        binding = {"metadata": {"name": role}, "roleRef": reference, "subjects": [subject]}
        self.request("POST", f"{path}/rolebindings", binding)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        accept: Sequence[int] = (200, 201, 202),
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """Call the API and return its answer; a status that is not accepted is an `AssertionError`."""
        answer = requests.request(
            method,
            self.server + path,
            data=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {self.admin_token}", "Content-Type": content_type},
            verify=str(self.ca_file),
            timeout=30,
        )
        assert answer.status_code in accept, f"{method} {path}: {answer.status_code} {answer.text}"
        result: dict[str, Any] = answer.json()
        return result

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return what it prints."""
        command = [str(Path(sys.executable).with_name("kubectl")), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def audited(self, *, namespace: str = "", user: str = "") -> list[dict[str, Any]]:
        """The audit events so far (metadata only), of one namespace and user where given."""
        whole = self.audit_log.read_text().rpartition("\n")[0]  # the last line may be half written
        events = map(json.loads, whole.splitlines())
        return [
            event
            for event in events
            if namespace in ("", event.get("objectRef", {}).get("namespace"))
            and user in ("", event["user"].get("username"))
        ]

    def stop_apiserver(self) -> None:
        """Cut the API server off at once, as a crash would."""
        self._components.stop_apiserver()

    def start_apiserver(self) -> None:
        """Bring the API server back: same address, same data, same tokens. Call it from the main thread."""
        self._components.start_apiserver()


@contextmanager
def control_plane(logs: Path | None = None) -> Iterator[ControlPlane]:
    """Build where needed, start (some seconds), stop in the end.

    Data lie in memory where there is room, and go; logs stay when a folder for them is given.
    """
    binaries, base = ensure_built(lambda line: print(line, file=sys.stderr)), _data_folder()
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base))
    try:
        components = Components(folder, binaries=binaries, logs=logs or folder)
        try:
            yield ControlPlane(components)
        finally:
            components.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _data_folder() -> Path:
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOMY:
        return memory
    return Path(tempfile.gettempdir())


def _sweep(base: Path) -> None:
    """Remove what runs left behind that were killed."""
    for folder in base.glob(f"{_PREFIX}*"):
        if not _alive(int(folder.name.removeprefix(_PREFIX).split("-")[0])):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
