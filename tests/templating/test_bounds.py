"""No template runs for long: what it does is counted, and the count is bounded."""

from __future__ import annotations

import pytest

from syncd.templating import Engine, Limits, Meter, Template, TemplateError
from tests.templating.rendering import failure


@pytest.mark.parametrize(
    "text",
    [
        "{{ range 1000000000 }}x{{ end }}",
        "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
        '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
        '{{ repeat 1000000000 "x" }}',
        '{{ $x := "x" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}',
        "{{ $x := list 1 }}{{ range 64 }}{{ $x = concat $x $x }}{{ end }}",
        "{{ $x := list }}{{ range 100000 }}{{ $x = append $x 1 }}{{ end }}",
        "{{ $d := dict }}{{ range $i, $_ := until 100000 }}{{ $d = merge (dict (print $i) 1) $d }}{{ end }}",
        "{{ until 1000000000 }}",
        "{{ seq 1000000000 }}",
        '{{ printf "%1000000d%1000000d" 1 1 }}',
        '{{ indent 1000000000 "x" }}',
        '{{ $s := repeat 100000 "ab" }}{{ range 100000 }}{{ $_ := regexReplaceAll "(a|b)*" $s "x" }}{{ end }}',
        '{{ regexMatch (repeat 20000 "(a|b)*") "a" }}',
        '{{ regexFind (repeat 200 "(x*)*") (repeat 1000000 "x") }}',
        '{{ $s := repeat 100000 "ab" }}{{ range 100000 }}{{ $_ := sha512sum $s }}{{ end }}',
        "{{ $l := until 2000 }}{{ range 100000 }}{{ $_ := uniq $l }}{{ end }}",
        '{{ $x := dict }}{{ range 100000 }}{{ $x = dict "a" $x }}{{ end }}{{ toJson $x }}{{ range 1000000 }}{{ end }}',
        "{{ range 100000 }}{{ $_ := bcrypt `x` }}{{ end }}",
        "{{ range 100000 }}{{ $_ := genPrivateKey `rsa` }}{{ end }}",
        '{{ range 1000 }}{{ $_ := derivePassword 1 "long" "a" "b" "c" }}{{ end }}',
    ],
)
def test_hostile_templates_reach_a_limit(text: str) -> None:
    """Loops, recursion, doubling, and functions that are slow."""
    assert "limit" == failure(text).kind


def test_renderings_can_share_their_steps() -> None:
    """A template for each of many keys is bounded as a whole."""
    template, meter = Template("{{ range 10 }}{{ end }}", name="key"), Meter(Limits(steps=100))
    assert b"" == template.render({}, meter=meter)
    meter.spend(meter.left)
    with pytest.raises(TemplateError, match="too many steps"):
        template.render({}, meter=meter)


@pytest.mark.parametrize("text", ["{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "{{ 1 }}" * 60_000, "x" * 2_100_000])
def test_hostile_texts_are_not_read(text: str) -> None:
    """Nesting, words and length have bounds of their own."""
    assert "limit" == failure(text).kind


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("{{ .a }}{{ .a }}", Limits(output=7)),
        ("{{ range 11 }}{{ end }}", Limits(steps=10)),
        ('{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}', Limits(depth=1)),
        ("{{ upper .a }}", Limits(value=3)),
    ],
)
def test_limits_are_given_by_the_engine(text: str, limits: Limits) -> None:
    """Output, steps, depth and the size of any value."""
    small = Engine(limits=limits)
    message = str(_failure_in(text, small))
    assert "template `key`" in message
    assert "is stopped" in message or "`upper`" in message


def _failure_in(text: str, engine: Engine) -> Exception:
    with pytest.raises(Exception, match="template `key`") as caught:
        Template(text, name="key").render({"a": "text"}, engine=engine)
    return caught.value


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("{{ range %d }}{{ .  }}{{ end }}", 10),
        ("{{ $x := `` }}{{ range %d }}{{ $x = print $x `a` }}{{ end }}", 10),
    ],
)
def test_work_grows_with_the_text_alone(one: str, many: int) -> None:
    """A thousand turns fit, as any honest template does."""
    assert Template(one % (100 * many)).render({}) is not None
