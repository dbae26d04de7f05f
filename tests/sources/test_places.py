"""The place of an error of a template in the file that it stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.model import TemplatePlace
from syncd.sources.places import Places, Steps

DATA = ("spec", "target", "template", "data")
FROM = ("spec", "target", "template", "templateFrom", 0)
MANIFEST = """\
kind: ConfigMap
---
kind: ExternalSecret
spec:
  dataFrom:
    - rewrite:
        - transform:
            template: |
              {{ .value |
                bad }}
  target:
    template:
      data:
        block: | # kept as it is

          a={{ .a }}
            b={{ .x }}
        quoted: "a={{ .a }}\\nb={{ .x }}"
        folded: >-
          a={{ .a }}
          b={{ .x }}
        a.b[0]: &text |-
          {{ .x }}
        alias: *text
      templateFrom:
        - literal: |
            a={{ .x }}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "shop.yaml"
    made.write_text(MANIFEST)
    return made


@pytest.mark.parametrize(
    ("path", "name", "line", "expected"),
    [
        ((*DATA, "block"), "block", 3, "17:18"),
        ((*DATA, "quoted"), "quoted", 2, "18"),
        ((*DATA, "folded"), "folded", 1, "19"),
        ((*DATA, "a.b[0]"), "a.b[0]", 1, "23:18"),
        ((*DATA, "alias"), "alias", 1, "24"),
        (FROM, "literal", 1, "27:20"),
        (FROM, "ConfigMap shop/app, key t", 1, "26"),
        (("spec", "dataFrom", 0, "rewrite", 0), "transform", 2, "10:22"),
        ((*DATA, "gone"), "gone", 1, "13"),
    ],
)
def test_a_block_tells_line_and_column_and_other_texts_the_line(
    file: Path, path: Steps, name: str, line: int, expected: str
) -> None:
    """In blocks the lines of the template are those of the file."""
    assert f"{file}:{expected}" == Places().of(f"{file}:3", TemplatePlace(path, name, line, 8))


def test_lines_end_as_in_the_rest_of_the_file(file: Path) -> None:
    """With carriage returns, say."""
    file.write_bytes(MANIFEST.replace("\n", "\r\n").encode())
    assert f"{file}:17:18" == Places().of(f"{file}:3", TemplatePlace((*DATA, "block"), "block", 3, 8))


def test_objects_of_lists_are_found(tmp_path: Path) -> None:
    """Their lines are those of their first fields."""
    file = tmp_path / "list.json"
    file.write_text('{"kind": "List", "items": [\n{"spec":\n{"target": {"template": {"data":\n{"k": "{{ .x }}"}}}}}]}')
    assert f"{file}:4" == Places().of(f"{file}:2", TemplatePlace((*DATA, "k"), "k", 1, 8))


@pytest.mark.parametrize("location", ["stdin:3", "gone.yaml:3", "shop/stripe", ""])
def test_what_cannot_be_read_again_keeps_its_location(location: str) -> None:
    """Stdin, files that are gone, and custom resources."""
    assert location == Places().of(location, TemplatePlace((*DATA, "k"), "k", 1, 8))


@pytest.mark.parametrize("line", [2, 999])
def test_a_file_that_has_changed_keeps_its_location(file: Path, line: int) -> None:
    """No object begins there any more."""
    location = f"{file}:{line}"
    assert location == Places().of(location, TemplatePlace((*DATA, "block"), "block", 1, 8))


def test_other_errors_keep_their_location(file: Path) -> None:
    """The path of the field says enough."""
    assert f"{file}:3" == Places().of(f"{file}:3", None)


def test_a_file_is_read_once_for_a_report(file: Path) -> None:
    """The next report reads it again."""
    places, place = Places(), TemplatePlace((*DATA, "block"), "block", 3, 8)
    expected = places.of(f"{file}:3", place)
    file.unlink()
    assert (expected, f"{file}:3") == (places.of(f"{file}:3", place), Places().of(f"{file}:3", place))
