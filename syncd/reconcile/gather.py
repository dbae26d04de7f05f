"""From the stores' answers to the data of a Secret, before its template. Pure, but for what generators make."""

from __future__ import annotations

from collections.abc import Mapping
from random import SystemRandom

from syncd.errors import Failure, StoreError
from syncd.manifests.data import Data, DataFrom, Extract, Find, GeneratorRef, RewriteTransform
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.manifests.generators import Generator, GeneratorKey, spec_of
from syncd.model import DeletionPolicy, ObjectName
from syncd.providers import documents
from syncd.providers.api import Absent, Dialect, Failed, Found, Matched, RemoteKey
from syncd.providers.jobs import Answer, Item
from syncd.reconcile import decode, keys
from syncd.reconcile.answers import NOT_ASKED, Answers, StoreAnswers, find_query, remote_key, store_key
from syncd.reconcile.located import located

Values = dict[str, bytes]
Generators = Mapping[GeneratorKey, Generator]
CONVERTING = frozenset({Dialect.FAKE, Dialect.GCP_SM, Dialect.KUBERNETES})
"""Where the reference's provider converts the names that it found itself, so that `rewrite` sees converted ones."""


def gather(declaration: ExternalSecret, answers: Answers, generators: Generators) -> Values:
    """`dataFrom` in order, then `data`, which wins.

    What a store certainly does not have is left out when the deletion policy is Delete or Merge.
    Raises StoreError and RenderError whose message begins with the field's path.
    """
    gathering = Gathering(declaration, answers, generators)
    data: Values = {}
    for index, source in enumerate(declaration.spec.data_from):
        with located("spec.dataFrom", index):
            data |= gathering.source(source)
    for index, item in enumerate(declaration.spec.data):
        with located("spec.data", index):
            value = gathering.key(item)
        if value is not None:
            data[item.secret_key] = value
    return data


class Gathering:
    def __init__(self, declaration: ExternalSecret, answers: Answers, generators: Generators) -> None:
        self._declaration = declaration
        self._answers = answers
        self._of: dict[StoreKey, StoreAnswers] = {}
        self._generators = generators
        self._skips_absent = declaration.spec.target.deletion_policy is not DeletionPolicy.RETAIN

    def key(self, item: Data) -> bytes | None:
        store = store_key(self._declaration, item)
        reference = item.remote_ref
        document, dialect = self._document(store, remote_key(reference))
        if document is None:
            return None
        try:
            value = documents.lookup(dialect, document, reference.property)
        except documents.DocumentError as error:
            if self._passed_over(error, dialect):
                return None
            raise
        value = decode.decode(reference.decoding_strategy, value)
        decode.check_null_bytes(reference.null_byte_policy, {item.secret_key: value})
        return value

    def source(self, source: DataFrom) -> Values:
        store = store_key(self._declaration, source)
        if source.extract:
            extracted = self._extracted(store, source.extract)
            return {} if extracted is None else self._shaped(source, source.extract, extracted)
        if source.find:
            return self._shaped(source, source.find, self._found(store, source.find))
        return self._generated(source, source.generator) if source.generator else {}

    def _generated(self, source: DataFrom, reference: GeneratorRef) -> Values:
        """Keys are rewritten and never converted, as in the reference."""
        namespace = "" if reference.kind == "ClusterGenerator" else self._declaration.object_name.namespace
        key = GeneratorKey(reference.kind, ObjectName(namespace, reference.name))
        generator = self._generators.get(key)
        if generator is None:
            raise StoreError(Failure.MISCONFIGURED, f"no such generator is defined: {key}")
        from syncd.generators import generate  # late: most declarations have none

        return keys.validate(_rewritten(source, generate(spec_of(generator), SystemRandom())))

    def _extracted(self, store: StoreKey | None, extract: Extract) -> Values | None:
        """None when it is passed over: then nothing is rewritten either."""
        document, dialect = self._document(store, remote_key(extract))
        if document is None:
            return None
        try:
            return documents.split(dialect, document, extract.property)
        except documents.DocumentError as error:
            if self._passed_over(error, dialect):
                return None
            raise

    def _passed_over(self, error: documents.DocumentError, dialect: Dialect) -> bool:
        """The reference's fake store answers "no such secret" for a property that is not there; the others fail."""
        return error.kind == "missing" and dialect is Dialect.FAKE and self._skips_absent

    def _found(self, store: StoreKey | None, find: Find) -> Values:
        answer, dialect = self._ask(store, find_query(find))
        values: Values = {}
        for name, outcome in answer.values.items() if isinstance(answer, Matched) else ():
            if isinstance(outcome, Failed):
                raise _failure(outcome, f"`{name}`: ")
            if isinstance(outcome, Found):
                values[name] = documents.lookup(dialect, outcome.value.reveal(), "")
        return keys.convert(find.conversion_strategy, values) if dialect in CONVERTING else values

    def _shaped(self, source: DataFrom, how: Extract | Find, values: Values) -> Values:
        """The order is the reference's: rewrite or convert, then validate, decode, look for null bytes."""
        values = _rewritten(source, values) if source.rewrite else keys.convert(how.conversion_strategy, values)
        values = decode.decode_map(how.decoding_strategy, keys.validate(values))
        decode.check_null_bytes(how.null_byte_policy, values)
        return values

    def _document(self, store: StoreKey | None, request: Item) -> tuple[bytes | None, Dialect]:
        answer, dialect = self._ask(store, request)
        if isinstance(answer, Found):
            metadata = isinstance(request, RemoteKey) and request.metadata
            return answer.value.reveal(), documents.dialect_of_metadata(dialect) if metadata else dialect
        if isinstance(answer, Absent) and not self._skips_absent:
            raise StoreError(Failure.MISCONFIGURED, f"{store} has no secret `{request}`")
        return None, dialect

    def _ask(self, store: StoreKey | None, request: Item) -> tuple[Answer, Dialect]:
        if store is None:
            raise StoreError(Failure.MISCONFIGURED, "no store is named", hint="set `spec.secretStoreRef`")
        here = self._of.get(store)
        if here is None:
            here = self._of[store] = self._answers.of(store, self._declaration.object_name.namespace)
        answer = here.failed or here.answers.get(request, NOT_ASKED)
        if isinstance(answer, Failed):
            raise _failure(answer, f"{store}: ")
        return answer, here.dialect


def _rewritten(source: DataFrom, values: Values) -> Values:
    if not source.rewrite:
        return values
    from syncd.reconcile.rewrite import operations, rewrite  # late: it brings the template engine

    return rewrite(operations(source.rewrite), values)


def varying(declaration: ExternalSecret) -> frozenset[str]:
    """The functions with which a `transform` gives other keys in each pass."""
    entries = (entry.operation for source in declaration.spec.data_from for entry in source.rewrite)
    texts = [entry.template for entry in entries if isinstance(entry, RewriteTransform)]
    if not texts:
        return frozenset()
    from syncd.templating import MissingKey, Template

    templates = (Template(text, name="transform", missing=MissingKey.DEFAULT) for text in texts)
    return frozenset(name for template in templates for name in template.varying)


def _failure(failed: Failed, where: str) -> StoreError:
    return StoreError(failed.failure, f"{where}{failed.message}", hint=failed.hint, retry_after=failed.retry_after)
