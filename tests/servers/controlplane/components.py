"""The three processes of a control plane: their keys, their flags, their order."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.servers.pki import Authority
from tests.servers.process import Process, free_port

_CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "replicaset-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "statefulset-controller",
)
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
_ISSUER = "https://kubernetes.default.svc"


class Components:
    """etcd, kube-apiserver and kube-controller-manager, started in this order."""

    def __init__(self, folder: Path, *, binaries: Path, logs: Path) -> None:
        self.folder = folder
        self.admin_token = secrets.token_urlsafe(24)
        self.audit_log = logs / "audit.log"
        self.ca_file = folder / "ca.crt"
        self._binaries, self._logs = binaries, logs
        self._api_port, self._etcd_port = free_port(), free_port()
        self.server = f"https://127.0.0.1:{self._api_port}"
        self._running: dict[str, Process] = {}
        controllers_token = secrets.token_urlsafe(24)
        self._write_keys(controllers_token)
        try:
            self._start_etcd()
            self.start_apiserver()
            self._start_controllers(controllers_token)
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    def start_apiserver(self) -> None:
        """Start the API server, always on the same address, and wait until it is ready."""
        self._run(
            "kube-apiserver",
            etcd_servers=f"http://127.0.0.1:{self._etcd_port}",
            bind_address="127.0.0.1",
            secure_port=self._api_port,
            # The Service `kubernetes` may not point to loopback, and nobody uses it here.
            advertise_address="10.255.255.1",
            endpoint_reconciler_type="none",
            cert_dir=self.folder,
            tls_cert_file=self.folder / "apiserver.crt",
            tls_private_key_file=self.folder / "apiserver.key",
            service_account_key_file=self.folder / "sa.pub",
            service_account_signing_key_file=self.folder / "sa.key",
            service_account_issuer=_ISSUER,
            api_audiences=_ISSUER,
            service_cluster_ip_range="10.0.0.0/24",
            authorization_mode="RBAC",
            token_auth_file=self.folder / "tokens.csv",
            # Pods can be made at once, without waiting for the controller that makes ServiceAccounts.
            disable_admission_plugins="ServiceAccount",
            allow_privileged="true",
            audit_policy_file=self.folder / "audit-policy.yaml",
            audit_log_path=self.audit_log,
        ).wait_until(self._ready)

    def stop_apiserver(self) -> None:
        """End the API server at once, as a crash would."""
        self._running["kube-apiserver"].kill()

    def close(self) -> None:
        """End the processes, last started first; nothing is kept, so nothing needs an orderly end."""
        for process in reversed(self._running.values()):
            process.kill()

    def kubeconfig(self, token: str, *, namespace: str = "default") -> str:
        """The text of a kubeconfig whose user has this bearer token."""
        authority = base64.b64encode(self.ca_file.read_bytes()).decode()
        cluster = {"server": self.server, "certificate-authority-data": authority}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
            "current-context": "test",
        }
        return json.dumps(config, indent=2)

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{free_port()}"
        self._run(
            "etcd",
            data_dir=self.folder / "etcd",
            listen_client_urls=client,
            advertise_client_urls=client,
            listen_peer_urls=peer,
            initial_advertise_peer_urls=peer,
            initial_cluster=f"default={peer}",
            unsafe_no_fsync="true",
            log_level="warn",
        )

    def _start_controllers(self, token: str) -> None:
        kubeconfig = self.folder / "controllers.yaml"
        kubeconfig.write_text(self.kubeconfig(token))
        self._run(
            "kube-controller-manager",
            kubeconfig=kubeconfig,
            bind_address="127.0.0.1",
            secure_port=free_port(),
            leader_elect="false",
            controllers=",".join(_CONTROLLERS),
            use_service_account_credentials="true",
            service_account_private_key_file=self.folder / "sa.key",
            root_ca_file=self.ca_file,
        )

    def _run(self, program: str, **flags: str | int | Path) -> Process:
        arguments = [f"--{flag.replace('_', '-')}={value}" for flag, value in flags.items()]
        command, log = [str(self._binaries / program), *arguments], self._logs / f"{program}.log"
        self._running[program] = Process(command, log=log, env={"HOME": str(self.folder)})
        return self._running[program]

    def _write_keys(self, controllers_token: str) -> None:
        authority = Authority()
        self.ca_file.write_text(authority.pem)
        hosts = ("127.0.0.1", "localhost", "10.0.0.1", "kubernetes.default.svc")
        authority.issue_server(*hosts).write(self.folder, "apiserver")
        signer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = signer.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        public = signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.folder / "sa.key").write_bytes(private)
        (self.folder / "sa.pub").write_bytes(public)
        users = [
            f'{self.admin_token},admin,admin,"system:masters"',
            f"{controllers_token},system:kube-controller-manager,controllers,",
        ]
        (self.folder / "tokens.csv").write_text("\n".join(users) + "\n")
        (self.folder / "audit-policy.yaml").write_text(json.dumps(_AUDIT_POLICY))

    def _ready(self) -> bool:
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        try:
            return requests.get(f"{self.server}/readyz", headers=headers, verify=str(self.ca_file), timeout=5).ok
        except requests.RequestException:
            return False
