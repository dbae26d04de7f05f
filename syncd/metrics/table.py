"""Every metric of syncd, with its labels.

Those of declared objects begin with the labels `name` and `namespace`: their series go when the object goes. All other
labels are words of enums, names of providers and of the calls of their APIs, and lanes: at most one for each store.
"""

from __future__ import annotations

from syncd.metrics.families import Counter, Gauge, Histogram

_CALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_PASSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

SYNC_CALLS = Counter(
    "externalsecret_sync_calls_total", "Passes that an ExternalSecret was part of.", "name", "namespace"
)
SYNC_ERRORS = Counter(
    "externalsecret_sync_calls_error", "Passes that failed for an ExternalSecret.", "name", "namespace"
)
SECRET_CONDITION = Gauge(
    "externalsecret_status_condition",
    "Whether the last pass left an ExternalSecret in step: 1 for the status that holds, 0 for the other.",
    "name",
    "namespace",
    "condition",
    "status",
)
STORE_CONDITION = Gauge(
    "secretstore_status_condition",
    "Whether a SecretStore answered anything when it was last read: 1 for the status that holds, 0 for the other.",
    "name",
    "namespace",
    "condition",
    "status",
)
CLUSTER_STORE_CONDITION = Gauge(
    "clustersecretstore_status_condition",
    "The same of a ClusterSecretStore.",
    "name",
    "namespace",
    "condition",
    "status",
)
API_CALLS = Counter(
    "externalsecret_provider_api_calls_count", "Requests to providers' APIs.", "provider", "call", "status"
)

BUILD_INFO = Gauge("syncd_build_info", "Always 1; the version of syncd and of its Python.", "version", "python")
LAST_SUCCESS = Gauge(
    "syncd_last_success_timestamp_seconds",
    "When an ExternalSecret was last in step with its stores, in seconds since 1970.",
    "name",
    "namespace",
)
SECRET_CHANGED = Gauge(
    "syncd_secret_changed_timestamp_seconds",
    "When the data of an ExternalSecret's Secret last changed, in seconds since 1970, as far as that is known.",
    "name",
    "namespace",
)
PAUSED = Gauge(
    "syncd_paused", "1 while a change of an ExternalSecret's Secret is held back by a pause.", "name", "namespace"
)
PROCESS_PAUSED = Gauge("syncd_process_paused", "1 while all writes, or all restarts, are held back.", "what")
REFUSED = Gauge(
    "syncd_refused",
    "1 while a change of an ExternalSecret's Secret is refused: by the guard, or for its ownership.",
    "name",
    "namespace",
)
ORPHANED = Gauge("syncd_orphaned_secrets", "Secrets of ours that no declaration asks for any more.")
MANIFESTS_VALID = Gauge(
    "syncd_manifests_valid", "1 when the manifests loaded the last time; 0 while an earlier state of them is in use."
)

LAST_PASS = Gauge("syncd_last_pass_timestamp_seconds", "When a pass last ended, in seconds since 1970.")
PASS_DURATION = Histogram(
    "syncd_pass_duration_seconds", "How long passes took, by how they ended.", "result", bounds=_PASSES
)
CHANGES = Counter("syncd_changes_total", "Changes of Secrets, by what became of them.", "action", "result")
RESTARTS = Counter("syncd_restarts_total", "Restarts of workloads, by what became of them.", "kind", "result")
QUEUED = Gauge("syncd_queue_waiting", "ExternalSecrets that wait for a pass: `new` ones go first.", "lane")
UNDER_WAY = Gauge("syncd_queue_under_way", "ExternalSecrets that are in a pass now.")
DRIFTED = Counter("syncd_drifted_total", "Secrets and ConfigMaps of ours that somebody else changed or deleted.")
WATCH_LOST = Gauge(
    "syncd_watch_lost",
    "1 while Secrets, or ConfigMaps, are not watched for changes by others; no namespace: of all.",
    "kind",
    "namespace",
)

FETCH_FAILURES = Counter(
    "syncd_fetch_failures_total", "Keys and queries that a provider failed to answer.", "provider", "reason"
)
READ_DURATION = Histogram(
    "syncd_read_duration_seconds",
    "How long reads took, those that were given up on included: a fetch of a batch of keys, or a find.",
    "provider",
    "operation",
    bounds=_CALLS,
)
API_CALL_DURATION = Histogram(
    "syncd_provider_api_call_duration_seconds",
    "How long requests to providers' APIs took.",
    "provider",
    "call",
    bounds=_CALLS,
)
READ_RETRIES = Counter("syncd_read_retries_total", "Reads that asked again for what had failed.", "provider")
READS_THROTTLED = Counter("syncd_reads_throttled_total", "Reads after which a store asked to slow down.", "provider")
READS_ABANDONED = Counter("syncd_reads_abandoned_total", "Reads that were given up on at their deadline.", "provider")
LANE_WAITING = Gauge("syncd_lane_waiting", "Reads that have not begun, by the lane that they wait in.", "lane")
LANE_IN_FLIGHT = Gauge("syncd_lane_in_flight", "Reads that are under way.", "lane")
LANE_LOST = Gauge("syncd_lane_lost", "Reads that were given up on, and whose threads are still in them.", "lane")

FAMILIES = tuple(one for one in tuple(globals().values()) if isinstance(one, Counter | Gauge | Histogram))
"""In the order in which they are shown."""
