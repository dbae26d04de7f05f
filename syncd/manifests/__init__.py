"""The language: the kinds of `external-secrets.io`, their loading and their error messages."""

from syncd.manifests.clusterexternalsecret import ClusterExternalSecret
from syncd.manifests.data import (
    ConversionStrategy,
    Data,
    DataFrom,
    DecodingStrategy,
    Extract,
    Find,
    MetadataPolicy,
    NullBytePolicy,
    RemoteRef,
    Rewrite,
)
from syncd.manifests.declarations import Declarations, KeptAside, References, Validation
from syncd.manifests.externalsecret import ExternalSecret, RefreshPolicy
from syncd.manifests.fields import StoreKey, StoreKind, StoreRef
from syncd.manifests.store import ClusterSecretStore, SecretStore, Store
from syncd.manifests.template import MergePolicy, Template, TemplateAs, TemplateFrom, TemplateTarget

__all__ = [
    "ClusterExternalSecret",
    "ClusterSecretStore",
    "ConversionStrategy",
    "Data",
    "DataFrom",
    "Declarations",
    "DecodingStrategy",
    "ExternalSecret",
    "Extract",
    "Find",
    "KeptAside",
    "MergePolicy",
    "MetadataPolicy",
    "NullBytePolicy",
    "References",
    "RefreshPolicy",
    "RemoteRef",
    "Rewrite",
    "SecretStore",
    "Store",
    "StoreKey",
    "StoreKind",
    "StoreRef",
    "Template",
    "TemplateAs",
    "TemplateFrom",
    "TemplateTarget",
    "Validation",
]
