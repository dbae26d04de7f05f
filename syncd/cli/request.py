"""What one command line asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from syncd.cli.flags import Flag, Output
from syncd.errors import UsageError


@dataclass(frozen=True, slots=True)
class Request:
    names: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    namespace: str | None = None
    selector: str = ""
    to: Path | None = None
    kubeconfig: str | None = None
    context: str | None = None
    output: Output = Output.TEXT
    quiet: bool = False
    reveal: bool = False
    config: Path | None = None
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the name of a setting, the texts given for it."""

    @classmethod
    def of(cls, ctx: click.Context) -> Request:
        """Flags before the command count as those after it; where both are given, the latter wins.

        Raises UsageError when a flag before the command is none of its own.
        """
        _check_flags_before(ctx)
        given = dict(_given(ctx))
        return cls(
            names=given.get("names", ()),
            filenames=given.get("filename", ()),
            namespace=given.get("namespace"),
            selector=given.get("selector", ""),
            to=Path(given["to"]) if "to" in given else None,
            kubeconfig=given.get("kubeconfig"),
            context=given.get("context"),
            output=Output(given.get("output", Output.TEXT)),
            quiet=given.get("quiet", False),
            reveal=given.get("reveal", False),
            config=Path(given["config"]) if "config" in given else None,
            settings=dict(_settings(ctx, given)),
        )


def _check_flags_before(ctx: click.Context) -> None:
    group = ctx.parent
    if group is None:
        return
    own = {param.name for param in ctx.command.params}
    for flag in group.command.params:
        if isinstance(flag, Flag) and flag.name not in own and _was_given(group, flag):
            raise UsageError(f"`{ctx.info_name}` has no flag `{flag.opts[0]}`", hint=f"see `{ctx.command_path} --help`")


def _given(ctx: click.Context) -> Iterator[tuple[str, Any]]:
    for param in ctx.command.params:
        values = [level.params[param.name] for level in (ctx.parent, ctx) if level and _was_given(level, param)]
        if values and param.name:
            yield param.name, sum(values, ()) if isinstance(param, Flag) and param.multiple else values[-1]


def _was_given(ctx: click.Context, param: click.Parameter) -> bool:
    source = ctx.get_parameter_source(str(param.name))
    return source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def _settings(ctx: click.Context, given: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for param in ctx.command.params:
        if isinstance(param, Flag) and param.setting and param.setting.attribute in given:
            value = given[param.setting.attribute]
            if isinstance(value, bool):
                value = "true" if value else "false"
            yield param.setting.name, (value,) if isinstance(value, str) else tuple(value)
