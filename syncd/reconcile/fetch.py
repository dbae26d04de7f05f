"""Asks the stores for everything that declarations name: each remote secret once, whoever asks for it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.model import Missing, Present, SecretValue, Unreadable
from syncd.providers.api import Failed, FindQuery, Provider, StoreConfig
from syncd.providers.jobs import Answer, Item, Statistics, StoreReply, StoreRequest
from syncd.providers.lanes import Lanes
from syncd.providers.schedule import Load
from syncd.reconcile.answers import Answers, Document, OpenStore, StoreAnswers, requests, template_documents
from syncd.reconcile.credentials import Readable
from syncd.reconcile.endpoints import Endpoints
from syncd.reconcile.options import Options, Progress, Stage
from syncd.reconcile.readings import record
from syncd.reconcile.stores import Stores

PART = 100
"""Answers that are waited for together."""


class Fetcher:
    """Reads for one reconciler; stores and threads stay from pass to pass."""

    def __init__(self, target: Readable, options: Options, progress: Progress) -> None:
        self._target = target
        self._progress = progress
        self._stores = Stores(target, options)
        self._lanes = Lanes(workers=options.readers)
        self._endpoints = Endpoints()

    @property
    def endpoints(self) -> Mapping[str, str]:
        """By store (`Kind/namespace/name`), the lane that it was read through."""
        return self._endpoints.by_store

    def fetch(self, declarations: Declarations, selected: Sequence[ExternalSecret]) -> Answers:
        """Every answer that rendering these declarations needs. Raises nothing: failures are answers."""
        *_, (answers, _) = self.stream(declarations, selected)
        return answers

    def stream(
        self, declarations: Declarations, selected: Sequence[ExternalSecret]
    ) -> Generator[tuple[Answers, Sequence[ExternalSecret]], None, None]:
        """Asks for everything, and gives each declaration when all that it asks for is answered.

        Beside it stand all answers so far. The first are those that ask for nothing. Raises nothing.
        What is still queued when the generator is closed is not asked any more.
        """
        asked, missing = self._asked(declarations, selected)
        total = sum(len(one.users) for one in asked.values())
        detail = f"{_count(total, 'secret')} from {_count(len(asked), 'store')}"
        self._progress(Stage("Reading", 0, total, detail))
        slots = {part: slot for slot, one in asked.items() for part in one.parts()}
        replies: list[StoreReply] = []
        done = 0
        with closing(self._lanes.stream(slots)) as coming:
            stores = {slot: one.answers for slot, one in asked.items()}
            answers = Answers(stores, self._documents(declarations, selected))
            yield answers, [one for one, count in zip(selected, missing, strict=True) if not count]
            for reply in coming:
                replies.append(reply)
                one = asked[slots[reply.request]]
                one.received.update(reply.answers)
                complete: list[ExternalSecret] = []
                for user in (user for item in reply.answers for user in one.users[item]):
                    missing[user] -= 1
                    if not missing[user]:
                        complete.append(selected[user])
                done += len(reply.answers)
                self._progress(Stage("Reading", done, total, detail))
                yield answers, complete
        record(replies)

    def asked(self) -> tuple[Mapping[str, Statistics], Mapping[str, Load]]:
        """What each store was asked since the start, and how busy each lane is."""
        return self._lanes.statistics(), self._lanes.load()

    def close(self) -> None:
        self._lanes.close()
        self._stores.close()

    def _asked(
        self, declarations: Declarations, selected: Sequence[ExternalSecret]
    ) -> tuple[dict[OpenStore, _Asked], list[int]]:
        """What is asked of each store, and of how many answers each declaration waits."""
        self._stores.keep(declarations)
        asked: dict[OpenStore, _Asked] = {}
        known: dict[tuple[StoreKey, str], _Asked] = {}
        endpoints: dict[str, str] = {}
        missing = [0] * len(selected)
        for user, declaration in enumerate(selected):
            namespace = declaration.object_name.namespace
            for key, item in requests(declaration):
                if (key, namespace) not in known:
                    slot, config, provider = self._stores.open(key, namespace, declarations)
                    known[key, namespace] = asked.setdefault(slot, _Asked(config, provider))
                    if not isinstance(provider, Failed):
                        endpoints[str(key)] = f"endpoint {provider.lane}"
                known[key, namespace].users.setdefault(item, []).append(user)
                missing[user] += 1
        self._endpoints.note(endpoints, declarations)
        return asked, missing

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


@dataclass(slots=True)
class _Asked:
    """What is asked of one store, and who waits for each answer."""

    store: StoreConfig
    provider: Provider | Failed
    users: dict[Item, list[int]] = field(default_factory=dict)
    received: dict[Item, Answer] = field(default_factory=dict, repr=False)

    @property
    def answers(self) -> StoreAnswers:
        """What came so far, and what will."""
        if isinstance(self.provider, Failed):
            return StoreAnswers(failed=self.provider)
        return StoreAnswers(self.provider.dialect, self.received)

    def parts(self) -> Iterator[StoreRequest]:
        """In parts, so that what is complete need not wait for the last answer of the store. No batch is cut."""
        batch = 1 if isinstance(self.provider, Failed) else self.provider.batch
        items = iter(sorted(self.users, key=lambda item: isinstance(item, FindQuery)))
        while part := tuple(islice(items, max(1, PART // batch) * batch)):
            yield StoreRequest(self.store, self.provider, part)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
