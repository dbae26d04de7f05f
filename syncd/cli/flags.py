"""The flags of the commands: those of one invocation, and one for each setting of the table."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import click

from syncd.settings import CONFIG, SETTINGS, Setting


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


class Section(StrEnum):
    """The parts of a command's help."""

    MANIFESTS = "Manifests"
    TARGET = "Target"
    OUTPUT = "Output"
    SETTINGS = "Settings"


class Flag(click.Option):
    """An option that knows its place in the help, and where it belongs to a setting, which."""

    def __init__(self, names: Sequence[str], section: Section, *, setting: Setting | None = None, **more: Any) -> None:
        super().__init__(names, **more)
        self.section = section
        self.setting = setting


def _flag(*names: str, section: Section, **more: Any) -> Flag:
    return Flag(names, section, **more)


FILENAME = _flag(
    "-f",
    "--filename",
    section=Section.MANIFESTS,
    multiple=True,
    metavar="PATH",
    help="File or folder of manifests, or `-` for standard input. May be given several times.",
)
NAMESPACE = _flag(
    "-n",
    "--namespace",
    section=Section.MANIFESTS,
    metavar="NAME",
    help="Namespace of manifests that name none; as kubectl, the context's by default.",
)
SELECTOR = _flag(
    "-l", "--selector", section=Section.MANIFESTS, metavar="SELECTOR", help="Only ExternalSecrets with these labels."
)
TO = _flag(
    "--to", section=Section.TARGET, metavar="DIR", help="Write Secrets into a folder. Without it, into a cluster."
)
KUBECONFIG = _flag(
    "--kubeconfig", section=Section.TARGET, metavar="FILE", help="Kubeconfig file, as for kubectl (also `KUBECONFIG`)."
)
CONTEXT = _flag("--context", section=Section.TARGET, metavar="NAME", help="Context of the kubeconfig file.")
OUTPUT = _flag(
    "-o",
    "--output",
    section=Section.OUTPUT,
    type=click.Choice([str(one) for one in Output]),
    default=str(Output.TEXT),
    metavar="text|json|yaml",
    help="Form of the answer on standard output.",
)
QUIET = _flag("-q", "--quiet", section=Section.OUTPUT, is_flag=True, help="Print errors only.")
REVEAL = _flag("--reveal", section=Section.OUTPUT, is_flag=True, help="Show values, in base64.")
NO_COLOR = _flag("--no-color", section=Section.OUTPUT, is_flag=True, help="No colours (also `NO_COLOR`).")
CONFIG_FILE = _flag(
    "--config",
    section=Section.SETTINGS,
    envvar=CONFIG,
    metavar="FILE",
    help=f"YAML file with settings (also `{CONFIG}`).",
)
GLOBAL = (
    FILENAME,
    NAMESPACE,
    SELECTOR,
    TO,
    KUBECONFIG,
    CONTEXT,
    OUTPUT,
    QUIET,
    NO_COLOR,
    CONFIG_FILE,
)
"""Every command takes these; its help shows those that it uses."""


def setting_flag(setting: Setting) -> Flag:
    """The flag of a setting takes its text as it is: the table reads it, as it reads variables and files."""
    names = [setting.attribute, setting.flag]
    if not setting.type.metavar:
        names[1] += f"/--no-{setting.name}"
        return Flag(names, Section.SETTINGS, setting=setting, default=None, help=setting.help)
    shown = setting.type.show(setting.default)
    return Flag(
        names,
        Section.SETTINGS,
        setting=setting,
        multiple=setting.type.many,
        metavar=setting.type.metavar,
        help=f"{setting.help}  [default: {shown}]" if shown else setting.help,
    )


SETTING_FLAGS = tuple(setting_flag(setting) for setting in SETTINGS)
