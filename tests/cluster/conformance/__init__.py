"""What every target does: subclass the five suites in a module with a fixture `lab`, and import `bench` there."""

from tests.cluster.conformance.configmaps import ConfigMapConformance
from tests.cluster.conformance.records import RecordConformance
from tests.cluster.conformance.secrets import SecretConformance
from tests.cluster.conformance.watch import WatchConformance
from tests.cluster.conformance.workloads import WorkloadConformance
from tests.cluster.lab import bench

__all__ = [
    "ConfigMapConformance",
    "RecordConformance",
    "SecretConformance",
    "WatchConformance",
    "WorkloadConformance",
    "bench",
]
