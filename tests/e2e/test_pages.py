"""Pages are read as people read them."""

from __future__ import annotations

import pytest

from tests.e2e.pages import Command, File, steps

PAGE = """\
Words.

```yaml
# shop/store.yaml
kind: SecretStore
```

```yaml
kind: Example
```

```console
$ first
one   …
…
two
$ second
```
"""
FILE = File("shop/store.yaml", "# shop/store.yaml\nkind: SecretStore\n")


def test_files_and_commands() -> None:
    """In their order, with the lines on which commands stand; blocks without a name are no files."""
    assert [FILE, Command(13, "first", ("one   …", "two")), Command(17, "second")] == [*steps(PAGE)]


@pytest.mark.parametrize(
    ("output", "missing"),
    [
        ("one 1\nbetween\ntwo\n", []),
        ("  one\t1\n two \n", []),
        ("two\none 1\n", ["two"]),
        ("one 1\ntwo and more\n", ["two"]),
        ("", ["one   …", "two"]),
    ],
)
def test_what_is_missing(output: str, missing: list[str]) -> None:
    """Lines are looked for in their order; white space does not count."""
    assert missing == Command(13, "first", ("one   …", "two")).missing_in(output)
