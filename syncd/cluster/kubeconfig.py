"""Which API server is meant, and with which credentials: kubeconfig files, in-cluster, or given by hand."""

from __future__ import annotations

import os
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from syncd.errors import SyncdError, UsageError
from syncd.model import SecretValue

if TYPE_CHECKING:
    from kubernetes.client import Configuration

Loader = Callable[[], "tuple[Configuration, ssl.SSLContext | None]"]
"""Loads the configuration anew; the context is there when certificates come from memory."""

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A TLS client certificate, as PEM."""

    certificate: str
    key: SecretValue = field(repr=False)


Credential = SecretValue | ClientCertificate | Callable[[], SecretValue]
"""A bearer token, a client certificate, or a function that makes a token; it is called again after a 401."""


def find_configuration(kubeconfig: str | None, context: str | None) -> Loader:
    """As kubectl: the file that is named, `$KUBECONFIG`, `~/.kube/config`, else the pod's service account.

    The loader raises UsageError; so does this where no configuration can be found.
    """
    if there := _existing(kubeconfig):
        return lambda: (_from_files(there, context), None)
    if kubeconfig:
        what = "is a folder" if Path(kubeconfig).expanduser().is_dir() else "does not exist"
        raise UsageError(f"kubeconfig `{kubeconfig}` {what}")
    if context is None and in_cluster_namespace() is not None:
        return lambda: (_from_pod(), None)
    raise UsageError("no cluster is configured", hint="give --kubeconfig, set KUBECONFIG, or use --to for a folder")


def _existing(kubeconfig: str | None) -> str:
    """Those kubeconfig files that are there, as `$KUBECONFIG` lists them."""
    paths = kubeconfig or os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    return os.pathsep.join(path for path in paths.split(os.pathsep) if path and Path(path).expanduser().is_file())


def default_namespace(kubeconfig: str | None, context: str | None) -> str:
    """The namespace of objects that name none, as kubectl has it: the context's, else the pod's, else `default`.

    Raises UsageError when the kubeconfig cannot be read or has no such context.
    """
    paths = _existing(kubeconfig)
    if not paths:
        return in_cluster_namespace() or "default"
    _check_context(paths, context)
    return str(_named(paths, "contexts")[str(context or _current(paths))].get("namespace") or "default")


def in_cluster_namespace() -> str | None:
    """The namespace of the pod that this process runs in; None outside of a cluster."""
    path = _SERVICE_ACCOUNT / "namespace"
    return path.read_text().strip() if path.is_file() else None


_importing = threading.Lock()
"""The kubernetes package imports itself in a circle, which two threads at once do not get through."""


def _new_configuration(host: str | None = None) -> Configuration:
    with _importing:
        from kubernetes.client import Configuration

    return Configuration(host=host)


def _from_pod() -> Configuration:
    configuration = _new_configuration()
    from kubernetes.config import load_incluster_config

    with _foreign_errors("the pod's service account"):
        load: Callable[..., None] = load_incluster_config
        load(client_configuration=configuration)
    return configuration


def _from_files(paths: str, context: str | None) -> Configuration:
    _check_context(paths, context)
    configuration = _new_configuration()
    from kubernetes.config import load_kube_config

    with _foreign_errors(f"kubeconfig `{paths}`"):
        load: Callable[..., None] = load_kube_config
        load(config_file=paths, context=context, client_configuration=configuration)
        command = _exec_command(paths, context)
    if command and not configuration.api_key and not configuration.cert_file:
        raise UsageError(
            f"kubeconfig `{paths}`: `{command}` gave no credentials", hint="run it by hand, or log in again"
        )
    return configuration


@contextmanager
def _foreign_errors(where: str) -> Iterator[None]:
    try:
        yield
    except SyncdError:
        raise
    except Exception as error:  # noqa: BLE001  # auth plugins raise whatever they like
        hint = "does `kubectl` work with it?"
        raise UsageError(
            f"{where} cannot be used ({type(error).__name__})", hint=hint
        ) from None  # its text may quote a token


def _documents(paths: str) -> Iterator[Mapping[str, Any]]:
    for path in paths.split(os.pathsep):
        try:
            document = yaml.safe_load(Path(path).expanduser().read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"kubeconfig `{path}` cannot be read ({type(error).__name__})") from None
        if isinstance(document, dict):
            yield document


def _named(paths: str, section: str) -> Mapping[str, Mapping[str, Any]]:
    """The entries of a section by name; the first file that has a name wins, as in kubectl."""
    found: dict[str, Mapping[str, Any]] = {}
    for document in _documents(paths):
        for entry in document.get(section) or []:
            if isinstance(entry, dict) and isinstance(entry.get(section.removesuffix("s")), dict):
                found.setdefault(str(entry.get("name")), entry[section.removesuffix("s")])
    return found


def _current(paths: str) -> str | None:
    return next((str(doc["current-context"]) for doc in _documents(paths) if doc.get("current-context")), None)


def _check_context(paths: str, context: str | None) -> None:
    wanted, contexts = context or _current(paths), _named(paths, "contexts")
    known = ", ".join(f"`{name}`" for name in contexts)
    if wanted is None:
        raise UsageError(
            f"kubeconfig `{paths}` has no current context", hint=f"give --context: {known}" if known else ""
        )
    if wanted not in contexts:
        raise UsageError(f"kubeconfig `{paths}` has no context `{wanted}`", hint=f"it has {known or 'none'}")
    for section in ("cluster", "user"):
        name, entries = str(contexts[wanted].get(section) or ""), _named(paths, f"{section}s")
        if name and name not in entries:
            hint = f"it has {', '.join(f'`{one}`' for one in entries) or 'none'}"
            raise UsageError(
                f"kubeconfig `{paths}`: context `{wanted}` names the {section} `{name}`, which is not there", hint=hint
            )


def _exec_command(paths: str, context: str | None) -> str:
    """The name of the program that the context's user gets credentials from; empty when there is none."""
    entry = _named(paths, "contexts")[str(context or _current(paths))]
    user = _named(paths, "users").get(str(entry.get("user")), {})
    plugin = user.get("exec")
    return str(plugin.get("command", "")) if isinstance(plugin, dict) else ""


def server_configuration(server: str, ca: str, credential: Credential) -> Loader:
    """For an API server that no kubeconfig names; `ca` is PEM, empty for the system's own authorities.

    The loader raises UsageError when certificate, key or authority are not usable, and what `credential` raises.
    """

    def load() -> tuple[Configuration, ssl.SSLContext | None]:
        configuration = _new_configuration(host=server.rstrip("/"))
        context = _tls_context(ca, credential if isinstance(credential, ClientCertificate) else None)
        if not isinstance(credential, ClientCertificate):
            token = credential if isinstance(credential, SecretValue) else credential()
            configuration.api_key["BearerToken"] = "Bearer " + token.reveal().decode("ascii", "replace").strip()
        return configuration, context

    return load


def _tls_context(ca: str, client: ClientCertificate | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca or None)
        if client is not None:
            with tempfile.TemporaryDirectory(prefix="syncd-") as folder:  # OpenSSL takes them from files only
                certificate, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
                certificate.write_text(client.certificate)
                key.touch(mode=0o600)
                key.write_bytes(client.key.reveal())
                context.load_cert_chain(certificate, key)
    except (ssl.SSLError, ValueError):
        raise UsageError("the certificates for the API server are not usable PEM") from None
    return context
