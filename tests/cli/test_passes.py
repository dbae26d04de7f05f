"""`validate`, `plan` and `sync` as people run them, on files and into a folder."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
from pathlib import Path

import pytest

from syncd.cli.passes import _warn
from syncd.cli.screen import Screen
from tests.cli.binary import Ran, syncd
from tests.cli.plans import EVERYTHING, stream
from tests.cli.shop import CANARY, STORE, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "paypal", "stripe")


def run(shop: Shop, command: str, *arguments: str, **env: str) -> Ran:
    return syncd(command, "-f", "shop.yaml", "--to", "out", *arguments, cwd=shop.root, env=env)


def test_validate_counts(shop: Shop) -> None:
    """What is right is said in one line."""
    ran = syncd("validate", "-f", "shop.yaml", cwd=shop.root)
    assert (0, "2 ExternalSecrets, 1 store: valid\n", "") == (ran.code, ran.out, ran.err)


def test_validate_reads_standard_input() -> None:
    """`helm template … | syncd validate -f -` works."""
    assert "0 ExternalSecrets, 1 store: valid\n" == syncd("validate", "-f", "-", stdin=STORE).out


def test_validate_shows_every_problem(shop: Shop) -> None:
    """All problems of one run, each with file, line, object, path, and a hint where there is one."""
    manifest = (shop.root / "shop.yaml").read_text().replace("remoteRef:", "remoteReff:")
    (shop.root / "shop.yaml").write_text(manifest)
    ran = syncd("validate", "-f", "shop.yaml", cwd=shop.root)
    assert (1, "") == (ran.code, ran.out)
    assert "Error: shop.yaml:23: ExternalSecret shop/paypal: spec.data[0].remoteReff: unknown field\n" in ran.err
    assert "ExternalSecret shop/stripe: spec.data[0].remoteReff: unknown field\n" in ran.err
    assert "hint: did you mean `remoteRef`?\n" in ran.err


def test_validate_answers_machines(shop: Shop) -> None:
    """Problems are in the document too."""
    manifest = (shop.root / "shop.yaml").read_text().replace("secretKey:", "secretKeyy:")
    (shop.root / "shop.yaml").write_text(manifest)
    document = json.loads(syncd("validate", "-f", "shop.yaml", "-o", "json", cwd=shop.root).out)
    assert not document["valid"]
    assert "spec.data[0].secretKeyy" in {problem["path"] for problem in document["problems"]}


def test_validate_warns_on_request(shop: Shop) -> None:
    """`--validate warn` turns unknown fields into warnings, `ignore` into nothing."""
    text = STORE.replace("spec:\n", "spec:\n  refreshInterval: 1\n  colour: red\n")
    warned = syncd("validate", "-f", "-", "--validate", "warn", stdin=text)
    assert (0, True) == (warned.code, "Warning: stdin:8: SecretStore shop/local: spec.colour" in warned.err)
    ignored = syncd("validate", "-f", "-", "--validate", "ignore", stdin=text)
    assert (0, "") == (ignored.code, ignored.err)


def test_the_whole_story(shop: Shop) -> None:
    """Plan, sync, nothing left; a key changes; plan shows it, sync writes it and restarts its user and no other."""
    shop.deploy("web", "stripe")
    shop.deploy("jobs", "paypal")
    assert 2 == run(shop, "plan").code
    first = run(shop, "sync")
    assert (0, "") == (first.code, first.err)
    assert first.out.endswith("Done: 2 created, 0 updated, 0 deleted, 0 restarted\n")
    clean = run(shop, "plan")
    assert (0, "No changes. 2 Secrets are in step with their stores.\n") == (clean.code, clean.out)
    shop.store("stripe", f"{CANARY}-new")
    expected = """\
  ~ shop/stripe          update   content differs
      ~ KEY              (sensitive value)

  ↻ shop/deployment/web  restart  uses shop/stripe: KEY

Plan: 0 to create, 1 to update, 0 to delete, 1 restart
"""
    assert (2, expected) == ((changed := run(shop, "plan")).code, changed.out)
    jobs = (shop.out / "jobs.yaml").read_text()
    second = run(shop, "sync")
    expected = """\
  ~ shop/stripe          updated    KEY
  ↻ shop/deployment/web  restarted  uses shop/stripe: KEY
Done: 0 created, 1 updated, 0 deleted, 1 restarted
"""
    assert (0, expected, "") == (second.code, second.out, second.err)
    assert "syncd.dev/restarted" in (shop.out / "web.yaml").read_text()
    assert jobs == (shop.out / "jobs.yaml").read_text()
    assert 0 == run(shop, "plan").code


def test_plan_writes_nothing(shop: Shop) -> None:
    """Not a file, not a key, not a folder."""
    run(shop, "plan")
    assert [] == list(shop.out.iterdir())


def test_a_failure_stops_no_other(shop: Shop) -> None:
    """What can be written is written; the rest is an error with its place, and exit code 1."""
    shop.forget("paypal")
    ran = run(shop, "sync")
    assert 1 == ran.code
    assert "  + shop/stripe  created" in ran.out
    assert ran.out.endswith("Done: 1 created, 0 updated, 0 deleted, 0 restarted; 1 unknown\n")
    assert re.match(r"Error: shop\.yaml:11: shop/paypal: .*paypal", ran.err)
    assert shop.secret("stripe").exists()


def test_names_select(shop: Shop) -> None:
    """`sync shop/stripe` touches that one only."""
    assert 0 == run(shop, "sync", "shop/stripe").code
    assert (True, False) == (shop.secret("stripe").exists(), shop.secret("paypal").exists())


def test_labels_select(shop: Shop) -> None:
    """`-l` does the same by label."""
    assert 0 == run(shop, "sync", "-l", "tier=stripe").code
    assert (True, False) == (shop.secret("stripe").exists(), shop.secret("paypal").exists())


def test_misspelt_names_are_wrong_usage(shop: Shop) -> None:
    """A name that nobody declares is an error, not an empty pass."""
    ran = run(shop, "plan", "shop/strip")
    assert (1, "") == (ran.code, ran.out)
    assert ran.err.endswith("hint: did you mean `shop/stripe`?\n")


def test_quiet_prints_errors_only(shop: Shop) -> None:
    """With `-q` the exit code speaks, and what is wrong."""
    shop.forget("paypal")
    for command in ("plan", "sync"):
        ran = run(shop, command, "-q")
        assert (1, "") == (ran.code, ran.out)
        assert ran.err.startswith("Error: shop.yaml:11: shop/paypal: ")


def test_documents(shop: Shop) -> None:
    """`-o json` prints one document and nothing else, whatever `-q` says."""
    plan = json.loads(run(shop, "plan", "-o", "json", "-q").out)
    report = json.loads(run(shop, "sync", "-o", "json").out)
    assert ("Plan", 2, "folder out") == (plan["kind"], plan["exitCode"], plan["target"])
    assert ("Report", ["done", "done"]) == (report["kind"], [change["result"] for change in report["changes"]])


def test_orphans_and_prune(shop: Shop) -> None:
    """What is no longer declared is named, stays, and goes with `--prune`."""
    run(shop, "sync")
    shop.declare("stripe")
    kept = run(shop, "plan")
    assert (0, True) == (
        kept.code,
        kept.out.startswith("1 orphaned, kept although no declaration asks for it: shop/paypal"),
    )
    assert "  - shop/paypal  prune" in run(shop, "plan", "--prune").out
    assert (0, False) == (run(shop, "sync", "--prune").code, shop.secret("paypal").exists())


def test_foreign_secrets_are_refused_and_adopted(shop: Shop) -> None:
    """A Secret that somebody else made is refused with a hint that works."""
    run(shop, "sync")
    foreign = shop.secret("stripe").read_text().replace("syncd.dev/owner", "example.org/owner")
    shop.secret("stripe").write_text(foreign)
    shop.store("stripe", "other")
    ran = run(shop, "sync")
    assert (1, True) == (ran.code, "shop/stripe: refused: exists and is not managed by syncd\n" in ran.err)
    assert "hint: `--adopt` takes it over and replaces its data\n" in ran.err
    assert 0 == run(shop, "sync", "--adopt").code


def test_what_could_not_be_looked_at_is_warned_of() -> None:
    """With too few rights to list, the answer says that there may be more, and what to grant."""
    screen = Screen(out=stream(), err=stream())
    _warn(EVERYTHING, screen)
    expected = (
        "Warning: not all of the target could be looked at: there may be more orphans\nhint: grant list on secrets\n"
    )
    assert isinstance(screen.err.file, io.StringIO)
    assert expected == screen.err.file.getvalue()


def test_signs_without_unicode(shop: Shop) -> None:
    """Where the encoding lacks `↻`, the output is ASCII and does not fail."""
    shop.deploy("web", "stripe")
    run(shop, "sync")
    shop.store("stripe", "other")
    assert "  @ shop/deployment/web" in run(shop, "plan", PYTHONIOENCODING="ascii").out


def test_folders_in_git_are_refused(shop: Shop) -> None:
    """Secrets do not end in a repository by accident."""
    subprocess.run(["git", "init", "-q", shop.root], check=True)
    ran = run(shop, "plan")
    assert (1, True) == (ran.code, ran.err.startswith("Error: git would add the Secrets in "))
    assert 2 == run(shop, "plan", SYNCD_ALLOW_GIT="true").code


@pytest.mark.parametrize("arguments", [["--log-level", "debug"], ["-o", "json"]])
def test_values_stay_out_of_everything_but_the_target(shop: Shop, arguments: list[str]) -> None:
    """No output of a command holds a value, plain or in base64."""
    shop.deploy("web", "stripe")
    shown = [run(shop, command, *arguments) for command in ("validate", "plan", "sync")]
    shop.store("stripe", f"{CANARY}-new")
    shop.forget("paypal")
    shown += [run(shop, command, *arguments) for command in ("plan", "sync")]
    text = "".join(ran.out + ran.err for ran in shown)
    assert CANARY not in text
    assert base64.b64encode(CANARY.encode()).decode()[:-2] not in text
