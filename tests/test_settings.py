"""The settings table."""

from __future__ import annotations

from dataclasses import fields

import pytest

from syncd.settings import DEFAULTS, SETTINGS, Setting, Settings


def test_names_follow_one_rule() -> None:
    """Flag, variable and key of a setting are made of its name."""
    one = next(setting for setting in SETTINGS if setting.name == "provider-timeout")
    assert ("--provider-timeout", "SYNCD_PROVIDER_TIMEOUT") == (one.flag, one.variable)


def test_the_table_and_the_values_have_the_same_names() -> None:
    """In the same order."""
    assert [setting.attribute for setting in SETTINGS] == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_defaults_have_the_type_of_their_field(setting: Setting) -> None:
    """The table holds what mypy believes."""
    annotation = next(str(field.type) for field in fields(Settings) if field.name == setting.attribute)
    assert type(setting.default).__name__ == annotation.partition("[")[0]


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.type.show(one.default)], ids=lambda one: one.name)
def test_every_default_is_valid_as_text(setting: Setting) -> None:
    """What the docs and the example file show for a default is read as that default."""
    assert setting.default == setting.type.parse(setting.type.show(setting.default))


def test_defaults_are_those_of_the_table() -> None:
    """Nobody writes a default twice."""
    assert [setting.default for setting in SETTINGS] == [getattr(DEFAULTS, one.attribute) for one in SETTINGS]
