"""Writes what is made from the code: config/syncd.yaml, and the second parts of pages in docs/.

`python -m tests.generate` writes them; tests/test_docs.py fails when they are stale.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import click
from prometheus_client import Metric, ProcessCollector

from syncd.cli.app import app
from syncd.manifests.compatibility import Field, compatibility
from syncd.metrics.families import Counter, Gauge, Histogram
from syncd.metrics.table import FAMILIES
from syncd.settings import SETTINGS, Setting

ROOT = Path(__file__).parents[1]
_MARK = "<!-- What follows is made by `python -m tests.generate`. -->"


def generated() -> Mapping[Path, str]:
    """The files and their texts."""
    return {
        ROOT / "config" / "syncd.yaml": _settings_yaml(),
        ROOT / "docs" / "settings.md": _page("settings.md", "".join(map(_settings_page_row, SETTINGS))),
        ROOT / "docs" / "cli.md": _page("cli.md", _help_texts()),
        ROOT / "docs" / "compatibility.md": _page("compatibility.md", _compatibility()),
        ROOT / "docs" / "metrics.md": _page("metrics.md", _metrics()),
    }


def _settings_yaml() -> str:
    head = """\
# Every setting of syncd with its default. Made by `python -m tests.generate`.
#
# syncd reads such a file with `--config FILE`, or from the variable SYNCD_CONFIG. Each key is also a flag
# (`--provider-timeout`) and a variable (`SYNCD_PROVIDER_TIMEOUT`). A flag beats a variable, a variable beats the file.
"""
    return head + "".join(_settings_yaml_row(setting) for setting in SETTINGS)


def _settings_yaml_row(setting: Setting) -> str:
    value = setting.type.show(setting.default)
    text = f"[{value}]" if setting.type.many else value
    comment = textwrap.fill(_with_choices(setting), 118, initial_indent="# ", subsequent_indent="# ")
    return f"\n{comment}\n# {setting.name}: {text}".rstrip() + "\n"


def _with_choices(setting: Setting) -> str:
    return f"{setting.help} One of {setting.type.metavar}." if "|" in setting.type.metavar else setting.help


def _page(name: str, made: str) -> str:
    """The page as it stands, with what follows the mark made anew."""
    written, _, _ = (ROOT / "docs" / name).read_text().partition(_MARK)
    return f"{written}{_MARK}\n{made}"


def _settings_page_row(setting: Setting) -> str:
    shown = setting.type.show(setting.default)
    default = f"`{shown}`" if shown else "none"
    flag = f"{setting.flag} {setting.type.metavar}".rstrip()
    return f"\n## {setting.name}\n\n{setting.help}\n\n`{flag}`, `{setting.variable}`; default: {default}\n"


def _compatibility() -> str:
    """One table for each kind; a ClusterSecretStore has the fields of a SecretStore."""
    rows = [row for row in compatibility() if row.kind != "ClusterSecretStore"]
    return "".join(
        f"\n## {kind}\n\n| field | supported | since | |\n|---|---|---|---|\n{''.join(map(_compatibility_row, fields))}"
        for kind, fields in groupby(rows, lambda row: row.kind)
    )


def _compatibility_row(row: Field) -> str:
    return f"| {f'`{row.path}`' if row.path else 'all'} | {row.support} | {row.since or '–'} | {row.remark} |\n"


def _metrics() -> str:
    ours = [family for family in FAMILIES if family.name.startswith("syncd_")]
    parts = {
        "As in External Secrets Operator": [_metric_row(one) for one in FAMILIES if one not in ours],
        "Of syncd": map(_metric_row, ours),
        "Of the process": [_process_row(one) for one in ProcessCollector(registry=None).collect()],
    }
    return "".join(f"\n## {title}\n{''.join(rows)}" for title, rows in parts.items())


def _metric_row(family: Counter | Gauge | Histogram) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
    return f"\n### {family.name}\n\n{family.help}\n\n{family.kind}; labels: {labels}\n"


def _process_row(metric: Metric) -> str:
    name = metric.samples[0].name
    return f"\n### {name}\n\n{metric.documentation}\n\n{metric.type}; labels: none; at `/metrics` only\n"


def _help_texts() -> str:
    return "".join(f"\n## {title}\n\n```console\n$ {title} --help\n{text}```\n" for title, text in _helps())


def _helps() -> Iterator[tuple[str, str]]:
    yield "syncd", _help(app, "syncd", None)
    group = click.Context(app, info_name="syncd")
    for name in app.commands:
        yield f"syncd {name}", _help(app.commands[name], name, group)


def _help(command: click.Command, name: str, parent: click.Context | None) -> str:
    ctx = click.Context(command, info_name=name, parent=parent, terminal_width=100, help_option_names=["-h", "--help"])
    return command.get_help(ctx) + "\n"


def main() -> None:
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
