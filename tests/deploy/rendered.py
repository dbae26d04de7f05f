"""What `kubectl kustomize` makes of deploy/, as documents; also in other namespaces than those that stand there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OVERLAYS = ("cluster", "namespaced")
SYSTEM = "syncd"
SERVED = ("shop", "web")
Document = Mapping[str, Any]


def render(folder: Path) -> list[Document]:
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stderr
    return list(yaml.safe_load_all(done.stdout))


def overlay(name: str) -> list[Document]:
    return render(DEPLOY / "overlays" / name)


def with_component(scratch: Path, component: str, name: str = "cluster") -> list[Document]:
    """An overlay with a component, as a kustomization of the user's own."""
    folder = scratch / "here"
    folder.mkdir(parents=True)
    (scratch / "deploy").symlink_to(DEPLOY)
    (folder / "kustomization.yaml").write_text(
        f"resources: [../deploy/overlays/{name}]\ncomponents: [../deploy/components/{component}]\n"
    )
    return render(folder)


def moved(documents: Iterable[Document], namespaces: Mapping[str, str]) -> list[Document]:
    """The same in other namespaces, as a user who edits the overlay gets them."""
    return [_moved(document, namespaces) for document in documents]


def _moved(document: Document, namespaces: Mapping[str, str]) -> Document:
    copy = json.loads(json.dumps(document))
    places = [copy["metadata"], *copy.get("subjects", ())]
    for place in places:
        if "namespace" in place:
            place["namespace"] = namespaces[place["namespace"]]
    if copy["kind"] == "Namespace":
        copy["metadata"]["name"] = namespaces[copy["metadata"]["name"]]
    return dict(copy)


def one(documents: Iterable[Document], kind: str) -> Any:
    """The one document of a kind."""
    (found,) = (document for document in documents if document["kind"] == kind)
    return found


def container(documents: Iterable[Document]) -> Any:
    """The container of the Deployment."""
    (found,) = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def roles(documents: Iterable[Document]) -> list[Document]:
    return [document for document in documents if document["kind"] in ("Role", "ClusterRole")]
