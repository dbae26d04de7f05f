"""From gathered data to the data and metadata of a Secret: `spec.target.template`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from syncd.errors import Failure, RenderError, StoreError
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.paths import ManifestPath
from syncd.manifests.template import MergePolicy, TemplateAs, TemplateFrom, TemplateRef, TemplateTarget
from syncd.model import Missing, ObjectName, Unreadable
from syncd.reconcile import decode
from syncd.reconcile.answers import Answers, Document
from syncd.reconcile.gather import Values
from syncd.reconcile.located import located
from syncd.reconcile.paths import Filled, Piece

TEMPLATE = "spec.target.template"
STEPS = 4_000_000
"""What all templates of a declaration may do together: ten times what one may."""
FOREIGN = ("argocd.argoproj.io/", "kubectl.kubernetes.io/", "helm.sh/", "meta.helm.sh/", "syncd.dev/")
"""Labels and annotations by which other tools know their own objects; on a copy they would claim the Secret."""
FLUX = ".toolkit.fluxcd.io/"


@dataclass(frozen=True, slots=True)
class Shaped:
    data: Values = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    finalizers: tuple[str, ...] = ()
    varying: frozenset[str] = frozenset()
    """The functions of its templates that give something else in each pass."""


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
    made = Filled(dict(data) if passes else {})
    shaping = _Shaping(declaration.object_name.namespace, data, answers)
    for index, source in enumerate(template.template_from):
        with located(f"{TEMPLATE}.templateFrom", index):
            _fill(made, source, shaping.pieces(source))
    for part, texts, into in (
        ("data", template.data, made.data),
        ("metadata.labels", template.metadata.labels, made.labels),
        ("metadata.annotations", template.metadata.annotations, made.annotations),
    ):
        for key, text in texts.items():
            with located(f"{TEMPLATE}.{part}", key):
                into[key] = shaping.rendered(text, key)
    with located(TEMPLATE):
        together = made.together()
    varying = frozenset(shaping.varying)
    return Shaped(together, _text(made.labels), _own(_text(made.annotations)), template.metadata.finalizers, varying)


def _fill(made: Filled, source: TemplateFrom, pieces: Iterator[Piece]) -> None:
    target, strategy = source.target, source.values_decoding_strategy
    if isinstance(target, ManifestPath):
        for piece in pieces:
            made.put(target, piece, strategy)
        return
    fields = {
        TemplateTarget.DATA: made.data,
        TemplateTarget.LABELS: made.labels,
        TemplateTarget.ANNOTATIONS: made.annotations,
    }
    for piece in pieces:
        given = _pairs(piece.text, piece.name) if piece.pairs else {piece.name: piece.text}
        fields[target].update(decode.decode_map(strategy, given))


class _Shaping:
    """Renders the templates of one declaration, and notes which of their functions vary."""

    def __init__(self, namespace: str, data: Values, answers: Answers) -> None:
        self._namespace = namespace
        self._data = data
        self._answers = answers
        self._steps = STEPS
        self.varying: set[str] = set()

    def pieces(self, source: TemplateFrom) -> Iterator[Piece]:
        for kind, reference in (("ConfigMap", source.config_map), ("Secret", source.secret)):
            if reference:
                yield from self._document(reference, Document(kind, ObjectName(self._namespace, reference.name)))
        if source.literal is not None:
            yield Piece("literal", self.rendered(source.literal, "literal"), pairs=True)

    def _document(self, reference: TemplateRef, document: Document) -> Iterator[Piece]:
        where = f"{document.kind} {document.name}"
        content = self._answers.documents.get(document, Missing())
        if isinstance(content, Unreadable):
            raise StoreError(content.failure, f"{where} cannot be read: {content.reason}", hint=content.hint)
        if isinstance(content, Missing):
            raise StoreError(Failure.MISCONFIGURED, f"{where} does not exist")
        for item in reference.items:
            if item.key not in content:
                there = ", ".join(f"`{key}`" for key in sorted(content)) or "none"
                raise RenderError(f"{where} has no key `{item.key}`", hint=f"its keys: {there}")
            text = content[item.key].reveal().decode(errors="surrogateescape")
            rendered = self.rendered(text, f"{where}, key {item.key}")
            yield Piece(item.key, rendered, pairs=item.template_as is TemplateAs.KEYS_AND_VALUES)

    def rendered(self, text: str, name: str) -> bytes:
        # late: its functions bring libraries that most declarations never need
        from syncd.templating import Limits, Meter, Template

        template = Template(text, name=name)
        self.varying.update(template.varying)
        limits = Limits()
        steps = min(self._steps, limits.steps)
        meter = Meter(replace(limits, steps=steps))
        rendered = template.render(self._data, meter=meter)
        self._steps -= steps - meter.left
        return rendered


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
