"""A sync of 2,000 ExternalSecrets of mixed shapes, each with a `fake` store of its own, from a folder into a folder.

The first run creates all Secrets, the second finds nothing to do. One declaration in a hundred cannot be rendered,
which must stop no other. Both runs are the command that people type, with the time that Python needs to start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.reconcile.mixed import manifests

COUNT = int(os.environ.get("COUNT", "2000"))
LIMIT = 20.0
"""Seconds for the first run of 2,000."""
SYNCD = Path(sys.executable).parent / "syncd"


def write(folder: Path, count: int = COUNT) -> None:
    for number in range(count):
        (folder / f"{number:04}.yaml").write_text(yaml.dump_all(manifests(number), Dumper=yaml.CSafeDumper))


def sync(folder: Path, out: Path) -> tuple[float, Mapping[str, int], int]:
    """Seconds, the summary of the report, and how many declarations could not be rendered."""
    command: list[str | Path] = [SYNCD, "sync", "-f", folder, "--to", out, "--adopt", "-o", "json"]
    start = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    report = json.loads(ran.stdout)
    return seconds, report["summary"], len(report["unknowns"])


def main() -> None:
    with tempfile.TemporaryDirectory() as root:
        folder, out = Path(root, "manifests"), Path(root, "out")
        folder.mkdir()
        out.mkdir()
        write(folder)
        for run in ("first", "unchanged"):
            seconds, summary, unknown = sync(folder, out)
            written = len(list(out.rglob("secrets/shop/*.yaml")))
            done = {name: number for name, number in summary.items() if number}
            sys.stdout.write(f"{run:10} {seconds:6.1f} s   {written} Secrets, {unknown} broken   {done}\n")
            assert written + unknown == COUNT
            assert run == "unchanged" or seconds < LIMIT * max(1, COUNT / 2000)


if __name__ == "__main__":
    main()
