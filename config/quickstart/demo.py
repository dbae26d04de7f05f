"""`make demo`: a key travels from a real OpenBao into Secrets and into a restarted Deployment."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.controlplane.build import BuildFailed
from tests.servers.process import ServerFailed

QUICKSTART = Path(__file__).parent
DEMO = Path("demo")
"""Everything is put here; git ignores it."""
FILE_STORE = """\
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata:
  name: vault
spec:
  provider:
    file:
      path: ../keys
"""
COLUMNS = (
    "NAMESPACE:.metadata.namespace,NAME:.metadata.name,"
    r"RESTARTED:.spec.template.metadata.annotations.syncd\.dev/restarted"
)


class DemoFailed(Exception):
    """A command did not end as it should."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the keys are: how they are written first, and how two of them are rotated."""

    story: str
    writes: Sequence[str]
    rotations: Sequence[str]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the Secrets go: the flags that name it, how it is made ready, and how its Deployments are looked at."""

    story: str
    flags: str
    arrival: Sequence[str]
    secrets: str
    before: str
    after: str
    differs: int
    """Exit code of `after`."""


def _environment() -> dict[str, str]:
    """That of whoever plays the demo, with this project's programs first and without settings for syncd."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SYNCD_")}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', os.defpath)}"}


@dataclass(slots=True)
class Terminal:
    """Prints sentences, and commands before they run."""

    environment: dict[str, str] = field(default_factory=_environment)
    colors: bool = field(default_factory=lambda: sys.stdout.isatty() and not os.environ.get("NO_COLOR"))

    def say(self, *lines: str) -> None:
        print("", *(self._painted("36", f"# {line}") for line in lines), sep="\n", flush=True)

    def run(self, *commands: str, code: int = 0) -> None:
        """Raises DemoFailed when one ends with another exit code."""
        for command in commands:
            print(self._painted("1", f"$ {command}"), flush=True)
            done = subprocess.run(["bash", "-c", command], env=self.environment, check=False)
            if done.returncode != code:
                raise DemoFailed(f"`{command}` ended with exit code {done.returncode} and not {code}")

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colors else text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cluster", action="store_true", help="into a local control plane instead of a folder")
    cluster = parser.parse_args().cluster
    os.environ["NO_PROXY"] = "127.0.0.1"  # all servers of the demo are here
    began, terminal = time.monotonic(), Terminal()
    shutil.rmtree(DEMO, ignore_errors=True)
    (DEMO / "manifests").mkdir(parents=True)
    for name in ("store.yaml", "shop.yaml", "web.yaml"):
        shutil.copy(QUICKSTART / name, DEMO / "manifests")
    shutil.copy(QUICKSTART / "workloads.yaml", DEMO)
    try:
        with opened_store(terminal) as store, opened_target(terminal, cluster=cluster) as target:
            play(terminal, store, target)
    except (DemoFailed, ServerFailed, BuildFailed) as error:
        print(f"\nError: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    terminal.say(
        f"That took {time.monotonic() - began:.0f} s. What is left of it is in {DEMO}/; docs/tutorial.md goes on."
    )
    return 0


def play(terminal: Terminal, store: Store, target: Target) -> None:
    """The story, for any store and any target."""
    plan, sync = (f"syncd {command} -f {DEMO}/manifests{target.flags}" for command in ("plan", "sync"))
    terminal.say(store.story)
    terminal.run(*store.writes)
    terminal.say(target.story)
    terminal.run(*target.arrival)
    terminal.say(f"{DEMO}/manifests has an ExternalSecret for each. What would syncd do? A plan has no values.")
    terminal.run(plan, code=2)
    terminal.say("So be it.")
    terminal.run(sync, target.secrets)
    terminal.say("Two keys are rotated: `checkout` runs with the first; of the second nobody makes use.")
    terminal.run(*store.rotations)
    terminal.run(plan, code=2)
    terminal.run(target.before, sync)
    terminal.run(target.after, code=target.differs)
    terminal.say(
        "`checkout` was restarted. `frontend` was not: it uses `web/session-keys`, but not the key that changed."
    )
    terminal.run(plan)


@contextmanager
def opened_store(terminal: Terminal) -> Iterator[Store]:
    """An OpenBao of this demo's own; a folder of files where no OpenBao runs on this machine."""
    try:
        from tests.servers.openbao import binary, dev_server

        subprocess.run([binary(), "version"], capture_output=True, check=True)
    except (ImportError, OSError, subprocess.CalledProcessError):
        yield file_store()
        return
    with tempfile.TemporaryDirectory() as folder, dev_server(Path(folder)) as server:
        bao = server.plain
        store = DEMO / "manifests" / "store.yaml"
        text = store.read_text().replace("http://127.0.0.1:18200", bao.url).replace("demo-root-token", bao.token)
        store.write_text(text)
        terminal.environment |= {"BAO_ADDR": bao.url, "BAO_TOKEN": bao.token}
        yield Store(
            story=f"A real OpenBao runs at {bao.url}. Four secrets go into it.",
            writes=[
                "bao kv put secret/shop/stripe api_key=sk_$RANDOM webhook_secret=wh_$RANDOM > /dev/null",
                "bao kv put secret/shop/database username=shop password=pw_$RANDOM host=db.example > /dev/null",
                "bao kv put secret/web/session signing_key=sign_$RANDOM encryption_key=enc_$RANDOM > /dev/null",
                "bao kv put secret/web/smtp password=pw_$RANDOM > /dev/null",
            ],
            rotations=[
                "bao kv patch secret/shop/stripe api_key=sk_$RANDOM$RANDOM | grep version",
                "bao kv patch secret/web/session encryption_key=enc_$RANDOM$RANDOM | grep version",
            ],
        )


def file_store() -> Store:
    (DEMO / "manifests" / "store.yaml").write_text(FILE_STORE)
    keys = DEMO / "keys"
    return Store(
        story=f"No OpenBao runs on this machine: the store is a folder of files, {keys}/, with four secrets in it.",
        writes=[
            f"mkdir -p {keys}/shop {keys}/web",
            f'echo "{{api_key: sk_$RANDOM, webhook_secret: wh_$RANDOM}}" > {keys}/shop/stripe',
            f'echo "{{username: shop, password: pw_$RANDOM, host: db.example}}" > {keys}/shop/database',
            f'echo "{{signing_key: sign_$RANDOM, encryption_key: enc_$RANDOM}}" > {keys}/web/session',
            f'echo "{{password: pw_$RANDOM}}" > {keys}/web/smtp',
        ],
        rotations=[
            f'sed -i.old "s/sk_[0-9]*/sk_$RANDOM$RANDOM/" {keys}/shop/stripe',
            f'sed -i.old "s/enc_[0-9]*/enc_$RANDOM$RANDOM/" {keys}/web/session',
        ],
    )


@contextmanager
def opened_target(terminal: Terminal, *, cluster: bool) -> Iterator[Target]:
    """A local control plane, or a folder that stands for one."""
    if not cluster:
        out = DEMO / "out"
        yield Target(
            story=f"{out}/ stands for a cluster. Two Deployments run in it, `checkout` and `frontend`.",
            flags=f" --to {out}",
            arrival=[f"mkdir {out}", f"cp {DEMO}/workloads.yaml {out}"],
            secrets=f"ls -l {out}/secrets/*",
            before=f"cp {out}/workloads.yaml {DEMO}/before.yaml",
            after=f"diff -U 2 --color=auto {DEMO}/before.yaml {out}/workloads.yaml",
            differs=1,
        )
        return
    from tests.servers.controlplane import control_plane

    with control_plane() as plane:
        shutil.copy(plane.kubeconfig, DEMO / "kubeconfig.yaml")
        terminal.environment["KUBECONFIG"] = str(DEMO / "kubeconfig.yaml")
        deployments = f"kubectl get deployments -A -o 'custom-columns={COLUMNS}'"
        yield Target(
            story=f"A real kube-apiserver runs at {plane.server}, with two Deployments, `checkout` and `frontend`.",
            flags="",
            arrival=[
                "for name in syncd shop web; do kubectl create namespace $name; done",
                f"kubectl apply -f {DEMO}/workloads.yaml",
            ],
            secrets="kubectl get secrets -A -l syncd.dev/managed",
            before=deployments,
            after=deployments,
            differs=0,
        )


if __name__ == "__main__":
    sys.exit(main())
