"""From gathered data to the data and metadata of a Secret: `spec.target.template`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.errors import Failure, RenderError, StoreError
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.template import MergePolicy, TemplateAs, TemplateFrom, TemplateRef, TemplateTarget
from syncd.model import Missing, ObjectName, Unreadable
from syncd.reconcile import decode
from syncd.reconcile.answers import Answers, Document
from syncd.reconcile.gather import Values
from syncd.reconcile.located import located

TEMPLATE = "spec.target.template"
FOREIGN = ("argocd.argoproj.io/", "kubectl.kubernetes.io/", "helm.sh/", "meta.helm.sh/", "syncd.dev/")
"""Labels and annotations by which other tools know their own objects; on a copy they would claim the Secret."""
FLUX = ".toolkit.fluxcd.io/"


@dataclass(frozen=True, slots=True)
class Shaped:
    data: Values = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    finalizers: tuple[str, ...] = ()


def shape(declaration: ExternalSecret, data: Values, answers: Answers) -> Shaped:
    """Applies the template. Without one, the declaration's own labels and annotations go onto the Secret.

    Precedence, low to high: gathered data (with mergePolicy Merge, or when the template has no data of its own),
    `templateFrom` in order, `template.data`. Raises RenderError and StoreError that begin with the field's path.
    """
    template = declaration.spec.target.template
    if template is None:
        meta = declaration.metadata
        return Shaped(data, _copied(meta.labels), _copied(meta.annotations))
    passes = template.merge_policy is MergePolicy.MERGE or not (template.data or template.template_from)
    made: Values = dict(data) if passes else {}
    labels, annotations = Values(), Values()
    targets = {TemplateTarget.DATA: made, TemplateTarget.LABELS: labels, TemplateTarget.ANNOTATIONS: annotations}
    for index, source in enumerate(template.template_from):
        with located(f"{TEMPLATE}.templateFrom[{index}]"):
            targets[source.target] |= _from(source, declaration.object_name.namespace, data, answers)
    for part, texts, into in (
        ("data", template.data, made),
        ("metadata.labels", template.metadata.labels, labels),
        ("metadata.annotations", template.metadata.annotations, annotations),
    ):
        for key, text in texts.items():
            with located(f"{TEMPLATE}.{part}[{key}]"):
                into[key] = _rendered(text, key, data)
    return Shaped(made, _text(labels), _own(_text(annotations)), template.metadata.finalizers)


def _from(source: TemplateFrom, namespace: str, data: Values, answers: Answers) -> Values:
    if source.literal is not None:
        made = _pairs(_rendered(source.literal, "literal", data), "literal")
    else:
        made = {}
        for kind, reference in (("ConfigMap", source.config_map), ("Secret", source.secret)):
            if reference:
                made |= _from_document(reference, Document(kind, ObjectName(namespace, reference.name)), data, answers)
    return decode.decode_map(source.values_decoding_strategy, made)


def _from_document(reference: TemplateRef, document: Document, data: Values, answers: Answers) -> Values:
    where = f"{document.kind} {document.name}"
    content = answers.documents.get(document, Missing())
    if isinstance(content, Unreadable):
        raise StoreError(Failure.DENIED, f"{where} cannot be read: {content.reason}", hint=content.hint)
    if isinstance(content, Missing):
        raise StoreError(Failure.MISCONFIGURED, f"{where} does not exist")
    made: Values = {}
    for item in reference.items:
        if item.key not in content:
            there = ", ".join(f"`{key}`" for key in sorted(content)) or "none"
            raise RenderError(f"{where} has no key `{item.key}`", hint=f"its keys: {there}")
        text = content[item.key].reveal().decode(errors="surrogateescape")
        rendered = _rendered(text, f"{where}, key {item.key}", data)
        made |= _pairs(rendered, item.key) if item.template_as is TemplateAs.KEYS_AND_VALUES else {item.key: rendered}
    return made


def _rendered(text: str, name: str, data: Values) -> bytes:
    from syncd.templating import Template  # late: its functions bring libraries that most declarations never need

    return Template(text, name=name).render(data)


def _pairs(text: bytes, name: str) -> Values:
    from syncd.templating import read_key_values

    return read_key_values(text, name=name)


def _text(values: Values) -> dict[str, str]:
    return {key: value.decode(errors="replace") for key, value in values.items()}


def _copied(given: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in given.items() if not key.startswith(FOREIGN) and FLUX not in key}


def _own(given: Mapping[str, str]) -> dict[str, str]:
    """A template cannot say whose the Secret is."""
    return {key: value for key, value in given.items() if not key.startswith("syncd.dev/")}
