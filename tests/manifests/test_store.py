"""Stores: what is modelled, what is kept as it comes, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import ClusterSecretStore, StoreKey, StoreKind
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.model import ObjectName
from tests.manifests.samples import only_store, said, store

VAULT = {"server": "https://vault.example"}


def ref(**fields: str) -> dict[str, str]:
    return {"name": "creds", "key": "token", **fields}


def vault(**fields: Any) -> dict[str, Any]:
    return {"vault": {**VAULT, **fields}}


def auth(**methods: Any) -> dict[str, Any]:
    return vault(auth=methods)


ACCOUNT = {"name": "syncd", "audiences": ["vault"]}
AWS_KEYS = {"accessKeyIDSecretRef": ref(), "secretAccessKeySecretRef": ref(), "sessionTokenSecretRef": ref()}

GOOD: list[dict[str, Any]] = [
    vault(
        path="team/kv",
        version="v1",
        namespace="eu",
        caBundle="LS0t\nLS0t",
        caProvider={"type": "ConfigMap", "name": "ca", "key": "ca.crt"},
        tls={"certSecretRef": ref(), "keySecretRef": ref()},
        readYourWrites=True,
        forwardInconsistent=True,
        headers={"X-Team": "shop"},
    ),
    vault(checkAndSet={"required": True}),
    auth(tokenSecretRef=ref(), namespace="root"),
    auth(appRole={"path": "approle", "roleId": "r", "secretRef": ref()}),
    auth(appRole={"path": "approle", "roleRef": ref(), "secretRef": ref()}),
    auth(kubernetes={"mountPath": "kubernetes", "role": "r", "serviceAccountRef": ACCOUNT}),
    auth(kubernetes={"mountPath": "kubernetes", "role": "r", "secretRef": {"name": "creds"}}),
    auth(ldap={"path": "ldap", "username": "u", "secretRef": ref()}),
    auth(userPass={"path": "userpass", "username": "u", "secretRef": ref()}),
    auth(jwt={"path": "jwt", "role": "r", "secretRef": ref()}),
    auth(
        jwt={
            "path": "jwt",
            "role": "r",
            "kubernetesServiceAccountToken": {
                "serviceAccountRef": ACCOUNT,
                "audiences": ["vault"],
                "expirationSeconds": 600,
            },
        }
    ),
    auth(cert={"path": "cert", "vaultRole": "r", "clientCert": ref(), "secretRef": ref()}),
    auth(
        iam={
            "path": "aws",
            "region": "eu-west-1",
            "role": "a",
            "vaultRole": "r",
            "externalID": "x",
            "vaultAwsIamServerID": "z",
            "secretRef": AWS_KEYS,
            "jwt": {"serviceAccountRef": ACCOUNT},
        }
    ),
    auth(gcp={"role": "r", "projectID": "p", "location": "l", "secretRef": {"secretAccessKeySecretRef": ref()}}),
    {"aws": {"service": "SecretsManager", "region": "eu-west-1"}},
    {
        "aws": {
            "service": "ParameterStore",
            "region": "eu-west-1",
            "auth": {"secretRef": AWS_KEYS, "jwt": {"serviceAccountRef": ACCOUNT}},
            "role": "arn:aws:iam::1:role/x",
            "additionalRoles": ["arn:aws:iam::1:role/y"],
            "externalID": "x",
            "sessionTags": [{"key": "a", "value": "b"}],
            "sessionTagsPolicy": "Custom",
            "customSessionTags": {"team": "shop"},
            "transitiveTagKeys": ["a"],
            "prefix": "shop/",
            "secretsManager": {"forceDeleteWithoutRecovery": True, "recoveryWindowInDays": 7},
        }
    },
    {"gcpsm": {"projectID": "p", "location": "europe-west1", "secretVersionSelectionPolicy": "LatestOrFetch"}},
    {
        "gcpsm": {
            "auth": {
                "secretRef": {"secretAccessKeySecretRef": ref()},
                "workloadIdentity": {
                    "serviceAccountRef": {"name": "a"},
                    "clusterName": "c",
                    "clusterLocation": "l",
                    "clusterProjectID": "p",
                },
                "workloadIdentityFederation": {
                    "audience": "a",
                    "serviceAccountRef": {"name": "a"},
                    "credConfig": ref(),
                    "awsSecurityCredentials": {"awsCredentialsSecretRef": {"name": "a"}, "region": "eu-west-1"},
                    "externalTokenEndpoint": "https://x",
                    "gcpServiceAccountEmail": "a@b.iam.gserviceaccount.com",
                },
            }
        }
    },
    {"kubernetes": {"remoteNamespace": "shared", "authRef": ref()}},
    {
        "kubernetes": {
            "server": {
                "url": "https://x",
                "caBundle": "LS0t",
                "caProvider": {"type": "Secret", "name": "a", "key": "b"},
            },
            "auth": {"serviceAccount": {"name": "a"}},
        }
    },
    {"kubernetes": {"auth": {"token": {"bearerToken": ref()}}}},
    {"kubernetes": {"auth": {"cert": {"clientCert": ref(), "clientKey": ref()}}}},
    {"fake": {"data": [{"key": "a", "value": "b", "version": "v1"}], "validationResult": 0}},
    {"file": {"path": "secrets"}},
    {"azurekv": {"vaultUrl": "https://x", "anything": [1, {"a": None}]}},
    {"acme": {}},
]


@pytest.mark.parametrize("provider", GOOD, ids=lambda provider: next(iter(provider)))
def test_providers(provider: dict[str, Any]) -> None:
    """Every provider loads; its config stays as it was written, but for nulls."""
    ((name, config),) = provider.items()
    one = only_store(store(provider))
    assert name == one.provider_name
    assert (config if name != "azurekv" else {"vaultUrl": "https://x", "anything": [1, {}]}) == one.provider_config


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ({}, "spec.provider: needs exactly one provider"),
        ({"vault": VAULT, "fake": {"data": []}}, "spec.provider: needs exactly one provider, not 2"),
        ({"Vault": VAULT}, "spec.provider.Vault: no such provider"),
        ({"azurekv": 1}, "spec.provider.azurekv: must be a mapping"),
        ({"vault": []}, "spec.provider.vault: must be a mapping, not a list"),
        ({"vault": {}}, "spec.provider.vault.server: required"),
        ({"vault": {"server": ""}}, "spec.provider.vault.server: must not be empty"),
        (vault(version="v3"), "spec.provider.vault.version: must be one of `v1`, `v2`"),
        (vault(version=""), "spec.provider.vault.version: must be one of `v1`, `v2`, not empty"),
        (vault(caBundle=""), "spec.provider.vault.caBundle: must not be empty"),
        (
            {"gcpsm": {"auth": {"workloadIdentityFederation": {"gcpServiceAccountEmail": "me@example.com"}}}},
            "spec.provider.gcpsm.auth.workloadIdentityFederation.gcpServiceAccountEmail: not the address of",
        ),
        (vault(caBundle="%%"), "spec.provider.vault.caBundle: not base64"),
        (vault(tls={"certSecretRef": ref()}), "spec.provider.vault.tls: needs both"),
        (vault(version="v1", checkAndSet={"required": True}), "spec.provider.vault.checkAndSet.required: not possible"),
        (auth(appRole={"secretRef": ref()}), "spec.provider.vault.auth.appRole: needs `roleId` or `roleRef`"),
        (auth(jwt={"path": "jwt"}), "spec.provider.vault.auth.jwt: needs `secretRef` or"),
        (auth(kubernetes={}), "spec.provider.vault.auth.kubernetes.role: required"),
        (
            auth(tokenSecretRef=ref(namespace="other")),
            "spec.provider.vault.auth.tokenSecretRef.namespace: a SecretStore",
        ),
        ({"aws": {"service": "SecretsManager"}}, "spec.provider.aws.region: required"),
        ({"aws": {"service": "SM", "region": "x"}}, "spec.provider.aws.service: must be one of `SecretsManager`"),
        (
            {"aws": {"service": "SecretsManager", "region": "x", "customSessionTags": {"esoNamespace": "x"}}},
            "spec.provider.aws.customSessionTags.esoNamespace: this tag",
        ),
        ({"kubernetes": {"auth": {}}}, "spec.provider.kubernetes.auth: needs one of"),
        ({"fake": {}}, "spec.provider.fake.data: required"),
        ({"fake": {"data": [{"key": "", "value": "x"}]}}, "spec.provider.fake.data[0].key: must not be empty"),
        ({"fake": {"data": [{"key": "a"}]}}, "spec.provider.fake.data[0].value: required"),
        (
            {"fake": {"data": [], "validationResult": True}},
            "spec.provider.fake.validationResult: must be a whole number",
        ),
        ({"file": {"path": ""}}, "spec.provider.file.path: must not be empty"),
        ({"file": {"path": "x", "pth": "y"}}, "spec.provider.file.pth: unknown field"),
    ],
)
def test_wrong_providers(provider: dict[str, Any], expected: str) -> None:
    """What is wrong in a provider's config is found before the store is asked."""
    (message,) = said(store(provider))
    assert message.startswith(expected)


def test_keys() -> None:
    """A SecretStore is known by its namespace and name, a ClusterSecretStore by its name."""
    assert StoreKey(StoreKind.SECRET_STORE, ObjectName("shop", "vault")) == only_store(store(vault())).key
    assert "SecretStore/shop/vault" == str(only_store(store(vault())).key)
    assert "ClusterSecretStore/vault" == str(only_store(store(vault(), "ClusterSecretStore")).key)


def test_the_namespace_of_a_cluster_store_is_left_out() -> None:
    """An API server ignores it too."""
    text = store(vault(), "ClusterSecretStore").replace("  name: vault", "  name: vault\n  namespace: shop")
    assert ObjectName("", "vault") == only_store(text).object_name


def test_base() -> None:
    """A store knows the folder of its file, for relative paths."""
    (one,) = load([Text("a.yaml", store({"file": {"path": "x"}}), base="/etc/stores")]).complete().stores.values()
    assert ("/etc/stores", "a.yaml:1") == (one.base, one.source.location)


@pytest.mark.parametrize(("interval", "seconds"), [(60, 60.0), ("5m", 300.0), (0, 0.0)])
def test_refresh_interval(interval: int | str, seconds: float) -> None:
    """Seconds as a number, or a duration."""
    refresh = only_store(store(vault(), refreshInterval=interval)).spec.refresh_interval
    assert refresh
    assert seconds == refresh.seconds


@pytest.mark.parametrize("interval", [-1, "-1s", "60", 1.5, True, "often"])
def test_wrong_refresh_interval(interval: object) -> None:
    """What is neither is refused."""
    (message,) = said(store(vault(), refreshInterval=interval))
    assert message.startswith("spec.refreshInterval: ")


def test_other_settings() -> None:
    """`controller` and `retrySettings` are typed."""
    spec = only_store(store(vault(), controller="eu", retrySettings={"maxRetries": 3, "retryInterval": "10s"})).spec
    assert spec.retry_settings
    assert spec.retry_settings.retry_interval
    assert ("eu", 3, 10.0) == (
        spec.controller,
        spec.retry_settings.max_retries,
        spec.retry_settings.retry_interval.seconds,
    )


def test_a_cluster_store_must_say_whose_certificate() -> None:
    """A `caProvider` without a namespace is nobody's in a ClusterSecretStore."""
    provider = vault(caProvider={"type": "Secret", "name": "ca", "key": "ca.crt"})
    assert ["spec.provider.vault.caProvider.namespace: required in a ClusterSecretStore"] == said(
        store(provider, "ClusterSecretStore")
    )


def test_a_cluster_store_may_name_any_namespace() -> None:
    """Its references may lie anywhere, or in the namespace of the declaration."""
    assert [] == said(store(auth(tokenSecretRef=ref(namespace="other")), "ClusterSecretStore"))
    assert [] == said(store(auth(tokenSecretRef=ref()), "ClusterSecretStore"))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], True),
        ([{"namespaces": ["shop"]}], True),
        ([{"namespaces": ["web"]}], False),
        ([{"namespaces": ["web"]}, {"namespaces": ["shop"]}], True),
        ([{"namespaceRegexes": ["sh.p"]}], True),
        ([{"namespaceRegexes": ["sho", "^ho"]}], False),
        ([{"namespaceSelector": {"matchLabels": {"team": "shop"}}}], True),
        ([{"namespaceSelector": {"matchLabels": {"team": "web"}}}], False),
        ([{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}], True),
        (
            [{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["shop"]}]}}],
            False,
        ),
        ([{}], False),
    ],
)
def test_who_may_use_a_cluster_store(conditions: list[dict[str, Any]], *, expected: bool) -> None:
    """One match of any list is enough; an expression must match the whole name."""
    one = only_store(store(vault(), "ClusterSecretStore", conditions=conditions))
    assert isinstance(one, ClusterSecretStore)
    assert expected is one.serves("shop", {"team": "shop"})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"namespaceRegexes": ["("]}, "spec.conditions[0].namespaceRegexes[0]: `(` is not a regular expression"),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "in"}]}},
            "spec.conditions[0].namespaceSelector.matchExpressions[0].operator: must be one of `In`",
        ),
    ],
)
def test_wrong_conditions(condition: dict[str, Any], expected: str) -> None:
    """A condition that cannot be read is an error, not a door."""
    (message,) = said(store(vault(), "ClusterSecretStore", conditions=[condition]))
    assert message.startswith(expected)


@pytest.mark.parametrize(
    "provider",
    [
        {"fake": {"data": [{"key": "a", "value": "hunter2"}]}},
        {"acme": {"token": "hunter2"}},
        vault(headers={"a": "hunter2"}),
    ],
)
def test_values_do_not_show(provider: dict[str, Any]) -> None:
    """Printing a store shows no value of its config."""
    assert "hunter2" not in repr(only_store(store(provider)))
