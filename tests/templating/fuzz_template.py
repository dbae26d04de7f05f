"""A target for atheris: whatever the text, a template gives bytes or raises `TemplateError`.

`python -m tests.templating.fuzz_template CORPUS -max_total_time=600`, where atheris is installed beside the project.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable
from typing import Any, Final

from syncd.errors import TemplateError

_DATA: Final[dict[str, bytes | str]] = {
    "a": "text", "n": "42", "json": '{"k": [1, 2.5, null, {"x": true}]}', "raw": b"\xff\x00\xc3", "empty": "",
}  # fmt: skip


def target(templating: Any) -> Callable[[bytes], None]:
    """A function that renders a text, and raises whatever is not a TemplateError."""
    limits = templating.Limits(output=65_536, value=65_536, steps=20_000, depth=1_000)
    engine = templating.Engine(limits=limits)

    def render(raw: bytes) -> None:
        with contextlib.suppress(TemplateError):
            templating.Template(raw.decode("utf-8", "surrogateescape"), name="fuzz").render(_DATA, engine=engine)

    return render


def main(arguments: list[str]) -> None:
    """Fuzzes until a limit among the arguments is reached, or an exception that is none of ours."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("This fuzzes templates with atheris, which is not here.\nhint: `pip install atheris`")
    with atheris.instrument_imports(include=["syncd.templating"]):
        templating = importlib.import_module("syncd.templating")
    atheris.Setup([sys.argv[0], *arguments], target(templating))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
