"""Which cluster is meant, and how its credentials stay fresh."""

from __future__ import annotations

import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kubernetes.config.incluster_config as incluster
import pytest
import yaml

from syncd.cluster import kubeconfig
from syncd.cluster.kubeconfig import ClientCertificate
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import UsageError
from syncd.model import ObjectName, SecretValue
from tests.servers.controlplane import ControlPlane
from tests.servers.pki import Authority

TOKEN = "canary-token"


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def config(user: dict[str, object], *, server: str = "http://127.0.0.1:1", name: str = "main") -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def write(path: Path, content: dict[str, object]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return str(path)


def plugin(folder: Path, script: str) -> dict[str, object]:
    """An exec plugin; `script` prints its answer."""
    path = folder / "plugin.py"
    path.write_text(script)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(path)]}}


def token_script(token: str, expiry: str = "2999-01-01T00:00:00Z") -> str:
    status = {"token": token, "expirationTimestamp": expiry}
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"print({json.dumps(json.dumps(answer))})"


def test_named_file_that_does_not_exist(tmp_path: Path) -> None:
    """Nothing else is tried."""
    with pytest.raises(UsageError, match=r"kubeconfig `.*/nowhere` does not exist"):
        KubernetesTarget.connect(str(tmp_path / "nowhere"))


def test_no_configuration_at_all() -> None:
    """The hint says what there is to choose from."""
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect()
    assert "no cluster is configured" == caught.value.message
    assert "--kubeconfig" in caught.value.hint


def test_environment_and_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`$KUBECONFIG` before `~/.kube/config`; its files that do not exist are left out."""
    write(tmp_path / ".kube" / "config", config({}, server="http://home:1"))
    assert "cluster http://home:1" == KubernetesTarget.connect().description
    there = write(tmp_path / "env", config({}, server="http://env:1"))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'missing'}{os.pathsep}{there}")
    assert "cluster http://env:1" == KubernetesTarget.connect().description


def test_named_folder(tmp_path: Path) -> None:
    """A folder is there, and no kubeconfig."""
    with pytest.raises(UsageError, match=r"kubeconfig `.*` is a folder"):
        KubernetesTarget.connect(str(tmp_path))


@pytest.mark.parametrize("section", ["cluster", "user"])
def test_context_that_names_what_is_not_there(tmp_path: Path, section: str) -> None:
    """Not the same as one that names no user."""
    content = config({"token": TOKEN})
    content["contexts"] = [{"name": "main", "context": {"cluster": "main", "user": "main", section: "gone"}}]
    path = write(tmp_path / "config", content)
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(path)
    message = f"kubeconfig `{path}`: context `main` names the {section} `gone`, which is not there"
    assert (message, "it has `main`") == (caught.value.message, caught.value.hint)


def test_no_context_at_all(tmp_path: Path) -> None:
    """There is nothing to choose from, so no hint says so."""
    path = write(tmp_path / "config", {})
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(path)
    assert (f"kubeconfig `{path}` has no current context", "") == (caught.value.message, caught.value.hint)


@pytest.mark.parametrize("proxy", ["bogus://127.0.0.1:1", "socks5://user:canary@127.0.0.1:1"])
def test_proxy_of_another_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """An error with a hint, which quotes no password."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    path = write(tmp_path / "config", config({"token": TOKEN}, server="https://127.0.0.1:1"))
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(path)
    assert "the proxy for the API server cannot be used" == caught.value.message
    assert "canary" not in caught.value.hint


def test_context_is_chosen(tmp_path: Path) -> None:
    """From several files, as kubectl merges them."""
    one = write(tmp_path / "one", config({}, server="http://one:1", name="one"))
    two = write(tmp_path / "two", config({}, server="http://two:1", name="two"))
    assert "cluster http://two:1" == KubernetesTarget.connect(f"{one}{os.pathsep}{two}", "two").description


def test_context_that_does_not_exist(tmp_path: Path) -> None:
    """The hint lists those that do."""
    path = write(tmp_path / "config", config({"token": TOKEN}))
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(path, "other")
    assert f"kubeconfig `{path}` has no context `other`" == caught.value.message
    assert "it has `main`" == caught.value.hint


def test_the_contexts_namespace_is_the_default(tmp_path: Path) -> None:
    """As for kubectl; without one it is `default`, and without any kubeconfig too."""
    document = config({"token": TOKEN})
    document["contexts"] = [
        {"name": "main", "context": {"cluster": "main", "user": "main", "namespace": "shop"}},
        {"name": "other", "context": {"cluster": "main", "user": "main"}},
    ]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    namespaces = [kubeconfig.default_namespace(str(path), context) for context in (None, "other")]
    assert ["shop", "default", "default"] == [*namespaces, kubeconfig.default_namespace(None, None)]


def test_no_current_context(tmp_path: Path) -> None:
    """`--context` is the way out."""
    path = write(tmp_path / "config", {**config({}), "current-context": ""})
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(path)
    assert "give --context: `main`" == caught.value.hint


@pytest.mark.parametrize("content", [f"users: [{TOKEN}", f"{TOKEN}: {{", "\x00", "[]"])
def test_file_that_is_no_kubeconfig(tmp_path: Path, content: str) -> None:
    """The message holds none of its text."""
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(str(path))
    assert TOKEN not in f"{caught.value} {caught.value.hint}"


def test_user_that_is_incomplete_is_not_told(tmp_path: Path) -> None:
    """The client's own message would print what stands there."""
    nowhere = f"/nowhere/{TOKEN}"
    broken = config({"client-certificate": nowhere, "client-key": nowhere}, server="https://127.0.0.1:1")
    with pytest.raises(UsageError) as caught:
        KubernetesTarget.connect(write(tmp_path / "config", broken))
    assert TOKEN not in f"{caught.value} {caught.value.hint}"
    assert caught.value.__suppress_context__


def test_client_is_imported_late() -> None:
    """`syncd --help` and the folder target do not pay for it."""
    code = "import sys, syncd.cluster.kubernetes, syncd.cluster.folder; print('kubernetes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == done.stdout.strip()


IMPORTING = """\
from syncd.cluster.kubeconfig import server_configuration
from syncd.cluster.parallel import fan_out
from syncd.model import SecretValue
load = server_configuration("https://127.0.0.1:1", "", SecretValue("token"))
print(len(fan_out(lambda _: load(), range(8), 8)))
"""


def test_client_is_imported_by_several_threads() -> None:
    """Stores of several clusters are opened at once, and the package imports itself in a circle."""
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=True)
    assert "8\n" == done.stdout


def test_plugin_gives_a_token(controlplane: ControlPlane, tmp_path: Path) -> None:
    """A program that kubectl would run."""
    target = KubernetesTarget.connect(with_plugin(controlplane, tmp_path, token_script(controlplane.admin_token)))
    assert "admin" == target.identity()


def with_plugin(plane: ControlPlane, folder: Path, script: str) -> str:
    content = config(plugin(folder, script), server=plane.server)
    content["clusters"] = [
        {"name": "main", "cluster": {"server": plane.server, "certificate-authority": str(plane.ca_file)}}
    ]
    return write(folder / "config", content)


def test_plugin_is_run_again_when_its_token_ends(controlplane: ControlPlane, tmp_path: Path) -> None:
    """Before the next call."""
    path = with_plugin(controlplane, tmp_path, token_script("ended", "2001-01-01T00:00:00Z"))
    target = KubernetesTarget.connect(path)
    (tmp_path / "plugin.py").write_text(token_script(controlplane.admin_token))
    assert "admin" == target.identity()


def test_plugin_is_run_again_after_401(controlplane: ControlPlane, tmp_path: Path) -> None:
    """Its token was taken back before its time."""
    path = with_plugin(controlplane, tmp_path, token_script("revoked"))
    target = KubernetesTarget.connect(path)
    (tmp_path / "plugin.py").write_text(token_script(controlplane.admin_token))
    assert "admin" == target.identity()


def test_plugin_that_fails(tmp_path: Path) -> None:
    """An anonymous call would only be denied later, for the wrong reason."""
    path = write(tmp_path / "config", config(plugin(tmp_path, "raise SystemExit(1)")))
    with pytest.raises(UsageError, match="gave no credentials"):
        KubernetesTarget.connect(path)


def test_pod_reads_its_own_token(controlplane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its namespace is syncd's own; the token is read again when it was rotated."""
    host, port = controlplane.server.removeprefix("https://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.setattr(kubeconfig, "_SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setattr(incluster, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster, "SERVICE_CERT_FILENAME", str(controlplane.ca_file))
    (tmp_path / "namespace").write_text("secrets-team\n")
    (tmp_path / "token").write_text("rotated away")
    target = KubernetesTarget.connect()
    assert "secrets-team" == target.system_namespace
    (tmp_path / "token").write_text(controlplane.admin_token)
    assert "admin" == target.identity()


@contextmanager
def mutual_tls(authority: Authority, folder: Path) -> Iterator[str]:
    """A server that answers whoever shows a certificate of the authority."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = b'{"kind": "Secret", "metadata": {"name": "x", "namespace": "y"}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Quiet."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.pem)
    context.load_cert_chain(*authority.issue_server("127.0.0.1").write(folder, "server"))
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_client_certificate_is_shown(tmp_path: Path) -> None:
    """From memory; no file of it is left."""
    authority = Authority()
    pair = authority.issue_client("syncd")
    (tmp_path / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch, mutual_tls(authority, tmp_path) as server:
        patch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        credential = ClientCertificate(pair.certificate, SecretValue(pair.key))
        target = KubernetesTarget.for_server(server, ca=authority.pem, credential=credential)
        observed = target.read_secrets([ObjectName("y", "x")])[ObjectName("y", "x")]
    assert "Present" == type(observed).__name__
    assert [] == list((tmp_path / "tmp").iterdir())
