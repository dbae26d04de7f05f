"""The answer of a command, in the form that was asked for."""

from __future__ import annotations

import json
from typing import Any

from syncd.cli.flags import Output
from syncd.cli.request import Request
from syncd.cli.screen import Screen

VERSION = 1
"""Of the documents' form; it grows when a field goes or means something else, not when one comes."""
Document = dict[str, Any]


def answer(request: Request, screen: Screen, text: str, document: Document) -> None:
    """Writes the one or the other. `--quiet` silences the text only: a document was asked for."""
    if request.output is not Output.TEXT:
        screen.out.write(dump({"version": VERSION, **document}, request.output))
    elif not request.quiet:
        screen.out.write(text)


def dump(document: Document, output: Output) -> str:
    """The document as text, with its last newline."""
    if output is Output.YAML:
        import yaml  # late: only this form needs it

        text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=1000)
        return text
    return json.dumps(document, indent=2) + "\n"
