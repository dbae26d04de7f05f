"""The grammar of what stands inside an action: pipelines, commands, operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from syncd.templating import literals
from syncd.templating.golang.quoting import LiteralError, unquote
from syncd.templating.lexer import Kind, Token
from syncd.templating.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Numeral,
    Operand,
    Pipe,
    String,
    Variable,
)

MAX_NESTING: Final = 100
"""Parentheses inside parentheses; deeper ones would outgrow Python's stack."""

_BEGINS: Final = frozenset((
    Kind.BOOL, Kind.CHAR_CONSTANT, Kind.COMPLEX, Kind.DOT, Kind.FIELD, Kind.IDENTIFIER, Kind.NUMBER, Kind.NIL,
    Kind.STRING, Kind.VARIABLE, Kind.LEFT_PAREN,
))  # fmt: skip
_STOPS: Final = frozenset((Kind.END, Kind.RIGHT_PAREN))
_UNNAMED: Final = {
    Kind.END: "the end of the action",
    Kind.STRING: "a string",
    Kind.CHAR_CONSTANT: "a character",
    Kind.NUMBER: "a number",
}


class ParseError(ValueError):
    """A template that does not parse; `at` is where, `limit` whether only a bound of ours forbids it."""

    def __init__(self, message: str, at: int, *, hint: str = "", limit: bool = False) -> None:
        super().__init__(message)
        self.at = at
        self.hint = hint
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Functions:
    """What a template may call: whether a name is one, and a hint for a name that is none."""

    known: Callable[[str], bool]
    hint: Callable[[str], str]


class Scope:
    """The variables that may be named at a point of a definition."""

    def __init__(self) -> None:
        self._names = ["$"]
        self._counts = {"$": 1}

    def __contains__(self, name: str) -> bool:
        return self._counts.get(name, 0) > 0

    def __len__(self) -> int:
        return len(self._names)

    def declare(self, name: str) -> None:
        self._names.append(name)
        self._counts[name] = self._counts.get(name, 0) + 1

    def shrink(self, length: int) -> None:
        """Forgets what was declared since there were `length` of them."""
        for name in self._names[length:]:
            self._counts[name] -= 1
        del self._names[length:]


class Grammar:
    """Reads the tokens of one action after the other; `scope` is that of the definition they stand in."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.scope = Scope()
        self.tokens: list[Token] = []
        self.position = 0
        self.depth = 0

    def start(self, tokens: list[Token], scope: Scope) -> None:
        self.tokens, self.position, self.scope = tokens, 0, scope

    def pipeline(self, context: str, end: Kind) -> Pipe:
        pipe = Pipe(self.peek().at)
        self._declarations(pipe, context)
        while (token := self.peek()).kind is not end:
            if token.kind not in _BEGINS:
                self.unexpected(token, context)
            pipe.commands.append(self._command())
        self.next()
        if not pipe.commands:
            raise ParseError(f"{context} needs a value", pipe.at)
        for command in pipe.commands[1:]:
            if isinstance(command.args[0], (Bool, Dot, Nil, Numeral, String)):
                raise ParseError("what follows `|` must be a function, not a value", command.at)
        return pipe

    def _declarations(self, pipe: Pipe, context: str) -> None:
        """`$x :=`, `$x =`, and in a range `$i, $x :=`."""
        while (token := self.peek()).kind is Kind.VARIABLE:
            following = self.tokens[self.position + 1]
            comma = following.kind is Kind.CHAR and following.text == ","
            if not comma and following.kind not in (Kind.ASSIGN, Kind.DECLARE):
                return
            self.position += 2
            pipe.declared.append(token.text)
            self.scope.declare(token.text)
            if not comma:
                pipe.assigns = following.kind is Kind.ASSIGN
                return
            if context != "range" or len(pipe.declared) > 1:
                raise ParseError(f"{context} declares too many variables", token.at)
            if self.peek().kind not in (Kind.VARIABLE, *_STOPS):
                raise ParseError("`range` can only declare variables", token.at)

    def _command(self) -> Command:
        command = Command(self.peek().at)
        while True:
            command.args.append(self._operand())
            token = self.peek()
            if token.kind in _STOPS:
                return command
            if token.kind is Kind.PIPE:
                self.next()
                return command
            if not token.spaced or token.kind not in _BEGINS:
                self.unexpected(token, "an operand")

    def _operand(self) -> Operand:
        token = self.next()
        node = self._term(token)
        names: list[str] = []
        first = self.peek().at
        while (following := self.peek()).kind is Kind.FIELD and not following.spaced:
            names.append(self.next().text[1:])
        if not names:
            return node
        if isinstance(node, Field):
            return Field(node.at, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(node.at, node.name, tuple(names))
        if isinstance(node, (Bool, Dot, Nil, Numeral, String)):
            raise ParseError(f"{_shown(token)} has no fields", first)
        return Chain(node.at, node, tuple(names))

    def _term(self, token: Token) -> Operand:
        match token.kind:
            case Kind.FIELD:
                return Field(token.at, (token.text[1:],))
            case Kind.IDENTIFIER:
                return self._identifier(token)
            case Kind.STRING:
                return String(token.at, self.unquoted(token))
            case Kind.VARIABLE:
                return self._variable(token)
            case Kind.DOT:
                return Dot(token.at)
            case Kind.LEFT_PAREN:
                return self._parenthesis(token)
            case Kind.NIL:
                return Nil(token.at)
            case Kind.BOOL:
                return Bool(token.at, token.text == "true")
            case _:
                return self._number(token)

    def _identifier(self, token: Token) -> Identifier:
        if not self.functions.known(token.text):
            raise ParseError(f"there is no function `{token.text}`", token.at, hint=self.functions.hint(token.text))
        return Identifier(token.at, token.text)

    def _variable(self, token: Token) -> Variable:
        if token.text not in self.scope:
            raise ParseError(f"there is no variable `{token.text}` here", token.at)
        return Variable(token.at, token.text)

    def _parenthesis(self, token: Token) -> Pipe:
        if self.depth >= MAX_NESTING:
            raise ParseError(f"parentheses are nested more than {MAX_NESTING} deep", token.at, limit=True)
        self.depth += 1
        pipe = self.pipeline("a parenthesis", Kind.RIGHT_PAREN)
        self.depth -= 1
        return pipe

    def _number(self, token: Token) -> Numeral:
        reader = {Kind.CHAR_CONSTANT: literals.read_char, Kind.COMPLEX: literals.read_complex}.get(token.kind)
        try:
            return Numeral(token.at, (reader or literals.read_number)(token.text))
        except LiteralError as problem:
            raise ParseError(str(problem), token.at) from None

    def unquoted(self, token: Token) -> bytes:
        try:
            return unquote(token.text)
        except LiteralError as problem:
            raise ParseError(str(problem), token.at) from None

    def peek(self) -> Token:
        return self.tokens[self.position]

    def next(self) -> Token:
        token = self.tokens[self.position]
        if token.kind is not Kind.END:
            self.position += 1
        return token

    def expect_end(self, context: str) -> None:
        token = self.next()
        if token.kind is not Kind.END:
            self.unexpected(token, context)

    def unexpected(self, token: Token, context: str) -> NoReturn:
        raise ParseError(f"{_shown(token)} has no place in {context}", token.at)


def _shown(token: Token) -> str:
    """What an error calls it: literals may be values."""
    return _UNNAMED.get(token.kind, f"`{token.text}`")
