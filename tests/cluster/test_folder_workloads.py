"""Which workloads of a folder are restarted by an edit, which are only named, and which hide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent

import pytest

from syncd.cluster.api import WorkloadPatch
from syncd.cluster.folder import FolderTarget
from syncd.errors import Conflict, Rejected
from syncd.model import Missing, NamespaceWorkloads, ObjectName, Unreadable, Workload

WEB = dedent("""\
    # the web shop
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web          # keep me
      namespace: "shop"
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata:
          labels:
            app: web
        spec:
          containers:
            - name: web
              image: 'shop/web:1'
              envFrom:
                - secretRef: {name: stripe}
    """)
RESTARTED = WEB.replace('"shop"\n', "\"shop\"\n  annotations:\n    syncd.dev/running: 'note'\n").replace(
    "app: web\n    spec", "app: web\n      annotations:\n        syncd.dev/restarted: 'now'\n    spec"
)
CONFIG = "kind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata: {a: b}\n"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[FolderTarget]:
    folder = FolderTarget(tmp_path)
    yield folder
    folder.close()


def given(root: Path, **files: str) -> None:
    """`a__b_yaml` is `a/b.yaml`."""
    for name, text in files.items():
        write(root, name.replace("__", "/").replace("_", "."), text)


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def workloads(target: FolderTarget, namespace: str = "shop") -> tuple[Workload, ...]:
    found = target.read_workloads(namespace)
    assert isinstance(found, NamespaceWorkloads), found
    return found.workloads


def restart(target: FolderTarget, workload: Workload) -> None:
    target.patch_workload(WorkloadPatch(workload.name, workload.uid, None, "note", "now"))


def test_restart_edits_the_document_alone(target: FolderTarget, tmp_path: Path) -> None:
    """Other documents, separators, comments, quotes and the mode of the file stay."""
    before = f"{CONFIG}--- # second\n{WEB}...\n---\n{CONFIG}"
    path = write(tmp_path, "deep/er/all.yml", before)
    path.chmod(0o640)
    (workload,) = workloads(target)
    assert "deep/er/all.yml:8" == workload.location
    restart(target, workload)
    assert before.replace(WEB, RESTARTED) == path.read_text()
    assert 0o640 == path.stat().st_mode & 0o777


@pytest.mark.parametrize("start", ["", "\ufeff", "# comment\n\n---\n", "%YAML 1.1\n---\n", "---\n---\n"])
def test_beginnings_of_files(target: FolderTarget, tmp_path: Path, start: str) -> None:
    """A byte-order mark, directives, comments and empty documents stay."""
    path = write(tmp_path, "web.yaml", start + WEB)
    restart(target, *workloads(target))
    assert start + RESTARTED == path.read_bytes().decode()


def test_windows_line_breaks(target: FolderTarget, tmp_path: Path) -> None:
    """New lines end as the others do."""
    path = write(tmp_path, "web.yaml", WEB.replace("\n", "\r\n"))
    restart(target, *workloads(target))
    assert RESTARTED.replace("\n", "\r\n") == path.read_bytes().decode()


def test_object_of_a_list(target: FolderTarget, tmp_path: Path) -> None:
    """What `kubectl get -o yaml` prints."""
    text = "apiVersion: v1\nkind: List\nitems:\n-\n" + indent(WEB, "  ")
    path = write(tmp_path, "list.yaml", text)
    restart(target, *workloads(target))
    assert "apiVersion: v1\nkind: List\nitems:\n-\n" + indent(RESTARTED, "  ") == path.read_text()


def test_json_file(target: FolderTarget, tmp_path: Path) -> None:
    """It stays JSON, tabs included."""
    spec = {"selector": {"a": "b"}, "template": {"spec": {"containers": [{"name": "x"}]}}}
    web = {"kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}
    path = write(tmp_path, "web.json", json.dumps(web, indent="\t"))
    restart(target, *workloads(target))
    after = json.loads(path.read_text())
    assert {"syncd.dev/running": "note"} == after["metadata"]["annotations"]
    assert {"annotations": {"syncd.dev/restarted": "now"}} == after["spec"]["template"]["metadata"]
    assert '\n\t\t"name": "web"' in path.read_text()


def test_namespace_of_manifests_that_name_none(tmp_path: Path) -> None:
    """The one that is given, else `default`."""
    given(tmp_path, web_yaml=WEB.replace('  namespace: "shop"\n', ""))
    assert 1 == len(workloads(FolderTarget(tmp_path), "default"))
    assert 1 == len(workloads(FolderTarget(tmp_path, namespace="shop")))


def test_what_is_not_looked_at(target: FolderTarget, tmp_path: Path) -> None:
    """Our own folders, hidden ones, and other files; a folder `secrets` further down is a folder."""
    for name in ("secrets/a.yaml", ".syncd/b.yaml", ".git/c.yaml", "x/.d.yaml", "e.txt", "f.yaml.bak"):
        write(tmp_path, name, WEB)
    assert () == workloads(target)
    write(tmp_path, "x/secrets/web.yaml", WEB)
    assert 1 == len(workloads(target))


def test_changed_file_is_read_again(target: FolderTarget, tmp_path: Path) -> None:
    """And an unchanged one is not."""
    write(tmp_path, "web.yaml", WEB)
    (first,) = workloads(target)
    write(tmp_path, "web.yaml", WEB.replace("stripe", "paypal"))
    (second,) = workloads(target)
    assert "paypal" in str(second.pod_spec)
    assert first.uid == second.uid
    assert second.pod_spec is workloads(target)[0].pod_spec


def test_quick_changes_of_one_file_are_seen(target: FolderTarget, tmp_path: Path) -> None:
    """Several workloads in one file, one edit after the other."""
    text = "---\n".join(WEB.replace("web", name) for name in ("one", "two", "three"))
    path = write(tmp_path, "all.yaml", text)
    for workload in workloads(target):
        restart(target, workload)
    assert 3 == path.read_text().count("syncd.dev/restarted")


# Files that are never edited


def untouchable(target: FolderTarget) -> list[str]:
    return [workload.untouchable for workload in workloads(target)]


HELM = dedent("""\
    {{- if .Values.enabled }}
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: {{ .Release.Name }}-web
      namespace: shop
      labels:
        {{- include "chart.labels" . | nindent 4 }}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        spec:
          containers:
            - name: web
              image: "{{ .Values.image }}:{{ .Values.tag | default "latest" }}"
              envFrom: [{secretRef: {name: stripe}}]
    {{- end }}
    """)


def test_helm_template_is_named(target: FolderTarget, tmp_path: Path) -> None:
    """Its workload is seen, with the braces where they stand."""
    given(tmp_path, chart__templates__web_yaml=HELM)
    (workload,) = workloads(target)
    assert "`chart/templates/web.yaml` has Helm braces" == workload.untouchable
    assert "{{ .Release.Name }}-web" == workload.name.name.name
    assert "chart/templates/web.yaml:2" == workload.location
    assert "stripe" in str(workload.pod_spec)


def test_helm_template_is_not_edited(target: FolderTarget, tmp_path: Path) -> None:
    """Not even when asked."""
    given(tmp_path, web_yaml=HELM)
    with pytest.raises((Conflict, Rejected)):
        restart(target, *workloads(target))
    assert HELM == (tmp_path / "web.yaml").read_text()


def test_braces_in_a_comment_are_enough(target: FolderTarget, tmp_path: Path) -> None:
    """The whole file is left alone."""
    given(tmp_path, web_yaml=f"{CONFIG}# {{{{ x }}}}\n---\n{WEB}")
    assert ["`web.yaml` has Helm braces"] == untouchable(target)


DECLARATION = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: stripe, namespace: shop}
spec: {target: {template: {data: {url: "https://{{ .user }}@{{ .host }}"}}}}
"""


def test_braces_of_declarations_are_not_helms(target: FolderTarget, tmp_path: Path) -> None:
    """A declaration and the workload that uses its Secret may stand in one file."""
    path = write(tmp_path, "all.yaml", f"{DECLARATION}---\n{WEB}")
    restart(target, *workloads(target))
    assert f"{DECLARATION}---\n{RESTARTED}" == path.read_text()


@pytest.mark.parametrize("braces", ["{{ .Values.host }}", '{{ include \\"x\\" . }}', "{{ `{{ .host }}` }}"])
def test_declaration_in_a_helm_chart(target: FolderTarget, tmp_path: Path, braces: str) -> None:
    """Helm's own braces make it a template all the same."""
    given(tmp_path, all_yaml=f"{DECLARATION.replace('{{ .host }}', braces)}---\n{WEB}")
    assert ["`all.yaml` has Helm braces"] == untouchable(target)


def test_helm_template_in_which_nothing_is_found(target: FolderTarget, tmp_path: Path) -> None:
    """It makes workloads of no cluster; a warning names it."""
    given(tmp_path, web_yaml="kind: Deployment\n{{ if }}: [\n", values_yaml="kind: '{{ Deployment }}'\n")
    assert () == workloads(target)
    assert ["`web.yaml`: a Helm template in which no workload can be found"] == target.warnings


@pytest.mark.parametrize(
    "kustomization",
    [
        "patches:\n- path: ../base/web.yaml\n",
        "kind: Kustomization\npatchesStrategicMerge: [../base/web.yaml]\n",
        "kind: Kustomization\npatchesJson6902:\n- path: ../base/web.yaml\n  target: {kind: Deployment}\n",
    ],
)
def test_patch_of_a_kustomization_is_named(target: FolderTarget, tmp_path: Path, kustomization: str) -> None:
    """It is merged into something else."""
    given(tmp_path, base__web_yaml=WEB, prod__kustomization_yaml=kustomization)
    assert ["`base/web.yaml` is a patch of a kustomization"] == untouchable(target)


def test_resource_of_a_kustomization_is_edited(target: FolderTarget, tmp_path: Path) -> None:
    """It is an object of its own."""
    given(tmp_path, web_yaml=WEB, kustomization_yaml="resources: [web.yaml]\npatches:\n- patch: |\n    - op: add\n")
    assert [""] == untouchable(target)


def test_part_of_an_object_is_named(target: FolderTarget, tmp_path: Path) -> None:
    """Whatever merges it."""
    given(tmp_path, part_yaml="kind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 3}\n")
    assert ["`part.yaml:1` is not a whole Deployment"] == untouchable(target)


def test_workload_that_is_defined_twice(target: FolderTarget, tmp_path: Path) -> None:
    """The first is edited, the second is named."""
    given(tmp_path, a_yaml=WEB, b_yaml=WEB)
    assert ["", "it is defined in `a.yaml:2` too"] == untouchable(target)


def test_link_that_leaves_the_folder(tmp_path: Path) -> None:
    """Somebody else's file is not edited."""
    outside = write(tmp_path, "outside.yaml", WEB)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "web.yaml").symlink_to(outside)
    assert ["`web.yaml` is a link that leaves the folder"] == untouchable(FolderTarget(tmp_path / "in"))


def test_link_in_the_folder(target: FolderTarget, tmp_path: Path) -> None:
    """The file behind it is edited; the link stays one."""
    real = write(tmp_path, "real.txt", WEB)
    (tmp_path / "web.yaml").symlink_to("real.txt")
    restart(target, *workloads(target))
    assert (True, RESTARTED) == ((tmp_path / "web.yaml").is_symlink(), real.read_text())


def test_anchors_in_the_way(target: FolderTarget, tmp_path: Path) -> None:
    """An edit of one place would be an edit of two."""
    text = WEB.replace("  name: web  ", "  annotations: &a {x: y}\n  name: web  ")
    text = text.replace("      labels:\n        app: web", "      annotations: *a\n      labels: {app: web}")
    given(tmp_path, web_yaml=text)
    with pytest.raises(Rejected, match=r"`web\.yaml:2`: anchors stand where syncd must write an annotation"):
        restart(target, *workloads(target))
    assert text == (tmp_path / "web.yaml").read_text()


# What cannot be read


BROKEN = WEB.replace("containers:", "containers: [")


def test_broken_file_hides_the_workloads_of_its_namespace(target: FolderTarget, tmp_path: Path) -> None:
    """The reason names the line; other namespaces are read."""
    given(tmp_path, web_yaml=BROKEN, other_yaml=WEB.replace("shop", "web"))
    found = target.read_workloads("shop")
    assert isinstance(found, Unreadable)
    assert "not valid YAML: `web.yaml:15`" == found.reason
    assert 1 == len(workloads(target, "web"))


def test_broken_document_among_good_ones(target: FolderTarget, tmp_path: Path) -> None:
    """Its line is that of the file."""
    given(tmp_path, all_yaml=f"{CONFIG}---\n{BROKEN}")
    found = target.read_workloads("shop")
    assert isinstance(found, Unreadable)
    assert "not valid YAML: `all.yaml:21`" == found.reason
    assert {"a": "b"} == target.read_configmap(ObjectName("shop", "settings"))


def test_broken_file_may_be_of_the_default_namespace(target: FolderTarget, tmp_path: Path) -> None:
    """The namespace that it names may be that of something in it."""
    given(tmp_path, web_yaml=BROKEN)
    assert isinstance(target.read_workloads("default"), Unreadable)


@pytest.mark.parametrize("text", ["kind: Deployment\nx: [\n", "kind: List\nitems: {\n", "kind: ServiceAccount\nx: '\n"])
def test_broken_file_without_a_namespace(target: FolderTarget, tmp_path: Path, text: str) -> None:
    """It may be of any."""
    given(tmp_path, web_yaml=WEB, broken_yaml=text)
    found = target.read_workloads("shop")
    unknown = found.pull_secrets if isinstance(found, NamespaceWorkloads) else found
    assert isinstance(unknown, Unreadable)


def test_file_that_is_not_utf_8(target: FolderTarget, tmp_path: Path) -> None:
    """It may hold anything."""
    (tmp_path / "latin.yaml").write_bytes(WEB.replace("shop", "sh\xf6p").encode("latin-1"))
    assert isinstance(target.read_workloads("shop"), Unreadable)


def test_broken_file_of_other_kinds_hides_nothing(target: FolderTarget, tmp_path: Path) -> None:
    """No workload can stand in it."""
    given(tmp_path, web_yaml=WEB, values_yaml="replicas: [\n", kind_yaml="kind: Ingress\nx: {\n")
    assert 1 == len(workloads(target))


def test_workload_that_makes_no_sense(target: FolderTarget, tmp_path: Path) -> None:
    """The API server would refuse it; what it uses is unknown."""
    given(tmp_path, web_yaml=WEB.replace("  name: web  ", "  annotations: {enabled: true}\n  name: web  "))
    found = target.read_workloads("shop")
    assert isinstance(found, Unreadable)
    assert "`web.yaml:2`: `metadata.annotations` holds something else than strings" == found.reason


def test_broken_configmap_is_unreadable(target: FolderTarget, tmp_path: Path) -> None:
    """It may be the one that is asked for; the workloads are read."""
    given(
        tmp_path, web_yaml=WEB, settings_yaml="kind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {\n"
    )
    assert isinstance(target.read_configmap(ObjectName("shop", "settings")), Unreadable)
    assert Missing() == target.read_configmap(ObjectName("web", "settings"))
    assert 1 == len(workloads(target))


def test_foreign_tags_hide_what_they_stand_in(target: FolderTarget, tmp_path: Path) -> None:
    """A template of another tool is no manifest, unless it says that it is a workload."""
    given(tmp_path, stack_yaml="Resources: !Ref List\n")
    assert () == workloads(target)
    given(tmp_path, web_yaml=WEB.replace("'shop/web:1'", "!Ref image"))
    assert isinstance(target.read_workloads("shop"), Unreadable)


def test_texts_stay_texts(target: FolderTarget, tmp_path: Path) -> None:
    """A date is a string in Kubernetes, and so is `=`."""
    given(tmp_path, web_yaml=WEB.replace("  name: web  ", "  annotations: {day: 2026-01-02, sign: =}\n  name: web  "))
    (workload,) = workloads(target)
    assert {"day": "2026-01-02", "sign": "="} == workload.annotations
