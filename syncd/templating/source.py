"""The text of a template, and errors that point into it."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.errors import TemplateError
from syncd.templating.excerpt import excerpt


@dataclass(frozen=True, slots=True)
class Source:
    """A template's name, its text, and what its actions stand between."""

    name: str
    text: str
    delimiters: tuple[str, str] = ("{{", "}}")

    def error(self, kind: str, message: str, at: int, *, hint: str = "") -> TemplateError:
        """A TemplateError that says where, and shows the line masked; `message` holds no value."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        shown = excerpt(self.text, at, self.delimiters) if at or kind != "limit" else ""
        message += f", in `{shown}`" if shown else ""
        where = f"template `{self.name}`" if self.name else "template"
        return TemplateError(
            f"{where}, line {line}, column {column}: {message}",
            kind=kind, name=self.name, line=line, column=column, hint=hint,
        )  # fmt: skip
