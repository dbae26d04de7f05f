"""`syncd check` as people run it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest

from syncd.cli.check import checks_document, checks_text, exit_code
from syncd.cli.screen import Stream
from syncd.errors import Failure
from syncd.manifests.fields import StoreKey, StoreKind
from syncd.model import ObjectName, Source, SourceKind
from syncd.providers.api import Failed, StoreHealth
from syncd.reconcile.answers import OpenStore
from syncd.reconcile.check import Checked
from tests.cli.binary import Ran, syncd
from tests.cli.shop import STORE
from tests.cli.test_documents import check as valid
from tests.generate import ROOT
from tests.servers.openbao import OpenBao

VAULT = """\
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata:
  name: vault
  namespace: shop
spec:
  provider:
    vault:
      server: {server}
      path: secret
      auth:
        tokenSecretRef:
          name: vault-token
          key: token
"""


@pytest.fixture
def manifests(tmp_path: Path, openbao: OpenBao) -> Path:
    """A folder as a store, and a Vault that wants a Secret which is not there."""
    (tmp_path / "store").mkdir()
    (tmp_path / "shop.yaml").write_text(STORE + VAULT.format(server=openbao.url))
    return tmp_path


def run(folder: Path, *arguments: str, **env: str) -> Ran:
    return syncd("check", "-f", "shop.yaml", *arguments, cwd=folder, env=env)


def test_what_fails_is_said_and_counts(manifests: Path) -> None:
    """One store that fails makes the exit code 1, and the others are shown all the same."""
    ran = run(manifests)
    first, second, hint, _, summary = ran.out.splitlines()
    assert (1, "", "2 stores: 1 ready, 1 failed") == (ran.code, ran.err, summary)
    assert first.startswith("  ✓ SecretStore/shop/local  ready   file: ")
    assert "  ! SecretStore/shop/vault  failed  vault: Secret shop/vault-token cannot be read" in second
    assert hint.startswith("      hint: put the Secret among the files")


def test_the_machines_own_login(manifests: Path, openbao: OpenBao) -> None:
    """The same manifests, without their Secrets: one line says whose credentials are used."""
    ran = run(manifests, "--store-auth", "ambient", "shop/vault", VAULT_TOKEN=openbao.token)
    assert (0, 1) == (ran.code, len(ran.err.splitlines()))
    assert "stores of `vault` log in with the token in VAULT_TOKEN or ~/.vault-token" in ran.err
    assert "✓ SecretStore/shop/vault  ready  vault: token, " in ran.out


def test_a_document(manifests: Path) -> None:
    """For machines, and with `-q` all the same."""
    document = json.loads(run(manifests, "-o", "json", "-q").out)
    assert ["ready", "failed"] == [store["result"] for store in document["stores"]]
    assert ("Check", 1) == (document["kind"], document["exitCode"])


def test_quiet_says_what_fails(manifests: Path) -> None:
    """And nothing of what does not."""
    ran = run(manifests, "-q")
    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith("Error: SecretStore/shop/vault: vault: Secret shop/vault-token cannot be read")


def test_a_store_that_nobody_declares(manifests: Path) -> None:
    """A mistyped name is wrong usage."""
    ran = run(manifests, "shop/vualt")
    assert (1, "") == (ran.code, ran.out)
    assert "Error: no store `shop/vualt` is among the manifests\nhint: did you mean `" in ran.err


def test_credentials_out_of_a_folder(manifests: Path, openbao: OpenBao) -> None:
    """What is not among the files is looked for in the target, a folder here."""
    secret = manifests / "out" / "secrets" / "shop" / "vault-token.yaml"
    secret.parent.mkdir(parents=True)
    token = base64.b64encode(openbao.token.encode()).decode()
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: vault-token, namespace: shop}\n"
    secret.write_text(f"{head}data: {{token: {token}}}\n")
    ran = run(manifests, "--to", "out", "vault", "-n", "shop")
    assert (0, True) == (ran.code, ran.out.startswith("  ✓ SecretStore/shop/vault  ready  vault: "))
    assert openbao.token not in ran.out.replace("vault: token", "").split() + ran.err.split()


def key(name: str, kind: StoreKind = StoreKind.SECRET_STORE) -> StoreKey:
    return StoreKey(kind, ObjectName("" if kind is StoreKind.CLUSTER_SECRET_STORE else "shop", name))


SOURCE = Source(SourceKind.FILES, "stores.yaml:1")
RIGHT = "`secretsmanager:BatchGetSecretValue`"
ROLE = "arn:aws:sts::111122223333:assumed-role/shop/syncd-shop-aws"
LATE = Failed(Failure.TIMEOUT, "no answer within 10 s", retry_after=2.0)
EVERYTHING = (
    Checked(OpenStore(key("vault")), "vault", SOURCE, StoreHealth("approle", 0.0123)),
    Checked(OpenStore(key("aws")), "aws", SOURCE, StoreHealth(ROLE, 0.0804, RIGHT), "shop/stripe"),
    Checked(OpenStore(key("gcp", StoreKind.CLUSTER_SECRET_STORE), "shop"), "gcpsm", SOURCE, LATE),
)


def test_the_answer_of_the_docs_is_what_is_printed() -> None:
    """The example in docs/diagnosis.md is no drawing."""
    page = (ROOT / "docs" / "diagnosis.md").read_text()
    assert checks_text(EVERYTHING, Stream(io.StringIO())) in page


@pytest.mark.parametrize("found", [EVERYTHING, EVERYTHING[:1], ()])
def test_documents_are_as_the_schema_says(found: tuple[Checked, ...]) -> None:
    """Every field is described, and every described field is there."""
    valid(checks_document(found))


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 0), (2, 0), (3, 1)])
def test_limited_stores_do_not_fail(count: int, expected: int) -> None:
    """A right that nothing needs is worth a hint, not an exit code."""
    assert expected == exit_code(EVERYTHING[:count])


def test_without_stores() -> None:
    """Nothing is said to be right where nothing was looked at."""
    assert "No stores are declared.\n" == checks_text((), Stream(io.StringIO()))
