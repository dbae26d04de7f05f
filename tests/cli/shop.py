"""A small shop: manifests with a `file` or a `fake` store, and Deployments that use its Secrets."""

from __future__ import annotations

from pathlib import Path

CANARY = "canary-9b1e"
STORE = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata:
  name: local
  namespace: shop
spec:
  provider:
    file:
      path: store
"""
SECRET = """\
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {name}
  namespace: shop
  labels:
    tier: {name}
spec:
  secretStoreRef:
    name: local
  data:
    - secretKey: KEY
      remoteRef:
        key: {name}
  target:
    deletionPolicy: {deletion}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
spec:
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
        - name: main
          image: registry.invalid/{name}:1
          envFrom:
            - secretRef:
                name: {used}
"""


class Shop:
    """A folder with `shop.yaml`, the store's files in `store/`, and the target `out/`."""

    def __init__(self, root: Path, *names: str) -> None:
        self.root = root
        self.names = names
        self.out = root / "out"
        self.out.mkdir()
        (root / "store").mkdir()
        self.declare(*names)
        for name in names:
            self.store(name, f"{CANARY}-{name}")

    def store(self, key: str, value: str) -> None:
        (self.root / "store" / key).write_text(value)

    def forget(self, key: str) -> None:
        (self.root / "store" / key).unlink()

    def declare(self, *names: str, deletion: str = "Retain") -> None:
        secrets = (SECRET.format(name=name, deletion=deletion) for name in names)
        (self.root / "shop.yaml").write_text(STORE + "".join(secrets))

    def deploy(self, name: str, used: str) -> None:
        (self.out / f"{name}.yaml").write_text(DEPLOYMENT.format(name=name, used=used))

    def secret(self, name: str) -> Path:
        return self.out / "secrets" / "shop" / f"{name}.yaml"
