"""Asks the stores for everything that declarations name: each remote secret once, whoever asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.model import Missing, Present, SecretValue, Unreadable
from syncd.providers.api import Failed, Provider, StoreConfig
from syncd.providers.jobs import Item, Statistics, StoreReply, StoreRequest
from syncd.providers.lanes import Lanes
from syncd.providers.schedule import Load
from syncd.reconcile.answers import Answers, Document, OpenStore, StoreAnswers, requests, template_documents
from syncd.reconcile.credentials import Readable
from syncd.reconcile.options import Options, Progress, Stage
from syncd.reconcile.readings import record
from syncd.reconcile.stores import Stores


class Fetcher:
    """Reads for one reconciler; stores and threads stay from pass to pass."""

    def __init__(self, target: Readable, options: Options, progress: Progress) -> None:
        self._target = target
        self._progress = progress
        self._stores = Stores(target, options)
        self._lanes = Lanes(workers=options.readers)
        self.endpoints: dict[str, str] = {}
        """By store (`Kind/namespace/name`), the lane that it was read through."""

    def fetch(self, declarations: Declarations, selected: Sequence[ExternalSecret]) -> Answers:
        """Every answer that rendering these declarations needs. Raises nothing: failures are answers."""
        self._stores.keep(declarations)
        opened: dict[OpenStore, tuple[StoreConfig, Provider | Failed]] = {}
        wanted: dict[OpenStore, dict[Item, None]] = defaultdict(dict)
        items: dict[tuple[StoreKey, str], dict[Item, None]] = {}
        for declaration in selected:
            namespace = declaration.object_name.namespace
            for key, item in requests(declaration):
                if (key, namespace) not in items:
                    slot, config, provider = self._stores.open(key, namespace, declarations)
                    opened[slot] = (config, provider)
                    items[key, namespace] = wanted[slot]
                items[key, namespace][item] = None
        asked = {slot: StoreRequest(*opened[slot], items) for slot, items in wanted.items()}
        return Answers(self._ask(asked), self._documents(declarations, selected))

    def asked(self) -> tuple[Mapping[str, Statistics], Mapping[str, Load]]:
        """What each store was asked since the start, and how busy each lane is."""
        return self._lanes.statistics(), self._lanes.load()

    def close(self) -> None:
        self._lanes.close()
        self._stores.close()

    def _ask(self, asked: Mapping[OpenStore, StoreRequest]) -> dict[OpenStore, StoreAnswers]:
        slots = {id(request): slot for slot, request in asked.items()}
        total = sum(len(request.items) for request in asked.values())
        done = 0
        detail = f"{_count(total, 'secret')} from {_count(len(asked), 'store')}"
        self._progress(Stage("Reading", 0, total, detail))
        answers: dict[OpenStore, StoreAnswers] = {}
        replies: list[StoreReply] = []
        for reply in self._lanes.stream(asked.values()):
            replies.append(reply)
            provider, slot = reply.request.provider, slots[id(reply.request)]
            if isinstance(provider, Failed):
                answers[slot] = StoreAnswers(failed=provider)
            else:
                answers[slot] = StoreAnswers(provider.dialect, reply.answers)
                self.endpoints[str(slot.key)] = f"endpoint {provider.lane}"
            done += len(reply.answers)
            self._progress(Stage("Reading", done, total, detail))
        record(replies)
        return answers

    def _documents(
        self, declarations: Declarations, selected: Sequence[ExternalSecret]
    ) -> dict[Document, Mapping[str, SecretValue] | Missing | Unreadable]:
        wanted = {document for declaration in selected for document in template_documents(declaration)}
        return {document: self._document(declarations, document) for document in sorted(wanted, key=str)}

    def _document(
        self, declarations: Declarations, document: Document
    ) -> Mapping[str, SecretValue] | Missing | Unreadable:
        """From the given files, else from the target."""
        references = declarations.references
        if document.kind == "Secret":
            given = references.secrets.get(document.name)
            if given:
                return given.data
            observed = self._target.read_secrets([document.name])[document.name]
            return observed.secret.data if isinstance(observed, Present) else observed
        text = references.config_maps.get(document.name)
        if text is None:
            read = self._target.read_configmap(document.name)
            if not isinstance(read, Mapping):
                return read
            text = read
        return {key: SecretValue(value) for key, value in text.items()}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
