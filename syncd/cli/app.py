"""The commands, their flags and their help. What a command does is loaded when it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from itertools import groupby

import click

from syncd import __version__
from syncd.cli.flags import (
    CONFIG_FILE,
    CONTEXT,
    FILENAME,
    GLOBAL,
    KUBECONFIG,
    NAMESPACE,
    NO_COLOR,
    OUTPUT,
    QUIET,
    REVEAL,
    SELECTOR,
    SETTING_FLAGS,
    TO,
    Flag,
    Section,
)
from syncd.cli.request import Request
from syncd.cli.screen import Screen


class Command(click.Command):
    """A command whose help has its flags under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        def section(option: click.Parameter) -> int:
            return list(Section).index(option.section if isinstance(option, Flag) else Section.OUTPUT)

        shown = [option for option in self.get_params(ctx) if isinstance(option, click.Option) and not option.hidden]
        for index, options in groupby(sorted(shown, key=section), section):
            with formatter.section(list(Section)[index]):
                formatter.write_dl([record for option in options if (record := option.get_help_record(ctx))])


def _version(request: Request, screen: Screen) -> int:
    from syncd.cli.version import run

    return run(request, screen)


def _validate(request: Request, screen: Screen) -> int:
    from syncd.cli.validate import run

    return run(request, screen)


def _plan(request: Request, screen: Screen) -> int:
    from syncd.cli.passes import run_plan

    return run_plan(request, screen)


def _sync(request: Request, screen: Screen) -> int:
    from syncd.cli.passes import run_sync

    return run_sync(request, screen)


def _check(request: Request, screen: Screen) -> int:
    from syncd.cli.check import run

    return run(request, screen)


def _render(request: Request, screen: Screen) -> int:
    from syncd.cli.render import run

    return run(request, screen)


def _run(request: Request, screen: Screen) -> int:
    from syncd.cli.run import run

    return run(request, screen)


def _explain(request: Request, screen: Screen) -> int:
    from syncd.cli.explain import run

    return run(request, screen)


def _hidden(flag: Flag) -> Flag:
    """The flag without its line in the help: accepted where it means nothing, or before the command."""
    twin = copy(flag)
    twin.hidden = True
    return twin


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _command(
    name: str, run: Callable[[Request, Screen], int], uses: Collection[Flag], help_text: str, *, names: str = ""
) -> Command:
    """`names` is how the help calls the names that the command takes; empty when it takes none."""

    def callback(**_: object) -> int:
        ctx = click.get_current_context()
        return run(Request.of(ctx), ctx.find_object(Screen) or Screen.of_process({}))

    arguments = [click.Argument(["names"], nargs=-1, metavar=f"[{names}]...")] if names else []
    flags = [*uses, *(_hidden(flag) for flag in GLOBAL if flag not in uses)]
    short, _, _ = help_text.partition("\n")
    return Command(
        name,
        callback=callback,
        params=[*arguments, *flags],
        help=help_text,
        short_help=short.rstrip("."),
        options_metavar="[FLAGS]",
        context_settings=_CONTEXT,
    )


_ANSWER = (OUTPUT, QUIET, NO_COLOR)
_LOADING = [flag for flag in SETTING_FLAGS if flag.name in ("validate", "log_format", "log_level")]
_READING = [
    flag for flag in SETTING_FLAGS if flag.name in ("store_auth", "provider_timeout", "readers", "controller_class")
]
_CHECKING = (FILENAME, NAMESPACE, TO, KUBECONFIG, CONTEXT, *_ANSWER, CONFIG_FILE, *_READING, *_LOADING)
_OF_RUN = ("listen", "tls_cert", "tls_key", "token_file", "passes")
_PASS_FLAGS = [flag for flag in SETTING_FLAGS if flag.name not in _OF_RUN]
_SYNCING = (FILENAME, NAMESPACE, SELECTOR, TO, KUBECONFIG, CONTEXT, *_ANSWER, CONFIG_FILE, *_PASS_FLAGS)
_PLANNING = [flag for flag in _SYNCING if flag.name != "metrics_file"]
_OF_WRITES = ("selector", "prune", "allow_mass_change", "guard_count", "guard_share", "writers")
_EXPLAINING = [flag for flag in _PLANNING if flag.name not in _OF_WRITES]
_RUN_FLAGS = [flag for flag in SETTING_FLAGS if flag.name not in ("metrics_file", "allow_mass_change")]
_RUNNING = (FILENAME, NAMESPACE, TO, KUBECONFIG, CONTEXT, CONFIG_FILE, *_RUN_FLAGS)
_RENDERING = (
    FILENAME,
    NAMESPACE,
    SELECTOR,
    TO,
    KUBECONFIG,
    CONTEXT,
    REVEAL,
    *_ANSWER,
    CONFIG_FILE,
    *(flag for flag in SETTING_FLAGS if flag.name == "allow_configmaps"),
    *_READING,
    *_LOADING,
)

_VALIDATE = """Check manifests.

Loads them as plan and sync do and reports everything that is wrong. Needs no network, no cluster and no store.

\b
  syncd validate -f secrets/
  helm template . | syncd validate -f -
"""
_PLAN = """Show what a sync would do.

Reads the stores and the target, writes nothing, and prints which Secrets would change, by the names of their keys,
and which workloads would restart. NAME selects ExternalSecrets: `shop/stripe`, or `stripe` in the namespace of -n.

\b
  syncd plan -f secrets/
  kubectl get externalsecrets,secretstores,clustersecretstores -A -o yaml | syncd plan -f -

Exit code: 0 no changes, 1 error, 2 changes, 3 refused by the guard.
"""
_SYNC = """Write what plan shows, once, and restart what uses it.

A declaration that fails stops no other. Ctrl-C finishes the writes under way, begins no others, and says what was
done; the next sync goes on from there. NAME selects ExternalSecrets: `shop/stripe`, or `stripe` in the namespace
of -n.

\b
  syncd sync -f secrets/ shop/stripe
  syncd sync -f secrets/ --to out/

Exit code: 0 all in step, 1 error, 3 refused by the guard.
"""
_CHECK = """Log in to the stores and read a little.

Shows as whom each store takes us, how long it took, and which right is missing. STORE is `vault` in the namespace of
-n, `shop/vault`, `SecretStore/shop/vault` or `ClusterSecretStore/vault`; without one, all stores are checked. What the
files do not hold of their credentials is read in the cluster, or in the folder of --to.

\b
  syncd check -f secrets/
  syncd check -f secrets/ shop/vault --store-auth ambient

Exit code: 0 all can be read, 1 one cannot.
"""
_RENDER = """Show the Secrets that are asked for.

Reads the stores and prints manifests as they would be written, with values masked. The target is not compared with;
of it only Secrets and ConfigMaps that stores and templates refer to are read, and without a kubeconfig those come from
the files alone. NAME selects ExternalSecrets: `shop/stripe`, or `stripe` in the namespace of -n.

\b
  syncd render -f secrets/
  syncd render -f secrets/ shop/stripe --reveal -o json

Exit code: 0 all rendered, 1 error.
"""
_RUN = """Sync on and on: by schedule, when manifests change, and when somebody else changes a Secret.

Manifests are read again when they change and on SIGHUP; of a file that no longer loads the last good version stays
in force. What fails is tried again, later each time. SIGTERM ends it within five seconds, with nothing half-written.

\b
  syncd run -f secrets/
  syncd run -f /etc/syncd --listen :9753 --log-format json

Exit code: 0 stopped by a signal, 1 it could not begin.
"""
_EXPLAIN = """Say where keys come from, who uses them, and why.

Of an ExternalSecret: each key with its store, remote key and version; each workload that uses the Secret, by which
reference, and why it is restarted or is not. Of a workload: the same for each Secret that it uses. Writes nothing.
NAME is `shop/stripe`, `deployment/web` in the namespace of -n, or `shop/deployment/web`.

\b
  syncd explain -f secrets/ shop/stripe
  syncd explain -f secrets/ deployment/web -n shop

Exit code: 0 explained, 1 something could not be found out.
"""
_APP = """Keep Kubernetes Secrets equal to what Vault, AWS or GCP hold, and restart what uses them.

Declarations are ExternalSecrets and SecretStores in files, as External Secrets Operator knows them. Secrets go to the
cluster of your kubeconfig, or into a folder with --to.
"""


app = click.Group(
    "syncd",
    help=_APP,
    subcommand_metavar="COMMAND [FLAGS]",
    options_metavar="",
    context_settings=_CONTEXT,
    no_args_is_help=True,
    epilog="`syncd COMMAND --help` shows the flags of a command; they may stand before it too.",
    params=[
        *(_hidden(flag) for flag in (*GLOBAL, *SETTING_FLAGS)),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Show the version and exit.",
            callback=lambda ctx, _, value: _print_version(ctx) if value else None,
        ),
    ],
    commands=[
        _command("validate", _validate, (FILENAME, NAMESPACE, *_ANSWER, CONFIG_FILE, *_LOADING), _VALIDATE),
        _command("render", _render, _RENDERING, _RENDER, names="NAME"),
        _command("plan", _plan, _PLANNING, _PLAN, names="NAME"),
        _command("sync", _sync, _SYNCING, _SYNC, names="NAME"),
        _command("run", _run, _RUNNING, _RUN),
        _command("check", _check, _CHECKING, _CHECK, names="STORE"),
        _command("explain", _explain, _EXPLAINING, _EXPLAIN, names="NAME"),
        _command("version", _version, (OUTPUT,), "Show the version.\n"),
    ],
)


def _print_version(ctx: click.Context) -> None:
    click.echo(f"syncd {__version__}")
    ctx.exit()
