"""Go's `path` package: slash-separated paths as text."""

from __future__ import annotations

from syncd.templating.calls import SLOW, function


@function("clean", "osClean", pace=SLOW)
def clean(path: bytes) -> bytes:
    """The shortest path that means the same."""
    rooted = path.startswith(b"/")
    kept: list[bytes] = []
    for part in path.split(b"/"):
        if part in (b"", b"."):
            continue
        if part != b"..":
            kept.append(part)
        elif kept and kept[-1] != b"..":
            kept.pop()
        elif not rooted:
            kept.append(part)
    return (b"/" if rooted else b"") + b"/".join(kept) or b"."


@function("base", "osBase")
def base(path: bytes) -> bytes:
    stripped = path.rstrip(b"/")
    if not stripped:
        return b"/" if path else b"."
    return stripped.rpartition(b"/")[2]


@function("dir", "osDir", pace=SLOW)
def directory(path: bytes) -> bytes:
    return clean(path[: path.rfind(b"/") + 1])


@function("ext", "osExt")
def extension(path: bytes) -> bytes:
    name = path.rpartition(b"/")[2]
    dot = name.rfind(b".")
    return name[dot:] if dot >= 0 else b""


@function("isAbs", "osIsAbs")
def is_absolute(path: bytes) -> bool:
    return path.startswith(b"/")
