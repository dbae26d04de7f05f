"""Names as people and kubectl write them."""

from __future__ import annotations

import pytest

from syncd.cli.subjects import Secret, subject
from syncd.errors import UsageError
from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.model import ObjectName, WorkloadKind, WorkloadName
from tests.manifests.samples import STORE, external_secret


@pytest.fixture(scope="module")
def declarations() -> Declarations:
    """`shop/stripe`, and `shop/tls` whose Secret is called `certificate`."""
    documents = [STORE, external_secret("stripe"), external_secret("tls", target={"name": "certificate"})]
    return load([Text("a.yaml", "---\n".join(documents))], namespace="shop").complete()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("stripe", "stripe"),
        ("shop/stripe", "stripe"),
        ("shop/tls", "certificate"),
        ("certificate", "certificate"),
        ("secret/certificate", "certificate"),
        ("shop/secret/stripe", "stripe"),
    ],
)
def test_secrets(declarations: Declarations, text: str, secret: str) -> None:
    """By the name of the declaration, or by their own."""
    assert Secret(ObjectName("shop", secret)) == subject(text, declarations)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("deployment/web", WorkloadKind.DEPLOYMENT),
        ("deploy/web", WorkloadKind.DEPLOYMENT),
        ("deployment.apps/web", WorkloadKind.DEPLOYMENT),
        ("shop/deployment/web", WorkloadKind.DEPLOYMENT),
        ("StatefulSet/web", WorkloadKind.STATEFUL_SET),
        ("shop/sts/web", WorkloadKind.STATEFUL_SET),
        ("daemonsets/web", WorkloadKind.DAEMON_SET),
        ("ds/web", WorkloadKind.DAEMON_SET),
    ],
)
def test_workloads(declarations: Declarations, text: str, kind: WorkloadKind) -> None:
    """With the kinds of kubectl, in the namespace of `-n` where none is named."""
    assert WorkloadName(kind, ObjectName("shop", "web")) == subject(text, declarations)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("strpe", "did you mean `shop/stripe`?"),
        ("web/stripe", "did you mean `shop/stripe`?"),
        ("shop/secret/tls", "did you mean `shop/tls`?"),
        ("zzz", ""),
        ("shop/deployments/extra/web", "write `shop/stripe`, or `shop/deployment/web`"),
    ],
)
def test_what_nobody_declares(declarations: Declarations, text: str, hint: str) -> None:
    """Is wrong usage, with what was probably meant."""
    with pytest.raises(UsageError) as raised:
        subject(text, declarations)
    assert hint == raised.value.hint
