"""Lines of fields are found through aliases and merge keys."""

from __future__ import annotations

import pytest

from syncd.manifests.positions import locate

TEXT = """\
base: &base
  a: 1
  list:
  - x: 1
one:
  <<: *base
  b: 2
two: *base
three:
  <<: [*base, {c: 1}]
&key named: 1
plain: text
*key : 2
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 0),
        (("base", "list", 0, "x"), 3),
        (("one", "a"), 1),
        (("one", "b"), 6),
        (("two",), 7),
        (("two", "a"), 1),
        (("three", "list", 0), 3),
        (("three", "c"), 9),
        (("named",), 10),
        (("plain", "deeper"), 11),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int) -> None:
    """What comes from elsewhere has the line where it is written."""
    (lines,) = locate(TEXT)
    assert line == lines.find(path)


def test_several_documents() -> None:
    """Each document of a text has its own lines, a mere scalar too."""
    assert [0, 2, 4] == [lines.line for lines in locate("a: 1\n---\ntext\n---\n- 1\n")]
