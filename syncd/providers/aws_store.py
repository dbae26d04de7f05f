"""An open store of AWS, as the contract of providers wants it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncd.providers.api import (
    Absent,
    Credentials,
    Failed,
    FindQuery,
    Matched,
    Outcome,
    RemoteKey,
    StoreConfig,
    StoreError,
    StoreHealth,
)
from syncd.providers.aws_batches import Batches
from syncd.providers.aws_config import AmbientAuth, AwsConfig, Service
from syncd.providers.aws_errors import as_outcome
from syncd.providers.aws_parameter_store import ParameterStore
from syncd.providers.aws_reads import Reads
from syncd.providers.aws_secrets_manager import SecretsManager
from syncd.providers.aws_session import AwsSession

_READS: Mapping[Service, type[SecretsManager] | type[ParameterStore]] = {
    Service.SECRETS_MANAGER: SecretsManager,
    Service.PARAMETER_STORE: ParameterStore,
}


class AwsStore:
    """Nothing is asked before the first read."""

    def __init__(self, config: AwsConfig, store: StoreConfig, credentials: Credentials) -> None:
        self._session = AwsSession(config, credentials, timeout=store.timeout)
        self._reads: Reads = _READS[config.service](self._session, config.prefix)
        self._batches = Batches(self._reads, str(store))
        self._prefix = config.prefix
        self.dialect = self._reads.dialect
        self.batch = self._batches.size
        self.width = self._reads.width
        # References without a namespace mean another identity in each.
        where = "" if isinstance(config.auth, AmbientAuth) else store.name.namespace or store.namespace
        self.lane = " ".join(filter(None, ("aws", config.service, config.region, config.identity, where)))

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        whole = {key: self._whole(key) for key in keys}
        answers = self._batches.read(dict.fromkeys(whole.values()))
        # As long as batches are denied, every key is a call of its own.
        self.batch = self._batches.size
        return {key: answers[name] for key, name in whole.items()}

    def find(self, query: FindQuery) -> Matched | Failed:
        """All that matches; what vanished after it was listed is left out, and what cannot be read fails it all."""
        try:
            found = self._reads.find(query)
        except StoreError as error:
            return as_outcome(error)
        read = self._batches.read([key for key, outcome in found.items() if outcome is None])
        outcomes = {key.key: outcome or read[key] for key, outcome in found.items()}
        failed = next((outcome for outcome in outcomes.values() if isinstance(outcome, Failed)), None)
        return failed or Matched({name: value for name, value in outcomes.items() if not isinstance(value, Absent)})

    def check(self) -> StoreHealth:
        """Reads what need not exist, and asks who we are."""
        started = time.monotonic()
        missing = self._reads.probe()
        latency = time.monotonic() - started
        return StoreHealth(self._identity(), latency, missing)

    def close(self) -> None:
        self._session.close()

    def _whole(self, key: RemoteKey) -> RemoteKey:
        """The key as AWS knows it; an ARN is whole already."""
        return key if key.key.startswith("arn:") else replace(key, key=self._prefix + key.key)

    def _identity(self) -> str:
        """The ARN that AWS takes us for, or how we log in where STS does not say it: what can be read can be read."""
        try:
            return str(self._session.call("sts", "GetCallerIdentity").get("Arn") or self._session.identity)
        except StoreError as error:
            why = "does not answer" if error.failure.retryable else "refuses to say more"
            return f"{self._session.identity} (STS {why})"
