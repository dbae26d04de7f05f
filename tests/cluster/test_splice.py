"""Edits of YAML leave every other byte where it was."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from syncd.cluster.splice import Change, Uneditable, apply_changes
from syncd.cluster.yamldoc import compose, construct, split

NOTE = Change(("metadata", "annotations", "syncd.dev/running"), '{"a": "it\'s"}')
TRIGGER = Change(("spec", "template", "metadata", "annotations", "syncd.dev/restarted"), "now")


HEAD = "metadata:\n  annotations:"
NEW = "annotations:\n    k: 'v'\n"


def edited(text: str, *changes: Change) -> str:
    return apply_changes(dedent(text), 0, None, changes)


def expect(before: str, after: str, *changes: Change) -> None:
    assert dedent(after) == edited(before, *changes)


def test_entry_is_put_after_the_last_one() -> None:
    """With the indentation, and before comments that follow."""
    expect(
        """\
        metadata:
            name: web   # the name
            annotations:
                # why
                one: "1"   # because
                two: |
                    text

            # the labels
            labels: {a: b}
        """,
        """\
        metadata:
            name: web   # the name
            annotations:
                # why
                one: "1"   # because
                two: |
                    text
                syncd.dev/running: '{"a": "it''s"}'

            # the labels
            labels: {a: b}
        """,
        NOTE,
    )


def test_missing_mappings_are_made() -> None:
    """By the document's own indentation."""
    expect(
        """\
        metadata:
           name: web
           labels:
              app: web # last

        # the rest
        spec:
           template:
              spec: {}
        """,
        """\
        metadata:
           name: web
           labels:
              app: web # last
           annotations:
              syncd.dev/running: '{"a": "it''s"}'

        # the rest
        spec:
           template:
              spec: {}
              metadata:
                 annotations:
                    syncd.dev/restarted: 'now'
        """,
        NOTE,
        TRIGGER,
    )


@pytest.mark.parametrize("nothing", ["", " null", " ~", "   # comment", " null # comment"])
def test_mapping_that_is_nothing_is_filled(nothing: str) -> None:
    """`annotations:` without a value is common."""
    text = f"metadata:\n  annotations:{nothing}\n  name: web\n"
    comment = nothing[nothing.find("#") :] if "#" in nothing else ""
    result = apply_changes(text, 0, None, [NOTE])
    assert ["metadata:", "  annotations:", "    syncd.dev/running: '{\"a\": \"it''s\"}'", "  name: web"] == [
        line.removesuffix(comment).rstrip() for line in result.splitlines()
    ]
    assert result.count("#") == nothing.count("#")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("metadata: {annotations: {}}\n", 'metadata: {annotations: {"k": "v"}}\n'),
        ("metadata: {annotations: {a: b}}\n", 'metadata: {annotations: {"k": "v", a: b}}\n'),
        ("metadata: {name: x}\n", 'metadata: {"annotations": {"k": "v"}, name: x}\n'),
        ("metadata: {annotations: , name: x}\n", 'metadata: {annotations: {"k": "v"} , name: x}\n'),
        ("metadata: {annotations: {k: old}}\n", 'metadata: {annotations: {k: "v"}}\n'),
        ('{"metadata": {"annotations": null}}', '{"metadata": {"annotations": {"k": "v"}}}'),
        ('{\n\t"metadata": {\n\t\t"a": 1}}', '{\n\t"metadata": {\n\t\t"annotations": {"k": "v"},\n\t\t"a": 1}}'),
        (f"{HEAD} {{}}  # none\n", f'{HEAD} {{"k": "v"}}  # none\n'),
        (f"{HEAD}\n    k: old # c\n", f"{HEAD}\n    k: 'v' # c\n"),
        (f'{HEAD}\n    k: "old"\n', f'{HEAD}\n    k: "v"\n'),
        (f"{HEAD}\n    k:\n    a: b\n", f"{HEAD}\n    k: 'v'\n    a: b\n"),
        (f"{HEAD}\n    k: >-\n      old\n      text\n    a: b\n", f"{HEAD}\n    k: 'v'\n    a: b\n"),
        (f"{HEAD}\n    k: old\n      text\n    a: b", f"{HEAD}\n    k: 'v'\n    a: b"),
        (f"{HEAD}\n    a: b", f"{HEAD}\n    a: b\n    k: 'v'"),
        (f"{HEAD}\n    a: b\n".replace("\n", "\r\n"), f"{HEAD}\n    a: b\n    k: 'v'\n".replace("\n", "\r\n")),
        (f"{HEAD}\n    a: |+\n      x\n\n\nspec: 1\n", f"{HEAD}\n    k: 'v'\n    a: |+\n      x\n\n\nspec: 1\n"),
        ("metadata:\n  a: &l {a: b}\n  b: *l\n", f"metadata:\n  a: &l {{a: b}}\n  {NEW}  b: *l\n"),
        (f"{HEAD} {{k: v}}\n", f"{HEAD} {{k: v}}\n"),
        (f"--- # first\n{HEAD} {{a: ünï}}\n", f'--- # first\n{HEAD} {{"k": "v", a: ünï}}\n'),
    ],
)  # fmt: skip
def test_styles(before: str, after: str) -> None:
    """Block, flow, JSON, quotes, comments, line breaks of either kind, no break at the end."""
    change = Change(("metadata", "annotations", "k"), "v")
    assert after == apply_changes(before, 0, None, [change])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD}\n    a: b\n    k: v # c\n    c: d\n", f"{HEAD}\n    a: b\n    c: d\n"),
        (f"{HEAD}\n    k: |\n      v\n    c: d\n", f"{HEAD}\n    c: d\n"),
        (f"{HEAD}\n    k: v\n  name: x\n", f"{HEAD}\n  name: x\n"),
        ("metadata: {annotations: {a: b, k: v, c: d}}\n", "metadata: {annotations: {a: b, c: d}}\n"),
        ("metadata: {annotations: {a: b, k: v}}\n", "metadata: {annotations: {a: b}}\n"),
        ("metadata: {annotations: {k: v}}\n", "metadata: {annotations: {}}\n"),
        ("metadata: {name: x}\n", "metadata: {name: x}\n"),
    ],
)  # fmt: skip
def test_removal(before: str, after: str) -> None:
    """Of what stands there, and of nothing."""
    assert after == apply_changes(before, 0, None, [Change(("metadata", "annotations", "k"), None)])


@pytest.mark.parametrize(
    "text",
    [
        "x: &a {one: '1'}\nmetadata:\n  annotations: *a\n",
        "metadata:\n  annotations: &a\n    one: '1'\nspec:\n  template:\n    metadata:\n      annotations: *a\n",
        "x: &m {annotations: {one: '1'}}\nmetadata:\n  <<: *m\n",
        "metadata:\n- a list\n",
        "metadata: text\n",
    ],
)
def test_mappings_that_are_shared_or_none_are_not_edited(text: str) -> None:
    """A change of one would be a change of the other, and of a template that is a rollout."""
    with pytest.raises(Uneditable):
        edited(text, NOTE)


def test_one_object_of_a_list() -> None:
    """The others stay."""
    text = "kind: List\nitems:\n- metadata:\n    name: a\n- metadata:\n    name: b\n  spec: 1\n"
    expected = text.replace("name: b\n", "name: b\n    annotations:\n      k: 'v'\n")
    assert expected == apply_changes(text, 0, 1, [Change(("metadata", "annotations", "k"), "v")])


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
KEY = st.text("abcXYZ.-/_0", min_size=1, max_size=8)
SCALAR = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
TREE = st.recursive(
    SCALAR, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEY, inner, max_size=3))
)
ANNOTATIONS = st.one_of(st.none(), st.dictionaries(KEY, TEXT, max_size=3))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A workload-like document, dumped in some style, with comments and blank lines strewn in."""
    metadata = {"name": "web", **draw(st.dictionaries(KEY, TREE, max_size=2))}
    template: dict[str, Any] = {"spec": draw(TREE)}
    document = {"kind": "Deployment", "metadata": metadata, "spec": {"template": template, "more": draw(TREE)}}
    if draw(st.booleans()):
        metadata["annotations"] = draw(ANNOTATIONS)
    if draw(st.booleans()):
        template["metadata"] = draw(st.one_of(st.none(), st.fixed_dictionaries({"annotations": ANNOTATIONS})))
    if draw(st.integers(0, 5)) == 0:
        return json.dumps(document, indent=draw(st.sampled_from([None, 2, "\t"])), ensure_ascii=False)
    style = draw(st.sampled_from([False, None]))
    text = str(
        yaml.safe_dump(
            document, default_flow_style=style, indent=draw(st.integers(2, 5)), sort_keys=draw(st.booleans())
        )
    )
    if draw(st.booleans()):
        text = text.replace("\nspec:", "\n\n# about the spec\nspec:")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@given(documents(), st.lists(documents(), max_size=2), st.integers(0, 2), TEXT, TEXT)
def test_only_the_entries_change(text: str, others: list[str], at: int, note: str, trigger: str) -> None:
    """Whatever the document: it says the same with the two entries, and of its file all else is the same bytes."""
    parts = [*others[:at], text, *others[at:]]
    file = "---\n".join(part.rstrip("\r\n") + "\n" for part in parts)
    chunks = [chunk.text for chunk in split(file)]
    number = min(at, len(others))
    assert file == "".join(chunks)
    changes = [Change(NOTE.path, note), Change(TRIGGER.path, trigger)]
    after = apply_changes(chunks[number], 0, None, changes)
    wanted = construct(compose(chunks[number])[0])
    put(wanted, NOTE.path, note)
    put(wanted, TRIGGER.path, trigger)
    assert [wanted] == [construct(node) for node in compose(after)]
    assert kept(chunks[number], after)


def put(target: Any, path: tuple[str, ...], value: str) -> None:
    for key in path[:-1]:
        target[key] = target.get(key) or {}
        target = target[key]
    target[path[-1]] = value


def kept(before: str, after: str) -> bool:
    """Whether all characters of the one stand in the other, in order, but for the words for nothing."""
    rest = iter(after)
    return all(character in rest for character in before.replace("null", "").replace("{}", "") if character.strip())
