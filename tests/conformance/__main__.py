"""`python -m tests.conformance [--score] FILE.jsonl…`: answers vectors, a JSON line each, or says how many agree."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conformance.answers import Case, answer
from tests.conformance.score import enough, score

_SHOWN = 5
_SURROGATE = re.compile("[\ud800-\udfff]")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--score", action="store_true", help="compare with what is expected; exit with 1 below 100 %%")
    options = parser.parse_args(arguments)
    for file in options.files:
        if not file.is_file():
            parser.error(f"there is no file `{file}`")
    cases = (case for file in options.files for case in read(file))
    if options.score:
        return _print_score(cases)
    for case in cases:
        print(json.dumps(answer(case)), flush=True)
    return 0


def read(file: Path) -> Iterator[Case]:
    """The vectors of a file; a line that is none gives a case that says where it is."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _case(line, f"{file.name}:{number}")


def _case(line: bytes, where: str) -> Case:
    """One line, in which surrogates without a partner are U+FFFD, as Go reads them."""
    try:
        case = json.loads(line.decode("utf-8-sig", "replace"))
        if _SURROGATE.search(text := json.dumps(case, ensure_ascii=False)):
            case = json.loads(_SURROGATE.sub("\ufffd", text))
    except (ValueError, RecursionError):
        case = None
    return case if isinstance(case, dict) else {"id": where, "kind": "", "unreadable": True}


def _print_score(cases: Iterator[Case]) -> int:
    complete = True
    for kind, of_kind in score((case, answer(case)) for case in cases).items():
        shown = ", ".join(of_kind.wrong[:_SHOWN]) + (", …" if len(of_kind.wrong) > _SHOWN else "")
        line = f"{kind:24}{of_kind.agreed:6} of {of_kind.total:5}  {of_kind.agreed / of_kind.total:7.2%}  {shown}"
        sys.stdout.write(line.rstrip() + "\n")
        complete = complete and enough(kind, of_kind)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
